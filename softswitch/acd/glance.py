"""One contact that waits, at this moment: its place, who rings for it, and what a decision about it would say now.

Nothing is changed by looking. Between two steps of the machine nobody waits beside an agent whom he could have, so the
record says for each agent why he does not have this contact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from softswitch.acd.contact import Contact
from softswitch.acd.decision import Record, decide
from softswitch.acd.model import AgentState
from softswitch.acd.state import State
from softswitch.acd.strategy import Moment


@dataclass(frozen=True, slots=True)
class Glance:
    queue: str
    waited_s: float
    position: int  # from 1, by rank
    line: int  # how many are in the queue
    ringing: tuple[str, ...]  # agents; then nobody else is asked
    relaxed: int  # how many of the queue's relaxations apply
    relaxes_in_s: float | None  # the next one
    admits: int  # agents whom it adds
    gives_up_in_s: float
    record: Record | None  # none while somebody is rung
    pauses: Mapping[str, str]  # agent -> why he is paused


def glance(state: State, contact: Contact, now: float) -> Glance:
    queue, record = state.queues[contact.queue], None
    if contact.lane is not None:
        moment = Moment(now, contact.id, queue.last)
        record, _ = decide(state.floor, contact.lane, queue.spec.strategy, moment, ())
    relaxes_in_s, admits = None, 0
    if contact.relaxed < len(contact.relaxes_at):
        relaxes_in_s = max(0.0, contact.relaxes_at[contact.relaxed] - now)
        after = queue.signatures[contact.relaxed + 1].eligible
        admits = len(np.setdiff1d(after, state.signature(contact).eligible))
    pauses = {name: agent.reason for name, agent in state.agents.items() if agent.state is AgentState.PAUSED}
    return Glance(
        contact.queue, now - contact.queued_at, queue.line.position(contact.order),
        len(queue.line.places), contact.agents, contact.relaxed, relaxes_in_s, admits, contact.gives_up_at - now,
        record, pauses,
    )  # fmt: skip
