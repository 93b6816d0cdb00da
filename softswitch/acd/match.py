"""Which contact goes to which agent: best-ranked contact first, and of the agents who suit it the one idle longest."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from softswitch.acd.agent import Agent, AgentInput, Cue, Work
from softswitch.acd.contact import Contact, Order
from softswitch.acd.crew import Crew
from softswitch.acd.model import Decided, Offer
from softswitch.acd.state import State, Step
from softswitch.acd.waiting import Waiting
from softswitch.acd.why import passed_over

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
        contact goes to its longest idle agent, who need not be the one that claimed it; that one then claims again.
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
            if contact is not None and contact.agent is None:
                self._decide(contact, this)
            if claimant != _NOBODY and self._state.floor.is_free(claimant):
                self._claim(claimant, claims)

    def _claim(self, number: int, claims: list[tuple[Order, int]]) -> None:
        best = self._state.demand.best_for(number)
        if best is not None:
            heappush(claims, (best, number))

    def _decide(self, contact: Contact, this: Step) -> None:
        signature = self._state.signature(contact)
        winner = self._state.floor.longest_idle(signature.eligible)
        over = passed_over(self._state.floor, signature.candidates, winner)
        name = None if winner is None else self._state.floor.specs[winner].name
        waited_s = this.now - contact.queued_at
        this.effects.append(Decided(contact.id, contact.queue, name, waited_s, contact.relaxed, over))
        if name is not None:
            self._offer(contact, self._state.agents[name], this)

    def _offer(self, contact: Contact, agent: Agent, this: Step) -> None:
        self._waiting.unwait(contact)
        contact.agent = agent.name
        ring_s = self._state.queues[contact.queue].spec.ring_timeout_s
        work = Work(contact.id, contact.queue)
        self._crew.move(agent, Cue(AgentInput.RESERVED, work=work, until=this.now + ring_s + GRACE_S), this)
        this.effects.append(Offer(contact.id, agent.name, contact.queue, ring_s))
