"""The simulated ACD with the real ledger against the exact chain of a queue with callbacks: all rows, many contacts.

    python -m tests.bench.callback_formulas [--rows FILE.csv] [--contacts N] [--seed WORD]

The rows are those of FILE (columns as in ``tests/unit/simulation/callback_ctmc.csv``; the figures expected may be
missing, and are computed by ``tests.support.callback_chain`` then) and, without one, those of that file and some with
other rates, shares of acceptance and reserves. Per row 64 independent runs of at least N contacts each (1,500; more
where a pool is slow to forget how it began), the first quarter left out. Told is how many standard errors each figure
lies off what is expected. A row with one beyond three is played again, once, on other chance and with four times the
runs: of a hundred rows two or three have such a figure by chance, mostly one that is too low, since pools have a long
tail (so it is with the very chain), and the second look counts.

Chance is no excuse for a rule that is another one: each run is also held against the model itself, played on the same
callers (``tests.support.callback_model``), and must come to the same in every figure. Lines for people; status 1 where
a figure is beyond three twice, or a run is not that of the model.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from softswitch.acd.model import AgentSpec, AgentState, AgentStateChanged, QueueJoined, QueueLeft, QueueSpec, WrapUp
from softswitch.callback.model import Policy, PromiseChanged, PromiseState, Window
from softswitch.core.effect import DomainEvent
from softswitch.core.errors import UsageError
from softswitch.ivr.model import CallbackOffer
from softswitch.simulation.arrival import Arrival, exponential, poisson
from softswitch.simulation.people import Habits
from softswitch.simulation.run import Run
from tests.bench.formulas import skewed
from tests.support.callback_chain import COLUMNS, FIGURES, Chain
from tests.support.callback_model import Model, Ratio
from tests.support.reference_rows import read

RUNS = 64
BEYOND = 3.0  # standard errors
MOST_CONTACTS = 200_000  # of a run
ROWS = Path(__file__).parents[1] / "unit/simulation/callback_ctmc.csv"
MORE = [
    Chain(90 / 3600, 180.0, 5, 60.0, 1, 0.5, 0), Chain(150 / 3600, 120.0, 6, 200.0, 3, 0.7, 1),
    Chain(60 / 3600, 240.0, 4, 90.0, 0, 0.4, 0), Chain(700 / 3600, 90.0, 18, 45.0, 2, 0.25, 3),
    Chain(250 / 3600, 180.0, 14, 120.0, 1, 0.6, 0), Chain(40 / 3600, 60.0, 1, 300.0, 1, 0.9, 0),
]  # fmt: skip
FOREVER_S = 1e9
SHARE_OF = {"EQ": "P_wait_inbound", "EW_inbound_s": "P_wait_inbound", "E_callback_pool": "P_callback",
            "EW_callback_s": "P_callback"}  # fmt: skip
Play = Callable[[Chain, int, str], dict[str, Ratio]]


class Tally:
    """A listener: the figures of one run from ``since`` to ``until``, by the time between facts and by whose wait
    ended."""

    def __init__(self, since: float, until: float) -> None:
        self.since = since
        self.until = until
        self.now = since
        self.line = self.pool = self.busy = 0  # just now
        self.line_s = self.pool_s = self.busy_s = 0.0
        self.waits_s: list[float] = []  # of those who did not take an offer
        self.promised = self.gave_up = 0
        self.callback_waits_s: list[float] = []

    def observe(self, event: DomainEvent, now: float) -> None:
        if now > self.until:
            return
        self.pass_to(now)
        match event:
            case QueueJoined(kind="call"):
                self.line += 1
            case QueueLeft(kind="call"):
                self.line -= 1
                self._left(event, now)
            case PromiseChanged(old=None):
                self.pool += 1
            case PromiseChanged(promise, old) if promise.state is PromiseState.KEPT and old is PromiseState.DIALLING:
                self.pool -= 1
                if now >= self.since:
                    self.callback_waits_s.append(now - promise.recorded_at)
            case AgentStateChanged(old=old, new=new):
                self.busy += (new is AgentState.TALKING) - (old is AgentState.TALKING)

    def _left(self, event: QueueLeft, now: float) -> None:
        if now < self.since:
            return
        if event.why == "callback":
            self.promised += 1
            return
        self.waits_s.append(event.waited_s)
        self.gave_up += event.why == "abandoned"

    def pass_to(self, now: float) -> None:
        if now > self.now:
            span = now - self.now
            self.line_s += self.line * span
            self.pool_s += self.pool * span
            self.busy_s += self.busy * span
            self.now = now

    def figures(self, agents: int) -> dict[str, Ratio]:
        self.pass_to(self.until)
        span, came, joined = self.until - self.since, len(self.waits_s) + self.promised, len(self.waits_s)
        return {
            "P_callback": (self.promised, came),
            "P_wait_inbound": (sum(waited_s > 0 for waited_s in self.waits_s), joined),
            "EQ": (self.line_s, span),
            "P_abandon": (self.gave_up, came),
            "EW_inbound_s": (math.fsum(self.waits_s), joined),
            "E_callback_pool": (self.pool_s, span),
            "EW_callback_s": (math.fsum(self.callback_waits_s), len(self.callback_waits_s)),
            "occupancy": (self.busy_s, span * agents),
        }


def drawn(chain: Chain, contacts: int, seed: str) -> tuple[Iterator[Arrival], Habits, float]:
    """Who calls, what they do, and until when: so many contacts, on average. No time for ringing, everybody answers."""
    chance = random.Random(seed)
    until = contacts / chain.calls_per_s
    talk, patience = exponential(chance, chain.talk_s), exponential(chance, chain.patience_s)
    people = Habits(0.0, reached=1.0, answer_s=0.0, accepts=chain.accepts, offered_s=0.0, seed=chance.getrandbits(32))
    return poisson(chance, "q", chain.calls_per_s * 3600, until, talk, patience), people, until


def run(chain: Chain, contacts: int, seed: str) -> dict[str, Ratio]:
    """One run of the ACD and the ledger, without wrap-up."""
    arrivals, people, until = drawn(chain, contacts, seed)
    tally = Tally(until / 4, until)
    policy = Policy("q", "carrier", stages=("accepted-offer",), window=Window("UTC"), reserve=chain.reserve,
                    expiry_s=FOREVER_S)  # fmt: skip
    one = Run(
        [AgentSpec(f"a{number:03}", "", ()) for number in range(chain.agents)],
        [QueueSpec("q", wrap_up=WrapUp.timed(0), max_waiting=10**9, max_wait_s=FOREVER_S)],
        tally.observe, people, policies=[policy], offers={"q": CallbackOffer(position_above=chain.threshold)},
    )  # fmt: skip
    one.play(arrivals)
    return tally.figures(chain.agents)


def model(chain: Chain, contacts: int, seed: str) -> dict[str, Ratio]:
    """The same run of the model itself."""
    arrivals, people, until = drawn(chain, contacts, seed)
    return Model(chain, lambda number: people.takes(f"c{number:09}"), until / 4, until).play(arrivals)


def sample(chain: Chain, contacts: int, runs: int = RUNS, seed: str = "", play: Play = run) -> dict[str, list[Ratio]]:
    """By figure what it was in each of the runs."""
    found = [play(chain, contacts, f"{seed}{chain}/{number}") for number in range(runs)]
    return {name: [one[name] for one in found] for name in FIGURES}


def unlike(found: dict[str, list[Ratio]], model: dict[str, list[Ratio]]) -> str:
    """The first figure of a run that the model does not have, on the same chance; empty: there is none."""
    for name, values in found.items():
        for number, (one, other) in enumerate(zip(values, model[name], strict=True)):
            if not all(map(_same, one, other)):
                return f"run {number}, {name}: {one[0]:g} of {one[1]:g}, by the model {other[0]:g} of {other[1]:g}"
    return ""


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


def estimate(found: Sequence[Ratio]) -> tuple[float, float]:
    """The ratio of the sums over all runs, and its standard error (the delta method, runs being independent).

    Not the mean of the runs' ratios: a run with few callbacks is one with short waits, so that such a mean is too low.
    """
    size = math.fsum(of for _, of in found)
    if not size:
        return 0.0, 0.0
    ratio = math.fsum(part for part, _ in found) / size
    rest = [part - ratio * of for part, of in found]
    return ratio, statistics.stdev(rest) / math.sqrt(len(found)) * len(found) / size


def errors(found: dict[str, list[Ratio]], exact: dict[str, float]) -> dict[str, float]:
    """By figure, how many standard errors the runs lie off the exact one."""
    return {name: _error(name, found, exact) for name in found}


def _error(name: str, found: dict[str, list[Ratio]], exact: dict[str, float]) -> float:
    ratio, _ = estimate(found[name])
    if math.isclose(ratio, exact[name], rel_tol=1e-9, abs_tol=1e-12):
        return 0.0
    if ratio == 0:  # nothing has come that it could be measured by: as many standard errors as the root of what should
        share = SHARE_OF.get(name, name)
        return -math.sqrt(exact[share] * math.fsum(of for _, of in found[share]))
    return skewed([part - exact[name] * of for part, of in found[name]])


def spread(found: dict[str, list[Ratio]], exact: dict[str, float]) -> float:
    """The largest standard error, as a share of its figure, of those that have come to anything."""
    sizes = ((*estimate(values), exact[name]) for name, values in found.items())
    return max((error / wanted for ratio, error, wanted in sizes if ratio and wanted > 1e-9), default=0.0)


def needed(chain: Chain, contacts: int) -> int:
    """At least so many that the first quarter, which is left out, is twice the time in which a pool forgets."""
    return max(contacts, math.ceil(8 * chain.relaxation_s() * chain.calls_per_s))


def given(path: Path) -> list[tuple[Chain, dict[str, float]]]:
    """The rows of a file, each with what is expected of it. Raises ``UsageError`` with all that is wrong."""
    rows, faults = [], []
    for number, row in enumerate(read(path, COLUMNS), 1):
        chain = Chain.of_row(row)
        try:
            exact = chain.solve()
        except UsageError as error:
            faults.append(f"{path}, row {number}: has no steady state: {error}")
            continue
        rows.append((chain, exact | {name: float(row[name]) for name in FIGURES if row.get(name)}))
    if faults:
        raise UsageError("\n".join(faults))
    return rows


def differs(chain: Chain, expected: dict[str, float]) -> str:
    """What a file says and the chain does not."""
    exact = chain.solve()
    told = [f"{name} {expected[name]:g}, by the chain {exact[name]:g}" for name in FIGURES
            if not math.isclose(exact[name], expected[name], rel_tol=1e-3, abs_tol=1e-9)]  # fmt: skip
    return f"  the file expects {'; '.join(told)}" if told and exact["P_callback"] > 1e-12 else ""


def compare(chain: Chain, expected: dict[str, float], contacts: int, seed: str, times: int = 1) -> float:
    """Play a row, with so many times the runs, and tell how far off it is; the most standard errors, without end where
    a run is not that of the model."""
    many = min(wanted := needed(chain, contacts), MOST_CONTACTS)
    runs = sample(chain, many, times * RUNS, seed)
    found, other = errors(runs, expected), unlike(runs, sample(chain, many, times * RUNS, seed, model))
    print(
        f"{chain.calls_per_s * 3600:g}/h, {chain.talk_s:g} s, {chain.agents} agents, patience {chain.patience_s:g} s, "
        f"offered from {chain.threshold} on, {chain.accepts:.0%} accept, reserve {chain.reserve}, "
        f"{len(runs['EQ'])} runs of {many:,}, standard errors up to {spread(runs, expected):.1%}:\n  "
        + "  ".join(f"{name} {one:+.2f}" for name, one in found.items())
        + differs(chain, expected)
        + (f"  too short: a pool that forgets so slowly needs {wanted:,}" if wanted > many else "")
        + (f"  not what the model makes of the same callers: {other}" if other else ""),
        flush=True,
    )
    return math.inf if other else max(abs(one) for one in found.values())


def measure(rows: Sequence[tuple[Chain, dict[str, float]]], contacts: int, seed: str) -> bool:
    worst, again = 0.0, 0
    for chain, expected in rows:
        off = compare(chain, expected, contacts, seed)
        if off > BEYOND:
            again += 1
            print("  again, on other chance:", flush=True)
            off = compare(chain, expected, contacts, f"again {seed}", times=4)
        worst = max(worst, off)
    print(f"at most {worst:.2f} standard errors; {again} of {len(rows)} rows were played twice")
    return worst <= BEYOND


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, help="a file of other rows, in the place of the known ones")
    parser.add_argument("--contacts", type=int, default=1_500, help="of a run, at least")
    parser.add_argument("--seed", default="", help="another one: other chance")
    options = parser.parse_args()
    if options.contacts < 100:
        parser.error(f"--contacts is {options.contacts}; it must be at least 100")
    try:
        rows = given(options.rows or ROWS) + ([] if options.rows else [(chain, chain.solve()) for chain in MORE])
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if measure(rows, options.contacts, options.seed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
