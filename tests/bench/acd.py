"""What a routing decision costs: CPU time of the ACD at 1,000 and 10,000 agents, and what it takes in memory.

A centre under load: 200 skills, 500 signatures, 5,000 contacts waiting. In each turn a contact joins and an agent's
contact ends without wrap-up, which makes one match, and that offer is answered; one offer in fifty fails, and in one
turn of ten a caller gives up.

``acd.match`` is the match alone, without reservations, timers, events and records: a freed agent finds the contact of
best rank and the agent whom its queue chooses for it, and that contact leaves its line; or a contact that arrives finds
its agent. ``acd.assign`` is the whole step that frees an agent, with state changes and the record of the decision; this
was once called ``acd.match``. ``acd.events`` are all steps. One row has 1,000 queues, each with needs of its own.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from sys import getsizeof

from softswitch.acd.acd import Acd
from softswitch.acd.decision import Decided, choose
from softswitch.acd.floor import Standing
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
    Strategy,
    WrapUp,
)
from softswitch.acd.strategy import Moment
from tests.bench import day
from tests.bench.report import emit, spread

SKILLS, SIGNATURES, WAITING, RUNS, TURNS = 200, 500, 5000, 5, 2000
MATCHES = 4000


class Load:
    """A seeded centre, and a stopwatch around each event."""

    def __init__(self, agents: int, seed: int, queues: int = SIGNATURES) -> None:
        self.draw = random.Random(seed)
        names = [f"skill{n}" for n in range(SKILLS)]
        specs = [AgentSpec(f"agent{n:05}", f"{n}", self._skills(names)) for n in range(agents)]
        self.queues = [f"queue{n}" for n in range(queues)]
        specified = [
            QueueSpec(name, self._needs(names), wrap_up=WrapUp.timed(0), max_waiting=10**6) for name in self.queues
        ]
        self.acd = Acd(specs, specified)
        self.now, self.serial = 0.0, 0
        self.contacts: list[str] = []
        self.talking: list[tuple[str, str]] = []
        self.spent_ns: dict[str, list[int]] = {"assign": [], "events": []}
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
        if kind == "assign" and offers:
            self.spent_ns["assign"].append(spent)
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
            self.feed(ContactEnded(*self.talking.pop()), "assign")


class Core:
    """The match of a loaded centre by itself; what brings it about is set by hand and not measured."""

    def __init__(self, load: Load) -> None:
        self.draw = load.draw
        self.state = load.acd._state
        self.spent_ns: list[int] = []

    def freed(self) -> None:
        state = self.state
        number = self.draw.randrange(len(state.floor.specs))
        state.floor.standings[number] = Standing.FREE
        start = time.process_time_ns()
        order = state.demand.best_for(number)
        if order is not None:
            contact = state.contacts[order[1]]
            assert contact.lane is not None
            _, _, won = choose(state.floor, contact.lane, Strategy.LONGEST_IDLE, Moment(0.0, contact.id, ""))
            state.demand.remove(contact.lane, order)
        self.spent_ns.append(time.process_time_ns() - start)
        state.floor.standings[number] = Standing.TALKING
        if order is not None:
            assert won == [number] and contact.lane is not None
            state.demand.add(contact.lane, order)

    def arrived(self) -> None:
        floor = self.state.floor
        contact = self.state.contacts[self.draw.choice(self.names)]
        assert contact.lane is not None
        number = int(self.draw.choice(contact.lane.signature.eligible))
        floor.standings[number] = Standing.FREE
        start = time.process_time_ns()
        _, _, won = choose(floor, contact.lane, Strategy.LONGEST_IDLE, Moment(0.0, contact.id, ""))
        self.spent_ns.append(time.process_time_ns() - start)
        floor.standings[number] = Standing.TALKING
        assert won == [number]

    def run(self) -> list[int]:
        self.names = [one.id for one in self.state.contacts.values() if one.lane and one.lane.signature.eligible.size]
        for _ in range(MATCHES // 2):
            self.freed()
            self.arrived()
        return self.spent_ns


def measured(agents: int, queues: int) -> Iterator[dict[str, list[int]]]:
    for seed in range(RUNS):
        load = Load(agents, seed, queues)
        load.fill()
        gc.collect()
        gc.freeze()
        matched = Core(load).run()
        for _ in range(TURNS):
            load.turn()
        yield load.spent_ns | {"match": matched}


def p99_us(spent_ns: list[int]) -> float:
    return sorted(spent_ns)[int(len(spent_ns) * 0.99)] / 1000


def report(agents: int, queues: int) -> None:
    runs = list(measured(agents, queues))
    for kind in ("match", "assign", "events"):
        rates = [1e9 * len(run[kind]) / sum(run[kind]) for run in runs]
        tails = [p99_us(run[kind]) for run in runs]
        extra = {"agents": agents, "waiting": WAITING, "signatures": queues}
        emit(f"acd.{kind}_per_s", statistics.median(rates), "1/s", len(rates), spread(rates), **extra)
        emit(f"acd.{kind}_p99_us", statistics.median(tails), "us", len(tails), spread(tails), **extra)


def memory(agents: int) -> None:
    """By what the interpreter counts as allocated; a decision by its own account, without what it shares."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    load = Load(agents, 0)
    staffed, _ = tracemalloc.get_traced_memory()
    load.spent_ns["events"].clear()
    load.fill()
    full, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    decisions = [load.acd.handle(Join(f"seen{n}", load.draw.choice(load.queues), 0.0), 0.0) for n in range(500)]
    sizes = [one.record.bytes + getsizeof(one) for effects in decisions for one in effects if isinstance(one, Decided)]
    emit("acd.agent_bytes", (staffed - before) / agents, "B", 1, 0.0, agents=agents)
    emit("acd.waiting_bytes", (full - staffed) / len(load.acd._state.contacts), "B", 1, 0.0, waiting=WAITING)
    emit("acd.decision_bytes", statistics.mean(sizes), "B", len(sizes), spread(sizes), agents=agents)


def main() -> None:
    for agents, queues in ((1000, SIGNATURES), (10_000, SIGNATURES), (10_000, 1000)):
        report(agents, queues)
    memory(10_000)
    day.report()


if __name__ == "__main__":
    main()
