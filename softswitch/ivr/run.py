"""One caller's way through a plan: the state, and the few things that a verb may do with it.

Decided here: what the caller's variables are, and which of a recording and a spoken text is heard (a recording where
there is one in the caller's language).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from softswitch.core.effect import Effect
from softswitch.core.errors import SoftswitchError
from softswitch.ivr import template
from softswitch.ivr.calendar import Calendar
from softswitch.ivr.model import AnswerCall, PlayPrompts, Prompt, StopPlaying

MAX_AHEAD = 32  # digits that are kept for a later step

# Set from the first step on.
GIVEN = frozenset({"caller", "called", "diverted", "note", "trunk", "time", "contact", "language", "digits"})
FIXED = GIVEN - {"language"}  # what a plan cannot set


class StepError(SoftswitchError):
    """The step cannot be done; the caller takes its ``failed:``."""


class Wait(enum.Enum):
    """What the caller's step waits for."""

    START = "start"
    PROMPT = "prompt"  # the end of what is played
    KEYS = "keys"
    FETCH = "fetch"
    QUEUE = "queue"
    PROMISE = "promise"
    DIAL = "dial"
    RECORD = "record"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the interpreter may look up at once."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    prompts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # language -> files that exist


@dataclass(frozen=True, slots=True)
class Exit:
    """The way out of a step: one of its branches, or straight ``to`` a step."""

    name: str
    why: str = ""  # a failure: said in the fact ``StepFailed``
    to: str = ""
    cause: str = "normal"  # of the hangup, where no branch is written


@dataclass(slots=True)
class State:
    """Everything that one caller's walk depends on."""

    step: str = ""
    wait: Wait = Wait.START
    due: float | None = None  # when the step stops waiting
    variables: dict[str, Any] = field(default_factory=dict)
    typed: str = ""  # digits of this step
    ahead: str = ""  # digits pressed before anybody asked
    tries: int = 0  # vain ones of this step
    playing: bool = False
    answered: bool = False
    started_at: float = 0.0
    burst: float = 0.0  # steps taken at burst_at, less those that time has forgiven
    burst_at: float = 0.0
    wall: datetime | None = None  # at started_at


class Run:
    """What a verb sees while one event is handled."""

    def __init__(self, facts: Facts, state: State, now: float) -> None:
        self.facts = facts
        self.state = state
        self.now = now
        self.effects: list[Effect] = []

    def emit(self, effect: Effect) -> None:
        self.effects.append(effect)

    def answer(self) -> None:
        """Answer the call, unless that is done."""
        if not self.state.answered:
            self.state.answered = True
            self.emit(AnswerCall())

    def wait(self, wait: Wait, limit_s: float | None) -> None:
        """Stay in this step until ``wait`` is over, at most ``limit_s`` (None: whoever was asked sees to the end)."""
        self.state.wait = wait
        self.state.due = None if limit_s is None else self.now + limit_s

    def play(self, prompts: tuple[Prompt, ...]) -> None:
        self.answer()
        self.state.playing = True
        self.emit(PlayPrompts(prompts))

    def hush(self) -> None:
        """Stop what is being played, if anything is."""
        if self.state.playing:
            self.state.playing = False
            self.emit(StopPlaying())

    # ---- variables ---------------------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        return str(self.state.variables["language"])

    @property
    def wall(self) -> datetime:
        assert self.state.wall is not None, "Start comes first"
        return self.state.wall + timedelta(seconds=self.now - self.state.started_at)

    def keep(self, name: str, value: Any) -> None:
        self.state.variables[name] = value

    def text(self, text: str) -> str:
        """The text with its variables filled in. Raises ``StepError``."""
        if not template.is_template(text):
            return text
        return str(self._computed(template.render, text))

    def value(self, value: Any) -> Any:
        """The value with its templates computed; it stays a plain value. Raises ``StepError``."""
        return self._computed(template.evaluate, value)

    def holds(self, condition: str) -> bool:
        return bool(self._computed(template.holds, condition))

    def _computed(self, how: Any, what: Any) -> Any:
        try:
            return how(what, {**self.state.variables, "time": self.wall})
        except template.BadTemplate as error:
            raise StepError(str(error)) from error
