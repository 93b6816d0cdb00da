"""What a routing decision costs: CPU time of the ACD at 1,000 and 10,000 agents.

A centre under load: 200 skills, 500 signatures, 5,000 contacts waiting. In each turn a contact joins and an agent's
contact ends without wrap-up, which makes one match, and that offer is answered; one offer in fifty fails, and in one
turn of ten a caller gives up. ``match`` is the step that frees an agent and finds its contact, with its state changes
and its reasons; ``events`` are all steps.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Iterator

from softswitch.acd.acd import Acd
from softswitch.acd.model import (
    AcdInput,
    AgentSpec,
    ContactEnded,
    Join,
    Leave,
    LogIn,
    Need,
    Offer,
    OfferAnswered,
    OfferFailed,
    QueueSpec,
    Reachability,
    WrapUp,
)
from tests.bench.report import emit, spread

SKILLS, SIGNATURES, WAITING, RUNS, TURNS = 200, 500, 5000, 5, 2000


class Load:
    """A seeded centre, and a stopwatch around each event."""

    def __init__(self, agents: int, seed: int) -> None:
        self.draw = random.Random(seed)
        names = [f"skill{n}" for n in range(SKILLS)]
        specs = [AgentSpec(f"agent{n:05}", f"{n}", self._skills(names)) for n in range(agents)]
        self.queues = [f"queue{n}" for n in range(SIGNATURES)]
        queues = [
            QueueSpec(name, self._needs(names), wrap_up=WrapUp.timed(0), max_waiting=10**6) for name in self.queues
        ]
        self.acd = Acd(specs, queues)
        self.now, self.serial = 0.0, 0
        self.contacts: list[str] = []
        self.talking: list[tuple[str, str]] = []
        self.spent_ns: dict[str, list[int]] = {"match": [], "events": []}
        for spec in specs:
            self.acd.handle(Reachability(spec.name, True), 0.0)
            self.acd.handle(LogIn(spec.name), 0.0)

    def _skills(self, names: list[str]) -> tuple[tuple[str, int], ...]:
        return tuple((name, self.draw.randint(1, 10)) for name in self.draw.sample(names, self.draw.randint(2, 10)))

    def _needs(self, names: list[str]) -> tuple[Need, ...]:
        skills = self.draw.sample(names, self.draw.choice((1, 1, 1, 2)))
        return tuple(Need(skill, self.draw.randint(1, 5)) for skill in skills)

    def feed(self, event: AcdInput, kind: str = "events") -> None:
        start = time.process_time_ns()
        effects = self.acd.handle(event, self.now)
        spent = time.process_time_ns() - start
        self.spent_ns["events"].append(spent)
        offers = [effect for effect in effects if isinstance(effect, Offer)]
        if kind == "match" and offers:
            self.spent_ns["match"].append(spent)
        for offer in offers:
            self._take(offer)

    def _take(self, offer: Offer) -> None:
        if self.draw.random() < 0.02:
            self.feed(OfferFailed(offer.contact, offer.agent, "busy"))
            return
        self.feed(OfferAnswered(offer.contact, offer.agent))
        self.talking.append((offer.contact, offer.agent))

    def join(self) -> None:
        self.serial += 1
        contact = f"contact{self.serial}"
        self.contacts.append(contact)
        self.feed(Join(contact, self.draw.choice(self.queues), self.now))

    def waiting(self) -> int:
        return sum(self.acd.live_waiting(queue) for queue in self.queues)

    def fill(self) -> None:
        while self.waiting() < WAITING:
            for _ in range(200):
                self.join()
        for spent in self.spent_ns.values():
            spent.clear()

    def turn(self) -> None:
        self.now += 0.01
        for _ in self.acd.tick(self.now):
            pass
        self.join()
        if self.draw.random() < 0.1:
            self.feed(Leave(self.draw.choice(self.contacts[-2 * WAITING :]), "abandoned"))
        if self.talking:
            place = self.draw.randrange(len(self.talking))
            self.talking[place], self.talking[-1] = self.talking[-1], self.talking[place]
            self.feed(ContactEnded(*self.talking.pop()), "match")


def measured(agents: int) -> Iterator[dict[str, list[int]]]:
    for seed in range(RUNS):
        load = Load(agents, seed)
        load.fill()
        gc.collect()
        gc.freeze()
        for _ in range(TURNS):
            load.turn()
        yield load.spent_ns


def p99_us(spent_ns: list[int]) -> float:
    return sorted(spent_ns)[int(len(spent_ns) * 0.99)] / 1000


def report(agents: int) -> None:
    runs = list(measured(agents))
    for kind in ("match", "events"):
        rates = [1e9 * len(run[kind]) / sum(run[kind]) for run in runs]
        tails = [p99_us(run[kind]) for run in runs]
        extra = {"agents": agents, "waiting": WAITING, "signatures": SIGNATURES}
        emit(f"acd.{kind}_per_s", statistics.median(rates), "1/s", len(rates), spread(rates), **extra)
        emit(f"acd.{kind}_p99_us", statistics.median(tails), "us", len(tails), spread(tails), **extra)


def main() -> None:
    for agents in (1000, 10_000):
        report(agents)


if __name__ == "__main__":
    main()
