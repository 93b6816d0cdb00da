"""Which contact goes to which agent: best-ranked contact first, and of the agents who suit it as its queue chooses."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from softswitch.acd.agent import Cue, Work
from softswitch.acd.contact import Contact, Order
from softswitch.acd.crew import Crew
from softswitch.acd.decision import Decided, decide
from softswitch.acd.model import Offer
from softswitch.acd.region import AgentInput
from softswitch.acd.state import State, Step
from softswitch.acd.strategy import Moment
from softswitch.acd.waiting import Waiting

GRACE_S = 0.5  # a phone begins to ring a moment after the offer; the human has the whole ring timeout

_NOBODY = -1  # a claim that a contact makes for itself


class Match:
    def __init__(self, state: State, crew: Crew, waiting: Waiting) -> None:
        self._state = state
        self._crew = crew
        self._waiting = waiting

    def match(self, this: Step) -> None:
        """Offer until no contact waits for an agent who is free, best rank first.

        Before this step no such pair existed, so only contacts that arrived and agents who were freed can be in one.
        Claims come from both: a contact for itself, a freed agent for the best contact that it can serve. The claimed
        contact goes to whom its queue chooses, who need not be the one that claimed it; that one then claims again.
        """
        claims: list[tuple[Order, int]] = [(contact.order, _NOBODY) for contact in this.arrived]
        for name in this.freed:
            self._claim(self._state.floor.number[name], claims)
        heapify(claims)
        while claims:
            order, claimant = heappop(claims)
            if claimant != _NOBODY and not self._state.floor.is_free(claimant):
                continue
            contact = self._state.contacts.get(order[1])
            if contact is not None and not contact.agents:
                self._decide(contact, this)
            if claimant != _NOBODY and self._state.floor.is_free(claimant):
                self._claim(claimant, claims)

    def _claim(self, number: int, claims: list[tuple[Order, int]]) -> None:
        best = self._state.demand.best_for(number)
        if best is not None:
            heappush(claims, (best, number))

    def _decide(self, contact: Contact, this: Step) -> None:
        queue, floor = self._state.queues[contact.queue], self._state.floor
        moment = Moment(this.now, contact.id, queue.last)
        record, winners = decide(floor, self._state.signature(contact).candidates, queue.spec.strategy, moment)
        names = [floor.specs[winner].name for winner in winners]
        waited_s = this.now - contact.queued_at
        first = names[0] if names else None
        this.effects.append(Decided(contact.id, contact.queue, first, waited_s, contact.relaxed, record))
        if names:
            queue.last = names[0]
            self._offer(contact, names, this)

    def _offer(self, contact: Contact, names: list[str], this: Step) -> None:
        self._waiting.unwait(contact)
        contact.agents = tuple(names)
        ring_s = self._state.queues[contact.queue].spec.ring_timeout_s
        for name in names:
            work = Work(contact.id, contact.queue)
            cue = Cue(AgentInput.RESERVED, work=work, until=this.now + ring_s + GRACE_S)
            self._crew.move(self._state.agents[name], cue, this)
            this.effects.append(Offer(contact.id, name, contact.queue, ring_s))
