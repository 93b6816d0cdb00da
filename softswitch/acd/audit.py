"""The audit: what the machine keeps beside ``Agent`` and ``Contact`` is computed from them anew, and must be the same.

Each transient state has a lease. A reservation and a wrap-up end by their own deadlines, and the audit proves that they
have one. A conversation ends when the call layer says so; it is the audit that asks whether there still is such a call,
and what was not there in two rounds running is over. Whatever is found amiss is a defect of ours: it is repaired, so
that nobody waits for ever and no agent sticks, and said in one word of ``Repair``, so that somebody hears of it.

A round can be had in parts, since between two steps all of this holds at every moment.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from softswitch.acd.agent import Agent, Cue, Work, settle
from softswitch.acd.contact import Contact, Line, Order
from softswitch.acd.crew import Crew
from softswitch.acd.model import AgentStateChanged, CancelOffer, Leave
from softswitch.acd.region import AgentInput, Stage
from softswitch.acd.state import State, Step
from softswitch.acd.waiting import Waiting
from softswitch.core.effect import DomainEvent

AT_ONCE = 500  # agents or contacts in one part: a few milliseconds


class Repair(enum.Enum):
    """What was amiss."""

    AGENT_STATE = "agent state"  # another one than follows from what he wants and has in hand
    FLOOR = "floor"  # the arrays say something else of an agent
    AGENT_TIMER = "agent timer"
    LEASE = "lease"  # a reservation or a wrap-up without end, or a conversation with one
    RESERVATION = "reservation"  # of an agent for a contact that is not being offered to him
    CONVERSATION = "conversation"  # of an agent in a contact that is gone
    OFFER = "offer"  # of a contact to an agent who is not reserved for it
    CONTACT = "contact"  # waits, and is gone
    CONTACT_TIMER = "contact timer"
    LINE = "line"  # of a queue, or of those who need the same: somebody is missing, or is there and should not be
    COUNTER = "counter"  # of those who wait in a queue
    MATCH = "match"  # somebody waits whom a free agent could serve
    PHONE = "phone"  # what is known of an agent's phones is not what they are; found by who knows them


@dataclass(frozen=True, slots=True)
class Repaired(DomainEvent):
    """A defect of ours, found and repaired by the audit."""

    what: str  # a ``Repair``
    agent: str = ""
    contact: str = ""
    queue: str = ""


class Audit:
    """``alive``: the contacts that the call layer has. Repairs may free agents and contacts for a match."""

    def __init__(self, state: State, crew: Crew, waiting: Waiting) -> None:
        self._state = state
        self._crew = crew
        self._waiting = waiting
        self._agents: list[str] | None = None  # still to be looked at in this round; None: it has not begun
        self._contacts: list[str] = []  # the same
        self._doubted: set[tuple[str, str]] = set()  # (agent or "", contact) that were not alive in the last round
        self._gone: set[tuple[str, str]] = set()  # the same of this round

    def part(self, alive: Collection[str], this: Step) -> bool:
        """Some agents; after the last of them some contacts; then what is told of all. Whether the round is over."""
        state = self._state
        if self._agents is None:
            self._agents, self._contacts = list(state.agents), list(state.contacts)
        if self._agents:
            chosen, self._agents = self._agents[-AT_ONCE:], self._agents[:-AT_ONCE]
            for agent in (state.agents[name] for name in chosen if name in state.agents):
                self._agent(agent, alive, this)
            return False
        if self._contacts:
            chosen, self._contacts = self._contacts[-AT_ONCE:], self._contacts[:-AT_ONCE]
            for contact in (state.contacts[name] for name in chosen if name in state.contacts):
                self._contact(contact, alive, this)
            return False
        self._sums(this)
        self._match(this)
        self._agents, self._doubted, self._gone = None, self._gone, set()
        return True

    # ---- agents --------------------------------------------------------------------------------------------------

    def _agent(self, agent: Agent, alive: Collection[str], this: Step) -> None:
        before = agent.state, agent.reason, agent.room
        settle(agent, this.now)
        if (agent.state, agent.reason, agent.room) != before:
            this.effects.append(Repaired(Repair.AGENT_STATE.value, agent.name))
            if (agent.state, agent.reason) != before[:2]:
                changed = AgentStateChanged(agent.name, before[0], agent.state, agent.reason, agent.contact)
                this.effects.append(changed)
        if self._state.floor.righted(agent):
            this.effects.append(Repaired(Repair.FLOOR.value, agent.name))
        if self._state.agent_timers.of(agent.name) != agent.deadline:
            self._state.agent_timers.set(agent.name, agent.deadline)
            this.effects.append(Repaired(Repair.AGENT_TIMER.value, agent.name))
        for work in tuple(agent.works):
            self._work(agent, work, alive, this)

    def _work(self, agent: Agent, work: Work, alive: Collection[str], this: Step) -> None:
        if (work.until is None) is not (work.stage is Stage.TALKING):
            self._repaired(Repair.LEASE, agent, work, this)
            work.until = None if work.stage is Stage.TALKING else this.now  # over at once, by its own rules
            self._crew.place(agent, this)
        match work.stage:
            case Stage.RESERVED:
                contact = self._state.contacts.get(work.contact)
                if contact is None or agent.name not in contact.agents:
                    self._repaired(Repair.RESERVATION, agent, work, this)
                    this.effects.append(CancelOffer(work.contact, agent.name, "audit"))
                    self._crew.move(agent, Cue(AgentInput.RELEASED, "audit", work.contact), this)
            case Stage.TALKING:
                if work.contact not in alive and self._is_gone(agent.name, work.contact):
                    self._repaired(Repair.CONVERSATION, agent, work, this)
                    self._crew.move(agent, Cue(AgentInput.ENDED_AT_ONCE, "audit", work.contact), this)

    def _is_gone(self, agent: str, contact: str) -> bool:
        """Not alive in the round before either."""
        self._gone.add((agent, contact))
        return (agent, contact) in self._doubted

    def _repaired(self, what: Repair, agent: Agent, work: Work, this: Step) -> None:
        this.effects.append(Repaired(what.value, agent.name, work.contact, work.queue))

    # ---- contacts ------------------------------------------------------------------------------------------------

    def _contact(self, contact: Contact, alive: Collection[str], this: Step) -> None:
        ringing = tuple(name for name in contact.agents if self._is_reserved(name, contact.id))
        if ringing != contact.agents or bool(ringing) is (contact.lane is not None):
            self._amiss(Repair.OFFER, contact, this)
            contact.agents = ringing
            self._line_up(this)
        elif not self._stands_right(contact, this.now):
            self._amiss(Repair.LINE, contact, this)
            self._line_up(this)
        due = None if contact.agents else contact.due(this.now)
        if self._state.contact_timers.of(contact.id) != due:
            self._amiss(Repair.CONTACT_TIMER, contact, this)
            self._state.contact_timers.set(contact.id, due)
        if contact.id not in alive and self._is_gone("", contact.id):
            self._amiss(Repair.CONTACT, contact, this)
            self._waiting.leave(Leave(contact.id, "gone"), this)

    def _amiss(self, what: Repair, contact: Contact, this: Step) -> None:
        this.effects.append(Repaired(what.value, "", contact.id, contact.queue))

    def _is_reserved(self, name: str, contact: str) -> bool:
        agent = self._state.agents.get(name)
        work = None if agent is None else agent.holding(contact)
        return work is not None and work.stage is Stage.RESERVED

    def _stands_right(self, contact: Contact, now: float) -> bool:
        """In his queue by his rank, and where he waits, in the line of what he needs now."""
        order, lane = contact.order, contact.lane
        before = order, contact.gives_up_at, contact.relaxes_at, contact.relaxed
        contact.place(self._state.queues[contact.queue].spec)
        if lane is not None:  # who is being offered is relaxed when he is back
            contact.relax(now)
        if (contact.order, contact.gives_up_at, contact.relaxes_at, contact.relaxed) != before:
            return False
        if not _has(self._state.queues[contact.queue].line, order):
            return False
        if lane is None:
            return True
        prefers = contact.id in self._state.preferring.get(contact.preferred, ())
        return lane is self._state.lane(contact, now) and _has(lane, order) and prefers is (now < contact.prefers_until)

    def _line_up(self, this: Step) -> None:
        """All lines, places and counters anew."""
        state, contacts = self._state, list(self._state.contacts.values())
        state.demand.clear()
        state.preferring.clear()
        for queue in state.queues.values():
            queue.line.places.clear()
            queue.live_waiting = queue.callbacks_waiting = 0
        for contact in contacts:
            queue = state.queues[contact.queue]
            contact.place(queue.spec)
            queue.line.add(contact.order)
            contact.lane = None
            if contact.agents:
                state.contact_timers.set(contact.id, None)
            else:
                self._waiting.line_up(contact, this.now)
        this.arrived += [contact for contact in contacts if not contact.agents]

    # ---- all of them ---------------------------------------------------------------------------------------------

    def _sums(self, this: Step) -> None:
        """Whoever is there has been looked at: what is too much is nobody's."""
        state, contacts = self._state, self._state.contacts.values()
        waiting = [contact for contact in contacts if not contact.agents]
        preferring = sum(map(len, state.preferring.values()))
        lines = [queue.line for queue in state.queues.values()]
        right = state.demand.holds(len(waiting)) and sum(len(line.places) for line in lines) == len(contacts)
        right &= preferring == sum(this.now < contact.prefers_until for contact in waiting)
        if not (right and all(line.places == sorted(line.places) for line in (*lines, *state.demand.lanes()))):
            this.effects.append(Repaired(Repair.LINE.value))
            self._line_up(this)
        counted = Counter((contact.queue, contact.live) for contact in waiting)
        for name, queue in state.queues.items():
            live, callbacks = counted[name, True], counted[name, False]
            if (queue.live_waiting, queue.callbacks_waiting) != (live, callbacks):
                queue.live_waiting, queue.callbacks_waiting = live, callbacks
                this.effects.append(Repaired(Repair.COUNTER.value, queue=name))
        if state.floor.recounted():
            this.effects.append(Repaired(Repair.FLOOR.value))
        self._timers(this)

    def _timers(self, this: Step) -> None:
        """A timer that never comes up, and one of nobody."""
        state = self._state
        for timers, known, what in (
            (state.agent_timers, state.agents, Repair.AGENT_TIMER),
            (state.contact_timers, state.contacts, Repair.CONTACT_TIMER),
        ):
            for key in {*timers.lost(), *(key for key in timers if key not in known)}:
                due = timers.of(key) if key in known else None
                timers.set(key, None)
                timers.set(key, due)
                agent, contact = (str(key), "") if what is Repair.AGENT_TIMER else ("", str(key))
                this.effects.append(Repaired(what.value, agent, contact))

    def _match(self, this: Step) -> None:
        """Nobody waits whom a free agent could serve, except who has just been set free by a repair."""
        if this.freed or this.arrived:
            return
        for lane in self._state.demand.lanes():
            if lane.is_open(self._state.floor):
                self._amiss(Repair.MATCH, self._state.contacts[lane.places[0][1]], this)
                this.arrived += [self._state.contacts[name] for _, name in lane.places]


def _has(line: Line, order: Order) -> bool:
    index = bisect_left(line.places, order)
    return index < len(line.places) and line.places[index] == order
