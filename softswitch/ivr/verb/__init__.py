"""The verbs of a dialplan, one module per family. A new verb is a class here and a line in its family's module."""

from __future__ import annotations

from softswitch.ivr.verb.ask import Collect, Menu
from softswitch.ivr.verb.base import Verb
from softswitch.ivr.verb.callback import Callback
from softswitch.ivr.verb.connect import Queue
from softswitch.ivr.verb.dial import Dial, Transfer
from softswitch.ivr.verb.end import Hangup, Redirect, Reject
from softswitch.ivr.verb.fetch import Http
from softswitch.ivr.verb.flow import Hours, Set, When
from softswitch.ivr.verb.leave import Mailbox, Record, Recording, Voicemail
from softswitch.ivr.verb.meet import Conference
from softswitch.ivr.verb.page import Page
from softswitch.ivr.verb.park import Park, Retrieve
from softswitch.ivr.verb.pause import Pause
from softswitch.ivr.verb.signal import Press, Tone
from softswitch.ivr.verb.sound import Answer, Play, Say
from softswitch.ivr.verb.subplan import Flow, Return
from softswitch.ivr.verb.survey import Survey
from softswitch.ivr.verb.tell import Emit, Message
from softswitch.ivr.verb.tongue import Language

__all__ = ["VERBS", "Verb"]

_KINDS: tuple[type[Verb], ...] = (
    Answer, Play, Say, Tone, Menu, Collect, Press, Set, When, Hours, Http, Queue, Callback, Dial, Voicemail, Hangup,
    Reject, Redirect, Language, Conference, Park, Retrieve, Page, Transfer, Record, Recording, Mailbox,
    Survey, Message, Emit,
    Pause, Flow, Return,
)  # fmt: skip
VERBS: dict[str, type[Verb]] = {kind.verb: kind for kind in _KINDS}
