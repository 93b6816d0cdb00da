"""The nouns of the promise ledger. Times here are Unix seconds: a promise outlives the process and its clock."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

from softswitch.callback.policy import DaysOff as DaysOff  # nouns of the ledger like the others here
from softswitch.callback.policy import Policy as Policy
from softswitch.callback.policy import Window as Window
from softswitch.core.effect import DomainEvent, Effect

# ---- the promise -----------------------------------------------------------------------------------------------


class PromiseState(enum.Enum):
    RECORDED = "recorded"  # written, not yet due
    DUE = "due"  # may be dialled when an agent is free
    SEEKING = "seeking"  # an agent is being found; nothing dialled
    DIALLING = "dialling"  # intent committed; the INVITE may have left
    ANSWERED = "answered"  # customer first: on the line, and an agent is being found
    UNCERTAIN = "uncertain"  # a crash or a lost agent cut the attempt short; the phone may still ring
    RETRY_AT = "retry_at"
    KEPT = "kept"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN = frozenset(
    {
        PromiseState.RECORDED,
        PromiseState.DUE,
        PromiseState.SEEKING,
        PromiseState.DIALLING,
        PromiseState.ANSWERED,
        PromiseState.UNCERTAIN,
        PromiseState.RETRY_AT,
    }
)


@dataclass(frozen=True, slots=True)
class Promise:
    """One intent to call one number back for one queue; the store keeps this row."""

    id: str
    number: str  # E.164, with +
    queue: str
    stage: str  # of the last loss
    state: PromiseState
    contact: str  # the contact that was lost last
    recorded_at: float  # Unix s; the age that it keeps
    attempts: int = 0  # intents committed so far
    losses: int = 1  # times this number was lost while the promise was open
    not_before: float = 0.0  # Unix s; retry or end of uncertainty
    call_id: str = ""  # SIP Call-ID of the last attempt, derived from (promise, attempt)
    outcome: str = ""  # of the last attempt, or why it ended
    updated_at: float = 0.0
    group: str = ""  # one open promise per (number, group); "": the campaign's or the queue's own
    campaign: str = ""  # whose list it comes from; "": somebody was lost
    priority_s: float = 0.0  # it counts as so much older
    step: str = ""  # of the dialplan, where the caller was lost there
    expires_at: float = 0.0  # Unix s; 0: as the policy says
    consent: str = ""  # reference to it, of an imported one
    variables: tuple[tuple[str, str], ...] = ()  # for the dialplan
    disposition: str = ""  # how the conversation ended, by the agent's code
    node: str = ""  # whose it is, of the nodes on one store; "": whoever claims it
    uncounted: int = 0  # of the attempts: the network failed before a phone rang (``retry.network_failed``)
    status: int = 0  # SIP, of the last attempt where it failed

    @property
    def counted(self) -> int:
        """Attempts that the policy's ``max_attempts`` is for."""
        return self.attempts - self.uncounted

    @property
    def name(self) -> str:
        """Of the policy that it is kept by."""
        return self.campaign or self.queue

    @property
    def key(self) -> str:
        return self.group or self.name

    @property
    def rank(self) -> float:
        """Who comes first; Unix s."""
        return self.recorded_at - self.priority_s


# ---- inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lost:
    """A caller was lost at ``stage``; ``number`` as presented. ``token`` comes back with the outcome."""

    number: str
    queue: str
    stage: str
    contact: str
    queued_at: float  # Unix s: when this customer first began to wait
    waited_s: float = 0.0
    token: str = ""
    step: str = ""  # of the dialplan, at which it happened
    former: str = ""  # as whom the same call was lost before it became this contact
    caller: str = ""  # of one that was keyed in: by whom, as presented


