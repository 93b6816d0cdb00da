"""Offers and conversations: how each one ends, and what that costs the agent.

The reservation has a deadline of its own, so that an agent is never stuck in it, whether or not anybody reports how the
ringing ended.
"""

from __future__ import annotations

from softswitch.acd.agent import Agent, AgentInput, Cue, Work
from softswitch.acd.crew import Crew
from softswitch.acd.failure import failure
from softswitch.acd.model import AgentState, CancelOffer, ContactEnded, OfferAnswered, OfferFailed, Resumed, WrapUpMode
from softswitch.acd.state import State, Step
from softswitch.acd.waiting import Waiting


class Offers:
    def __init__(self, state: State, crew: Crew, waiting: Waiting) -> None:
        self._state = state
        self._crew = crew
        self._waiting = waiting

    def agent_due(self, agent: Agent, this: Step) -> None:
        match agent.state:
            case AgentState.RESERVED:
                assert agent.work is not None
                this.effects.append(CancelOffer(agent.work.contact, agent.name, "no answer"))
                self.fail(agent, agent.work, "no answer", this)
            case AgentState.WRAP_UP:
                self._crew.move(agent, Cue(AgentInput.WRAP_UP_OVER), this)
            case _:
                agent.delay = None
                self._crew.place(agent, this)

    def offer_answered(self, event: OfferAnswered, this: Step) -> None:
        agent = self._state.agent(event.agent)
        if agent.contact != event.contact:
            this.effects.append(CancelOffer(event.contact, event.agent, "too late"))
            return
        rang = agent.state is AgentState.RESERVED
        self._crew.move(agent, Cue(AgentInput.ANSWERED), this)
        if rang:
            self._waiting.left(self._state.contacts[event.contact], "answered", agent.name, this)

    def offer_failed(self, event: OfferFailed, this: Step) -> None:
        agent = self._state.agent(event.agent)
        if agent.state is AgentState.RESERVED and agent.work is not None and agent.contact == event.contact:
            self.fail(agent, agent.work, event.why, this)

    def fail(self, agent: Agent, work: Work, why: str, this: Step) -> None:
        """The agent pays for the failed offer by its kind; the contact is back at its place."""
        self._crew.move(agent, failure(agent, self._state.queues[work.queue].spec, why, this.now), this)
        contact = self._state.contacts[work.contact]
        if contact.gives_up_at <= this.now:
            self._waiting.give_up(contact, this)
        else:
            self._waiting.wait(contact, this)

    def resumed(self, event: Resumed, this: Step) -> None:
        agent = self._state.agents.get(event.agent)
        if agent is None or event.queue not in self._state.queues:
            return  # the admin has removed it
        if agent.work is None:
            self._crew.move(agent, Cue(AgentInput.RESUMED, work=Work(event.contact, event.queue)), this)

    def contact_ended(self, event: ContactEnded, this: Step) -> None:
        agent = self._state.agent(event.agent)
        if agent.work is None or agent.contact != event.contact:
            return
        wrap_up = self._state.queues[agent.work.queue].spec.wrap_up
        if wrap_up.mode is WrapUpMode.TIMED:
            self._crew.move(agent, Cue(AgentInput.ENDED, until=this.now + wrap_up.s), this)
        else:
            self._crew.move(agent, Cue(AgentInput.ENDED_AT_ONCE), this)
