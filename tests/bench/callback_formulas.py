"""The simulated ACD with the real ledger against the exact chain of a queue with callbacks: all rows, many contacts.

    python -m tests.bench.callback_formulas [CONTACTS] [FILE.csv]

Per row independent runs of at least so many contacts each (3,000; more where a row needs them), the first quarter left
out; how many standard errors each figure lies off what ``tests.support.callback_chain`` computes, and how large a
standard error is at most, in % of the figure. The rows are those of
FILE (columns as in ``tests/unit/simulation/callback_ctmc.csv``, where the exact figures may be missing) and, without
one, those of that file and some with other rates, shares of acceptance and reserves. Lines for people.
"""

from __future__ import annotations

import csv
import math
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from softswitch.acd.model import AgentSpec, AgentState, AgentStateChanged, QueueJoined, QueueLeft, QueueSpec, WrapUp
from softswitch.callback.model import Policy, PromiseChanged, PromiseState, Window
from softswitch.core.effect import DomainEvent
from softswitch.ivr.model import CallbackOffer
from softswitch.simulation.arrival import Arrival, exponential, poisson
from softswitch.simulation.people import Habits
from softswitch.simulation.run import Run
from tests.bench.formulas import enough
from tests.support.callback_chain import FIGURES, Chain

RUNS = 16
ROWS = Path(__file__).parents[1] / "unit/simulation/callback_ctmc.csv"
MORE = [
    Chain(90 / 3600, 180.0, 5, 60.0, 1, 0.5, 0), Chain(150 / 3600, 120.0, 6, 200.0, 3, 0.7, 1),
    Chain(60 / 3600, 240.0, 4, 90.0, 0, 0.4, 0), Chain(700 / 3600, 90.0, 18, 45.0, 2, 0.25, 3),
    Chain(250 / 3600, 180.0, 14, 120.0, 1, 0.6, 0), Chain(40 / 3600, 60.0, 1, 300.0, 1, 0.9, 0),
]  # fmt: skip
FOREVER_S = 1e9
Ratio = tuple[float, float]  # what was added up, of how many or of how long


class Tally:
    """A listener: the figures of one run from ``since`` on, by the time between facts and by whose wait ended."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.now = since
        self.line = self.pool = self.busy = 0  # just now
        self.line_s = self.pool_s = self.busy_s = 0.0
        self.waits_s: list[float] = []  # of those who did not take an offer
        self.promised = self.gave_up = 0
        self.callback_waits_s: list[float] = []

    def observe(self, event: DomainEvent, now: float) -> None:
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

    def figures(self, agents: int, until: float) -> dict[str, Ratio]:
        self.pass_to(until)
        span, came, joined = until - self.since, len(self.waits_s) + self.promised, len(self.waits_s)
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


def run(chain: Chain, contacts: int, seed: str) -> dict[str, Ratio]:
    """One run of so many contacts, on average: no time for ringing, answering and wrap-up, everybody answers."""
    chance = random.Random(seed)
    until = contacts / chain.calls_per_s
    talk, patience = exponential(chance, chain.talk_s), exponential(chance, chain.patience_s)
    coming = poisson(chance, "q", chain.calls_per_s * 3600, until, talk, patience)
    tally = Tally(until / 4)
    people = Habits(0.0, reached=1.0, answer_s=0.0, accepts=chain.accepts, offered_s=0.0, seed=chance.getrandbits(32))
    policy = Policy("q", "carrier", stages=("accepted-offer",), window=Window("UTC"), reserve=chain.reserve,
                    expiry_s=FOREVER_S)  # fmt: skip
    one = Run(
        [AgentSpec(f"a{number:03}", "", ()) for number in range(chain.agents)],
        [QueueSpec("q", wrap_up=WrapUp.timed(0), max_waiting=10**9, max_wait_s=FOREVER_S)],
        tally.observe, people, policies=[policy], offers={"q": CallbackOffer(position_above=chain.threshold)},
    )  # fmt: skip
    found: dict[str, Ratio] = {}

    def until_the_end(arrivals: Iterator[Arrival]) -> Iterator[Arrival]:
        yield from arrivals
        found.update(tally.figures(chain.agents, one.now))

    one.play(until_the_end(coming))
    return found


def sample(chain: Chain, contacts: int, runs: int = RUNS) -> dict[str, list[Ratio]]:
    """By figure what it was in each of the runs."""
    found = [run(chain, contacts, f"{chain}/{number}") for number in range(runs)]
    return {name: [one[name] for one in found] for name in FIGURES}


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
    off = {}
    for name, values in found.items():
        ratio, error = estimate(values)
        off[name] = (
            0.0 if math.isclose(ratio, exact[name], abs_tol=1e-12) else (ratio - exact[name]) / max(error, 1e-12)
        )
    return off


def spread(found: dict[str, list[Ratio]], exact: dict[str, float]) -> float:
    """The largest standard error, as a share of its figure."""
    return max(estimate(values)[1] / exact[name] for name, values in found.items() if exact[name] > 1e-9)


def needed(chain: Chain, contacts: int) -> int:
    """So many, and more where who is lost on the line is few, so that the pool is slow to forget how it began."""
    offered = chain.calls_per_s * chain.talk_s
    stays = offered * (1 - chain.solve()["P_abandon"])
    return enough(contacts, chain.agents, min(stays, chain.agents * 0.97))


def read(path: Path) -> list[tuple[Chain, dict[str, str]]]:
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return [(Chain.of_row(row), row) for row in rows]


def main() -> None:
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    given = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    chains = [chain for chain, _ in read(given or ROWS)] + ([] if given else MORE)
    worst = 0.0
    for chain in chains:
        many = needed(chain, contacts)
        runs, exact = sample(chain, many), chain.solve()
        found = errors(runs, exact)
        worst = max(worst, *(abs(one) for one in found.values()))
        print(
            f"{chain.calls_per_s * 3600:.0f}/h, {chain.agents} agents, offered from {chain.threshold} on, "
            f"{chain.accepts:.0%} accept, reserve {chain.reserve}, {RUNS} runs of {many:,}, "
            f"standard errors up to {spread(runs, exact):.1%}: ",
            "  ".join(f"{name} {one:+.2f}" for name, one in found.items()),
            flush=True,
        )
    print(f"at most {worst:.2f} standard errors")


if __name__ == "__main__":
    main()
