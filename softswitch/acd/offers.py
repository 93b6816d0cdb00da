"""Offers and conversations: how each one ends, and what that costs the agent.

The reservation has a deadline of its own, so that an agent is never stuck in it, whether or not anybody reports how the
ringing ended. What follows a conversation is the queue's rule and, where it leaves that to him, the agent's wish.
"""

from __future__ import annotations

from softswitch.acd.agent import Agent, Cue, Work
from softswitch.acd.crew import Crew
from softswitch.acd.failure import failure
from softswitch.acd.model import CancelOffer, ContactEnded, OfferAnswered, OfferFailed, Resumed, WrapUp, WrapUpMode
from softswitch.acd.region import AgentInput, Stage
from softswitch.acd.state import State, Step
from softswitch.acd.waiting import Waiting


class Offers:
    def __init__(self, state: State, crew: Crew, waiting: Waiting) -> None:
        self._state = state
        self._crew = crew
        self._waiting = waiting

    def agent_due(self, agent: Agent, this: Step) -> None:
        """What is over by now: each of his reservations and wrap-ups for itself, and his delay."""
        for work in [work for work in agent.works if work.until is not None and work.until <= this.now]:
            if work.stage is Stage.RESERVED:
                this.effects.append(CancelOffer(work.contact, agent.name, "no answer"))
                self.fail(agent, work, "no answer", this)
            else:
                self._crew.move(agent, Cue(AgentInput.WRAP_UP_OVER, contact=work.contact), this)
        if agent.delay is not None and agent.delay.until <= this.now:
            agent.delay = None
        self._crew.place(agent, this)

    def offer_answered(self, event: OfferAnswered, this: Step) -> None:
        agent = self._state.agent(event.agent)
        work = agent.holding(event.contact)
        if work is None:
            this.effects.append(CancelOffer(event.contact, event.agent, "too late"))
            return
        rang = work.stage is Stage.RESERVED
        if rang:
            agent.tally.calls += 1
            self._state.floor.write_tally(agent)
        self._crew.move(agent, Cue(AgentInput.ANSWERED, contact=event.contact), this)
        if rang:
            contact = self._state.contacts[event.contact]
            self._waiting.release(contact, "answered elsewhere", this, but=agent.name)
            self._waiting.left(contact, "answered", agent.name, this)

    def offer_failed(self, event: OfferFailed, this: Step) -> None:
        agent = self._state.agent(event.agent)
        work = agent.holding(event.contact)
        if work is not None and work.stage is Stage.RESERVED:
            self.fail(agent, work, event.why, this)

    def fail(self, agent: Agent, work: Work, why: str, this: Step) -> None:
        """The agent pays for the failed offer by its kind; the contact is back at its place if nobody else is rung."""
        spec = self._state.queues[work.queue].spec
        self._crew.move(agent, failure(agent, work.contact, spec, why, this.now), this)
        contact = self._state.contacts[work.contact]
        contact.agents = tuple(name for name in contact.agents if name != agent.name)
        if contact.agents:
            return
        if contact.gives_up_at <= this.now:
            self._waiting.give_up(contact, this)
        else:
            self._waiting.wait(contact, this)

    def resumed(self, event: Resumed, this: Step) -> None:
        agent = self._state.agents.get(event.agent)
        if agent is None or event.queue not in self._state.queues:
            return  # the admin has removed it
        work = Work(event.contact, event.queue)
        if agent.room >= work.cost:
            self._crew.move(agent, Cue(AgentInput.RESUMED, work=work), this)

    def contact_ended(self, event: ContactEnded, this: Step) -> None:
        agent = self._state.agent(event.agent)
        work = agent.holding(event.contact)
        if work is not None:
            rule = self._state.queues[work.queue].spec.wrap_up
            self._crew.move(agent, wrap_up(rule, work, this.now), this)


def wrap_up(rule: WrapUp, work: Work, now: float) -> Cue:
    """What follows the end of this conversation."""
    latest, open_end = now + rule.at_most_s, rule.mode is WrapUpMode.UNTIL_DONE
    until = latest if open_end else min(now + rule.s, latest)
    skipped = rule.mode is WrapUpMode.NONE or (rule.mode is WrapUpMode.OPTIONAL and not work.asked)
    if skipped or until <= now:
        return Cue(AgentInput.ENDED_AT_ONCE, contact=work.contact)
    return Cue(AgentInput.ENDED, contact=work.contact, until=until, latest=latest, open_end=open_end)
