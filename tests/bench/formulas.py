"""The simulated ACD against exact results, all rows and many callers: how many standard errors each mean lies off.

    python -m tests.bench.formulas [--callers N] [--seed WORD] [--erlang FILE.csv] [--priority FILE.csv]
        [--skills FILE.json]

Independent runs of so many callers each (20,000; more where a row needs them), the first quarter left out; no row
shares its chance with another. Of Erlang's rows the closed forms of ``softswitch plan`` are compared as well. With
files of other rows, of the form of the known ones, these are played and no others. Lines for people; status 1 where a
mean is more than three standard errors off twice (the second time on other chance, of four times the callers), or a
closed form more than 1e-6.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from softswitch.acd.model import AgentSpec, Need, QueueLeft, QueueSpec, WrapUp
from softswitch.acd.staffing import Load, forecast
from softswitch.core.errors import UsageError
from softswitch.simulation.arrival import Arrival, exponential, merged, poisson
from softswitch.simulation.run import Run
from tests.support.reference_rows import Column, read

RUNS = 16
BEYOND = 3.0  # standard errors
PRECISE = 1e-6  # of a closed form
_UNIT = Path(__file__).parents[1] / "unit"
ERLANG = _UNIT / "acd/reference/erlang.csv"
PRIORITY = _UNIT / "simulation/priority_mmc.csv"
SKILLS = _UNIT / "simulation/fcfs_alis.json"
CLOSED = {"p_wait": "waits", "asa_served_s": "answered_s", "ew_all_s": "wait_s", "sl_offered": "within_of_offered",
          "sl_answered": "within_of_answered", "sl_virtual": "would_be_within", "occupancy": "occupancy",
          "p_abandon": "abandoned"}  # fmt: skip
ERLANG_COLUMNS = (
    Column("lam_per_h", 1e-3, 1e6), Column("aht_s", 1e-3, 1e6), Column("agents", 1, 100_000, whole=True),
    Column("patience_s", 1e-3, math.inf), Column("target_s", 0, 1e6), *(Column(name, 0, 1e12) for name in CLOSED),
)  # fmt: skip
PRIORITY_COLUMNS = (
    Column("agents", 1, 1000, whole=True), Column("aht_s", 1e-3, 1e6), Column("class", 1, 100, whole=True),
    Column("mean_wait_s_exact", 0, 1e12),
)  # fmt: skip
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


def off(found: Sequence[Sequence[float]], exact: float) -> float:
    """In standard errors. Of each run there are as many values as have come; no run counts more by having few."""
    return skewed([math.fsum(run) - exact * len(run) for run in found])


def skewed(values: Sequence[float]) -> float:
    """How many standard errors their mean lies off 0, by Johnson's t for skewed values ("Modified t tests", 1978).

    A run in which the queue grew long adds more to the error than to the mean, and most have none of these: by the
    common t, 2 to 5 of 100 samples of the very chain lie beyond -3.
    """
    many, mean, error = len(values), statistics.fmean(values), statistics.stdev(values)
    if error == 0 or math.isclose(mean, 0, abs_tol=1e-12):
        return 0.0 if math.isclose(mean, 0, abs_tol=1e-12) else math.copysign(math.inf, mean)
    third = statistics.fmean((value - mean) ** 3 for value in values) / error**3
    share = mean / error
    return math.sqrt(many) * (share + third / (6 * many) + third * share * share / 3)


def erlang(row: dict[str, str], callers: int, seed: str = "") -> dict[str, float]:
    rate, handling_s, patience_s = float(row["lam_per_h"]), float(row["aht_s"]), float(row["patience_s"])

    def arrivals(chance: random.Random) -> Iterable[Arrival]:
        talk, patience = exponential(chance, handling_s), exponential(chance, patience_s)
        return poisson(chance, "q", rate, callers / rate * 3600, talk, patience)

    agents = [AgentSpec(f"a{number:04}", "", ()) for number in range(int(row["agents"]))]
    found = runs(seed + " ".join(map(str, row.values())), agents, [queue("q")], arrivals)
    return {
        "wait": off([[wait for _, wait, _ in run] for run in found], float(row["ew_all_s"])),
        "waits": off([[wait > 0 for _, wait, _ in run] for run in found], float(row["p_wait"])),
        "abandoned": off([[gone for _, _, gone in run] for run in found], float(row["p_abandon"])),
    }


def skills(row: dict[str, Any], callers: int, seed: str = "") -> dict[str, float]:
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
    found = runs(seed + row["name"], agents, [queue(kind, Need(kind)) for kind in row["lam"]], arrivals, pace)
    told = {}
    for kind, exact in row["exact"].items():
        own = [[wait for name, wait, _ in run if name == kind] for run in found]
        told[f"{kind} wait"] = off(own, exact["EW"])
        told[f"{kind} waits"] = off([[wait > 0 for wait in waits] for waits in own], exact["P_wait"])
    return told


def priority(rows: Sequence[dict[str, str]], callers: int, seed: str = "") -> dict[str, float]:
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
    found = runs(f"{seed}{len(agents)} {rates}", agents, queues, arrivals)
    return {
        f"class {row['class']}": off(
            [[wait for name, wait, _ in run if name == f"q{row['class']}"] for run in found],
            float(row["mean_wait_s_exact"]),
        )
        for row in rows
    }


def closed(row: dict[str, str]) -> float:
    """The most by which a closed form differs."""
    load = Load(float(row["lam_per_h"]), float(row["aht_s"]), float(row["target_s"]), float(row["patience_s"]))
    one = forecast(load, int(row["agents"]))
    return max(abs(getattr(one, ours) - float(row[theirs])) for theirs, ours in CLOSED.items())


class Told:
    """Lines, and the worst of them."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.worst = self.closed = 0.0

    def tell(self, name: str, play: Callable[[int, str], dict[str, float]], callers: int) -> None:
        """What is beyond is played again, once, on other chance and with more callers: then that counts."""
        worst = self._line(name, play(callers, self._seed))
        if worst > BEYOND:
            worst = self._line(f"{name}, again", play(4 * callers, f"again {self._seed}"))
        self.worst = max(self.worst, worst)

    def _line(self, name: str, found: dict[str, float]) -> float:
        print(f"{name:34}", "  ".join(f"{what} {errors:+.2f}" for what, errors in found.items()), flush=True)
        return max(abs(one) for one in found.values())

    def erlang(self, rows: Sequence[dict[str, str]], callers: int) -> None:
        for row in rows:
            self.closed = max(self.closed, closed(row))
            agents, patient = int(row["agents"]), float(row["patience_s"]) == math.inf
            if agents <= 100:
                offered = float(row["lam_per_h"]) * float(row["aht_s"]) / 3600
                many = enough(callers, agents, offered) if patient else callers
                self.tell(f"Erlang {'C' if patient else 'A'}, {agents} agents", partial(erlang, row), many)

    def skills(self, nets: Sequence[dict[str, Any]], callers: int) -> None:
        for one in nets:
            self.tell(one["name"], partial(skills, one), callers)

    def priority(self, groups: Sequence[Sequence[dict[str, str]]], callers: int) -> None:
        for rows in groups:
            agents, rates = int(rows[0]["agents"]), rows[0]["class_rates_per_h"].split()
            offered = sum(map(float, rates)) * float(rows[0]["aht_s"]) / 3600
            name = f"{len(rates)} priorities, {agents} agents"
            self.tell(name, partial(priority, rows), enough(callers, agents, offered))


