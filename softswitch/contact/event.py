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


@dataclass(frozen=True, slots=True)
class TransferEnded(DomainEvent):
    contact: str
    kind: str  # "blind", "attended", "replaced" (another phone has taken a call over)
    outcome: str  # "done", "failed", "refused", "foreign" (refused: the target is no number of ours)


@dataclass(frozen=True, slots=True)
class RecordingStarted(DomainEvent):
    contact: str
    path: str


@dataclass(frozen=True, slots=True)
class ContactFinished(DomainEvent):
    record: CallRecord
