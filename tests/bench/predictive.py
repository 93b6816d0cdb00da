"""Predictive campaigns by the thousand: is anybody abandoned beyond the limit, and is it worth it?

Each is dialled twice by the real ledger, on the same random numbers: predictive with a limit, and progressive without
one (customer first, one dial for each free agent). They reach different customers, so that in a short campaign the
talk time of the two differs by chance as well. ``python -m tests.bench.predictive [CAMPAIGNS] [SEED]``
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass, replace

from softswitch.callback.model import Policy
from tests.bench.report import emit
from tests.support.dialled_campaign import Campaign, Outcome, draw

LIMITS = (0.03, 0.03, 0.03, 0.01, 0.05)
WINDOWS_S = (86400.0, 86400.0, 86400.0, 3600.0)
FAIR = Policy("sales", "carrier", campaign="fair", first="customer", ring_s=25.0, max_attempts=4, ratio=5.0)


@dataclass(frozen=True, slots=True)
class Pair:
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


def dialled_twice(seed: int, longest_s: float = 5400.0, most_agents: int = 25) -> Pair:
    day, limit = draw(seed, longest_s, most_agents), LIMITS[seed % len(LIMITS)]
    window_s = WINDOWS_S[seed // 7 % len(WINDOWS_S)]
    predictive = replace(FAIR, pacing="predictive", abandon_limit=limit, abandon_window_s=window_s)
    return Pair(limit, Campaign(day, predictive).run(), Campaign(day, replace(FAIR, abandon_limit=1.0)).run())


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
    emit("predictive.below_95_percent", sum(gain < 0.95 for gain in gains), "campaigns", campaigns, 0.0)
    return not exceeded and ours >= 0.95 * theirs


if __name__ == "__main__":
    passed = measure(*(int(argument) for argument in (*sys.argv[1:], *("1000", "1")[len(sys.argv) - 1 :])))
    raise SystemExit(0 if passed else 1)
