"""The verbs of a dialplan, one module per family. A new verb is a class here and a line in its family's module."""

from __future__ import annotations

from softswitch.ivr.verb.ask import Collect, Menu
from softswitch.ivr.verb.base import Verb
from softswitch.ivr.verb.connect import Callback, Dial, Queue
from softswitch.ivr.verb.end import Hangup, Voicemail
from softswitch.ivr.verb.fetch import Http
from softswitch.ivr.verb.flow import Hours, Set, When
from softswitch.ivr.verb.signal import Press, Tone
from softswitch.ivr.verb.sound import Answer, Play, Say

__all__ = ["VERBS", "Verb"]

_KINDS: tuple[type[Verb], ...] = (
    Answer, Play, Say, Tone, Menu, Collect, Press, Set, When, Hours, Http, Queue, Callback, Dial, Voicemail, Hangup,
)  # fmt: skip
VERBS: dict[str, type[Verb]] = {kind.verb: kind for kind in _KINDS}