@dataclass(frozen=True, slots=True)
class Restored:
    """Rows read from the store at start, before anything else happens."""

    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls of one policy, customer first or not, that a person answered, in the window that began at ``since``."""

    name: str  # of the policy
    since: float  # Unix s
    answered: int  # served or dropped
    dropped: int  # no agent was there in time
    node: str = ""  # which of the nodes on one store has counted


@dataclass(frozen=True, slots=True)
class Tallied:
    """What the store has of these, at start, before ``Restored``: the abandon limit does not begin anew."""

    tallies: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class Persisted:
    """The row that a ``Persist`` order asked for is durable (``ok``), or could not be written."""

    promise: str
    token: str
    ok: bool = True
    taken: bool = False  # not ok, as another open promise for that number and group is in the store


@dataclass(frozen=True, slots=True)
class Policies:
    """How callbacks are made from now on, of all queues that have any."""

    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """The ACD as the ledger sees it: agents READY and reachable who could serve the queue, live callers waiting.

    Read after every ``SeekAgent`` given so far was carried out: an agent reserved for one is not free any more. To be
    said of every queue after each ``SeekAgent``, changed or not; until then no other seek starts.
    """

    queue: str
    free_agents: int
    live_waiting: int
    callbacks_waiting: int = 0  # joined for a SeekAgent, or answered, and nobody is being rung for them
    cut_off: frozenset[str] = frozenset()  # policies of the queue whose trunk is down: of these nobody is called
    shared: tuple[tuple[str, int], ...] = ()  # queues that dial customers first: free agents who serve both
    ending: tuple[float, ...] = ()  # Unix s: ends of wrap-ups after which an agent is free for this queue alone


@dataclass(frozen=True, slots=True)
class AgentFound:
    """The reserved agent has picked up and waits for the customer; customer first: the two are on the line."""

    promise: str
    agent: str


@dataclass(frozen=True, slots=True)
class NoAgent:
    """The agent declined, did not answer or hung up before the dial: not an attempt.

    After ``DialCustomer`` it means that the agent hung up while the customer's phone rang: that attempt is spent.
    Customer first it says nothing: another agent is found, or ``NotServed`` follows.
    """

    promise: str


@dataclass(frozen=True, slots=True)
class CustomerAnswered:
    """The customer is on the line. Where he was dialled agent first, the promise is kept by that.

    Customer first he waits for an agent, and ``AgentFound`` follows. ``waits``: the two do not talk yet. It is said as
    the ledger has forgotten after a restart who was first, and agent first while he is greeted: the attempt goes on.
    """

    promise: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    promise: str
    status: int  # SIP status of the failed leg
    call_id: str = ""  # of the failed attempt; a late word about an earlier one is then dropped
    cause: int = 0  # Q.850, of the Reason header (RFC 3326); 0: not said
    rang: bool = False  # a provisional response other than 100 had come
    silent: bool = False  # nothing at all had
    retry_after_s: float = 0.0  # what a 503 asked for
    sent: bool = True  # else it is our own trouble, such as the limit of a trunk


@dataclass(frozen=True, slots=True)
class NotServed:
    """Customer first: answered, no agent in time, and let go with an apology. It counts as abandoned by us."""

    promise: str
    call_id: str


@dataclass(frozen=True, slots=True)
class CustomerLeft:
    """Customer first: answered, and hung up before an agent was on the line."""

    promise: str
    call_id: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class MachineAnswered:
    """Not a person; we have hung up."""

    promise: str
    call_id: str


@dataclass(frozen=True, slots=True)
class ReachedAgent:
    """The customer called in and was connected: an open promise for that number is withdrawn."""

    number: str
    queue: str
    stages: tuple[str, ...] = ()  # only a promise for a loss at one of these; none: whatever it is for


@dataclass(frozen=True, slots=True)
class NumberBusy:
    """That number is (or is no longer) on a call or in a queue here; never dial it meanwhile.

    Not to be said of the callback itself: its own seek would be called off by it.
    """

    number: str
    busy: bool


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """These numbers, as ``number.identified`` has them, are never to be called from now on, or may be again."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Barred:
    """The numbers of the list in a file, all of them, in place of those that it had before."""

    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """By an admin."""

    promise: str
    why: str
    by: str = ""
    losses: int = 0  # not where he was lost more often since; 0: however often


@dataclass(frozen=True, slots=True)
class RetryNow:
    """By an admin: the pause after the last attempt is over; hours and number rules hold all the same."""

    promise: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Promote:
    """By an admin: from now on it counts as so much older."""

    promise: str
    priority_s: float
    by: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """These campaigns, and no others, are to call nobody for now; what is being dialled goes on."""

    campaigns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Disposed:
    """The agent has said how the conversation ended."""

    promise: str
    code: str
    by: str
    retry_s: float | None = None  # the customer is to be called again after so long


LedgerInput = (
    Lost | Restored | Tallied | Persisted | Policies | Capacity | AgentFound | NoAgent | CustomerAnswered |
    AttemptFailed | NotServed | CustomerLeft | MachineAnswered | ReachedAgent | NumberBusy | DoNotCall | Barred |
    Withdraw | RetryNow | Promote | Paused | Disposed
)  # fmt: skip

# ---- orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Persist(Effect):
    """Write this row with full durability, then feed ``Persisted(promise.id, token)``."""

    promise: Promise
    token: str
    by: str = ""  # whose order it was, where it was one; for the history


@dataclass(frozen=True, slots=True)
class KeepTally(Effect):
    """Write it over what there is of this policy; nothing waits for it."""

    tally: Tally


@dataclass(frozen=True, slots=True)
class SeekAgent(Effect):
    """Reserve and ring an agent for this promise (it joins the queue with its original age)."""

    promise: Promise


@dataclass(frozen=True, slots=True)
class DialCustomer(Effect):
    """The intent is durable: the INVITE may leave now, with exactly this Call-ID."""

    promise: Promise
    trunk: str
    caller_id: str
    ring_s: float
    first: Literal["agent", "customer"] = "agent"  # "customer": no SeekAgent came before
    until: float = float("inf")  # Unix s; from then on no INVITE may leave
    follow_until: float = float("inf")  # Unix s; the same for one that follows: sent on, or to another server


@dataclass(frozen=True, slots=True)
class ReleaseAgent(Effect):
    """Let go whoever is reserved, ringing or waiting for this promise, and cancel what was dialled for it."""

    promise: str


@dataclass(frozen=True, slots=True)
class PromiseAnswer(Effect):
    """Answer to ``Lost`` with a token: the promise is durable and may be spoken (ok), or not (why)."""

    token: str
    ok: bool
    why: str = ""


# ---- facts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PromiseChanged(DomainEvent):
    promise: Promise
    old: PromiseState | None  # None: newly made


@dataclass(frozen=True, slots=True)
class LossNotRecorded(DomainEvent):
    """A loss that leads to no promise, and why: one of ``number.REFUSALS``, policy, short, do-not-call, store."""

    queue: str
    stage: str
    why: str
    contact: str = field(default="", compare=False)  # for reports, which count callers and not losses
    number: str = field(default="", compare=False)  # as presented; of who came to no contact at all
