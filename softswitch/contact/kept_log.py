"""The lines of ``queue_log`` of a time in which nobody wrote them, from the facts and calls that the store has kept.

Not kept is when two people ceased to talk and who hung up: the agent's state says the one, the call record the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.contact.event import ContactDisconnected, ContactStarted, TransferEnded
from softswitch.contact.queue_log import QueueLog, Serving
from softswitch.core.effect import DomainEvent


@dataclass(frozen=True, slots=True)
class KeptCall:
    """What of a call record the lines need."""

    contact: str
    caller: str
    ended_by: str  # as in the record


def kept_log(facts: Iterable[tuple[float, DomainEvent]], calls: Iterable[KeptCall], serving: Serving) -> Iterator[str]:
    """``facts`` in order, each with its Unix time."""
    listed, known = list(facts), {call.contact: call for call in calls}
    done = [(unix, fact) for unix, fact in listed if isinstance(fact, TransferEnded) and fact.outcome == "done"]
    left: dict[tuple[str, str | float], str] = {(fact.contact, fact.agent): "transfer" for _, fact in done}
    left |= {(fact.contact, unix): "replaced" for unix, fact in done if fact.kind == "replaced"}
    log = QueueLog(serving)
    for unix, fact in listed:
        for before in _before(fact, unix, known, left):
            log.lines(before, unix)
        yield from log.lines(fact, unix)


def _before(
    fact: DomainEvent, unix: float, known: Mapping[str, KeptCall], left: Mapping[tuple[str, str | float], str]
) -> Iterator[DomainEvent]:
    """What came before it and was not kept. ``left``: by contact, and agent or moment, how the agent left the call."""
    match fact:
        case QueueJoined(contact=contact) | QueueLeft(contact=contact) if contact in known:
            yield ContactStarted(contact, "", known[contact].caller, "", "")
        case AgentStateChanged(agent=agent, old=AgentState.TALKING, contact=str(contact)):
            by = left.get((contact, agent)) or left.get((contact, unix), "")
            if not by and contact in known and known[contact].ended_by in ("called", "agent"):
                by = "agent"
            yield ContactDisconnected(contact, "", agent, 0.0, by)
