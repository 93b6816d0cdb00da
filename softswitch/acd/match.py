"""Which contact goes to which agent: best-ranked contact first, and of the agents who suit it as its queue chooses.

Queues that have a share are one party: of those with a contact that somebody may be offered now, the one that exceeds
its share of all who wait in such queues by most puts its best-ranked contact forward, and only that one is compared
with the others by rank (Gurvich and Whitt 2010, queue-and-idleness-ratio controls: the longest queue relative to its
target is served).
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from softswitch.acd.agent import Cue, Work
from softswitch.acd.contact import Contact, Order
from softswitch.acd.crew import Crew
from softswitch.acd.decision import Decided, QueueShare, decide
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
        """Offer until no contact waits that somebody may be offered, best rank first.

        Before this step no such pair existed, so only contacts that arrived and agents who were freed can be in one.
        """
        for name in this.came_or_went:
            self._waiting.came_or_went(name, this)
        if self._state.sharing:
            self._by_shares(this)
        elif this.freed or this.arrived:
            self._by_rank(this)

    def _by_rank(self, this: Step) -> None:
        """Claims come from both: a contact for itself, a freed agent for the best contact that it can serve.

        The claimed contact goes to whom its queue chooses, who need not be the one that claimed it; that one then
        claims again, as he does when the claimed contact is no longer open to him.
        """
        claims = [(order, _NOBODY) for order in {contact.order for contact in this.arrived}]
        for name in this.freed:
            self._claim(self._state.floor.number[name], claims)
        heapify(claims)
        while claims:
            order, claimant = heappop(claims)
            if claimant != _NOBODY and not self._state.floor.is_free(claimant):
                continue
            contact = self._state.contacts.get(order[1])
            if contact is not None and contact.lane is not None and (
                claimant == _NOBODY or not contact.lane.reserve or contact.lane.is_open(self._state.floor)
            ):  # fmt: skip
                self._decide(contact, (), this)
            if claimant != _NOBODY and self._state.floor.is_free(claimant):
                self._claim(claimant, claims)

    def _claim(self, number: int, claims: list[tuple[Order, int]]) -> None:
        best = self._state.demand.best_for(number)
        if best is not None:
            heappush(claims, (best, number))

    def _decide(self, contact: Contact, shares: tuple[QueueShare, ...], this: Step) -> None:
        assert contact.lane is not None
        queue, floor = self._state.queues[contact.queue], self._state.floor
        moment = Moment(this.now, contact.id, queue.last)
        record, winners = decide(floor, contact.lane, queue.spec.strategy, moment, shares)
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
            work = Work(contact.id, contact.queue, contact.cost)
            cue = Cue(AgentInput.RESERVED, work=work, until=this.now + ring_s + GRACE_S)
            self._crew.move(self._state.agents[name], cue, this)
            this.effects.append(Offer(contact.id, name, contact.queue, ring_s))

    # ---- queues with a share ---------------------------------------------------------------------------------------

    def _by_shares(self, this: Step) -> None:
        """The same with all claims looked at anew after each decision, since each changes what the queues exceed."""
        state = self._state
        undecided = {contact.id: contact for contact in this.arrived}
        free = {state.floor.number[name] for name in this.freed}
        while True:
            free = {one for one in free if state.floor.is_free(one) and any(state.demand.open_to(one))}
            heads = {lane.places[0] for number in free for lane in state.demand.open_to(number)}
            heads |= {one.order for one in undecided.values() if one.lane is not None and one.lane.is_open(state.floor)}
            if not heads:
                break
            contact, shares = self._foremost(sorted(heads))
            undecided.pop(contact.id, None)
            self._decide(contact, shares, this)
        for contact in sorted(undecided.values(), key=lambda one: one.order):
            if contact.lane is not None:
                self._decide(contact, (), this)

    def _foremost(self, heads: list[Order]) -> tuple[Contact, tuple[QueueShare, ...]]:
        """Of contacts by rank that somebody may be offered the one whose turn it is, and what the shares had to do."""
        contacts = [self._state.contacts[head[1]] for head in heads]
        first: dict[str, Contact] = {}
        others = []
        for contact in contacts:
            if self._state.queues[contact.queue].spec.share is None:
                others.append(contact)
            else:
                first.setdefault(contact.queue, contact)
        if not first:
            return others[0], ()
        shares = self._by_excess(first)
        forward = first[shares[0][0]]
        if others and others[0].order < forward.order:
            return others[0], ()
        return forward, shares

    def _by_excess(self, first: dict[str, Contact]) -> tuple[QueueShare, ...]:
        """These queues, by how much each exceeds its share of all who wait in queues that have one; equals by rank."""
        waiting = {
            name: queue.live_waiting + queue.callbacks_waiting
            for name, queue in self._state.queues.items()
            if queue.spec.share is not None
        }
        total = sum(waiting.values())
        listed = []
        for name, contact in first.items():
            share = self._state.queues[name].spec.share or 0.0
            listed.append((share * total - waiting[name], contact.order, (name, waiting[name], share)))
        return tuple(one for _, _, one in sorted(listed))
