"""What has become of a promise, as the store has kept it: its changes, its attempts, and the contacts made for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Logged:
    """The promise after one durable change. Times are Unix seconds."""

    at: float
    state: str
    stage: str
    outcome: str
    attempt: int  # intents committed by then
    losses: int
    not_before: float
    priority_s: float
    contact: str  # the one that was lost last
    by: str  # who ordered the change; "": nobody did
    disposition: str = ""  # how the conversation ended, by the agent's code


@dataclass(frozen=True, slots=True)
class Attempt:
    attempt: int
    call_id: str
    at: float  # Unix s: when the intent was committed
    outcome: str  # "": not known yet
    contact: str = ""  # the callback that made it, for ``softswitch trace``; "": it goes on, or is forgotten
    agent: str = ""
    status: int = 0  # SIP, where it failed; 0: not known


@dataclass(frozen=True, slots=True)
class Made:
    """A callback that has ended."""

    contact: str
    agent: str
    started_at: float  # Unix s
    ended_at: float


def joined(attempts: Sequence[Attempt], made: Sequence[Made]) -> list[Attempt]:
    """Each attempt with the contact within whose time it was made: a contact makes one at most."""
    return [_with(one, [call for call in made if call.started_at <= one.at <= call.ended_at]) for one in attempts]


def _with(attempt: Attempt, made: Sequence[Made]) -> Attempt:
    return replace(attempt, contact=made[-1].contact, agent=made[-1].agent) if made else attempt
