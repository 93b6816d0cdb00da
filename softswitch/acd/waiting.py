"""The contacts' part: who may join, at which place he waits, and how he leaves.

Knows offers only so far as to call them off when the contact is gone.
"""

from __future__ import annotations

from softswitch.acd.agent import Cue
from softswitch.acd.condition import Conditions
from softswitch.acd.contact import Contact, joined
from softswitch.acd.crew import Crew
from softswitch.acd.model import CancelOffer, Join, Leave, QueueJoined, QueueLeft, Refused, WaitedTooLong
from softswitch.acd.region import AgentInput
from softswitch.acd.skill import skills
from softswitch.acd.state import State, Step


class Waiting:
    def __init__(self, state: State, crew: Crew, conditions: Conditions) -> None:
        self._state = state
        self._crew = crew
        self._conditions = conditions

    def join(self, event: Join, this: Step) -> None:
        if event.contact in self._state.contacts:
            return
        refusal = self._refusal(event, this)
        if refusal:
            this.effects.append(Refused(event.contact, event.queue, refusal))
            return
        queue = self._state.queues[event.queue]
        contact = self._state.contacts[event.contact] = joined(event, queue.spec, this.now)
        queue.line.add(contact.order)
        position, again = queue.line.position(contact.order), event.joined_at is not None
        why = "overflow" if event.overflow_of else ""
        fact = QueueJoined(contact.id, contact.queue, position, contact.kind, again, why, event.overflow_of)
        this.effects.append(fact)
        self.wait(contact, this)

    def _refusal(self, event: Join, this: Step) -> str:
        queue = self._state.queues.get(event.queue)
        if queue is None or queue.closing:
            return "unknown queue"
        wanted = () if event.needs is None or event.joined_at is not None else event.needs  # a kept place stays kept
        if not all(map(self._state.floor.knows, skills(wanted))):
            return "unknown skill"
        # The limit is for those who hold a line: a callback was promised its place already, and some had theirs.
        old = event.queued_at < this.now and not event.overflow_of
        if event.kind == "callback" or event.joined_at is not None or old:
            return ""
        if (condition := self._conditions.against(event, queue, this.now)) is not None:
            return condition.value
        if queue.live_waiting < queue.spec.max_waiting:
            return ""
        would_be = joined(event, queue.spec, this.now)
        would_be.relax(this.now)
        return "" if self._state.lane(would_be, this.now).is_open(self._state.floor) else "full"

    def wait(self, contact: Contact, this: Step) -> None:
        """Into the line of its needs, at the place of its original age."""
        contact.agents = ()
        self.line_up(contact, this.now)
        this.arrived.append(contact)

    def line_up(self, contact: Contact, now: float) -> None:
        contact.relax(now)
        contact.lane = self._state.lane(contact, now)
        self._state.demand.add(contact.lane, contact.order)
        self._count(contact, 1)
        if now < contact.prefers_until:
            self._state.preferring.setdefault(contact.preferred, {})[contact.id] = contact
        self._state.contact_timers.set(contact.id, contact.due(now))

    def unwait(self, contact: Contact) -> None:
        assert contact.lane is not None
        self._state.demand.remove(contact.lane, contact.order)
        contact.lane = None
        fond = self._state.preferring.get(contact.preferred)
        if fond is not None:
            fond.pop(contact.id, None)
            if not fond:
                del self._state.preferring[contact.preferred]  # callers can prefer whatever a text comes to
        self._count(contact, -1)
        self._state.contact_timers.set(contact.id, None)

    def came_or_went(self, agent: str, this: Step) -> None:
        """Those who prefer him wait for him alone from now on, or no longer."""
        for contact in list(self._state.preferring.get(agent, {}).values()):
            self.unwait(contact)
            self.wait(contact, this)

    def _count(self, contact: Contact, change: int) -> None:
        queue = self._state.queues[contact.queue]
        if contact.live:
            queue.live_waiting += change
        else:
            queue.callbacks_waiting += change

    def due(self, contact: Contact, this: Step) -> None:
        self.unwait(contact)
        if contact.gives_up_at <= this.now:
            self.give_up(contact, this)
        else:
            self.wait(contact, this)

    def give_up(self, contact: Contact, this: Step) -> None:
        this.effects.append(WaitedTooLong(contact.id, contact.queue))
        self.left(contact, "timeout", None, this)

    def look(self, this: Step) -> None:
        """Those who wait and are not to wait any longer, after what has happened."""
        for contact, why in (*self._conditions.due(this.now), *self._conditions.gone(this)):
            if contact.id in self._state.contacts:
                self.unwait(contact)
                this.effects.append(WaitedTooLong(contact.id, contact.queue, why.value))
                self.left(contact, why.value, None, this)

    def left(self, contact: Contact, why: str, agent: str | None, this: Step) -> None:
        del self._state.contacts[contact.id]
        place = self._state.queues[contact.queue].line.remove(contact.order)
        waited_s = this.now - contact.queued_at
        this.effects.append(QueueLeft(contact.id, contact.queue, why, waited_s, contact.kind, agent, place))

    def leave(self, event: Leave, this: Step) -> None:
        contact = self._state.contacts.get(event.contact)
        if contact is None:
            return
        if not contact.agents:
            self.unwait(contact)
        self.release(contact, event.why, this)
        self.left(contact, event.why, None, this)

    def release(self, contact: Contact, why: str, this: Step, but: str = "") -> None:
        """Nobody is rung for it any more; ``but`` has answered."""
        for name in contact.agents:
            if name != but:
                this.effects.append(CancelOffer(contact.id, name, why))
                self._crew.move(self._state.agents[name], Cue(AgentInput.RELEASED, why, contact=contact.id), this)
        contact.agents = ()
