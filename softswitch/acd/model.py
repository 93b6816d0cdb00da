"""The nouns of the ACD: what is configured, what happens, what is ordered."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.machine import Word

# ---- configuration ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """A skill that the agent must have, at a level in this range."""

    skill: str
    level: int = 1  # 1..10, the lowest
    at_most: int = 10  # the highest


@dataclass(frozen=True, slots=True)
class AllOf:
    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NotOf:
    of: Expression


Expression = Need | AllOf | AnyOf | NotOf
Needs = tuple[Expression, ...]  # all of them


@dataclass(frozen=True, slots=True)
class Relaxation:
    """From ``after_s`` seconds of waiting on, these needs replace those before."""

    after_s: float
    needs: Needs


class Strategy(Word):
    """Which of the agents who suit a contact, and are free, gets it; equals go by the longest idle, then by name."""

    LONGEST_IDLE = "longest-idle"
    BEST_FIT = "best-fit"  # least surplus of skill over what is needed
    MOST_SKILLED = "most-skilled"  # highest sum of the levels of the skills that are needed
    LEAST_OCCUPIED = "least-occupied"  # share of the time since login spent on contacts
    FEWEST_CALLS = "fewest-calls"  # since login
    ROUND_ROBIN = "round-robin"  # the next by name after the one who was last offered a contact of this queue
    RANDOM = "random"
    LINEAR = "linear"  # always the first, in the order of the configuration
    RING_ALL = "ring-all"  # everybody at once; who answers first has it


class WrapUpMode(enum.Enum):
    NONE = "none"
    OPTIONAL = "optional"  # only if the agent has asked for it while he talked
    TIMED = "timed"
    UNTIL_DONE = "until-done"  # until he says so


@dataclass(frozen=True, slots=True)
class WrapUp:
    mode: WrapUpMode = WrapUpMode.TIMED
    s: float = 10.0  # of TIMED, and the end of OPTIONAL unless it is extended
    at_most_s: float = 300.0  # from its begin, whatever is asked: never longer

    @staticmethod
    def timed(s: float) -> WrapUp:
        """For so long; 0: none."""
        return WrapUp(WrapUpMode.TIMED, s, max(s, 300.0)) if s > 0 else WrapUp(WrapUpMode.NONE, 0.0)


class Condition(enum.Enum):
    """Why nobody may join, or stay; the word is also the ``why`` of ``Refused`` and ``WaitedTooLong``."""

    NO_AGENTS = "no agents"  # nobody who could ever serve it is logged in
    ALL_PAUSED = "all paused"  # somebody is, and all of them are paused
    LONG_WAIT = "long wait"  # the expected wait is above ``expected_above_s``, of who waits above ``leave_above_s``


@dataclass(frozen=True, slots=True)
class Reserve:
    """``agents`` free agents are kept for contacts whose priority is at least ``priority_s``."""

    agents: int
    priority_s: float


@dataclass(frozen=True, slots=True)
class AgentSpec:
    name: str
    user: str  # AOR user part of the phone that rings; "" none of his own: he says at login which
    skills: tuple[tuple[str, int], ...]  # (skill, level 1..10)
    also: tuple[str, ...] = ()  # further phones of his, which ring with it


@dataclass(frozen=True, slots=True)
class QueueSpec:
    name: str
    needs: Needs = ()
    relaxations: tuple[Relaxation, ...] = ()  # by age, the earliest first
    priority_s: float = 0.0  # added to the age of each contact
    ring_timeout_s: float = 20.0
    wrap_up: WrapUp = WrapUp()
    max_waiting: int = 100
    max_wait_s: float = 1800.0
    max_misses: int = 2  # consecutive unanswered offers until the agent is PAUSED("no answer")
    retry_no_answer_s: float = 5.0  # after a miss others come first; short enough to stay in the rota
    retry_busy_s: float = 10.0  # after 486 the agent is not offered work for so long
    retry_rejected_s: float = 10.0  # after he declined
    retry_unreachable_s: float = 10.0  # unless his phone is heard of before
    strategy: Strategy = Strategy.LONGEST_IDLE
    reserve: Reserve | None = None
    share: float | None = None  # of all who wait in queues that have one: routing by queue ratio among those
    join_unless: frozenset[Condition] = frozenset()  # one of them holds: refused
    leave_if: frozenset[Condition] = frozenset()  # one of them comes to hold: those who wait have waited too long
    expected_above_s: float = 1800.0  # LONG_WAIT for who wants to join
    leave_above_s: float = 1800.0  # LONG_WAIT for who waits, and for who would have to leave at once
    handling_s: float = 180.0  # of a conversation with wrap-up, until some were seen
    patience_s: float = 600.0  # mean, of callers, until some have given up


# ---- states ----------------------------------------------------------------------------------------------------


class AgentState(Word):
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
class AskWrapUp:
    """Said while talking: wrap-up follows where the queue leaves it to the agent."""

    agent: str


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    """The wrap-up that is under way ends so much later, at most when the queue's ``at_most_s`` is over."""

    agent: str
    by_s: float


