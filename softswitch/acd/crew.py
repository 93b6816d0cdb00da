"""The agents' part: what the human asks, what his phone does, and the indexes that follow him.

Knows no contact and no queue.
"""

from __future__ import annotations

from softswitch.acd.agent import Agent, Cue, step
from softswitch.acd.model import (
    AgentState,
    AskWrapUp,
    EndWrapUp,
    Engaged,
    ExtendWrapUp,
    LogIn,
    LogOut,
    Reachability,
    SetPaused,
    SetReady,
)
from softswitch.acd.region import AgentInput, Stage
from softswitch.acd.state import State, Step

_AWAY = (AgentState.LOGGED_OUT, AgentState.PAUSED)


class Crew:
    def __init__(self, state: State) -> None:
        self._state = state

    def move(self, agent: Agent, cue: Cue, this: Step) -> None:
        changed = step(agent, cue, this.now)
        if changed is not None:
            if agent.tally.note(changed, this.now):
                self._state.floor.write_tally(agent)
            if changed.old in _AWAY or changed.new in _AWAY:
                this.restaffed = True
                if AgentState.LOGGED_OUT in (changed.old, changed.new):
                    this.came_or_went.append(agent.name)
            this.effects.append(changed)
        self.place(agent, this)

    def place(self, agent: Agent, this: Step) -> None:
        """Bring the indexes up to date with the agent; once offerable it may claim a contact."""
        self._state.agent_timers.set(agent.name, agent.deadline)
        if self._state.floor.write(agent):
            this.freed.append(agent.name)

    def log_in(self, event: LogIn, this: Step) -> None:
        cue = Cue(AgentInput.LOG_IN) if event.ready else Cue(AgentInput.LOG_IN_PAUSED, "logged in")
        self.move(self._state.agent(event.agent), cue, this)

    def log_out(self, event: LogOut, this: Step) -> None:
        self.move(self._state.agent(event.agent), Cue(AgentInput.LOG_OUT), this)

    def set_ready(self, event: SetReady, this: Step) -> None:
        self.move(self._state.agent(event.agent), Cue(AgentInput.SET_READY), this)

    def set_paused(self, event: SetPaused, this: Step) -> None:
        self.move(self._state.agent(event.agent), Cue(AgentInput.SET_PAUSED, event.reason), this)

    def ask_wrap_up(self, event: AskWrapUp, this: Step) -> None:
        """For each conversation that he has; nothing if none."""
        agent = self._state.agent(event.agent)
        for work in agent.works:
            self.move(agent, Cue(AgentInput.WRAP_UP_ASKED, contact=work.contact), this)

    def extend_wrap_up(self, event: ExtendWrapUp, this: Step) -> None:
        """Each wrap-up that is under way, never beyond what its queue allows."""
        agent = self._state.agent(event.agent)
        for work in agent.works:
            if work.stage is Stage.WRAP_UP and work.until is not None and work.latest is not None:
                until = max(work.until, min(work.until + event.by_s, work.latest))
                self.move(agent, Cue(AgentInput.EXTENDED, contact=work.contact, until=until), this)

    def end_wrap_up(self, event: EndWrapUp, this: Step) -> None:
        """He is not offered work in between."""
        agent = self._state.agents.get(event.agent)
        if agent is None:
            return  # the wrap-up of who was removed, which his logout has ended
        for work in [work for work in agent.works if work.stage is Stage.WRAP_UP]:
            self.move(agent, Cue(AgentInput.WRAP_UP_OVER, contact=work.contact), this)

    def engagement(self, event: Engaged, this: Step) -> None:
        agent = self._state.agent(event.agent)
        agent.engaged = event.engaged
        self.place(agent, this)

    def reachability(self, event: Reachability, this: Step) -> None:
        agent = self._state.agent(event.agent)
        agent.reachable = event.reachable
        if event.reachable and agent.delay is not None and agent.delay.ends_when_reachable:
            agent.delay = None
        self.place(agent, this)
