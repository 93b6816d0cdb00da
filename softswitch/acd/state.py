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
from softswitch.acd.demand import Demand, Lane, Signature
from softswitch.acd.floor import Floor
from softswitch.acd.model import AgentSpec, AgentState, QueueSpec
from softswitch.acd.roster import Numbers
from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.core.timers import Deadlines


@dataclass(slots=True)
class Queue:
    spec: QueueSpec
    signatures: tuple[Signature, ...]  # by the number of relaxations that apply
    admitted: Numbers  # who meets any of them
    line: Line = field(default_factory=Line)  # everybody who has joined and not left
    last: str = ""  # the agent who was last offered one of its contacts
    live_waiting: int = 0  # callers who hold the line and for whom nobody is being rung
    callbacks_waiting: int = 0  # the same, and nobody holds the line
    closing: bool = False  # it is gone from the configuration, and serves those who are in it by its last rules


@dataclass(slots=True)
class Step:
    """One call of ``handle`` or ``tick``: what it has done, and who may now match."""

    now: float
    effects: list[Effect] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)
    arrived: list[Contact] = field(default_factory=list)
    came_or_went: list[str] = field(default_factory=list)  # agents who logged in or out
    restaffed: bool = False  # one of them did, or a pause began or ended


class State:
    def __init__(self, agents: Iterable[AgentSpec], queues: Iterable[QueueSpec], version: str = "") -> None:
        self.agents: dict[str, Agent] = {}
        self.queues: dict[str, Queue] = {}
        self.contacts: dict[str, Contact] = {}
        self.preferring: dict[str, dict[str, Contact]] = {}  # by agent: who waits, and prefers him for the moment
        self.agent_timers = Deadlines()
        self.contact_timers = Deadlines()
        self.furnish(agents, queues, version)

    def furnish(self, agents: Iterable[AgentSpec], queues: Iterable[QueueSpec], version: str) -> None:
        """Arrays, signatures and lines for these, all empty; agents and queues that were there are what they were."""
        self.version = version
        self.configured = tuple(agents), tuple(queues)
        self.floor = Floor(self.configured[0])
        self.demand = Demand(self.floor)
        former, self.agents = self.agents, {}
        for spec in self.floor.specs:
            agent = self.agents[spec.name] = former.get(spec.name) or Agent(spec.name)
            self.floor.write(agent)
            self.floor.write_tally(agent)
        self.queues = {spec.name: self._queue(spec) for spec in self.configured[1]}
        self.sharing = any(queue.spec.share is not None for queue in self.queues.values())

    def _queue(self, spec: QueueSpec) -> Queue:
        needs = (spec.needs, *(one.needs for one in spec.relaxations))
        signatures = tuple(self.demand.signature(one) for one in needs)
        admitted = reduce(np.union1d, (one.eligible for one in signatures))
        queue = self.queues.get(spec.name) or Queue(spec, signatures, admitted)
        queue.spec, queue.signatures, queue.admitted = spec, signatures, admitted
        queue.line, queue.live_waiting, queue.callbacks_waiting, queue.closing = Line(), 0, 0, False
        return queue

    def agent(self, name: str) -> Agent:
        """Raises ``UsageError`` for one that is not configured."""
        try:
            return self.agents[name]
        except KeyError:
            raise UsageError(f"acd: no agent {name!r} is configured") from None

    def lane(self, contact: Contact, now: float) -> Lane:
        """Where this contact waits now; for its preferred agent alone while that one is at work, and not for long."""
        signature = self.signature(contact)
        if now < contact.prefers_until:
            agent = self.agents.get(contact.preferred)
            if agent is not None and agent.state is not AgentState.LOGGED_OUT:
                return self.demand.lane(signature, contact.cost, preferred=self.floor.number[agent.name])
        spec = self.queues[contact.queue].spec
        closed = spec.reserve is not None and contact.priority_s < spec.reserve.priority_s
        reserve = spec.reserve.agents if spec.reserve is not None and closed else 0
        return self.demand.lane(signature, contact.cost, reserve, "" if spec.share is None else spec.name)

    def signature(self, contact: Contact) -> Signature:
        """What this contact needs now."""
        if contact.needs is not None:
            return self.demand.signature(contact.needs)
        return self.queues[contact.queue].signatures[contact.relaxed]
