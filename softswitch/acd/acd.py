"""The machine: joins, offers and their ends; which contact goes to which agent.

Best-ranked contact first; among the agents who suit it, the one idle longest. Decides when an offer is over and what
that costs the agent: the reservation has a deadline of its own, so that an agent is never stuck in it, whether or not
anybody reports how the ringing ended. Does not know calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from softswitch.acd.agent import Agent, AgentInput, Cue, Work, step
from softswitch.acd.contact import Contact, Line, Order, joined
from softswitch.acd.demand import Demand, Signature
from softswitch.acd.failure import failure
from softswitch.acd.floor import Floor, Numbers
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AgentState,
    CancelOffer,
    ContactEnded,
    Decided,
    Join,
    Leave,
    LogIn,
    LogOut,
    Offer,
    OfferAnswered,
    OfferFailed,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    Reachability,
    Refused,
    Resumed,
    SetPaused,
    SetReady,
    WaitedTooLong,
)
from softswitch.acd.view import AgentNow, InQueue
from softswitch.acd.why import passed_over
from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.core.timers import Deadlines

GRACE_S = 0.5  # a phone begins to ring a moment after the offer; the human has the whole ring timeout

_NOBODY = -1  # a claim that a contact makes for itself


@dataclass(slots=True)
class _Queue:
    spec: QueueSpec
    signature: Signature
    relaxed: Signature
    admitted: Numbers  # who meets either
    line: Line = field(default_factory=Line)  # everybody who has joined and not left
    live_waiting: int = 0  # callers who hold the line and for whom nobody is being rung
    callbacks_waiting: int = 0  # the same, and nobody holds the line


@dataclass(slots=True)
class _Step:
    """One call of ``handle`` or ``tick``: what it has done, and who may now match."""

    now: float
    effects: list[Effect] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)
    arrived: list[Contact] = field(default_factory=list)


class Acd:
    def __init__(self, agents: Iterable[AgentSpec], queues: Iterable[QueueSpec]) -> None:
        self._floor = Floor(tuple(agents))
        self._demand = Demand(self._floor)
        self._agents = {spec.name: Agent(spec.name) for spec in self._floor.specs}
        self._queues = {spec.name: self._queue(spec) for spec in queues}
        self._contacts: dict[str, Contact] = {}
        self._agent_timers = Deadlines()
        self._contact_timers = Deadlines()
        self._handlers: dict[type, Callable[[Any, _Step], None]] = {
            LogIn: self._log_in,
            LogOut: self._log_out,
            SetReady: self._set_ready,
            SetPaused: self._set_paused,
            Reachability: self._reachability,
            Join: self._join,
            Leave: self._leave,
            OfferAnswered: self._offer_answered,
            OfferFailed: self._offer_failed,
            ContactEnded: self._contact_ended,
            Resumed: self._resumed,
        }

    def _queue(self, spec: QueueSpec) -> _Queue:
        signature = self._demand.signature(spec.needs)
        relaxed = signature if spec.relaxation is None else self._demand.signature(spec.relaxation.needs)
        return _Queue(spec, signature, relaxed, np.union1d(signature.eligible, relaxed.eligible))

    # ---- the machine ---------------------------------------------------------------------------------------------

    def handle(self, event: AcdInput, now: float) -> list[Effect]:
        """Raises ``UsageError`` for an agent that is not configured; a contact that is gone is a race, and dropped."""
        this = _Step(now)
        self._handlers[type(event)](event, this)
        self._match(this)
        return this.effects

    def tick(self, now: float) -> list[Effect]:
        """What is due; everything that is due first, then one match over all of it."""
        this = _Step(now)
        for name in self._agent_timers.due(now):
            self._agent_due(self._agents[str(name)], this)
        for contact in self._contact_timers.due(now):
            self._contact_due(self._contacts[str(contact)], this)
        self._match(this)
        return this.effects

    @property
    def deadline(self) -> float | None:
        return min(
            (due for due in (self._agent_timers.next(), self._contact_timers.next()) if due is not None), default=None
        )

    # ---- lookups; LookupError for an unknown name ----------------------------------------------------------------

    def agent(self, name: str) -> AgentNow:
        it = self._agents[name]
        queue, asked = "" if it.work is None else it.work.queue, it.asked
        return AgentNow(
            name, it.state, it.reason, it.reachable, it.since, it.contact, it.delay is not None, queue, asked.state,
            asked.reason,
        )  # fmt: skip

    def free_agents(self, queue: str) -> int:
        """Agents who could be offered work now and meet the queue's own needs."""
        return self._floor.count_free(self._queues[queue].signature.eligible)

    def free_for_callbacks(self, queue: str) -> int:
        """The same with the needs relaxed or not: a callback has the age that its promise kept."""
        return self._floor.count_free(self._queues[queue].admitted)

    def logged_in(self, queue: str) -> int:
        """Agents at work, in whatever state, who meet the queue's own needs."""
        return self._floor.count_logged_in(self._queues[queue].signature.eligible)

    def waiting(self, queue: str, now: float) -> list[InQueue]:
        """Everybody in the queue by rank, also those for whom an agent is being rung."""
        places = self._queues[queue].line.places
        return [
            InQueue(it.id, queue, it.kind, now - it.queued_at, it.agent)
            for it in (self._contacts[contact] for _, contact in places)
        ]

    def live_waiting(self, queue: str) -> int:
        """Callers on the line (no callbacks) for whom nobody is being rung yet."""
        return self._queues[queue].live_waiting

    def callbacks_waiting(self, queue: str) -> int:
        """Callbacks for whom nobody is being rung (yet): they have a claim on the next agents who are free."""
        return self._queues[queue].callbacks_waiting

    def position(self, contact: str) -> int | None:
        """From 1, by rank in its queue, callbacks counted; None when it is in no queue."""
        it = self._contacts.get(contact)
        return None if it is None else self._queues[it.queue].line.position(it.order)

    # ---- agents --------------------------------------------------------------------------------------------------

    def _known(self, agent: str) -> Agent:
        try:
            return self._agents[agent]
        except KeyError:
            raise UsageError(f"acd: no agent {agent!r} is configured") from None

    def _move(self, agent: Agent, cue: Cue, this: _Step) -> None:
        changed = step(agent, cue, this.now)
        if changed is not None:
            this.effects.append(changed)
        self._place(agent, this)

    def _place(self, agent: Agent, this: _Step) -> None:
        """Bring the indexes up to date with the agent; once offerable it may claim a contact."""
        self._floor.write(agent)
        self._agent_timers.set(agent.name, agent.deadline)
        if agent.offerable:
            this.freed.append(agent.name)

    def _log_in(self, event: LogIn, this: _Step) -> None:
        cue = Cue(AgentInput.LOG_IN) if event.ready else Cue(AgentInput.LOG_IN_PAUSED, "logged in")
        self._move(self._known(event.agent), cue, this)

    def _log_out(self, event: LogOut, this: _Step) -> None:
        self._move(self._known(event.agent), Cue(AgentInput.LOG_OUT), this)

    def _set_ready(self, event: SetReady, this: _Step) -> None:
        self._move(self._known(event.agent), Cue(AgentInput.SET_READY), this)

    def _set_paused(self, event: SetPaused, this: _Step) -> None:
        self._move(self._known(event.agent), Cue(AgentInput.SET_PAUSED, event.reason), this)

    def _reachability(self, event: Reachability, this: _Step) -> None:
        agent = self._known(event.agent)
        agent.reachable = event.reachable
        if event.reachable and agent.delay is not None and agent.delay.ends_when_reachable:
            agent.delay = None
        self._place(agent, this)

    def _agent_due(self, agent: Agent, this: _Step) -> None:
        match agent.state:
            case AgentState.RESERVED:
                assert agent.work is not None
                this.effects.append(CancelOffer(agent.work.contact, agent.name, "no answer"))
                self._fail(agent, agent.work, "no answer", this)
            case AgentState.WRAP_UP:
                self._move(agent, Cue(AgentInput.WRAP_UP_OVER), this)
            case _:
                agent.delay = None
                self._place(agent, this)

    # ---- contacts ------------------------------------------------------------------------------------------------

    def _join(self, event: Join, this: _Step) -> None:
        if event.contact in self._contacts:
            return
        refusal = self._refusal(event)
        if refusal:
            this.effects.append(Refused(event.contact, event.queue, refusal))
            return
        queue = self._queues[event.queue]
        contact = self._contacts[event.contact] = joined(event, queue.spec, this.now)
        queue.line.add(contact.order)
        position, again = queue.line.position(contact.order), event.joined_at is not None
        this.effects.append(QueueJoined(contact.id, contact.queue, position, contact.kind, again))
        self._wait(contact, this)

    def _refusal(self, event: Join) -> str:
        queue = self._queues.get(event.queue)
        if queue is None:
            return "unknown queue"
        if event.needs is not None and not all(self._floor.knows(need.skill) for need in event.needs):
            return "unknown skill"
        # The limit is for those who hold a line: a callback was promised its place already, and some had theirs.
        kept = event.kind == "callback" or event.joined_at is not None
        if kept or queue.live_waiting < queue.spec.max_waiting:
            return ""
        signature = queue.signature if event.needs is None else self._demand.signature(event.needs)
        return "full" if self._floor.longest_idle(signature.eligible) is None else ""

    def _signature(self, contact: Contact) -> Signature:
        if contact.needs is not None:
            return self._demand.signature(contact.needs)
        queue = self._queues[contact.queue]
        return queue.relaxed if contact.relaxed else queue.signature

    def _wait(self, contact: Contact, this: _Step) -> None:
        """Into the line of its needs, at the place of its original age."""
        contact.agent = None
        contact.relaxed = contact.relaxes_at is not None and contact.relaxes_at <= this.now
        self._demand.add(self._signature(contact), contact.order)
        self._count(contact, 1)
        due = contact.gives_up_at
        if contact.relaxes_at is not None and not contact.relaxed:
            due = min(due, contact.relaxes_at)
        self._contact_timers.set(contact.id, due)
        this.arrived.append(contact)

    def _unwait(self, contact: Contact) -> None:
        self._demand.remove(self._signature(contact), contact.order)
        self._count(contact, -1)
        self._contact_timers.set(contact.id, None)

    def _count(self, contact: Contact, change: int) -> None:
        queue = self._queues[contact.queue]
        if contact.live:
            queue.live_waiting += change
        else:
            queue.callbacks_waiting += change

    def _contact_due(self, contact: Contact, this: _Step) -> None:
        self._unwait(contact)
        if contact.gives_up_at <= this.now:
            self._give_up(contact, this)
        else:
            self._wait(contact, this)

    def _give_up(self, contact: Contact, this: _Step) -> None:
        this.effects.append(WaitedTooLong(contact.id, contact.queue))
        self._left(contact, "timeout", None, this)

    def _left(self, contact: Contact, why: str, agent: str | None, this: _Step) -> None:
        del self._contacts[contact.id]
        place = self._queues[contact.queue].line.remove(contact.order)
        waited_s = this.now - contact.queued_at
        this.effects.append(QueueLeft(contact.id, contact.queue, why, waited_s, contact.kind, agent, place))

    def _leave(self, event: Leave, this: _Step) -> None:
        contact = self._contacts.get(event.contact)
        if contact is None:
            return
        if contact.agent is None:
            self._unwait(contact)
        else:
            this.effects.append(CancelOffer(contact.id, contact.agent, event.why))
            self._move(self._agents[contact.agent], Cue(AgentInput.RELEASED, event.why), this)
        self._left(contact, event.why, None, this)

    # ---- offers --------------------------------------------------------------------------------------------------

    def _offer_answered(self, event: OfferAnswered, this: _Step) -> None:
        agent = self._known(event.agent)
        if agent.contact != event.contact:
            this.effects.append(CancelOffer(event.contact, event.agent, "too late"))
            return
        rang = agent.state is AgentState.RESERVED
        self._move(agent, Cue(AgentInput.ANSWERED), this)
        if rang:
            self._left(self._contacts[event.contact], "answered", agent.name, this)

    def _offer_failed(self, event: OfferFailed, this: _Step) -> None:
        agent = self._known(event.agent)
        if agent.state is AgentState.RESERVED and agent.work is not None and agent.contact == event.contact:
            self._fail(agent, agent.work, event.why, this)

    def _fail(self, agent: Agent, work: Work, why: str, this: _Step) -> None:
        """The agent pays for the failed offer by its kind; the contact is back at its place."""
        self._move(agent, failure(agent, self._queues[work.queue].spec, why, this.now), this)
        contact = self._contacts[work.contact]
        if contact.gives_up_at <= this.now:
            self._give_up(contact, this)
        else:
            self._wait(contact, this)

    def _resumed(self, event: Resumed, this: _Step) -> None:
        agent = self._agents.get(event.agent)
        if agent is not None and agent.work is None and event.queue in self._queues:  # else the admin has removed it
            self._move(agent, Cue(AgentInput.RESUMED, work=Work(event.contact, event.queue)), this)

    def _contact_ended(self, event: ContactEnded, this: _Step) -> None:
        agent = self._known(event.agent)
        if agent.work is None or agent.contact != event.contact:
            return
        wrap_up_s = self._queues[agent.work.queue].spec.wrap_up_s
        if wrap_up_s > 0:
            self._move(agent, Cue(AgentInput.ENDED, until=this.now + wrap_up_s), this)
        else:
            self._move(agent, Cue(AgentInput.ENDED_AT_ONCE), this)

    # ---- the match -----------------------------------------------------------------------------------------------

    def _match(self, this: _Step) -> None:
        """Offer until no contact waits for an agent who is free, best rank first.

        Before this step no such pair existed, so only contacts that arrived and agents who were freed can be in one.
        Claims come from both: a contact for itself, a freed agent for the best contact that it can serve. The claimed
        contact goes to its longest idle agent, who need not be the one that claimed it; that one then claims again.
        """
        claims: list[tuple[Order, int]] = [(contact.order, _NOBODY) for contact in this.arrived]
        for name in this.freed:
            self._claim(self._floor.number[name], claims)
        heapify(claims)
        while claims:
            order, claimant = heappop(claims)
            if claimant != _NOBODY and not self._floor.is_free(claimant):
                continue
            contact = self._contacts.get(order[1])
            if contact is not None and contact.agent is None:
                self._decide(contact, this)
            if claimant != _NOBODY and self._floor.is_free(claimant):
                self._claim(claimant, claims)

    def _claim(self, number: int, claims: list[tuple[Order, int]]) -> None:
        best = self._demand.best_for(number)
        if best is not None:
            heappush(claims, (best, number))

    def _decide(self, contact: Contact, this: _Step) -> None:
        signature = self._signature(contact)
        winner = self._floor.longest_idle(signature.eligible)
        over = passed_over(self._floor, signature.candidates, winner)
        name = None if winner is None else self._floor.specs[winner].name
        waited_s = this.now - contact.queued_at
        this.effects.append(Decided(contact.id, contact.queue, name, waited_s, contact.relaxed, over))
        if name is not None:
            self._offer(contact, self._agents[name], this)

    def _offer(self, contact: Contact, agent: Agent, this: _Step) -> None:
        self._unwait(contact)
        contact.agent = agent.name
        ring_s = self._queues[contact.queue].spec.ring_timeout_s
        work = Work(contact.id, contact.queue)
        self._move(agent, Cue(AgentInput.RESERVED, work=work, until=this.now + ring_s + GRACE_S), this)
        this.effects.append(Offer(contact.id, agent.name, contact.queue, ring_s))
