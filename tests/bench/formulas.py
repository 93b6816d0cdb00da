"""The simulated ACD against exact results, all rows and many callers: how many standard errors each mean lies off.

    python -m tests.bench.formulas [CALLERS]

Independent runs of so many callers each (20,000; more where a row needs them), the first quarter left out; no row
shares its chance with another. Lines for people, not for comparison.
"""

from __future__ import annotations

import csv
import json
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from softswitch.acd.model import AgentSpec, Need, QueueLeft, QueueSpec, WrapUp
from softswitch.simulation.arrival import Arrival, exponential, merged, poisson
from softswitch.simulation.run import Run

RUNS = 16
_UNIT = Path(__file__).parents[1] / "unit"
ERLANG = _UNIT / "acd/reference/erlang.csv"
PRIORITY = _UNIT / "simulation/priority_mmc.csv"
SKILLS = _UNIT / "simulation/fcfs_alis.json"
Left = tuple[str, float, bool]  # queue, waited, gave up


def runs(
    row: str, agents: Sequence[AgentSpec], queues: Sequence[QueueSpec],
    arrivals: Callable[[random.Random], Iterable[Arrival]], pace: dict[str, float] | None = None, count: int = RUNS,
) -> list[list[Left]]:  # fmt: skip
    """Of each run those who left their queue, the first quarter aside. Each row has chance of its own, by its name."""
    found = []
    for number in range(count):
        left: list[Left] = []

        def hear(event: object, now: float, left: list[Left] = left) -> None:
            if isinstance(event, QueueLeft):
                left.append((event.queue, event.waited_s, event.why == "abandoned"))

        Run(agents, queues, hear, pace=pace).play(arrivals(random.Random(f"{row}/{number}")))
        found.append(left[len(left) // 4 :])
    return found


def queue(name: str, *needs: Need) -> QueueSpec:
    return QueueSpec(name, needs, wrap_up=WrapUp.timed(0), max_waiting=10**9, max_wait_s=1e9)


def enough(callers: int, agents: int, offered: float) -> int:
    """At least so many that the first quarter, which is left out, is twice the time in which a full centre that loses
    nobody forgets how it began: 1 / (mu (sqrt(n) - sqrt(a))^2), in callers."""
    if offered >= agents:
        return callers
    return max(callers, math.ceil(8 * offered / (math.sqrt(agents) - math.sqrt(offered)) ** 2))


def off(found: Sequence[float], exact: float) -> float:
    """In standard errors."""
    error = statistics.stdev(found) / math.sqrt(len(found))
    return 0.0 if error == 0 and found[0] == exact else (statistics.fmean(found) - exact) / max(error, 1e-12)


def mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def erlang(row: dict[str, str], callers: int) -> dict[str, float]:
    rate, handling_s, patience_s = float(row["lam_per_h"]), float(row["aht_s"]), float(row["patience_s"])

    def arrivals(chance: random.Random) -> Iterable[Arrival]:
        talk, patience = exponential(chance, handling_s), exponential(chance, patience_s)
        return poisson(chance, "q", rate, callers / rate * 3600, talk, patience)

    agents = [AgentSpec(f"a{number:04}", "", ()) for number in range(int(row["agents"]))]
    found = runs(" ".join(row.values()), agents, [queue("q")], arrivals)
    return {
        "wait": off([mean(wait for _, wait, _ in run) for run in found], float(row["ew_all_s"])),
        "waits": off([mean(wait > 0 for _, wait, _ in run) for run in found], float(row["p_wait"])),
        "abandoned": off([mean(gone for _, _, gone in run) for run in found], float(row["p_abandon"])),
    }


def skills(row: dict, callers: int) -> dict[str, float]:
    mine: list[list[tuple[str, int]]] = [[] for _ in row["mu"]]
    for kind, servers in row["compat"].items():
        for server in servers:
            mine[server].append((kind, 1))
    agents = [AgentSpec(f"a{number}", "", tuple(one)) for number, one in enumerate(mine)]

    def arrivals(chance: random.Random) -> list[Arrival]:
        talk, rates, patient = exponential(chance, 1.0), row["lam"], exponential(chance, math.inf)
        span = callers / sum(rates.values())
        return merged(*(poisson(chance, kind, rate * 3600, span, talk, patient) for kind, rate in rates.items()))

    pace = {f"a{number}": rate for number, rate in enumerate(row["mu"])}
    found = runs(row["name"], agents, [queue(kind, Need(kind)) for kind in row["lam"]], arrivals, pace)
    told = {}
    for kind, exact in row["exact"].items():
        own = [[wait for name, wait, _ in run if name == kind] for run in found]
        told[f"{kind} wait"] = off([mean(waits) for waits in own], exact["EW"])
        told[f"{kind} waits"] = off([mean(wait > 0 for wait in waits) for waits in own], exact["P_wait"])
    return told


def priority(rows: Sequence[dict[str, str]], callers: int) -> dict[str, float]:
    rates, handling_s = [float(rate) for rate in rows[0]["class_rates_per_h"].split()], float(rows[0]["aht_s"])

    def arrivals(chance: random.Random) -> list[Arrival]:
        talk, patient = exponential(chance, handling_s), exponential(chance, math.inf)
        span = callers / sum(rates) * 3600
        classes = enumerate(rates, 1)
        return merged(
            *(poisson(chance, f"q{kind}", rate, span, talk, patient, priority_s=-1e8 * kind) for kind, rate in classes)
        )

    agents = [AgentSpec(f"a{number:02}", "", ()) for number in range(int(rows[0]["agents"]))]
    queues = [queue(f"q{kind}") for kind in range(1, len(rates) + 1)]
    found = runs(f"{len(agents)} {rates}", agents, queues, arrivals)
    return {
        f"class {row['class']}": off(
            [mean(wait for name, wait, _ in run if name == f"q{row['class']}") for run in found],
            float(row["mean_wait_s_exact"]),
        )
        for row in rows
    }


def main() -> None:
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    worst = 0.0

    def tell(name: str, found: dict[str, float]) -> None:
        nonlocal worst
        worst = max(worst, *(abs(one) for one in found.values()))
        print(f"{name:34}", "  ".join(f"{what} {errors:+.2f}" for what, errors in found.items()), flush=True)

    for row in csv.DictReader(ERLANG.read_text().splitlines()):
        if int(row["agents"]) <= 100:
            offered = float(row["lam_per_h"]) * float(row["aht_s"]) / 3600
            many = enough(callers, int(row["agents"]), offered) if row["model"] == "C" else callers
            tell(f"Erlang {row['model']}, {row['agents']} agents", erlang(row, many))
    for one in json.loads(SKILLS.read_text()):
        tell(one["name"], skills(one, callers))
    by_agents: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(PRIORITY.read_text().splitlines()):
        by_agents.setdefault(row["agents"], []).append(row)
    for agents, rows in by_agents.items():
        offered = sum(map(float, rows[0]["class_rates_per_h"].split())) * float(rows[0]["aht_s"]) / 3600
        tell(f"priorities, {agents} agents", priority(rows, enough(callers, int(agents), offered)))
    print(f"at most {worst:.2f} standard errors")


if __name__ == "__main__":
    main()
