"""One agent: the engine's state against what happens, as a table.

Two fields are kept apart: ``asked`` is what the human wants (ready, paused with a reason, logged out), ``state`` is
what the engine says. A wish that comes while the agent is reserved, talking or in wrap-up waits there, and is obeyed on
the way out. Knows nothing of queues or other agents: durations come with the cue.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from softswitch.acd.model import AgentState, AgentStateChanged
from softswitch.core.machine import DROP, transition

S = AgentState


class AgentInput(enum.Enum):
    LOG_IN = "log in"
    LOG_IN_PAUSED = "log in paused"
    LOG_OUT = "log out"
    SET_READY = "set ready"
    SET_PAUSED = "set paused"
    RESERVED = "reserved"
    RESUMED = "resumed"  # a new process takes over a conversation
    ANSWERED = "answered"
    NO_ANSWER = "no answer"  # a miss that is forgiven after a short delay
    MISSED_OUT = "missed out"  # the miss that was one too many
    FAILED = "failed"  # busy, rejected, unreachable: says nothing about the human
    RELEASED = "released"  # the contact left while the phone rang
    ENDED = "ended"  # wrap-up follows
    ENDED_AT_ONCE = "ended at once"  # the queue has no wrap-up
    WRAP_UP_OVER = "wrap-up over"


I = AgentInput  # noqa: E741 (the house's word for an input)


class AgentAction(enum.Enum):
    ASK = "ask"  # note what the human wants
    STAY = "stay"  # a login takes back a logout that was still to come
    OBEY = "obey"  # now do what the human asked meanwhile
    EXPLAIN = "explain"  # the reason of the pause
    IDLE = "idle"  # idle from now on
    FORGIVE = "forgive"  # misses and delay start anew
    HOLD = "hold"  # the contact, and until when
    TALK = "talk"  # the contact
    WAIT = "wait"  # the end of wrap-up
    MISS = "miss"  # count it
    DELAY = "delay"  # no offers for a while


A = AgentAction

_LATER = (None, (A.ASK,))
_STAYING = (None, (A.STAY,))
_WISHES_WAIT: dict[I, tuple[S | None, tuple[A, ...]]] = {
    I.LOG_IN: _STAYING,
    I.LOG_IN_PAUSED: _STAYING,
    I.LOG_OUT: _LATER,
    I.SET_READY: _LATER,
    I.SET_PAUSED: _LATER,
}

TABLE: Mapping[S, Mapping[I, tuple[S | None, tuple[A, ...]]]] = {
    S.LOGGED_OUT: {
        I.LOG_IN: (S.READY, (A.ASK, A.IDLE, A.FORGIVE)),
        I.LOG_IN_PAUSED: (S.PAUSED, (A.ASK, A.EXPLAIN, A.IDLE, A.FORGIVE)),
        I.LOG_OUT: DROP,
        I.SET_READY: DROP,
        I.SET_PAUSED: DROP,
        I.RESUMED: (S.TALKING, (A.TALK,)),
    },
    S.READY: {
        I.LOG_IN: DROP,
        I.LOG_IN_PAUSED: DROP,
        I.LOG_OUT: (S.LOGGED_OUT, (A.ASK,)),
        I.SET_READY: DROP,
        I.SET_PAUSED: (S.PAUSED, (A.ASK, A.EXPLAIN)),
        I.RESERVED: (S.RESERVED, (A.HOLD,)),
    },
    S.RESERVED: {
        **_WISHES_WAIT,
        I.ANSWERED: (S.TALKING, (A.FORGIVE,)),
        I.NO_ANSWER: (S.READY, (A.MISS, A.DELAY, A.OBEY)),
        I.MISSED_OUT: (S.PAUSED, (A.MISS, A.EXPLAIN, A.OBEY)),
        I.FAILED: (S.READY, (A.DELAY, A.OBEY)),
        I.RELEASED: (S.READY, (A.OBEY,)),
        I.ENDED: DROP,  # no answer has been seen: the end of the ringing is what counts
        I.ENDED_AT_ONCE: DROP,
    },
    S.TALKING: {
        **_WISHES_WAIT,
        I.ANSWERED: DROP,
        I.ENDED: (S.WRAP_UP, (A.WAIT,)),
        I.ENDED_AT_ONCE: (S.READY, (A.IDLE, A.OBEY)),
    },
    S.WRAP_UP: {
        **_WISHES_WAIT,
        I.SET_READY: (S.READY, (A.ASK, A.IDLE)),
        I.ANSWERED: DROP,
        I.ENDED: DROP,
        I.ENDED_AT_ONCE: DROP,
        I.WRAP_UP_OVER: (S.READY, (A.IDLE, A.OBEY)),
    },
    S.PAUSED: {
        I.LOG_IN: DROP,
        I.LOG_IN_PAUSED: DROP,
        I.LOG_OUT: (S.LOGGED_OUT, (A.ASK,)),
        I.SET_READY: (S.READY, (A.ASK, A.FORGIVE)),
        I.SET_PAUSED: (None, (A.ASK, A.EXPLAIN)),
    },
}


@dataclass(frozen=True, slots=True)
class Ask:
    """What the human wants; ``state`` is READY, PAUSED or LOGGED_OUT."""

    state: AgentState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """The contact in hand, and the queue whose rules hold for it."""

    contact: str
    queue: str


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
    work: Work | None = None
    until: float | None = None  # end of the reservation or wrap-up that begins
    delay: Delay | None = None


@dataclass(slots=True)
class Agent:
    name: str
    state: AgentState = AgentState.LOGGED_OUT
    reason: str = ""  # of PAUSED
    since: float = 0.0  # when ``state`` began
    asked: Ask = Ask(AgentState.LOGGED_OUT)
    reachable: bool = False
    work: Work | None = None
    until: float | None = None  # RESERVED and WRAP_UP never last longer
    delay: Delay | None = None
    misses: int = 0  # consecutive
    idle_since: float = 0.0  # end of the last contact or wrap-up, or login

    @property
    def offerable(self) -> bool:
        return self.state is AgentState.READY and self.reachable and self.delay is None

    @property
    def deadline(self) -> float | None:
        if self.until is None and self.state is AgentState.READY and self.delay is not None:
            return self.delay.until
        return self.until

    @property
    def contact(self) -> str | None:
        return None if self.work is None else self.work.contact


def step(agent: Agent, cue: Cue, now: float) -> AgentStateChanged | None:
    """Apply ``cue``; the fact of it if the state, or the reason of a pause, is another one now."""
    old, reason, contact = agent.state, agent.reason, agent.contact
    _apply(agent, cue, now)
    if agent.state is old and agent.reason == reason:
        return None
    missed = cue.input in (I.NO_ANSWER, I.MISSED_OUT)
    return AgentStateChanged(agent.name, old, agent.state, agent.reason or cue.reason, agent.contact or contact, missed)


def _apply(agent: Agent, cue: Cue, now: float) -> None:
    state, actions = transition(TABLE, agent.state, cue.input, "agent")
    if state is not agent.state:
        _enter(agent, state, now)
    for action in actions:
        _ACTIONS[action](agent, cue, now)


_IN_HAND = frozenset({S.RESERVED, S.TALKING, S.WRAP_UP})


def _enter(agent: Agent, state: AgentState, now: float) -> None:
    agent.state, agent.since, agent.until, agent.reason = state, now, None, ""
    if state not in _IN_HAND:
        agent.work = None


_WISH = {
    I.LOG_IN: S.READY,
    I.LOG_IN_PAUSED: S.PAUSED,
    I.LOG_OUT: S.LOGGED_OUT,
    I.SET_READY: S.READY,
    I.SET_PAUSED: S.PAUSED,
}


def _ask(agent: Agent, cue: Cue, now: float) -> None:
    agent.asked = Ask(_WISH[cue.input], cue.reason)


def _stay(agent: Agent, cue: Cue, now: float) -> None:
    if agent.asked.state is S.LOGGED_OUT:
        _ask(agent, cue, now)


def _obey(agent: Agent, cue: Cue, now: float) -> None:
    # READY asks for nothing more: it must not lift a pause that the engine has just imposed.
    match agent.asked.state:
        case S.PAUSED:
            _apply(agent, Cue(I.SET_PAUSED, agent.asked.reason), now)
        case S.LOGGED_OUT:
            _apply(agent, Cue(I.LOG_OUT), now)


def _explain(agent: Agent, cue: Cue, now: float) -> None:
    agent.reason = cue.reason


def _idle(agent: Agent, cue: Cue, now: float) -> None:
    agent.idle_since = now


def _forgive(agent: Agent, cue: Cue, now: float) -> None:
    agent.misses, agent.delay = 0, None


def _hold(agent: Agent, cue: Cue, now: float) -> None:
    agent.work, agent.until = cue.work, cue.until


def _talk(agent: Agent, cue: Cue, now: float) -> None:
    agent.work = cue.work


def _wait(agent: Agent, cue: Cue, now: float) -> None:
    agent.until = cue.until


def _miss(agent: Agent, cue: Cue, now: float) -> None:
    agent.misses += 1


def _delay(agent: Agent, cue: Cue, now: float) -> None:
    agent.delay = cue.delay


_ACTIONS: Mapping[A, Callable[[Agent, Cue, float], None]] = {
    A.ASK: _ask,
    A.STAY: _stay,
    A.OBEY: _obey,
    A.EXPLAIN: _explain,
    A.IDLE: _idle,
    A.FORGIVE: _forgive,
    A.HOLD: _hold,
    A.TALK: _talk,
    A.WAIT: _wait,
    A.MISS: _miss,
    A.DELAY: _delay,
}
