"""Facts about a contact, for the records, the metrics, the log and the event stream."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.call.record import CallRecord
from softswitch.core.effect import DomainEvent


@dataclass(frozen=True, slots=True)
class ContactStarted(DomainEvent):
    contact: str
    kind: str  # "inbound", "internal", "outbound", "callback"
    caller: str
    called: str
    trunk: str


@dataclass(frozen=True, slots=True)
class ContactConnected(DomainEvent):
    """Two people talk."""

    contact: str
    agent: str  # "" where it is not an agent
    waited_s: float


@dataclass(frozen=True, slots=True)
class ContactDisconnected(DomainEvent):
    """They talk no longer; the contact may go on (a survey, another queue)."""

    contact: str
    kind: str
    agent: str
    talked_s: float
    by: str = ""  # "agent" (or whoever was called) has hung up; "transfer", "replaced"; "" the customer, or we


@dataclass(frozen=True, slots=True)
class HoldChanged(DomainEvent):
    """Somebody has put whoever he talks to on hold, or talks to him again."""

    contact: str
    agent: str  # who did it; "" where it is not an agent
    held: bool


@dataclass(frozen=True, slots=True)
class TransferEnded(DomainEvent):
    contact: str
    kind: str  # "blind", "attended", "replaced" (another phone has taken a call over)
    outcome: str  # "done", "failed", "refused", "foreign" (refused: the target is no number of ours)
    agent: str = ""  # who sent the other party elsewhere; "" where it was not an agent
    queue: str = ""  # from which the agent had got it
    called: str = ""  # to whom


@dataclass(frozen=True, slots=True)
class RecordingStarted(DomainEvent):
    contact: str
    path: str


@dataclass(frozen=True, slots=True)
class SurveyAnswered(DomainEvent):
    """One answer; a later one of the same contact to the same question takes its place."""

    contact: str
    survey: str
    question: str
    score: int
    low: int  # of the scale
    high: int
    queue: str  # in which the caller had waited; "" none
    agent: str  # whom the caller had talked to; "" nobody
    at: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class ContactFinished(DomainEvent):
    record: CallRecord
