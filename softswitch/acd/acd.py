"""The machine: every input to the part that knows it, then one match.

``crew`` is the agents, ``waiting`` the contacts, ``offers`` what becomes of a match, ``match`` who gets whom. Does not
know calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from softswitch.acd.crew import Crew
from softswitch.acd.estimate import Interval
from softswitch.acd.match import Match
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    ContactEnded,
    Join,
    Leave,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    QueueSpec,
    Reachability,
    Resumed,
    SetPaused,
    SetReady,
)
from softswitch.acd.offers import Offers
from softswitch.acd.prospect import Prospects
from softswitch.acd.state import State, Step
from softswitch.acd.view import AgentNow, InQueue
from softswitch.acd.waiting import Waiting
from softswitch.core.effect import Effect


class Acd:
    def __init__(self, agents: Iterable[AgentSpec], queues: Iterable[QueueSpec]) -> None:
        self._state = State(agents, queues)
        crew = Crew(self._state)
        self._waiting = waiting = Waiting(self._state, crew)
        self._offers = offers = Offers(self._state, crew, waiting)
        self._match = Match(self._state, crew, waiting)
        self._prospects = Prospects(self._state)
        self._handlers: dict[type, Callable[[Any, Step], None]] = {
            LogIn: crew.log_in,
            LogOut: crew.log_out,
            SetReady: crew.set_ready,
            SetPaused: crew.set_paused,
            Reachability: crew.reachability,
            Join: waiting.join,
            Leave: waiting.leave,
            OfferAnswered: offers.offer_answered,
            OfferFailed: offers.offer_failed,
            ContactEnded: offers.contact_ended,
            Resumed: offers.resumed,
        }

    # ---- the machine ---------------------------------------------------------------------------------------------

    def handle(self, event: AcdInput, now: float) -> list[Effect]:
        """Raises ``UsageError`` for an agent that is not configured; a contact that is gone is a race, and dropped."""
        this = Step(now)
        self._handlers[type(event)](event, this)
        self._match.match(this)
        self._prospects.observe(this.effects, now)
        return this.effects

    def tick(self, now: float) -> list[Effect]:
        """What is due; everything that is due first, then one match over all of it."""
        this = Step(now)
        for name in self._state.agent_timers.due(now):
            self._offers.agent_due(self._state.agents[str(name)], this)
        for contact in self._state.contact_timers.due(now):
            self._waiting.due(self._state.contacts[str(contact)], this)
        self._match.match(this)
        self._prospects.observe(this.effects, now)
        return this.effects

    @property
    def deadline(self) -> float | None:
        timers = self._state.agent_timers.next(), self._state.contact_timers.next()
        return min((due for due in timers if due is not None), default=None)

    # ---- lookups; LookupError for an unknown name ----------------------------------------------------------------

    def agent(self, name: str) -> AgentNow:
        it = self._state.agents[name]
        queue, asked = "" if it.work is None else it.work.queue, it.asked
        return AgentNow(
            name, it.state, it.reason, it.reachable, it.since, it.contact, it.delay is not None, queue, asked.state,
            asked.reason,
        )  # fmt: skip

    def free_agents(self, queue: str) -> int:
        """Agents who could be offered work now and meet the queue's own needs."""
        return self._state.floor.count_free(self._state.queues[queue].signatures[0].eligible)

    def free_for_callbacks(self, queue: str) -> int:
        """The same with the needs relaxed or not: a callback has the age that its promise kept."""
        return self._state.floor.count_free(self._state.queues[queue].admitted)

    def logged_in(self, queue: str) -> int:
        """Agents at work, in whatever state, who meet the queue's own needs."""
        return self._state.floor.count_logged_in(self._state.queues[queue].signatures[0].eligible)

    def waiting(self, queue: str, now: float) -> list[InQueue]:
        """Everybody in the queue by rank, also those for whom an agent is being rung."""
        places = self._state.queues[queue].line.places
        return [
            InQueue(it.id, queue, it.kind, now - it.queued_at, it.agent)
            for it in (self._state.contacts[contact] for _, contact in places)
        ]

    def live_waiting(self, queue: str) -> int:
        """Callers on the line (no callbacks) for whom nobody is being rung yet."""
        return self._state.queues[queue].live_waiting

    def callbacks_waiting(self, queue: str) -> int:
        """Callbacks for whom nobody is being rung (yet): they have a claim on the next agents who are free."""
        return self._state.queues[queue].callbacks_waiting

    def position(self, contact: str) -> int | None:
        """From 1, by rank in its queue, callbacks counted; None when it is in no queue."""
        it = self._state.contacts.get(contact)
        return None if it is None else self._state.queues[it.queue].line.position(it.order)

    def expected_wait(self, queue: str, now: float) -> Interval | None:
        """Of a caller who joins now; None where nobody is at work, so that there is no honest answer."""
        return self._prospects.of_newcomer(queue, now)

    def expected(self, contact: str, now: float) -> Interval | None:
        """What is left of the wait of somebody who waits; None also when it is in no queue."""
        it = self._state.contacts.get(contact)
        return None if it is None else self._prospects.of_contact(it, now)
