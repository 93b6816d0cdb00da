"""One caller's way through a plan: the state, and the few things that a verb may do with it.

Decided here: what the caller's variables are, and which of a recording and a spoken text is heard (a recording where
there is one in the caller's language).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

import msgspec

from softswitch.core.effect import Effect
from softswitch.core.errors import SoftswitchError
from softswitch.core.machine import Word
from softswitch.ivr import address, template
from softswitch.ivr.calendar import Calendar, Override
from softswitch.ivr.filters import REGION
from softswitch.ivr.keying import Keying
from softswitch.ivr.model import RECORDING, AnswerCall, EndCall, MaskRecording, PlayPrompts, Prompt, StopPlaying
from softswitch.ivr.outlook import History, Nowhere, Outlook, Queues
from softswitch.ivr.speech import FALLBACK

MAX_AHEAD = 32  # digits that are kept for a later step
MAX_FLOWS = 10  # that have called one another
MAX_TOLD = 16  # things that happened in one step, for the trace
MASK = "****"
PRESSED = "pressed "
RESTARTED = "the switch was restarted"  # why what was asked of others has come to nothing

# Set from the first step on.
GIVEN = frozenset({
    "caller", "called", "diverted", "note", "trunk", "time", "contact", "language", "digits", "queue", "history",
    "campaign",
})  # fmt: skip
FIXED = GIVEN - {"language"}  # what a plan cannot set


class StepError(SoftswitchError):
    """The step cannot be done; the caller takes its ``failed:``."""


class Wait(Word):
    """What the caller's step waits for."""

    START = "start"
    PROMPT = "prompt"  # the end of what is played
    KEYS = "keys"
    PAUSE = "pause"  # the time to go by
    FETCH = "fetch"
    QUEUE = "queue"
    PROMISE = "promise"
    DIAL = "dial"
    RECORD = "record"
    AWAY = "away"  # in a conference, parked, being transferred
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the interpreter may look up at once."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    prompts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # language -> files that exist
    greetings: Mapping[str, str] = field(default_factory=dict)  # mailbox -> recording that its owner has made
    fallback: tuple[str, ...] = FALLBACK  # languages that stand in for a caller's own
    zone: tzinfo | None = None  # in which plans see the time; None: that of ``Start``
    http_budget_s: float = 10.0  # what the http steps of one call may take together
    outlook: Outlook = field(default_factory=Nowhere)  # on queues and former calls
    overrides: Mapping[str, Sequence[Override]] = field(default_factory=dict)  # of calendars, as they are now


@dataclass(frozen=True, slots=True)
class Exit:
    """The way out of a step: one of its branches, or straight ``to`` a step."""

    name: str
    why: str = ""  # a failure: said in the fact ``StepFailed``
    to: str = ""
    cause: str = "normal"  # of the hangup, where no branch is written
    end: EndCall | None = None  # a hangup of which more is said


@dataclass(frozen=True, slots=True)
class Call:
    """The way into a flow; the step goes on when it is back."""

    flow: str
    arguments: Mapping[str, Any]
    secret: tuple[str, ...] = ()  # arguments that hold what is secret


@dataclass(frozen=True, slots=True)
class Back:
    """The way out of a flow, to the step that called it."""

    outcome: str = "next"
    value: Any = None
    secret: bool = False
    why: str = ""  # of the outcome "failed"


Way = Exit | Call | Back


@dataclass(slots=True)
class Frame:
    """Where a caller of a flow goes on when the flow is over."""

    flow: str  # "": the plan itself
    step: str
    variables: dict[str, Any]
    secret: list[str]
    private: bool
    entered_at: float


