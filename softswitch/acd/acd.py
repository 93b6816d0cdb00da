"""The machine: every input to the part that knows it, then one match.

``crew`` is the agents, ``waiting`` the contacts, ``offers`` what becomes of a match, ``match`` who gets whom,
``changes`` what is set anew meanwhile. Does not know calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np

from softswitch.acd.audit import Audit
from softswitch.acd.calibration import Calibrated
from softswitch.acd.changes import Changes
from softswitch.acd.condition import Conditions
from softswitch.acd.crew import Crew
from softswitch.acd.estimate import Interval
from softswitch.acd.glance import Glance, glance
from softswitch.acd.match import Match
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    AgentState,
    AskWrapUp,
    Configure,
    ContactEnded,
    EndWrapUp,
    Engaged,
    ExtendWrapUp,
    Join,
    Leave,
    LogIn,
    LogOut,
    Move,
    OfferAnswered,
    OfferFailed,
    QueueSpec,
    Reachability,
    Reprioritise,
    Resumed,
    SetPaused,
    SetReady,
)
from softswitch.acd.offers import Offers
from softswitch.acd.prospect import Prospects
from softswitch.acd.state import State, Step
from softswitch.acd.told import Told
from softswitch.acd.view import AgentNow, InQueue, agent_now
from softswitch.acd.waiting import Waiting
from softswitch.core.effect import Effect
from softswitch.core.timers import earliest


class Acd:
    def __init__(self, agents: Iterable[AgentSpec], queues: Iterable[QueueSpec], version: str = "") -> None:
        self._state = State(agents, queues, version)
        self._crew = crew = Crew(self._state)
        self._prospects = Prospects(self._state)
        self._conditions = Conditions(self._state, self._prospects)
        self._waiting = waiting = Waiting(self._state, crew, self._conditions)
        self._offers = offers = Offers(self._state, crew, waiting)
        self._match = Match(self._state, crew, waiting)
        self._changes = changes = Changes(self._state, crew, waiting)
        self._audit = Audit(self._state, crew, waiting)
        self._handlers: dict[type, Callable[[Any, Step], None]] = {
            LogIn: changes.employed(crew.log_in),
            LogOut: crew.log_out,
            SetReady: changes.employed(crew.set_ready),
            SetPaused: changes.employed(crew.set_paused),
            AskWrapUp: crew.ask_wrap_up,
            ExtendWrapUp: crew.extend_wrap_up,
            EndWrapUp: crew.end_wrap_up,
            Reachability: self._reachability,
            Engaged: crew.engagement,
            Join: waiting.join,
            Leave: waiting.leave,
            Move: changes.move,
            Reprioritise: changes.reprioritise,
            Configure: self._configure,
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
        return self._finished(this)

    def tick(self, now: float) -> list[Effect]:
        """What is due; everything that is due first, then one match over all of it."""
        this = Step(now)
        for name in self._state.agent_timers.due(now):
            self._offers.agent_due(self._state.agents[str(name)], this)
        for contact in self._state.contact_timers.due(now):
            self._waiting.due(self._state.contacts[str(contact)], this)
        return self._finished(this)

    def audit(self, now: float, alive: Collection[str]) -> list[Effect]:
        """A whole round of ``audit``; ``alive``: the contacts that the call layer has. What is due is done first."""
        effects, over = [], False
        while not over:
            more, over = self.audit_part(now, alive)
            effects += more
        return effects

    def audit_part(self, now: float, alive: Collection[str]) -> tuple[list[Effect], bool]:
        """The next part of a round, which takes a few milliseconds; whether the round is over."""
        due, this = self.tick(now), Step(now)
        over = self._audit.part(alive, this)
        return due + self._finished(this), over

    def _finished(self, this: Step) -> list[Effect]:
        self._waiting.look(this)
        self._match.match(this)
        if self._changes.under_way:
            self._changes.tidy()
        self._prospects.observe(this)
        return this.effects

    def _reachability(self, event: Reachability, this: Step) -> None:
        self._crew.reachability(event, this)
        self._prospects.restaffed()

    def _configure(self, event: Configure, this: Step) -> None:
        self._changes.configure(event, this)
        self._prospects.furnish(this.now)
        self._conditions.furnish()

    @property
    def deadline(self) -> float | None:
        state = self._state
        return earliest(state.agent_timers.next(), state.contact_timers.next(), self._conditions.deadline)

    # ---- lookups; LookupError for an unknown name ----------------------------------------------------------------

    @property
    def version(self) -> str:
        """Of the configuration by which it decides."""
        return self._state.version

    @property
    def at_work(self) -> bool:
        """Somebody waits, or some agent is logged in."""
        return bool(self._state.contacts) or any(
            agent.state is not AgentState.LOGGED_OUT for agent in self._state.agents.values()
        )

    def agents(self) -> list[AgentSpec]:
        """By name; with those who are not configured any more and still have work in hand."""
        return [spec for spec in self._state.floor.specs if spec.name in self._state.agents]

    def queues(self) -> list[str]:
        """As configured; then those that are not any more, and serve those who are in them."""
        return list(self._state.queues)

    def unmovable(self, contact: str, queue: str) -> str:
        """Why this contact cannot be moved there now; "": it can."""
        return self._changes.unmovable(contact, queue)

    def is_employed(self, agent: str) -> bool:
        """Configured; who is not any more ends what he has in hand, and can be nothing but logged out."""
        return self._changes.is_employed(agent)

    def agent(self, name: str) -> AgentNow:
        return agent_now(self._state.agents[name])

    def free_agents(self, queue: str) -> int:
        """Agents who could be offered work now and meet the queue's own needs."""
        return self._state.floor.count_free(self._state.queues[queue].signatures[0].eligible)

    def free_for_callbacks(self, queue: str, other: str = "") -> int:
        """The same with the needs relaxed or not: a callback has the age that its promise kept. Of ``other`` too."""
        admitted = self._state.queues[queue].admitted
        if other:
            admitted = np.intersect1d(admitted, self._state.queues[other].admitted, assume_unique=True)
        return self._state.floor.count_free(admitted)

    def about_to_be_free(self, queue: str, others: Iterable[str] = ()) -> list[float]:
        """When those wrap-ups end that do so by themselves, of agents for the queue and none of the others.

        Who serves a contact that waits is not among them.
        """
        floor, agents = self._state.floor, self._state.queues[queue].admitted
        for other in others:
            agents = np.setdiff1d(agents, self._state.queues[other].admitted, assume_unique=True)
        free = [number for number in floor.in_wrap_up(agents).tolist() if not self._state.demand.wants(number)]
        ends = [self._state.agents[floor.specs[number].name].free_at for number in free]
        return sorted(end for end in ends if end is not None)

    def logged_in(self, queue: str) -> int:
        """Agents at work, in whatever state, who meet the queue's own needs."""
        return self._state.floor.count_logged_in(self._state.queues[queue].signatures[0].eligible)

    def waiting(self, queue: str, now: float) -> list[InQueue]:
        """Everybody in the queue by rank, also those for whom an agent is being rung."""
        places = self._state.queues[queue].line.places
        return [
            InQueue(it.id, queue, it.kind, now - it.queued_at, it.agents)
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

    def glance(self, contact: str, now: float) -> Glance | None:
        """This contact as it waits now, and what a decision about it would say; None when it is in no queue."""
        it = self._state.contacts.get(contact)
        return None if it is None else glance(self._state, it, now)

    def expected_wait(self, queue: str, now: float) -> Interval | None:
        """Of a caller who joins now; None where nobody is at work, so that there is no honest answer."""
        return self._prospects.of_newcomer(queue, now)

    def expected(self, contact: str, now: float) -> Interval | None:
        """What is left of the wait of somebody who waits; None also when it is in no queue."""
        it = self._state.contacts.get(contact)
        return None if it is None else self._prospects.of_contact(it, now)

    def told(self, contact: str, former: Told | None, now: float) -> Told | None:
        """What to say to somebody who waits, of which ``former`` was said last; None: nothing."""
        it = self._state.contacts.get(contact)
        return None if it is None else self._prospects.told(it, former, now)

    def recall(self, queue: str, talked_s: float) -> None:
        """A conversation of a former process, so that expected waits do not begin from nothing."""
        self._prospects.experience.recall(queue, talked_s)

    def calibrated(self, queue: str) -> Calibrated:
        """How well the expected waits of this queue came true."""
        return self._prospects.calibrated(queue)
