"""One caller's walk through a plan, as a machine.

Decided here: which input reaches the step and which does not, when a walk is over, and that no plan can hang: steps
that follow each other without waiting are counted, even where each one is answered as an input of its own (a queue
that is full says so at once). A step that fails without a way out ends the call
with ``EndCall("error")``; whoever runs the switch finds file and line in ``StepFailed``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.ivr.model import (
    DialEnded,
    EndCall,
    Fetched,
    HungUp,
    IvrInput,
    PlayEnded,
    Pressed,
    Promised,
    QueueEnded,
    Start,
    StepEntered,
    StepFailed,
    Trail,
    VoicemailEnded,
)
from softswitch.ivr.plan import Plan
from softswitch.ivr.run import MAX_AHEAD, Exit, Facts, Run, State, StepError, Wait
from softswitch.ivr.speech import DEFAULT_LANGUAGE
from softswitch.ivr.verb import Verb

MAX_BURST = 200  # steps without waiting
STEPS_PER_S = 20  # that are forgiven: faster than any plan in which something is heard
MAX_TRAIL = 1000  # steps that are remembered
RESTARTED = "the switch was restarted"


class Does(enum.Enum):
    """What an input means in a given wait."""

    START = enum.auto()
    STEP = enum.auto()  # it is for the step
    AHEAD = enum.auto()  # a digit for a later step
    STOP = enum.auto()
    DROP = enum.auto()


# Answers that may come after their deadline has let the caller go on; and what can come at any time.
_ANY: dict[type, Does] = {
    HungUp: Does.STOP,
    Pressed: Does.AHEAD,
    PlayEnded: Does.DROP,
    Fetched: Does.DROP,
    Promised: Does.DROP,
    VoicemailEnded: Does.DROP,
}
# In a queue, a conversation or a message the keys belong to somebody else.
_AWAY: dict[type, Does] = {**_ANY, Pressed: Does.DROP}

TABLE: dict[Wait, dict[type, Does]] = {
    Wait.START: {Start: Does.START, HungUp: Does.STOP},
    Wait.PROMPT: {**_ANY, PlayEnded: Does.STEP},
    Wait.KEYS: {**_ANY, PlayEnded: Does.STEP, Pressed: Does.STEP},
    Wait.FETCH: {**_ANY, Fetched: Does.STEP},
    Wait.PROMISE: {**_ANY, Promised: Does.STEP},
    Wait.QUEUE: {**_AWAY, QueueEnded: Does.STEP},
    Wait.DIAL: {**_AWAY, DialEnded: Does.STEP},
    Wait.RECORD: {**_AWAY, VoicemailEnded: Does.STEP},
    Wait.ENDED: {**_AWAY, HungUp: Does.DROP, QueueEnded: Does.DROP, DialEnded: Does.DROP},
}


class Interpreter:
    """Walk one caller through ``plan``."""

    def __init__(self, plan: Plan, facts: Facts, state: State | None = None) -> None:
        self.plan = plan
        self.facts = facts
        self.state = state or State()
        self.trail = Trail()

    @property
    def deadline(self) -> float | None:
        return self.state.due

    @property
    def ended(self) -> bool:
        return self.state.wait is Wait.ENDED

    def handle(self, event: IvrInput, now: float) -> list[Effect]:
        """What follows from ``event``. Raises ``UsageError`` where it cannot happen."""
        does = TABLE[self.state.wait].get(type(event))
        if does is None:
            raise UsageError(f"dialplan: no cell for {type(event).__name__} in {self.state.wait.name}")
        run = Run(self.facts, self.state, now)
        match event, does:
            case Start() as start, Does.START:
                self._start(run, start)
            case Pressed(digit), Does.AHEAD:
                self.state.ahead = (self.state.ahead + digit)[-MAX_AHEAD:]
            case _, Does.STEP:
                if isinstance(event, Pressed):  # the caller has been waited for
                    self.state.burst = 0.0
                self._step(run, event)
            case _, Does.STOP:
                self._stop()
        return run.effects

    def tick(self, now: float) -> list[Effect]:
        """The step's time is up, perhaps."""
        if self.state.due is None or now < self.state.due:
            return []
        self.state.due = None
        run = Run(self.facts, self.state, now)
        self._walk(run, self._tried(lambda verb: verb.expire(run)))
        return run.effects

    def resume(self, now: float) -> list[Effect]:
        """A new process goes on: the caller hears the step once more; what was asked of others has come to nothing."""
        if self.state.step not in self.plan.steps:  # the plan was changed meanwhile
            raise LookupError(f"dialplan {self.plan.name} has no step {self.state.step!r}")
        match self.state.wait:
            case Wait.PROMPT | Wait.KEYS:
                run = Run(self.facts, self.state, now)
                self._walk(run, self._enter(run, self.state.step))
                return run.effects
            case Wait.FETCH:
                return self.handle(Fetched(0, None, RESTARTED), now)
            case Wait.PROMISE:
                return self.handle(Promised(False, RESTARTED), now)
            case Wait.DIAL:
                return self.handle(DialEnded("failed"), now)
            case Wait.QUEUE:  # and out of it already: the promise of a callback was being spoken
                return self.handle(QueueEnded("callback"), now)
            case _:
                return []

    # ---- walking -----------------------------------------------------------------------------------------------

    @property
    def _verb(self) -> Verb:
        return self.plan.steps[self.state.step].verb

    def _start(self, run: Run, start: Start) -> None:
        self.state.wall, self.state.started_at = start.wall, run.now
        self.state.variables = {
            "caller": {"number": start.caller, "name": start.caller_name},
            "called": start.called,
            "diverted": list(start.diverted),
            "note": start.note,
            "trunk": start.trunk,
            "contact": start.contact,
            "language": self.plan.language or start.language or DEFAULT_LANGUAGE,
            "digits": "",
        }
        self._walk(run, self._enter(run, self.plan.start))

    def _step(self, run: Run, event: IvrInput) -> None:
        if isinstance(event, PlayEnded):
            self.state.playing = False
        self._walk(run, self._tried(lambda verb: verb.on(run, event)))

    def _walk(self, run: Run, way: Exit | None) -> None:
        """Take exits until a step waits or the plan is over."""
        while way is not None:
            step = self._leave(run, way)
            if step is None:
                return
            if self._hurries(run.now):
                self._fail(run, f"{MAX_BURST} steps without waiting")
                self._end(run, "error")
                return
            way = self._enter(run, step)

    def _hurries(self, now: float) -> bool:
        """Count one more step; whether they are too many for the time that has passed."""
        left = self.state.burst - (now - self.state.burst_at) * STEPS_PER_S
        self.state.burst, self.state.burst_at = max(0.0, left) + 1, now
        return self.state.burst > MAX_BURST

    def _enter(self, run: Run, step: str) -> Exit | None:
        self.state.step, self.state.typed, self.state.due = step, "", None
        run.emit(StepEntered(self.state.variables["contact"], self.plan.name, step, self._verb.verb))
        if len(self.trail.steps) < MAX_TRAIL:
            self.trail.steps.append((run.now, step))
        return self._tried(lambda verb: verb.enter(run))

    def _tried(self, act: Callable[[Verb], Exit | None]) -> Exit | None:
        """What the step does; a step that cannot be done takes its ``failed``."""
        try:
            return act(self._verb)
        except StepError as error:
            return Exit("failed", why=str(error))

    def _leave(self, run: Run, way: Exit) -> str | None:
        """The step that the exit leads to; None: the plan is over."""
        run.hush()
        branch, target = (way.name, way.to) if way.to else self._verb.follow(way.name)
        failed = "failed" in (way.name, branch) or target is None
        if way.why and failed:
            self._fail(run, way.why)
        if target is None:
            unheard = way.name == "failed" and way.cause == "normal"
            self._end(run, "error" if unheard else way.cause)
        return target

    def _fail(self, run: Run, why: str) -> None:
        contact = self.state.variables["contact"]
        run.emit(StepFailed(contact, self.plan.name, self.state.step, self.plan.where(self.state.step), why))

    def _end(self, run: Run, cause: str) -> None:
        run.emit(EndCall(cause))
        self._stop()

    def _stop(self) -> None:
        self.state.wait, self.state.due, self.state.playing = Wait.ENDED, None, False
