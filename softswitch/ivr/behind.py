"""Orders of the verbs with which something is left behind: a recording, a score, a text, an event for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from softswitch.core.effect import Effect


@dataclass(frozen=True, slots=True)
class RecordCaller(Effect):
    """Record what the caller says, after a beep, until one of the keys ``end``, ``silence_s`` of silence (0: however
    long it lasts), or ``max_s``; then feed ``RecordEnded``. What is shorter than ``min_s`` is no recording."""

    name: str  # for people: part of the file's name
    max_s: float
    min_s: float = 1.0
    end: str = "#"
    silence_s: float = 0.0
    beep: bool = True


@dataclass(frozen=True, slots=True)
class RecordTalk(Effect):
    """Whether those who talk in this call are recorded from now on, whatever their queue says."""

    on: bool


@dataclass(frozen=True, slots=True)
class EnterMailbox(Effect):
    """Let the caller hear the messages of a mailbox. Outcomes of ``AwayEnded``: "next" (they are done) and "failed"
    (there is no such mailbox, or they could not prove that it is theirs)."""

    mailbox: str
    language: str


@dataclass(frozen=True, slots=True)
class KeepAnswer(Effect):
    """One answer of a survey; a later one to the same question by the same contact takes its place."""

    survey: str
    question: str
    score: int
    low: int  # of the scale
    high: int


@dataclass(frozen=True, slots=True)
class WriteText(Effect):
    """A text to the phones of a user. Outcomes of ``AwayEnded``: "next" (a phone has it) and "failed"."""

    to: str
    text: str
    timeout_s: float  # after that it is "failed", whatever becomes of it


@dataclass(frozen=True, slots=True)
class EmitEvent(Effect):
    """Tell a web service, some time soon and at least once. The caller does not wait for it."""

    hook: str  # by its name in the settings
    event: str
    data: Any  # plain: what JSON has words for
