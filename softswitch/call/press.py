"""Keys of one leg, each counted once, in whatever forms it comes (RFC 4733 events, tones in the sound, SIP INFO).

Some phones say a key in two forms, and each form takes its own time: an event is there at once, a tone when it has been
recognised, an INFO when its retransmissions got through. Every form by itself reports a press once and keeps the order;
so a report is held against the first press of that key after the last one that its form has told. Where there is none,
an earlier one that its form has not told yet will do: a press that only one form knew, and that one late, stands behind
those that other forms told meanwhile. What fits to none, or only to one too long ago, is a press of its own.

A tone that is sent to a leg may come back from it as an echo, and is no press then.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

MERGE_S = 4.0  # an INFO that gets through with its fourth transmission (RFC 3261 timer E: 0.5 + 1 + 2 s)
TONE_S = 0.2  # a key as tone and its pause, as we send them
ECHO_S = 1.0  # longer than any way there and back
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
    _echoes: list[tuple[str, float]] = field(default_factory=list)  # digit, until when it may come back

    def sent(self, digits: str, now: float) -> None:
        """These keys go to this leg as tones from now on."""
        ends = [now + number * TONE_S + ECHO_S for number in range(len(digits))]
        self._echoes = [*self._echoes, *zip(digits, ends, strict=True)][-_MOST:]

    def _echo(self, digit: str, now: float) -> bool:
        self._echoes = [(sent, until) for sent, until in self._echoes if until >= now]
        back = next((echo for echo in self._echoes if echo[0] == digit), None)
        if back is not None:
            self._echoes.remove(back)
        return back is not None

    def hear(self, digit: str, form: Form, now: float) -> bool:
        """Whether this report is a press that was not known yet. ``now`` in seconds."""
        if form is Form.TONE and self._echo(digit, now):
            return False
        self._recent = [press for press in self._recent[-_MOST:] if now - press.at <= self.merge_s]
        told = [number for number, press in enumerate(self._recent) if form in press.told]
        after = told[-1] + 1 if told else 0
        for press in self._recent[after:] + self._recent[:after]:
            if press.digit == digit and form not in press.told:
                press.told.add(form)
                return False
        self._recent.append(_Press(digit, now, {form}))
        return True
