"""Callers in the simulated centre, what each is foretold when he joins, and how long he waits.

Those who give up are not simply left out: whoever is seen at w seconds stands, with the weight exp(w / patience), also
for those like him who had left by then. Patience is exponential here and known, so that this is exact on average.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from softswitch.acd.decision import Decided
from softswitch.acd.estimate import Interval, turn
from softswitch.acd.model import AgentSpec, Need, QueueLeft, QueueSpec, WrapUp
from softswitch.core.effect import DomainEvent
from softswitch.simulation.arrival import Arrival
from softswitch.simulation.run import Run

TALK_S, PATIENCE_S = 180.0, 300.0
Profile = Callable[[float], float]  # the load at a moment, as a share of what the agents can do


@dataclass(frozen=True, slots=True)
class Foretold:
    at: float
    wait: Interval
    plain_s: float  # by the plain length of the queue


@dataclass(slots=True)
class Verdict:
    """Weighted sums over everybody who had to wait."""

    waited: int = 0
    waited_s: float = 0.0
    likely_s: float = 0.0
    plain_s: float = 0.0
    inside: float = 0.0
    below: float = 0.0
    above: float = 0.0
    corrections: list[float] = field(default_factory=list)  # of the means, by queue, as they are in the end

    @property
    def bias(self) -> float:
        """How much more is foretold than comes, as a share of what comes."""
        return self.likely_s / self.waited_s - 1

    @property
    def plain_bias(self) -> float:
        return self.plain_s / self.waited_s - 1

    @property
    def coverage(self) -> float:
        """The share of waits between the bounds."""
        return self.inside / (self.inside + self.below + self.above)

    def judge(self, foretold: Foretold, left_at: float, answered: bool) -> None:
        waited_s, wait = left_at - foretold.at, foretold.wait
        if waited_s > wait.high_s:
            self.above += math.exp(wait.high_s / PATIENCE_S)
        if not answered:
            return
        weight = math.exp(waited_s / PATIENCE_S)
        self.waited += 1
        self.waited_s += weight * waited_s
        self.likely_s += weight * wait.likely_s
        self.plain_s += weight * foretold.plain_s
        if waited_s < wait.low_s:
            self.below += weight
        elif waited_s <= wait.high_s:
            self.inside += weight


@dataclass(slots=True)
class Foretelling:
    """One simulated stretch of time. What is foretold in the first ``learning_s`` is not judged."""

    agents: Sequence[AgentSpec]
    queues: Sequence[QueueSpec]
    profile: Profile
    peak: float  # of the profile
    hours: float
    seed: int = 1
    learning_s: float = 3600.0
    talk: Callable[[random.Random], float] = field(default=lambda draw: draw.expovariate(1 / TALK_S))
    verdict: Verdict = field(default_factory=Verdict)
    _pending: dict[str, Foretold] = field(default_factory=dict)
    _run: Run = field(init=False)

    def play(self) -> Verdict:
        self._run = Run(self.agents, self.queues, self._hear)
        self._run.play(self._arrivals())
        self.verdict.corrections = [self._run.acd.calibrated(spec.name).correction for spec in self.queues]
        return self.verdict

    def _arrivals(self) -> Iterator[Arrival]:
        """Poisson, thinned to the profile."""
        draw, now = random.Random(self.seed), 0.0
        rate = self.peak * len(self.agents) / TALK_S
        while (now := now + draw.expovariate(rate)) < self.hours * 3600:
            queue = self.queues[draw.randrange(len(self.queues))].name
            talk_s, patience_s = self.talk(draw), draw.expovariate(1 / PATIENCE_S)
            if draw.random() * self.peak < self.profile(now):
                yield Arrival(now, queue, talk_s, patience_s)

    def _hear(self, event: DomainEvent, now: float) -> None:
        if isinstance(event, Decided) and event.agent is None and event.waited_s == 0:
            ahead = (self._run.acd.position(event.contact) or 1) - 1
            wait = self._run.acd.expected(event.contact, now)
            if wait is not None:
                plain_s = turn(ahead, len(self.agents) / TALK_S, 0.0).mean_s
                self._pending[event.contact] = Foretold(now, wait, plain_s)
        elif isinstance(event, QueueLeft):
            foretold = self._pending.pop(event.contact, None)
            if foretold is not None and foretold.at >= self.learning_s:
                self.verdict.judge(foretold, now, event.why == "answered")


def queue(name: str = "q", *needs: Need) -> QueueSpec:
    return QueueSpec(name, needs, wrap_up=WrapUp.timed(0), max_waiting=10**6, max_wait_s=1e7)


def steady(agents: int, load: float, hours: float, seed: int = 1) -> Verdict:
    """M/M/s+M: one queue, whose agents do nothing else."""
    crew = [AgentSpec(f"a{number:03}", f"u{number}", ()) for number in range(agents)]
    return Foretelling(crew, [queue()], lambda now: load, load, hours, seed).play()


def uneven(agents: int, load: float, hours: float, seed: int = 1) -> Verdict:
    """Conversations as they are: lognormal, most of them short and some very long (coefficient of variation 1.31)."""
    crew = [AgentSpec(f"a{number:03}", f"u{number}", ()) for number in range(agents)]
    return Foretelling(crew, [queue()], lambda now: load, load, hours, seed, talk=_lognormal).play()


def _lognormal(draw: random.Random) -> float:
    return draw.lognormvariate(math.log(TALK_S) - 0.5, 1.0)


def burst(agents: int, hours: float, seed: int = 1) -> Verdict:
    """Twenty minutes of six times what the agents can do, every other hour, as after a call to viewers."""
    crew = [AgentSpec(f"a{number:03}", f"u{number}", ()) for number in range(agents)]
    return Foretelling(crew, [queue()], lambda now: 6.0 if now % 7200 >= 6000 else 0.7, 6.0, hours, seed).play()


def shared(load: float, hours: float, seed: int = 1) -> Verdict:
    """Three queues, each agent in two of them: nobody can say how many serve one."""
    skills = ("a", "b", "c")
    crew = [
        AgentSpec(f"a{number:03}", f"u{number}", ((skills[number % 3], 5), (skills[(number + 1) % 3], 5)))
        for number in range(30)
    ]
    queues = [queue(skill, Need(skill)) for skill in skills]
    return Foretelling(crew, queues, lambda now: load, load, hours, seed).play()
