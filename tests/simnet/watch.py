"""What agents do while a promise is due whose number is not on the line here by itself; from the ACD's own facts.

Free is an agent who is READY; idle, whoever is on the line first, is one of them for whom nobody's phone rings. Of the
phones that ring, by the carrier's account, one each is for an agent who listens to it; the others are for those who
have been free longest. Who has just picked up, or whose customer has just hung up, is taken for one who listens: idle
time is rather counted too long than too short.
"""

from __future__ import annotations

from collections import Counter

from softswitch.acd.model import AgentState, AgentStateChanged
from softswitch.callback.model import Promise, PromiseChanged, PromiseState
from softswitch.core.effect import DomainEvent
from tests.simnet.crowd import Crowd


class Watch:
    """Told of every fact; and by the carrier, before who rings or talks is somebody else."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.states: dict[str, AgentState] = {}
        self.free_since: dict[str, float] = {}  # the longest first
        self._idle_s: dict[str, float] = {}  # of who is free, since that and since somebody is due
        self._due: dict[str, str] = {}  # promise -> number
        self._due_since: float | None = None
        self.now = 0.0
        self.seconds: Counter[AgentState] = Counter()  # of all agents together, while somebody was due
        self.longest_idle_s = 0.0
        self.longest_free_s = 0.0
        self.idle_s = 0.0  # of all agents together
        self.idle: list[tuple[float, str, float]] = []  # when, who, for how long; more than a second
        self.first_turns: dict[str, float] = {}  # promise -> when an agent was sought for it
        self.first_dials: dict[str, float] = {}  # promise -> when
        self.recorded: dict[str, float] = {}  # promise -> when
        self.due_s = 0.0
        self.talk_s = 0.0  # of customers with agents, while somebody was due
        self.stages: set[str] = set()  # of promises

    def observe(self, event: DomainEvent, now: float) -> None:
        self.look(now)
        match event:
            case AgentStateChanged(agent=agent, new=new):
                self._rest_over(agent, now)
                self.states[agent] = new
                if new is AgentState.READY:
                    self.free_since[agent] = now
                    self._idle_s[agent] = 0.0
            case PromiseChanged(promise):
                self._promise(promise, now)
        self.look(now)

    def look(self, now: float) -> None:
        """Count the time until now, then see whether anybody is due."""
        if self._due_since is not None and now > self.now:
            self.due_s += now - self.now
            self.talk_s += len(self._crowd.talking_since) * (now - self.now)
            for state in self.states.values():
                self.seconds[state] += now - self.now  # type: ignore[assignment]
            self._idle(now)
        self.now = now
        anybody = any(not self._crowd.is_here(number) for number in self._due.values())
        if anybody and self._due_since is None:
            self._due_since = now
        elif not anybody and self._due_since is not None:
            for agent in self.free_since:
                self._count(agent, now)
                self._idle_s[agent] = 0.0
            self._due_since = None

    @property
    def _rung_for(self) -> int:
        """Free agents for whom a phone rings."""
        listen = sum(state is AgentState.TALKING for state in self.states.values()) - len(self._crowd.talking_since)
        return max(0, len(self._crowd.ringing) - max(0, listen))

    def _idle(self, now: float) -> None:
        rung_for = self._rung_for
        for place, agent in enumerate(self.free_since):
            if place < rung_for:
                self._count(agent, self.now)
                self._idle_s[agent] = 0.0
            else:
                self._idle_s[agent] += now - self.now
                self.idle_s += now - self.now

    def _rest_over(self, agent: str, now: float) -> None:
        if agent in self.free_since:
            self._count(agent, now)
            del self.free_since[agent], self._idle_s[agent]

    def _count(self, agent: str, now: float) -> None:
        if self._due_since is not None:
            idle_s = self._idle_s[agent]
            self.longest_free_s = max(self.longest_free_s, now - max(self.free_since[agent], self._due_since))
            self.longest_idle_s = max(self.longest_idle_s, idle_s)
            if idle_s > 1.0:
                self.idle.append((now, agent, idle_s))

    def _promise(self, promise: Promise, now: float) -> None:
        self.recorded.setdefault(promise.id, now)
        self.stages.add(promise.stage)
        if promise.state is PromiseState.DUE:
            self._due[promise.id] = promise.number
        else:
            self._due.pop(promise.id, None)
        if promise.state is PromiseState.SEEKING:
            self.first_turns.setdefault(promise.id, now)
        elif promise.state is PromiseState.DIALLING:
            self.first_dials.setdefault(promise.id, now)

    @property
    def talk(self) -> float:
        """The share of the time of agents at work that they talk."""
        return self.talk_s / max(self.due_s * len(self.states), 1e-9)

    @property
    def occupancy(self) -> float:
        """The share of what is no pause that agents are not free; phones may ring for who is."""
        busy = sum(self.seconds[state] for state in (AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP))
        return busy / max(busy + self.seconds[AgentState.READY], 1e-9)

    @property
    def at_work(self) -> float:
        """The same, where phones that ring are work, whether who is free listens to them or not."""
        worked = sum(self.seconds.values()) - self.seconds[AgentState.PAUSED]
        return 1.0 - self.idle_s / max(worked, 1e-9)
