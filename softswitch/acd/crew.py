"""The agents' part: what the human asks, what his phone does, and the indexes that follow him.

Knows no contact and no queue.
"""

from __future__ import annotations

from softswitch.acd.agent import Agent, AgentInput, Cue, step
from softswitch.acd.model import LogIn, LogOut, Reachability, SetPaused, SetReady
from softswitch.acd.state import State, Step


class Crew:
    def __init__(self, state: State) -> None:
        self._state = state

    def move(self, agent: Agent, cue: Cue, this: Step) -> None:
        changed = step(agent, cue, this.now)
        if changed is not None:
            this.effects.append(changed)
        self.place(agent, this)

    def place(self, agent: Agent, this: Step) -> None:
        """Bring the indexes up to date with the agent; once offerable it may claim a contact."""
        self._state.floor.write(agent)
        self._state.agent_timers.set(agent.name, agent.deadline)
        if agent.offerable:
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

    def reachability(self, event: Reachability, this: Step) -> None:
        agent = self._state.agent(event.agent)
        agent.reachable = event.reachable
        if event.reachable and agent.delay is not None and agent.delay.ends_when_reachable:
            agent.delay = None
        self.place(agent, this)
