"""What is said to who waits in a queue, as the house wants it, and how a position or a wait is put into words.

Decided here: a wait is told as an interval of whole minutes, rounded outward, so that it holds; where it is beyond what
the house tells, only what is certain of it is ("more than ten minutes"); where nothing is known, or nothing certain,
nothing is told. When it is said is ``visit``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from softswitch.acd.estimate import Interval
from softswitch.ivr.model import Prompt
from softswitch.ivr.speech import choose, kin, sentence
from softswitch.ivr.speech.language import voice_of

AGENT = "{agent}"  # in a text: the name of whoever has answered


@dataclass(frozen=True, slots=True)
class Sound:
    """Something that the house says: a recording, else a text."""

    file: str = ""  # below media/prompts/<language>/
    texts: Mapping[str, str] = field(default_factory=dict)  # by language; "": whatever it is
    recorded: frozenset[str] = frozenset()  # languages that have the file

    def prompt(self, language: str, agent: str = "") -> Prompt:
        """The recording, unless it is missing in the caller's language and a text stands by."""
        if self.file and (not self.texts or not self.recorded.isdisjoint(kin(language))):
            return Prompt(language, file=self.file)
        chosen = "" if "" in self.texts else choose(language, self.texts) or next(iter(self.texts))
        voice = voice_of(chosen, language) if chosen else ""
        return Prompt(language, text=self.texts[chosen].replace(AGENT, agent), text_language=voice)


@dataclass(frozen=True, slots=True)
class Treatment:
    """Of one queue. Without ``every_s`` nothing is announced."""

    every_s: float = 0.0  # between the beginnings of two announcements
    gap_s: float = 10.0  # of music, at least, between the end of one and whatever is said next
    position: bool = False
    unchanged: bool = True  # a position is told again where it is the one that was told last
    up_to: int = 0  # callers ahead: more are "more than"; 0: however many there are
    wait: bool = False
    longest_s: float = 600.0  # beyond that a wait is "more than"
    messages: tuple[Sound, ...] = ()  # one in each announcement
    random: bool = False  # in an order that is another for each caller; False: in turn
    answered: Sound | None = None  # what the caller hears before the two talk
    resume_s: float = 0.0  # who has lost the line and calls again within that has his old place


SILENT = Treatment()


@dataclass(frozen=True, slots=True)
class InWords:
    """A wait. ``minutes``: at most, and at least; the larger, the longer."""

    prompt: Prompt
    minutes: tuple[float, float]


def told_position(place: int, up_to: int, language: str) -> Prompt:
    """``place`` is from 1."""
    if up_to and place - 1 > up_to:
        return sentence("position_above", language, up_to=up_to)
    return sentence("position", language, position=place)


def told_wait(expected: Interval | None, longest_s: float, language: str) -> InWords | None:
    if expected is None:
        return None
    longest = math.floor(longest_s / 60)
    low, high = (min(bound_s, 2 * longest_s) / 60 for bound_s in (expected.low_s, expected.high_s))  # which may be inf
    low, high = math.floor(low), math.ceil(high)
    if high > longest:
        certain = min(low, longest)
        return InWords(sentence("wait_above", language, minutes=certain), (math.inf, certain)) if certain else None
    if high <= 1:
        return InWords(sentence("wait_under_a_minute", language), (1, 0))
    if low == 0:
        return InWords(sentence("wait_under", language, minutes=high), (high, 0))
    if low == high:
        return InWords(sentence("wait_about", language, minutes=high), (high, low))
    return InWords(sentence("wait_between", language, low=low, minutes=high), (high, low))


def message(it: Treatment, number: int, contact: str) -> Sound | None:
    """The message of an announcement, from 0. At random each is heard once before any is heard again, and none twice
    running; the order is the contact's own."""
    count = len(it.messages)
    if not count:
        return None
    round_, index = divmod(number, count)
    return it.messages[_order(count, contact, round_)[index] if it.random else index]


def _order(count: int, contact: str, round_: int) -> list[int]:
    order = _shuffled(count, contact, round_ if count > 2 else 0)  # of two, only in turn is none heard twice running
    if round_ and count > 2 and order[0] == _shuffled(count, contact, round_ - 1)[-1]:
        order[0], order[1] = order[1], order[0]  # which leaves the last one the last
    return order


def _shuffled(count: int, contact: str, round_: int) -> list[int]:
    return sorted(range(count), key=lambda index: sha256(f"{contact} {round_} {index}".encode()).digest())
