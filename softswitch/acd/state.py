"""What the parts of the machine share: the arrays, the lines, the agents, the contacts, and the step that is under way.

Each part (``crew``, ``waiting``, ``offers``, ``match``) owns its rules; none of them owns these tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from softswitch.acd.agent import Agent
from softswitch.acd.contact import Contact, Line
from softswitch.acd.demand import Demand, Signature
from softswitch.acd.floor import Floor, Numbers
from softswitch.acd.model import AgentSpec, QueueSpec
from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.core.timers import Deadlines


@dataclass(slots=True)
class Queue:
    spec: QueueSpec
    signatures: tuple[Signature, ...]  # by the number of relaxations that apply
    admitted: Numbers  # who meets any of them
    line: Line = field(default_factory=Line)  # everybody who has joined and not left
    live_waiting: int = 0  # callers who hold the line and for whom nobody is being rung
    callbacks_waiting: int = 0  # the same, and nobody holds the line


@dataclass(slots=True)
class Step:
    """One call of ``handle`` or ``tick``: what it has done, and who may now match."""

    now: float
    effects: list[Effect] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)
    arrived: list[Contact] = field(default_factory=list)


class State:
    def __init__(self, agents: Iterable[AgentSpec], queues: Iterable[QueueSpec]) -> None:
        self.floor = Floor(tuple(agents))
        self.demand = Demand(self.floor)
        self.agents = {spec.name: Agent(spec.name) for spec in self.floor.specs}
        self.queues = {spec.name: self._queue(spec) for spec in queues}
        self.contacts: dict[str, Contact] = {}
        self.agent_timers = Deadlines()
        self.contact_timers = Deadlines()

    def _queue(self, spec: QueueSpec) -> Queue:
        needs = (spec.needs, *(one.needs for one in spec.relaxations))
        signatures = tuple(self.demand.signature(one) for one in needs)
        return Queue(spec, signatures, reduce(np.union1d, (one.eligible for one in signatures)))

    def agent(self, name: str) -> Agent:
        """Raises ``UsageError`` for one that is not configured."""
        try:
            return self.agents[name]
        except KeyError:
            raise UsageError(f"acd: no agent {name!r} is configured") from None

    def signature(self, contact: Contact) -> Signature:
        """What this contact needs now."""
        if contact.needs is not None:
            return self.demand.signature(contact.needs)
        return self.queues[contact.queue].signatures[contact.relaxed]
