"""Keys of one leg, each counted once, in whatever forms it comes (RFC 4733 events, tones in the sound, SIP INFO).

Some phones say a key in two forms, and each form takes its own time: an event is there at once, a tone when it has been
recognised, an INFO when its retransmissions got through. Every form by itself reports a press once and keeps the order;
so the n-th report of a form is held against the first press of that key which this form has not told yet. What fits to
none, or only to one too long ago, is a press of its own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

MERGE_S = 4.0  # an INFO that gets through with its fourth transmission (RFC 3261 timer E: 0.5 + 1 + 2 s)
_MOST = 32  # presses that are remembered


class Form(enum.StrEnum):
    EVENT = "event"  # RFC 4733
    TONE = "tone"  # in the sound
    INFO = "info"  # SIP INFO


@dataclass(slots=True)
class _Press:
    digit: str
    at: float
    told: set[Form]


@dataclass(slots=True)
class Presses:
    """What has been pressed lately. Plain values."""

    merge_s: float = MERGE_S
    _recent: list[_Press] = field(default_factory=list)

    def hear(self, digit: str, form: Form, now: float) -> bool:
        """Whether this report is a press that was not known yet. ``now`` in seconds."""
        self._recent = [press for press in self._recent[-_MOST:] if now - press.at <= self.merge_s]
        told = [number for number, press in enumerate(self._recent) if form in press.told]
        for press in self._recent[told[-1] + 1 if told else 0 :]:  # a form keeps its order
            if press.digit == digit:
                press.told.add(form)
                return False
        self._recent.append(_Press(digit, now, {form}))
        return True
