"""One caller's walk through a plan, as a machine.

Decided here: which input reaches the step and which does not, when a walk is over, and that no plan can hang: steps
that follow each other without waiting are counted, even where each one is answered as an input of its own (a queue
that is full says so at once). A step that fails without a way out ends the call
with ``EndCall("error")``, one of a flow the flow, by the ``failed`` of its caller; whoever runs the switch finds file
and line in ``StepFailed``.

A flow has variables of its own, beside those that are given by the call; they are gone when it is back. Its steps wait,
fail and are told like those of the plan, under the name of the flow.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.ivr.lost import PlanLoss, loss
from softswitch.ivr.model import (
    AwayEnded,
    DialEnded,
    EndCall,
    Fetched,
    HungUp,
    IvrInput,
    MaskRecording,
    PlayEnded,
    Pressed,
    Promised,
    QueueEnded,
    RecordEnded,
    Start,
    StepEntered,
    StepFailed,
    StepLeft,
    VoicemailEnded,
)
from softswitch.ivr.plan import Plan, Step
from softswitch.ivr.run import (
    GIVEN,
    MASK,
    MAX_AHEAD,
    MAX_FLOWS,
    RESTARTED,
    Back,
    Call,
    Exit,
    Facts,
    Frame,
    Run,
    State,
    StepError,
    Wait,
    Way,
)
from softswitch.ivr.speech import DEFAULT_LANGUAGE
from softswitch.ivr.telling import said, short
from softswitch.ivr.verb import Verb
from softswitch.ivr.verb.subplan import Flow

MAX_BURST = 200  # steps without waiting
STEPS_PER_S = 20  # that are forgiven: faster than any plan in which something is heard
PRIVATE = "why is not told: this step has to do with what is secret"
_GONE = {"hangup": "hung up", "ended": "was hung up", "transfer": "was transferred"}


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
    RecordEnded: Does.DROP,
}
# In a queue, a conversation or a message the keys belong to somebody else.
_AWAY: dict[type, Does] = {**_ANY, Pressed: Does.DROP}

TABLE: dict[Wait, dict[type, Does]] = {
    Wait.START: {Start: Does.START, HungUp: Does.STOP},
    Wait.PROMPT: {**_ANY, PlayEnded: Does.STEP},
    Wait.KEYS: {**_ANY, PlayEnded: Does.STEP, Pressed: Does.STEP},
    Wait.PAUSE: {**_ANY},
    Wait.FETCH: {**_ANY, Fetched: Does.STEP, PlayEnded: Does.STEP},
    Wait.PROMISE: {**_ANY, Promised: Does.STEP},
    Wait.QUEUE: {**_AWAY, QueueEnded: Does.STEP},
    Wait.DIAL: {**_AWAY, DialEnded: Does.STEP},
    Wait.RECORD: {**_AWAY, VoicemailEnded: Does.STEP, RecordEnded: Does.STEP},
    Wait.AWAY: {**_AWAY, AwayEnded: Does.STEP},
    Wait.ENDED: {**_AWAY, HungUp: Does.DROP, QueueEnded: Does.DROP, DialEnded: Does.DROP, AwayEnded: Does.DROP},
}


class Interpreter:
    """Walk one caller through ``plan``."""

    def __init__(self, plan: Plan, facts: Facts, state: State | None = None) -> None:
        self.plan = plan
        self.facts = facts
        self.state = state or State()

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
        if does is Does.STEP:
            self._step(run, event)
        elif does is Does.STOP:
            self._gone(run, event.way if isinstance(event, HungUp) else "")
        elif isinstance(event, Start):
            self._start(run, event)
        elif isinstance(event, Pressed) and does is Does.AHEAD:
            self.state.ahead = (self.state.ahead + event.digit)[-MAX_AHEAD:]
        return run.effects

    def lost(self, gone: bool) -> PlanLoss:
        """What the plan says of a call that ends now; ``gone``: it is the caller who ends it."""
        return loss(self.plan, self.state, gone)

    def tick(self, now: float) -> list[Effect]:
        """The step's time is up, perhaps."""
        if self.state.due is None or now < self.state.due:
            return []
        self.state.due = None
        run = Run(self.facts, self.state, now)
        self._walk(run, self._tried(lambda verb: verb.expire(run)))
        return run.effects

    def resume(self, now: float) -> list[Effect]:
        """A new process goes on: the caller hears the step once more; what was asked of others has come to nothing.
        Raises ``LookupError`` where the plan was changed meanwhile."""
        try:
            self._know_place()
        except LookupError:
            self._stop()
            raise
        run = Run(self.facts, self.state, now)
        match self.state.wait:
            case Wait.PROMPT | Wait.KEYS:
                self.state.ahead = ""  # some keys may not have been heard meanwhile: all are asked for anew
                self._walk(run, self._enter(run, self.state.step, again=True))
                return run.effects
            case Wait.PAUSE:
                self._walk(run, self._tried(lambda verb: verb.resume(run)))
                return run.effects
            case Wait.FETCH:
                return self.handle(Fetched(0, None, RESTARTED), now)
            case Wait.PROMISE:
                return self.handle(Promised(False, RESTARTED), now)
            case Wait.DIAL:
                return self.handle(DialEnded("failed"), now)
            case Wait.AWAY:
                return self.handle(AwayEnded("failed"), now)
            case Wait.QUEUE:  # and out of it already: the promise of a callback was being spoken
                return self.handle(QueueEnded("callback"), now)
            case _:
                return []

    # ---- where the caller is -----------------------------------------------------------------------------------

    @property
    def here(self) -> Plan:
        """The plan or the flow that the step belongs to."""
        return self.plan.flows[self.state.flow] if self.state.flow else self.plan

    @property
    def _verb(self) -> Verb:
        return self.here.steps[self.state.step].verb

    def _know_place(self) -> None:
        """Raises ``LookupError`` where the plan has no such place."""
        places = [*((frame.flow, frame.step) for frame in self.state.stack), (self.state.flow, self.state.step)]
        for depth, (flow, step) in enumerate(places):
            plan = self.plan.flows.get(flow) if flow else self.plan
            if plan is None or step not in plan.steps:
                raise LookupError(f"dialplan {flow or self.plan.name} has no step {step!r}")
            if depth < len(self.state.stack) and not isinstance(plan.steps[step].verb, Flow):
                raise LookupError(f"step {step!r} of dialplan {flow or self.plan.name} calls no flow")

    # ---- walking -----------------------------------------------------------------------------------------------

    def _start(self, run: Run, start: Start) -> None:
        self.state.wall, self.state.started_at = start.wall, run.now
        self.state.variables = {
            "caller": {"number": start.caller, "name": start.caller_name},
            "called": start.called,
            "diverted": list(start.diverted),
            "note": start.note,
            "trunk": start.trunk,
            "contact": start.contact,
            "campaign": {"name": "", **start.campaign},
            "language": self.plan.language or start.language or DEFAULT_LANGUAGE,
            "digits": "",
        }
        self._walk(run, self._enter(run, self.plan.start))

    def _step(self, run: Run, event: IvrInput) -> None:
        if isinstance(event, Pressed):  # the caller has been waited for
            self.state.burst = 0.0
            run.press(event.digit)
        elif told := said(event, run.now - self.state.entered_at):
            run.tell(told)
        if isinstance(event, PlayEnded):
            self.state.playing = False
        self._walk(run, self._tried(lambda verb: verb.on(run, event)))

    def _walk(self, run: Run, way: Way | None) -> None:
        """Take exits until a step waits or the plan is over."""
        while way is not None:
            step = self._leave(run, way)
            if step is None:
                return
            if self._hurries(run.now):
                self._fail(run, f"{MAX_BURST} steps without waiting")
                self._end(run, EndCall("error"), broken=True)
                return
            way = self._enter(run, step)

    def _hurries(self, now: float) -> bool:
        """Count one more step; whether they are too many for the time that has passed."""
        left = self.state.burst - (now - self.state.burst_at) * STEPS_PER_S
        self.state.burst, self.state.burst_at = max(0.0, left) + 1, now
        return self.state.burst > MAX_BURST

    def _enter(self, run: Run, step: str, again: bool = False) -> Way | None:
        state, here = self.state, self.here
        state.step, state.typed, state.due = step, "", None
        state.entered_at, state.told, state.changed, state.private = run.now, [], [], False
        self._mark(here.steps[step])
        run.emit(StepEntered(state.variables["contact"], here.name, step, here.steps[step].verb.verb))
        return self._tried(lambda verb: verb.again(run) if again else verb.enter(run))

    def _mark(self, step: Step) -> None:
        """What is to become of the caller from here on, should the call end."""
        if step.verb.serves or step.done is not None:
            self.state.done = step.verb.serves if step.done is None else step.done
        self.state.lost_to = step.lost_to or self.state.lost_to

    def _tried(self, act: Callable[[Verb], Way | None]) -> Way | None:
        """What the step does; a step that cannot be done takes its ``failed``."""
        try:
            return act(self._verb)
        except StepError as error:
            return Exit("failed", why=str(error))

    def _leave(self, run: Run, way: Way) -> str | None:
        """The step that the exit leads to; None: the plan is over."""
        run.hush()
        self.state.part = 0
        if isinstance(way, Call):
            return self._descend(run, way)
        if isinstance(way, Back):
            self._left(run, way.outcome, "", way.why)
            return self._return(run, way)
        branch, target = (way.name, way.to) if way.to else self._verb.follow(way.name)
        failed = "failed" in (way.name, branch) or target is None
        why = way.why and self._openly(way.why)
        if why and failed:
            self._fail(run, why)
        self._left(run, branch, target or "", why)
        if target is None and self.state.stack and (way.why or way.name == "failed"):
            return self._return(run, Back("failed", why=f"step {self.state.step} of the flow has failed"))
        if target is None:
            unheard = way.name == "failed" and way.cause == "normal"
            self._end(run, way.end or EndCall("error" if unheard else way.cause), broken=unheard)
        return target

    # ---- flows -------------------------------------------------------------------------------------------------

    def _descend(self, run: Run, call: Call) -> str | None:
        """The first step of the flow."""
        state, flow = self.state, self.plan.flows.get(call.flow)
        if flow is None:  # a plan that was made without the check
            return self._leave(run, Exit("failed", why=f"there is no flow {call.flow!r}"))
        if len(state.stack) >= MAX_FLOWS:
            return self._leave(run, Exit("failed", why=f"{MAX_FLOWS} flows call one another already"))
        state.stack.append(
            Frame(state.flow, state.step, state.variables, state.secret, state.private, state.entered_at)
        )
        state.flow = call.flow
        given = {name: value for name, value in state.variables.items() if name in GIVEN}
        state.variables = {**given, **flow.arguments, **call.arguments}
        state.secret = [*(name for name in state.secret if name in given), *call.secret]
        return flow.start

    def _return(self, run: Run, back: Back) -> str | None:
        """The step that follows the one that called the flow."""
        state = self.state
        if not state.stack:
            return self._leave(run, Exit("failed", why="return belongs in a flow"))
        frame = state.stack.pop()
        given = {name: value for name, value in state.variables.items() if name in GIVEN}
        marked = [name for name in state.secret if name in given]
        state.flow, state.step, state.private, state.entered_at = (
            frame.flow,
            frame.step,
            frame.private,
            frame.entered_at,
        )
        state.variables = {**frame.variables, **given}
        state.secret = [*(name for name in frame.secret if name not in given), *marked]
        state.told, state.changed = [f"returned {back.outcome}"], []
        verb = self._verb
        assert isinstance(verb, Flow), "_know_place has looked"
        return self._leave(run, verb.returned(run, back))

    # ---- what is told ------------------------------------------------------------------------------------------

    def _left(self, run: Run, way: str, to: str, why: str = "") -> None:
        """The step is behind the caller."""
        state, here = self.state, self.here
        if state.masked:
            state.masked = False
            run.emit(MaskRecording(False))
        changed = {name: MASK if name in state.secret else short(state.variables[name]) for name in state.changed}
        verb, seconds = here.steps[state.step].verb.verb, run.now - state.entered_at
        contact = state.variables["contact"]
        run.emit(
            StepLeft(
                contact, here.name, here.version, state.step, verb, way, to, seconds, tuple(state.told), changed, why
            )
        )

    def _openly(self, why: str) -> str:
        """The reason, where it can hold nothing secret: the message of a template quotes what it was given."""
        return PRIVATE if self.state.private else why

    def _fail(self, run: Run, why: str) -> None:
        contact, here = self.state.variables["contact"], self.here
        run.emit(StepFailed(contact, here.name, self.state.step, here.where(self.state.step), why))

    # ---- the end -----------------------------------------------------------------------------------------------

    def _gone(self, run: Run, way: str) -> None:
        """The caller is gone, from this step and from those that have called its flow."""
        state, told = self.state, _GONE[way]
        if state.wait is not Wait.START:
            run.tell(told)
            self._left(run, way, "")
            while state.stack:
                frame = state.stack.pop()
                state.flow, state.step, state.entered_at = frame.flow, frame.step, frame.entered_at
                state.told, state.changed = [told], []
                self._left(run, way, "")
        self._stop()

    def _end(self, run: Run, order: EndCall, broken: bool = False) -> None:
        """``broken``: no admin wanted it to end here."""
        if broken:
            self.state.lost = self.state.lost or "ivr"
        run.emit(order)
        self._stop()

    def _stop(self) -> None:
        self.state.wait, self.state.due, self.state.playing = Wait.ENDED, None, False
