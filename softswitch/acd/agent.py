"""One agent: what he wants, what he has in hand, and what is told of him as one state.

``region`` has the tables: one of his presence, one of each contact in hand, of which he may have several as long as
their costs fit into ``CAPACITY``. The state that others see follows from both, the work first. Knows nothing of queues
or other agents: durations come with the cue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from softswitch.acd.model import AgentState, AgentStateChanged
from softswitch.acd.region import PRESENCE, STAGES, AgentAction, AgentInput, Presence, Stage
from softswitch.acd.tally import Tally
from softswitch.core.errors import UsageError
from softswitch.core.machine import transition

S, P, G, A = AgentState, Presence, Stage, AgentAction
I = AgentInput  # noqa: E741 (the house's word for an input)
CAPACITY = 100  # units; a call takes all of them


@dataclass(frozen=True, slots=True)
class Ask:
    """What the human wants; ``state`` is READY, PAUSED or LOGGED_OUT."""

    state: AgentState
    reason: str = ""


@dataclass(slots=True, eq=False)
class Work:
    """A contact in hand, and the queue whose rules hold for it."""

    contact: str
    queue: str
    cost: int = CAPACITY
    stage: Stage = Stage.RESERVED
    until: float | None = None  # RESERVED and WRAP_UP never last longer
    latest: float | None = None  # WRAP_UP, however often it is extended
    asked: bool = False  # wrap-up, by the human
    open_end: bool = False  # wrap-up lasts until the human says that it is done


@dataclass(frozen=True, slots=True)
class Delay:
    """No offers until then; after "unreachable", only until the phone is heard of again."""

    until: float
    ends_when_reachable: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """An input with what its actions need; only those fields are set that the input uses."""

    input: AgentInput
    reason: str = ""
    contact: str = ""  # which of those in hand
    work: Work | None = None  # that begins
    until: float | None = None  # end of the reservation or wrap-up that begins, or of the longer wrap-up
    latest: float | None = None  # beyond which that wrap-up cannot be extended
    open_end: bool = False  # it lasts until the human says that it is done
    delay: Delay | None = None


@dataclass(slots=True)
class Agent:
    """``state``, ``reason`` and ``room`` follow from ``presence``, ``pause`` and ``works``; ``settle`` says how."""

    name: str
    presence: Presence = Presence.LOGGED_OUT
    pause: str = ""  # why PAUSED or SUSPENDED
    works: list[Work] = field(default_factory=list)  # in hand, in the order in which they came
    state: AgentState = AgentState.LOGGED_OUT
    reason: str = ""  # of AgentState.PAUSED
    room: int = CAPACITY  # free units
    since: float = 0.0  # when ``state`` began
    reachable: bool = False
    engaged: bool = False  # in a call that is not from here
    delay: Delay | None = None
    misses: int = 0  # consecutive
    idle_since: float = 0.0  # end of the last contact or wrap-up, or login
    tally: Tally = field(default_factory=Tally)

    @property
    def offerable(self) -> bool:
        """For a contact that costs no more than ``room``."""
        ready = self.presence is P.READY and self.room > 0
        return ready and self.reachable and not self.engaged and self.delay is None

    @property
    def deadline(self) -> float | None:
        due = None if self.delay is None or self.presence not in _DELAYED else self.delay.until
        for work in self.works:
            if work.until is not None and (due is None or work.until < due):
                due = work.until
        return due

    @property
    def free_at(self) -> float | None:
        """When he can be offered whatever work, being in wrap-up, if nobody says anything; None: who knows."""
        if self.presence is not P.READY or not self.reachable or self.engaged or self.delay is not None:
            return None
        ends = [work.until for work in self.works if work.until is not None and _ends_by_itself(work)]
        return max(ends) if ends and len(ends) == len(self.works) else None

    @property
    def asked(self) -> Ask:
        match self.presence:
            case P.PAUSED:
                return Ask(S.PAUSED, self.pause)
            case P.READY | P.SUSPENDED:
                return Ask(S.READY)
        return Ask(S.LOGGED_OUT)

    @property
    def work(self) -> Work | None:
        """The one from which ``state`` follows."""
        if len(self.works) < 2:
            return self.works[0] if self.works else None
        return min(self.works, key=lambda work: _FIRST.index(work.stage))

    @property
    def contact(self) -> str | None:
        work = self.work
        return None if work is None else work.contact

    def holding(self, contact: str) -> Work | None:
        """His part in this contact."""
        for work in self.works:
            if work.contact == contact:
                return work
        return None


def _ends_by_itself(work: Work) -> bool:
    return work.stage is G.WRAP_UP and not work.open_end


_DELAYED = (P.READY, P.LEAVING)  # who is paused or logged out is forgiven when he is back
_FIRST = (G.TALKING, G.RESERVED, G.WRAP_UP)  # shown before the others
OF_STAGE = {G.RESERVED: S.RESERVED, G.TALKING: S.TALKING, G.WRAP_UP: S.WRAP_UP}
_OF_PRESENCE = {
    P.LOGGED_OUT: S.LOGGED_OUT,
    P.READY: S.READY,
    P.PAUSED: S.PAUSED,
    P.SUSPENDED: S.PAUSED,
    P.LEAVING: S.LOGGED_OUT,
}
_SAID = frozenset({I.LOG_IN, I.LOG_IN_PAUSED, I.LOG_OUT, I.SET_READY, I.SET_PAUSED})
_DONE = frozenset({I.SET_READY, I.SET_PAUSED, I.LOG_OUT})  # of who says one of these, a wrap-up with open end is over
_MISSED = frozenset({I.NO_ANSWER, I.MISSED_OUT})
_BEGINS = {I.RESERVED: G.RESERVED, I.RESUMED: G.TALKING}


def step(agent: Agent, cue: Cue, now: float) -> AgentStateChanged | None:
    """Apply ``cue``; the fact of it if the state, or the reason of a pause, is another one now, or a call was missed.

    Raises ``UsageError`` for what cannot be: a missing cell, a contact that is not in hand, one that has no room.
    """
    old, reason, contact = agent.state, agent.reason, agent.contact
    if cue.input in _SAID:
        _say(agent, cue, now)
    elif cue.work is not None:
        _begin(agent, cue, cue.work, now)
        contact = cue.work.contact
    else:
        _work(agent, _held(agent, cue), cue, now)
        contact = cue.contact
    settle(agent, now)
    missed = cue.input in _MISSED
    if agent.state is old and agent.reason == reason and not missed:
        return None
    return AgentStateChanged(agent.name, old, agent.state, agent.reason or cue.reason, contact, missed)


def settle(agent: Agent, now: float) -> None:
    """What follows from presence and works."""
    works = agent.works
    if not works:
        if agent.presence is P.LEAVING:
            _presence(agent, Cue(I.DONE), now)
        state, agent.room = _OF_PRESENCE[agent.presence], CAPACITY
    elif len(works) == 1:
        work = works[0]
        state, agent.room = OF_STAGE[work.stage], CAPACITY - work.cost
    else:
        shown = agent.work
        assert shown is not None
        state, agent.room = OF_STAGE[shown.stage], CAPACITY - sum(work.cost for work in works)
    if state is not agent.state:
        agent.state, agent.since = state, now
    agent.reason = agent.pause if state is S.PAUSED else ""


def _held(agent: Agent, cue: Cue) -> Work:
    work = agent.holding(cue.contact)
    if work is None:
        raise UsageError(f"agent: {agent.name} has no contact {cue.contact!r} in hand ({cue.input.name})")
    return work


def _say(agent: Agent, cue: Cue, now: float) -> None:
    _presence(agent, cue, now)
    if cue.input in _DONE and agent.works:
        over = cue.input is I.SET_READY
        for work in [work for work in agent.works if work.stage is G.WRAP_UP and (over or work.open_end)]:
            _work(agent, work, Cue(I.WRAP_UP_OVER), now)


def _presence(agent: Agent, cue: Cue, now: float) -> None:
    agent.presence, actions = transition(PRESENCE, agent.presence, cue.input, "agent")
    for action in actions:
        _ACTIONS[action](agent, None, cue, now)


def _begin(agent: Agent, cue: Cue, work: Work, now: float) -> None:
    _presence(agent, cue, now)
    if not 0 < work.cost <= agent.room or agent.holding(work.contact):
        raise UsageError(f"agent: {agent.name} has {agent.room} units free, and {work.contact} costs {work.cost}")
    work.stage, work.until = _BEGINS[cue.input], cue.until
    agent.works.append(work)


def _work(agent: Agent, work: Work, cue: Cue, now: float) -> None:
    stage, actions = transition(STAGES, work.stage, cue.input, "agent")
    if stage is not work.stage:
        work.stage, work.until = stage, None
        if stage is G.OVER:
            agent.works.remove(work)
    for action in actions:
        _ACTIONS[action](agent, work, cue, now)


def _explain(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    agent.pause = cue.reason


def _idle(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    agent.idle_since = now


def _forgive(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    agent.misses, agent.delay = 0, None


def _miss(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    agent.misses += 1


def _delay(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    agent.delay = cue.delay


def _suspend(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    _presence(agent, cue, now)


def _promise(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    assert work is not None
    work.asked = True


def _wait(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    assert work is not None
    work.until, work.latest, work.open_end = cue.until, cue.latest, cue.open_end


def _prolong(agent: Agent, work: Work | None, cue: Cue, now: float) -> None:
    assert work is not None
    work.until = cue.until


_ACTIONS: Mapping[AgentAction, Callable[[Agent, Work | None, Cue, float], None]] = {
    A.EXPLAIN: _explain,
    A.IDLE: _idle,
    A.FORGIVE: _forgive,
    A.MISS: _miss,
    A.DELAY: _delay,
    A.SUSPEND: _suspend,
    A.PROMISE: _promise,
    A.WAIT: _wait,
    A.PROLONG: _prolong,
}