@dataclass(frozen=True, slots=True)
class EndWrapUp:
    """Every wrap-up that is under way is over; what he wants stays what it is."""

    agent: str


@dataclass(frozen=True, slots=True)
class Reachability:
    """The agent's phone is registered (and its last probe was answered), or no longer so."""

    agent: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class Engaged:
    """One of the agent's phones rings or talks for something that is not from here, or none does any more."""

    agent: str
    engaged: bool


@dataclass(frozen=True, slots=True)
class Join:
    """A contact wants an agent. ``queued_at`` may lie in the past (a place that was kept)."""

    contact: str
    queue: str
    queued_at: float
    needs: Needs | None = None  # None: the queue's
    priority_s: float = 0.0  # on top of the queue's
    kind: str = "call"  # or "callback"
    joined_at: float | None = None  # where it had its place before a restart: it is not refused, and waits no longer
    cost: int = 100  # of an agent's capacity, which is 100 in all
    preferred: str = ""  # this agent first, if he is logged in, whatever the needs say
    preferred_s: float = 0.0  # for so long, from ``queued_at``; then anybody who suits
    overflow_of: str = ""  # the queue that has sent it here, where it joined first or waited too long


@dataclass(frozen=True, slots=True)
class Move:
    """A waiting contact goes to another queue, at the place of its age. Not while an agent is rung for it."""

    contact: str
    queue: str


@dataclass(frozen=True, slots=True)
class Reprioritise:
    """``priority_s``: what it has on top of its queue's from now on."""

    contact: str
    priority_s: float


@dataclass(frozen=True, slots=True)
class Configure:
    """A reload. Who is gone from it finishes what he has in hand; a queue that is gone serves those who are in it."""

    agents: tuple[AgentSpec, ...]
    queues: tuple[QueueSpec, ...]
    version: str


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
    LogIn | LogOut | SetReady | SetPaused | AskWrapUp | ExtendWrapUp | EndWrapUp | Reachability | Engaged | Join |
    Move | Reprioritise | Configure | Leave | OfferAnswered | OfferFailed | ContactEnded | Resumed
)  # fmt: skip

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
    why: str  # "full", "unknown queue", "unknown skill", or a ``Condition``


@dataclass(frozen=True, slots=True)
class WaitedTooLong(Effect):
    """max_wait_s has passed, or a condition of ``leave_if`` has come to hold: the contact has left the queue."""

    contact: str
    queue: str
    why: str = "timeout"  # or a ``Condition``


@dataclass(frozen=True, slots=True)
class Moved(Effect):
    """The contact is in another queue now."""

    contact: str
    old: str
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
    why: str = ""  # it comes from another queue: "moved", "overflow"
    old: str = ""  # that queue


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
class ExpectedWaitRose(DomainEvent):
    """A caller was told a longer wait than before, which needs a cause."""

    contact: str
    queue: str
    from_s: float
    to_s: float
    cause: str  # one of ``told.CAUSES``
