"""Predictive campaigns by the thousand: is anybody abandoned beyond the limit, and is it worth it?

Each is dialled twice by the real ledger, on the same random numbers: predictive with a limit, and progressive without
one (customer first, one dial for each free agent). Who answers at which attempt, how long his phone rings and how long
he talks depends on customer and attempt alone; but the two do not reach the same customers, so that the talk time of a
short campaign differs by chance as well. How much, a yardstick says: the progressive dialler against itself, on the
same day with another list. Campaigns that are below 95 % are dialled again by both, on ``LISTS`` other lists: a mean
below that by more than two standard errors is no chance. ``python -m tests.bench.predictive [CAMPAIGNS] [SEED]``
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass, replace

from softswitch.callback.model import Policy
from tests.bench.command import numbers
from tests.bench.report import emit
from tests.support.dialled_campaign import Campaign, Day, Outcome, draw

LIMITS = (0.03, 0.03, 0.03, 0.01, 0.05)
WINDOWS_S = (86400.0, 86400.0, 86400.0, 3600.0)
LISTS = 20
LONGEST_S, MOST_AGENTS = 5400.0, 25
ENOUGH = 0.95  # of the talk time of a progressive dialler
FAIR = Policy("sales", "carrier", campaign="fair", first="customer", ring_s=25.0, max_attempts=4, ratio=5.0)


@dataclass(frozen=True, slots=True)
class Pair:
    seed: int
    limit: float
    predictive: Outcome
    progressive: Outcome

    @property
    def gain(self) -> float:
        """In talk time."""
        return self.predictive.talk_s / self.progressive.talk_s if self.progressive.talk_s else 1.0

    @property
    def exceeded(self) -> bool:
        """At any moment of any window, which includes the end of each and of the campaign."""
        return self.predictive.highest > self.limit + 1e-9


def dialled_twice(seed: int, longest_s: float = LONGEST_S, most_agents: int = MOST_AGENTS, a_list: int = 0) -> Pair:
    day, limit = _day(seed, longest_s, most_agents, a_list), LIMITS[seed % len(LIMITS)]
    window_s = WINDOWS_S[seed // 7 % len(WINDOWS_S)]
    predictive = replace(FAIR, pacing="predictive", abandon_limit=limit, abandon_window_s=window_s)
    return Pair(seed, limit, Campaign(day, predictive).run(), progressive(day))


def progressive(day: Day) -> Outcome:
    """Without a limit."""
    return Campaign(day, replace(FAIR, abandon_limit=1.0)).run()


def _day(seed: int, longest_s: float, most_agents: int, a_list: int) -> Day:
    """The same agents, live callers and answer rates with another list of customers: they are drawn by the seed."""
    day = draw(seed, longest_s, most_agents)
    return replace(day, seed=seed + a_list * 1_000_000)


@dataclass(frozen=True, slots=True)
class Again:
    """One campaign on other lists: what predictive dialling is worth to it."""

    gain: float  # of all lists together
    error: float  # standard, of that ratio
    exceeded: int

    @property
    def loses(self) -> bool:
        return self.gain + 2 * self.error < ENOUGH


def dialled_again(seed: int) -> Again:
    pairs = [dialled_twice(seed, a_list=n) for n in range(1, LISTS + 1)]
    mean = statistics.fmean(pair.progressive.talk_s for pair in pairs)
    gain = statistics.fmean(pair.predictive.talk_s for pair in pairs) / mean
    rest = [pair.predictive.talk_s - gain * pair.progressive.talk_s for pair in pairs]
    error = statistics.stdev(rest) / mean / len(pairs) ** 0.5
    return Again(gain, error, sum(pair.exceeded for pair in pairs))


def measure(campaigns: int, seed: int) -> bool:
    begun, pairs = time.perf_counter(), []
    for n in range(campaigns):
        pairs.append(dialled_twice(seed + n))
        if (n + 1) % 50 == 0:
            print(f"{n + 1} of {campaigns}, {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    exceeded = sum(pair.exceeded for pair in pairs)
    gains = sorted(pair.gain for pair in pairs)
    answered = sum(pair.predictive.answered.total() for pair in pairs)
    about = {"campaigns": campaigns, "seed": seed}
    emit("predictive.limit_exceeded", exceeded, "campaigns", campaigns, 0.0, **about)
    emit("predictive.worst_of_limit", max(pair.predictive.highest / pair.limit for pair in pairs), "", campaigns, 0.0)
    abandoned = sum(pair.predictive.abandoned.total() for pair in pairs)
    emit("predictive.abandoned", 100.0 * abandoned / answered, "%", campaigns, 0.0, answered=answered)
    above = sum(pair.progressive.highest > pair.limit for pair in pairs)
    emit("progressive.limit_exceeded", above, "campaigns", campaigns, 0.0)
    ours = sum(pair.predictive.talk_s for pair in pairs)
    theirs = sum(pair.progressive.talk_s for pair in pairs)
    emit("predictive.talk_time_of_progressive", 100.0 * ours / theirs, "%", campaigns, 0.0)
    emit("predictive.talk_time_worst", 100.0 * gains[0], "%", campaigns, 0.0)
    emit("predictive.talk_time_median", 100.0 * statistics.median(gains), "%", campaigns, 0.0)
    below = [pair for pair in pairs if pair.gain < ENOUGH]
    emit("predictive.below_95_percent", len(below), "campaigns", campaigns, 0.0)
    others = [progressive(_day(pair.seed, LONGEST_S, MOST_AGENTS, 1)).talk_s for pair in pairs]
    chance = sum(other < ENOUGH * pair.progressive.talk_s for pair, other in zip(pairs, others, strict=True))
    emit("progressive.below_95_percent_of_itself", chance, "campaigns", campaigns, 0.0)
    again = [dialled_again(pair.seed) for pair in below]
    exceeded += sum(one.exceeded for one in again)
    losing = sum(one.loses for one in again)
    emit("predictive.below_95_percent_again", sum(one.gain < ENOUGH for one in again), "campaigns", len(below), 0.0)
    emit("predictive.below_95_percent_by_no_chance", losing, "campaigns", len(below), 0.0)
    if again:
        worst = min(again, key=lambda one: one.gain)
        emit("predictive.talk_time_worst_again", 100.0 * worst.gain, "%", LISTS, 100.0 * worst.error)
    return not exceeded and not losing and ours >= ENOUGH * theirs


def main() -> int:
    campaigns, seed = numbers(__doc__, campaigns=1000, seed=1)
    return 0 if measure(campaigns, seed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