class State(msgspec.Struct, omit_defaults=True):
    """Everything that one caller's walk depends on; most of it is nothing most of the time, and not written down."""

    step: str = ""
    wait: Wait = Wait.START
    due: float | None = None  # when the step stops waiting
    variables: dict[str, Any] = {}
    typed: str = ""  # digits of this step
    ahead: str = ""  # digits pressed before anybody asked
    tries: int = 0  # vain ones of this step
    part: int = 0  # of a step that has several, such as questions
    keying: Keying | None = None  # a number to be called back at is being asked for
    playing: bool = False
    answered: bool = False
    started_at: float = 0.0
    fetched_s: float = 0.0  # what http steps have taken so far
    burst: float = 0.0  # steps taken at burst_at, less those that time has forgiven
    burst_at: float = 0.0
    wall: datetime | None = None  # at started_at
    flow: str = ""  # that the step belongs to; "": the plan itself
    stack: list[Frame] = []  # the caller of the flow is the last
    secret: list[str] = []  # variables that hold what is secret
    # of this step
    entered_at: float = 0.0
    told: list[str] = []  # what happened, for people
    changed: list[str] = []  # variables that were set
    mailbox: str = ""  # in which a message is left
    private: bool = False  # it has to do with what is secret
    masked: bool = False  # what the caller says or presses is not recorded
    # of this call, should it end now
    lost: str = ""  # the stage at which something came to nothing last; "": nothing has
    lost_to: str = ""  # the queue that a step has said; "": as the plan says
    done: bool = False  # the caller has what he wanted

    def move(self, by: float) -> None:
        """The clock shows ``by`` more than when this was written."""
        self.started_at += by
        self.burst_at += by
        self.entered_at += by
        self.due = None if self.due is None else self.due + by
        for frame in self.stack:
            frame.entered_at += by


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
        if self.state.private:  # it may be said aloud, and the answer may be it
            self.mask()
        self.state.playing = True
        self.emit(PlayPrompts(prompts))

    def hush(self) -> None:
        """Stop what is being played, if anything is."""
        if self.state.playing:
            self.state.playing = False
            self.emit(StopPlaying())

    def seek(self, stage: str = "") -> None:
        """The caller is brought to somebody: whatever came of the call before, more is wanted now; and it is lost at
        ``stage`` until that is found."""
        self.state.done, self.state.lost = False, stage

    # ---- what is told and what is not --------------------------------------------------------------------------

    def tell(self, what: str) -> None:
        """Something has happened in this step."""
        if len(self.state.told) < MAX_TOLD:
            self.state.told.append(what)

    def press(self, digit: str) -> None:
        """A key is taken by this step."""
        told = self.state.told
        last = told[-1] if told and told[-1].startswith(PRESSED) else ""
        if self.state.private:
            if last != PRESSED + MASK:
                self.tell(PRESSED + MASK)
        elif last and len(last) < MAX_AHEAD + len(PRESSED):
            told[-1] = last + digit
        else:
            self.tell(PRESSED + digit)

    def conceal(self) -> None:
        """What is keyed in from here on is secret: it is not told, what it sets is marked, and nothing is recorded."""
        self.state.private = True
        self.mask()

    def reveal(self) -> None:
        """The secret was keyed in: what the step does from here on may be told and recorded."""
        self.state.private = False
        if self.state.masked:
            self.state.masked = False
            self.emit(MaskRecording(False))

    def mask(self) -> None:
        """Leave a gap in the recording of the call until the step is left."""
        self.state.masked = True
        self.emit(MaskRecording(True))

    # ---- variables ---------------------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        return str(self.state.variables["language"])

    @property
    def wall(self) -> datetime:
        assert self.state.wall is not None, "Start comes first"
        wall = self.state.wall + timedelta(seconds=self.now - self.state.started_at)
        return wall if self.facts.zone is None else wall.astimezone(self.facts.zone)

    def keep(self, name: str, value: Any, secret: bool | None = None) -> None:
        """``secret`` is None: whatever a step sets that has to do with secrets is one."""
        state = self.state
        state.variables[name] = value
        if name not in state.changed:
            state.changed.append(name)
        if state.private if secret is None else secret:
            if name not in state.secret:
                state.secret.append(name)
        elif name in state.secret:
            state.secret.remove(name)

    def reads_secret(self, what: Any) -> bool:
        """Whether one of the templates in ``what`` reads a variable that holds a secret."""
        return bool(self.state.secret) and any(
            not template.analyse(text).mentioned.isdisjoint(self.state.secret) for text in template.templates(what)
        )

    def recorded(self, file: str) -> bool:
        """Whether it is a recording, made in this call. Raises ``StepError`` for one of another call: a plan plays
        what its own caller has said, and nobody's messages."""
        if not file.startswith(RECORDING):
            return False
        own = rf"record-\w+-{re.escape(self.state.variables['contact'])}(-[0-9]+)?\.[a-z0-9]+"
        if not re.fullmatch(own, file.removeprefix(RECORDING)):
            raise StepError(f"{file!r} was not recorded in this call")
        return True

    def text(self, text: str) -> str:
        """The text with its variables filled in. Raises ``StepError``."""
        if not template.is_template(text):
            return text
        return str(self._computed(template.render, text))

    def address(self, text: str) -> str:
        """The text with its variables filled in, each as a part of an address. Raises ``StepError``."""
        return str(self._computed(address.render, text))

    def value(self, value: Any) -> Any:
        """The value with its templates computed; it stays a plain value. Raises ``StepError``."""
        return self._computed(template.evaluate, value)

    def holds(self, condition: str) -> bool:
        secret = self.state.secret
        if secret and not template.analyse_condition(condition).mentioned.isdisjoint(secret):
            self.state.private = True
        return bool(self._computed(template.holds, condition))

    def _visible(self) -> dict[str, Any]:
        """What a template can read."""
        outlook, variables = self.facts.outlook, self.state.variables
        return {
            **variables, "time": self.wall, "queue": Queues(outlook), REGION: outlook.region,
            "history": History(outlook, variables["caller"]["number"]),
        }  # fmt: skip

    def _computed(self, how: Any, what: Any) -> Any:
        if self.state.secret and self.reads_secret(what):
            self.state.private = True
        try:
            return how(what, self._visible())
        except template.BadTemplate as error:
            raise StepError(str(error)) from error
