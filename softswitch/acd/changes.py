"""What is changed while people wait: the agents and queues by a reload, the queue or the priority of one contact.

Of a reload the specifications are taken; what agents and contacts are in the middle of stays theirs. Who is removed
finishes what he has in hand, the phone that rings for him included, and is then logged out and gone; nobody can log him
in meanwhile. A queue that is removed lets nobody join, keeps its last rules for those who are in it and for the agents
who have its contacts in hand, and is gone with the last of them. All other rules hold at once, at everybody's own age:
needs, relaxations, priority, the longest wait. An offer that is under way is not called off, whatever the new needs.

Whether a change is wanted is the face's affair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from softswitch.acd.agent import Agent, Ask, Cue
from softswitch.acd.crew import Crew
from softswitch.acd.model import AgentState, Configure, Move, Moved, QueueJoined, QueueLeft, Reprioritise
from softswitch.acd.region import AgentInput
from softswitch.acd.state import State, Step
from softswitch.acd.waiting import Waiting
from softswitch.core.errors import UsageError


class Changes:
    def __init__(self, state: State, crew: Crew, waiting: Waiting) -> None:
        self._state = state
        self._crew = crew
        self._waiting = waiting
        self._leaving: dict[str, Ask] = {}  # agents who are removed and still have work, and what they had asked for
        self._written = state.configured
        self._closing: list[str] = []  # queues that are removed and not empty

    # ---- agents and queues -----------------------------------------------------------------------------------------

    def configure(self, event: Configure, this: Step) -> None:
        """All waiting contacts and free agents are looked at anew in the match that follows."""
        state = self._state
        same, self._written = self._written == (event.agents, event.queues), (event.agents, event.queues)
        if same:
            state.version = event.version
            return
        stay = self._part_with({spec.name for spec in event.agents}, this)
        agents = (*event.agents, *(spec for spec in state.floor.specs if spec.name in stay))
        kept = {queue.name for queue in event.queues}
        closing = [queue.spec for name, queue in state.queues.items() if name not in kept]
        state.furnish(agents, (*event.queues, *closing), event.version)
        for spec in closing:
            state.queues[spec.name].closing = True
        self._closing = [spec.name for spec in closing]
        state.preferring.clear()
        for contact in state.contacts.values():
            queue = state.queues[contact.queue]
            contact.place(queue.spec)
            queue.line.add(contact.order)
            if not contact.agents:
                self._waiting.line_up(contact, this.now)
        this.freed = [agent.name for agent in state.agents.values() if agent.offerable]
        self.tidy()

    def _part_with(self, configured: set[str], this: Step) -> set[str]:
        """Who is not configured any more is logged out, at once or after his work; the names of the latter."""
        for name in [name for name in self._leaving if name in configured]:
            self._come_back(self._state.agents[name], self._leaving.pop(name), this)
        for agent in list(self._state.agents.values()):
            if agent.name not in configured and agent.name not in self._leaving:
                self._leaving[agent.name] = agent.asked
                self._crew.move(agent, Cue(AgentInput.LOG_OUT), this)
        for name in list(self._leaving):
            self._drop_if_done(name)
        return set(self._leaving)

    def _come_back(self, agent: Agent, asked: Ask, this: Step) -> None:
        """He is configured again before he was gone: what he had asked for counts again."""
        if asked.state is not AgentState.LOGGED_OUT:
            self._crew.move(agent, Cue(AgentInput.LOG_IN), this)
        if asked.state is AgentState.PAUSED:
            self._crew.move(agent, Cue(AgentInput.SET_PAUSED, asked.reason), this)

    def _drop_if_done(self, name: str) -> None:
        if self._state.agents[name].state is AgentState.LOGGED_OUT:
            del self._leaving[name], self._state.agents[name]
            self._state.agent_timers.set(name, None)

    @property
    def under_way(self) -> bool:
        """Something that was removed is not gone yet."""
        return bool(self._leaving or self._closing)

    def tidy(self) -> None:
        """After a step: whoever was removed and has nothing in hand any more is gone, and so is a queue."""
        for name in list(self._leaving):
            self._drop_if_done(name)
        empty = [name for name in self._closing if not self._state.queues[name].line.places]
        worked = {work.queue for agent in self._state.agents.values() for work in agent.works} if empty else set()
        for name in empty:
            if name not in worked:
                self._closing.remove(name)
                del self._state.queues[name]

    def is_employed(self, agent: str) -> bool:
        return agent in self._state.agents and agent not in self._leaving

    def employed(self, rule: Callable[[Any, Step], None]) -> Callable[[Any, Step], None]:
        """The rule, for agents who are not about to be gone."""

        def checked(event: Any, this: Step) -> None:
            if event.agent in self._leaving:
                raise UsageError(f"acd: agent {event.agent!r} is not configured any more, and ends what he has in hand")
            rule(event, this)

        return checked

    # ---- one contact -----------------------------------------------------------------------------------------------

    def unmovable(self, contact: str, queue: str) -> str:
        """Why it cannot be moved there now; "": it can."""
        it, there = self._state.contacts.get(contact), self._state.queues.get(queue)
        if it is None:
            return f"contact {contact!r} waits in no queue"
        if there is None or there.closing:
            return f"there is no queue {queue!r}"
        if it.queue == queue:
            return f"contact {contact!r} is in queue {queue!r} already"
        return f"agent {it.agents[0]!r} is being rung for contact {contact!r}" if it.agents else ""

    def move(self, event: Move, this: Step) -> None:
        """Raises ``UsageError`` where ``unmovable`` says why; a contact that is gone is a race, and dropped."""
        contact = self._state.contacts.get(event.contact)
        if contact is None:
            return
        if why := self.unmovable(event.contact, event.queue):
            raise UsageError(f"acd: {why}")
        self._waiting.unwait(contact)
        old, place = contact.queue, self._state.queues[contact.queue].line.remove(contact.order)
        waited_s = this.now - contact.queued_at
        queue = self._state.queues[event.queue]
        contact.joined_at = this.now
        contact.place(queue.spec)
        queue.line.add(contact.order)
        this.effects += [
            QueueLeft(contact.id, old, "moved", waited_s, contact.kind, None, place),
            QueueJoined(
                contact.id, queue.spec.name, queue.line.position(contact.order), contact.kind, False, "moved", old
            ),
            Moved(contact.id, old, queue.spec.name),
        ]
        self._waiting.wait(contact, this)

    def reprioritise(self, event: Reprioritise, this: Step) -> None:
        """Also while an agent is rung for it: it counts where the offer fails."""
        contact = self._state.contacts.get(event.contact)
        if contact is None:
            return
        if not contact.agents:
            self._waiting.unwait(contact)
        queue = self._state.queues[contact.queue]
        queue.line.remove(contact.order)
        contact.priority_s = event.priority_s
        contact.place(queue.spec)
        queue.line.add(contact.order)
        if not contact.agents:
            self._waiting.wait(contact, this)