def graphs(path: Path) -> list[dict[str, Any]]:
    """Raises ``UsageError``."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if not isinstance(found, list) or not found:
        raise UsageError(f"{path}: must be a list of graphs")
    if faults := [f"{path}, graph {number}: {why}" for number, row in enumerate(found, 1) if (why := _fault(row))]:
        raise UsageError("\n".join(faults))
    return found


def _fault(row: Any) -> str:
    try:
        kinds, servers = set(row["lam"]), len(row["mu"])
        if not isinstance(row["name"], str) or not all(set(row[part]) == kinds for part in ("compat", "exact")):
            return "lam, compat and exact must be of the same kinds of callers, name a text"
        if not all(0 < rate < math.inf for rate in (*row["lam"].values(), *row["mu"])):
            return "rates must be more than 0"
        if not all(mine and set(mine) <= set(range(servers)) for mine in row["compat"].values()):
            return f"compat must name servers from 0 to {servers - 1}, at least one for each kind"
        if not all(float(row["exact"][kind][what]) >= 0 for kind in kinds for what in ("EW", "P_wait")):
            return "EW and P_wait must not be less than 0"
    except (KeyError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}; lam, mu, compat and exact with EW and P_wait are needed"
    return ""


def classes(path: Path) -> list[list[dict[str, str]]]:
    """The rows of each queue, by class. Raises ``UsageError``."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in read(path, PRIORITY_COLUMNS):
        groups.setdefault((row["agents"], row["aht_s"], row.get("class_rates_per_h") or ""), []).append(row)
    for (agents, aht_s, rates), rows in groups.items():
        try:
            found = [float(rate) for rate in rates.split()]
        except ValueError:
            found = []
        if not found or not all(0 < rate < math.inf for rate in found):
            raise UsageError(
                f"{path}: class_rates_per_h is {rates!r}; it must be numbers above 0, a space between them"
            )
        if sum(found) * float(aht_s) / 3600 >= int(agents):
            raise UsageError(f"{path}: {agents} agents cannot serve {rates} an hour: the queue grows for ever")
        if any(int(row["class"]) > len(found) for row in rows):
            raise UsageError(f"{path}: there are {len(found)} rates in {rates!r}, and a class beyond them")
    return list(groups.values())


def stable(path: Path) -> list[dict[str, str]]:
    """Erlang's rows. Raises ``UsageError``."""
    rows = read(path, ERLANG_COLUMNS)
    for number, row in enumerate(rows, 1):
        try:
            closed(row)
        except ValueError as error:
            raise UsageError(f"{path}, row {number}: {error}") from None
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=20_000, help="of a run, at least")
    parser.add_argument("--seed", default="", help="another one: other chance")
    for name in ("erlang", "priority", "skills"):
        parser.add_argument(f"--{name}", type=Path, help="a file of other rows")
    given = parser.parse_args()
    if given.callers < 100:
        parser.error(f"--callers is {given.callers}; it must be at least 100")
    every = not (given.erlang or given.priority or given.skills)
    try:
        rows = stable(given.erlang or ERLANG) if every or given.erlang else []
        groups = classes(given.priority or PRIORITY) if every or given.priority else []
        nets = graphs(given.skills or SKILLS) if every or given.skills else []
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    told = Told(given.seed)
    told.erlang(rows, given.callers)
    told.skills(nets, given.callers)
    told.priority(groups, given.callers)
    print(f"at most {told.worst:.2f} standard errors; closed forms at most {told.closed:.1e} off")
    return 0 if told.worst <= BEYOND and told.closed <= PRECISE else 1


if __name__ == "__main__":
    raise SystemExit(main())
