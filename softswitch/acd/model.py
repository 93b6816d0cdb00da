"""The nouns of the ACD: what is configured, what happens, what is ordered."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from softswitch.core.effect import DomainEvent, Effect

# ---- configuration ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """A skill that the agent must have at ``level`` or above."""

    skill: str
    level: int = 1  # 1..10


@dataclass(frozen=True, slots=True)
class Relaxation:
    """From ``after_s`` seconds of waiting on, these needs replace the queue's."""

    after_s: float
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class AgentSpec:
    name: str
    user: str  # AOR user part of the phone that rings
    skills: tuple[tuple[str, int], ...]  # (skill, level 1..10)


@dataclass(frozen=True, slots=True)
class QueueSpec:
    name: str
    needs: tuple[Need, ...] = ()
    relaxation: Relaxation | None = None
    priority_s: float = 0.0  # added to the age of each contact
    ring_timeout_s: float = 20.0
    wrap_up_s: float = 10.0
    max_waiting: int = 100
    max_wait_s: float = 1800.0
    max_misses: int = 2  # consecutive unanswered offers until the agent is PAUSED("no answer")
    retry_busy_s: float = 10.0  # after 486 / rejected the agent is not offered work for so long


# ---- states ----------------------------------------------------------------------------------------------------


class AgentState(enum.Enum):
    LOGGED_OUT = "logged_out"
    READY = "ready"
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


# ---- inputs: what happened -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogIn:
    agent: str
    ready: bool = True  # False: logged in, but PAUSED("logged in")


@dataclass(frozen=True, slots=True)
class LogOut:
    """While reserved or talking it takes effect after the contact."""

    agent: str


@dataclass(frozen=True, slots=True)
class SetReady:
    """Also ends wrap-up early."""

    agent: str


@dataclass(frozen=True, slots=True)
class SetPaused:
    """While reserved or talking it takes effect after the contact."""

    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reachability:
    """The agent's phone is registered (and its last probe was answered), or no longer so."""

    agent: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class Join:
    """A contact wants an agent. ``queued_at`` may lie in the past (a place that was kept)."""

    contact: str
    queue: str
    queued_at: float
    needs: tuple[Need, ...] | None = None  # None: the queue's
    priority_s: float = 0.0  # on top of the queue's
    kind: str = "call"  # or "callback"
    joined_at: float | None = None  # where it had its place before a restart: it is not refused, and waits no longer


@dataclass(frozen=True, slots=True)
class Leave:
    """A contact gave up or was taken elsewhere; also while it is being offered."""

    contact: str
    why: str  # "abandoned", "callback", "timeout" ...


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    contact: str
    agent: str


@dataclass(frozen=True, slots=True)
class OfferFailed:
    contact: str
    agent: str
    why: str  # "busy", "rejected", "unreachable", "no answer"


@dataclass(frozen=True, slots=True)
class ContactEnded:
    """The agent's part in an answered contact is over: wrap-up begins."""

    contact: str
    agent: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new process takes over a conversation; said before the agent is logged in. ``queue``: whose rules hold."""

    contact: str
    agent: str
    queue: str


AcdInput = (
    LogIn
    | LogOut
    | SetReady
    | SetPaused
    | Reachability
    | Join
    | Leave
    | OfferAnswered
    | OfferFailed
    | ContactEnded
    | Resumed
)

# ---- orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer(Effect):
    """Ring this agent for this contact; the agent is RESERVED already."""

    contact: str
    agent: str
    queue: str
    ring_timeout_s: float


@dataclass(frozen=True, slots=True)
class CancelOffer(Effect):
    """Stop ringing this agent (ring timeout, caller gone). The reservation has ended already."""

    contact: str
    agent: str
    why: str


@dataclass(frozen=True, slots=True)
class Refused(Effect):
    """A Join that was not accepted."""

    contact: str
    queue: str
    why: str  # "full", "unknown queue", "unknown skill"


@dataclass(frozen=True, slots=True)
class WaitedTooLong(Effect):
    """max_wait_s has passed: the contact has left the queue."""

    contact: str
    queue: str


# ---- facts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentStateChanged(DomainEvent):
    agent: str
    old: AgentState
    new: AgentState
    reason: str
    contact: str | None
    missed: bool = False  # the phone rang until its time was over, whatever the state is called that follows


@dataclass(frozen=True, slots=True)
class QueueJoined(DomainEvent):
    contact: str
    queue: str
    position: int  # from 1
    kind: str
    again: bool = False  # it had its place before a restart


@dataclass(frozen=True, slots=True)
class QueueLeft(DomainEvent):
    contact: str
    queue: str
    why: str  # "answered" or the why of Leave, "timeout"
    waited_s: float
    kind: str
    agent: str | None = None
    position: int = 0  # that it had, from 1


@dataclass(frozen=True, slots=True)
class Decided(DomainEvent):
    """One routing decision, with the one true reason why each other candidate was passed over."""

    contact: str
    queue: str
    agent: str | None  # None: nobody
    waited_s: float
    relaxed: bool
    passed_over: tuple[tuple[str, str], ...]  # (agent, reason)
