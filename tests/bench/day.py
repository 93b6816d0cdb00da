"""A day of 50,000 contacts through the real ACD, the real ledger and the statistics, on a virtual clock: wall time.

    python -m tests.bench.day [CONTACTS]

260 agents in four shifts with breaks, eight queues with needs at levels, some relaxed, skills as people have them; a
day's profile with a burst in the evening; callers give up, one ring in fifty is missed, whoever was lost is called back
for half of the queues. It runs twice, in two processes that order their sets differently: the digest of all orders
and facts, decisions with their reasons included, must be the same.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from softswitch.acd.model import AgentSpec, Need, QueueSpec, Relaxation, Strategy, WrapUp
from softswitch.acd.statistics import Promise
from softswitch.callback.model import Policy
from softswitch.core.effect import DomainEvent
from softswitch.simulation.account import Account
from softswitch.simulation.arrival import Arrival, exponential, merged, poisson
from softswitch.simulation.people import Habits
from softswitch.simulation.result import Result, result
from softswitch.simulation.roster import Shift, Shifts
from softswitch.simulation.run import Listener, Run
from tests.bench.command import numbers
from tests.bench.report import emit, spread

CONTACTS, AGENTS, RUNS = 50_000, 260, 2
SKILLS = ("orders", "service", "returns", "billing", "vip", "english", "technical", "delivery")
STRATEGIES = (
    Strategy.LONGEST_IDLE, Strategy.BEST_FIT, Strategy.LONGEST_IDLE, Strategy.RANDOM, Strategy.LEAST_OCCUPIED,
    Strategy.ROUND_ROBIN, Strategy.FEWEST_CALLS, Strategy.LONGEST_IDLE,
)  # fmt: skip
EVENING_S, BURST_S = 20.0 * 3600, 20.0 * 60
# Calls of each hour of the day, in parts of the whole; the burst is on top.
PROFILE = (4, 2, 1, 1, 1, 2, 6, 18, 45, 70, 82, 80, 62, 58, 70, 74, 70, 62, 58, 66, 80, 74, 40, 14)


def queues() -> list[QueueSpec]:
    """By skill: the first needs a good level, which falls for who waits; the fifth goes before others."""
    return [
        QueueSpec(
            skill, (Need(skill, 4),), (Relaxation(30.0, (Need(skill, 2),)), Relaxation(90.0, (Need(skill),))),
            priority_s=60.0 if skill == "vip" else 0.0, wrap_up=WrapUp.timed(5.0 + 3 * number), max_waiting=20,
            max_misses=2, strategy=STRATEGIES[number % len(STRATEGIES)],
        )
        for number, skill in enumerate(SKILLS)
    ]  # fmt: skip


def agents(count: int) -> list[AgentSpec]:
    chance = random.Random(1)
    return [
        AgentSpec(f"agent{number:03}", f"{number}", tuple(
            (skill, chance.randint(2, 10)) for skill in sorted(chance.sample(SKILLS, chance.choice((2, 3, 3, 4))))
        ))
        for number in range(count)
    ]  # fmt: skip


def shifts(crew: list[AgentSpec]) -> Shifts:
    """A tenth at night, four from 8:00, two from 11:00, three from 15:00 on, each with a break in the middle."""
    found = []
    for number, spec in enumerate(crew):
        start = (0.0, 8.0, 8.0, 8.0, 8.0, 11.0, 11.0, 15.0, 15.0, 15.0)[number % 10]
        end = start + 9
        middle = (start + end) / 2 + (number % 7 - 3) * 0.25
        found.append(Shift(spec.name, start * 3600, end * 3600))
        found.append(Shift(spec.name, middle * 3600, middle * 3600 + 1800, "lunch"))
    return Shifts(tuple(found))


def arrivals(contacts: int, seed: int) -> list[Arrival]:
    chance = random.Random(seed)
    talk, patience = exponential(chance, 90.0), exponential(chance, 150.0)
    burst = 0.03 * contacts
    per_part = (contacts - burst) / sum(PROFILE)
    streams: list[Iterator[Arrival]] = []
    for number, skill in enumerate(SKILLS):
        share = (0.3, 0.2, 0.12, 0.12, 0.04, 0.06, 0.1, 0.06)[number]
        for hour, part in enumerate(PROFILE):
            per_h = share * part * per_part
            begin = hour * 3600.0
            streams.append(poisson(chance, skill, per_h, begin + 3600, talk, patience, since_s=begin))
    per_h = burst / BURST_S * 3600
    streams.append(poisson(chance, "orders", per_h, EVENING_S + BURST_S, talk, patience, since_s=EVENING_S))
    return merged(*streams)


def day(
    contacts: int = CONTACTS, count: int = AGENTS, seed: int = 1, listen: Listener = lambda event, now: None
) -> Result:
    crew, account = agents(count), Account({skill: Promise(20.0) for skill in SKILLS}, 0.0)
    policies = [Policy(skill, "carrier", expiry_s=12 * 3600.0, max_attempts=2) for skill in SKILLS[:4]]

    def hear(event: DomainEvent, now: float) -> None:
        account.observe(event, now)
        listen(event, now)

    run = Run(crew, queues(), hear, Habits(3.0, misses=0.02, seed=seed), roster=shifts(crew), policies=policies)
    return result(run.play(arrivals(contacts, seed)), account)


def _measured(contacts: int) -> dict[str, float | str]:
    begun, begun_cpu = time.perf_counter(), time.process_time()
    found = day(contacts)
    spent_s, cpu_s = time.perf_counter() - begun, time.process_time() - begun_cpu
    answered = sum(one.answered for one in found.queues.values())
    return {
        "s": spent_s, "cpu_s": round(cpu_s, 1), "digest": found.outcome.digest, "contacts": found.outcome.contacts,
        "answered": answered,
        "happened": found.outcome.happened, "missed": found.agents.missed,
        "kept": sum(len(one.waited_s) for one in found.callbacks.values()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def _in_process(contacts: int, hash_seed: int) -> dict[str, float | str]:
    command = [sys.executable, "-m", "tests.bench.day", "--once", str(contacts)]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    measured: dict[str, float | str] = json.loads(done.stdout)
    return measured


def report(contacts: int = CONTACTS) -> None:
    runs = [_in_process(contacts, 7 * number) for number in range(RUNS)]
    digests = {one["digest"] for one in runs}
    if len(digests) > 1:
        raise SystemExit(f"two runs of one day differ: {sorted(map(str, digests))}")
    spent_s = [float(one["s"]) for one in runs]
    peak_mb = max(float(one["peak_mb"]) for one in runs)
    extra = {key: runs[0][key] for key in ("cpu_s", "contacts", "answered", "happened", "missed", "kept", "digest")}
    emit(
        f"acd.day_{contacts}_s", statistics.median(spent_s), "s", RUNS, spread(spent_s),
        agents=AGENTS, peak_mb=round(peak_mb), **extra,
    )  # fmt: skip


def main() -> None:
    once = "--once" in sys.argv
    (contacts,) = numbers(__doc__, [word for word in sys.argv[1:] if word != "--once"], contacts=CONTACTS)
    if once:
        print(json.dumps(_measured(contacts)))
    else:
        report(contacts)


if __name__ == "__main__":
    main()
