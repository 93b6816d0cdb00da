"""A peak over time, in buckets; and where peaks were: quarter hours in which far more came than is usual then.

It draws nothing: what is drawn of it is said by whoever prints the report.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

QUARTER_S = 900
DAY_S = 86_400
_ROUND_S = (60.0, 300.0, 900.0, 3600.0)
MOST_BUCKETS = 180  # that can be told from each other in a picture
TIMES = 2.0  # the usual: from there on it is a peak
FEWEST = 10  # calls in a quarter of an hour; below, twice the usual is chance


@dataclass(frozen=True, slots=True)
class Spread:
    """Of waits, in seconds, by nearest rank: each is one that somebody has waited."""

    count: int
    p50_s: float
    p90_s: float
    p99_s: float
    longest_s: float


def spread(waits: Iterable[float]) -> Spread | None:
    """None where nobody waited."""
    found = sorted(waits)
    if not found:
        return None

    def rank(share: float) -> float:
        return found[max(0, math.ceil(share * len(found)) - 1)]

    return Spread(len(found), rank(0.5), rank(0.9), rank(0.99), found[-1])


def bucket_s(length_s: float) -> float:
    """The finest that a picture of that length can show."""
    return next((one for one in _ROUND_S if length_s / one <= MOST_BUCKETS), _ROUND_S[-1])


def counted(moments: Iterable[float], begin: float, step_s: float, count: int) -> list[int]:
    """How many fall into each bucket; what lies outside is left out."""
    found = [0] * count
    for at in moments:
        place = math.floor((at - begin) / step_s)
        if 0 <= place < count:
            found[place] += 1
    return found


@dataclass(frozen=True, slots=True)
class Busy:
    """A run of quarter hours."""

    since: float
    until: float
    calls: int
    usual: float  # calls in a span of that length, at that time of day


def peaks(quarters: Mapping[int, int]) -> list[Busy]:
    """The biggest excess first. ``quarters``: begin (Unix s) -> calls; what is not in it had none.

    Usual is the median of the same quarter on the other days, and where there are fewer than two others that of all
    quarters: on the first day nothing else is known.
    """
    busy = {start: calls for start, calls in quarters.items() if calls >= max(FEWEST, TIMES * _usual(quarters, start))}
    runs: list[list[int]] = []
    for start in sorted(busy):
        if runs and runs[-1][-1] == start - QUARTER_S:
            runs[-1].append(start)
        else:
            runs.append([start])
    found = [
        Busy(run[0], run[-1] + QUARTER_S, sum(busy[one] for one in run), sum(_usual(quarters, one) for one in run))
        for run in runs
    ]
    return sorted(found, key=lambda one: (one.usual - one.calls, one.since))


def _usual(quarters: Mapping[int, int], start: int) -> float:
    first, last = min(quarters), max(quarters)
    others = [quarters.get(start + days * DAY_S, 0) for days in _days(start, first, last) if days]
    if len(others) >= 2:
        return median(others)
    span = (last - first) // QUARTER_S + 1
    return median([*quarters.values(), *[0] * (span - len(quarters))])


def _days(start: int, first: int, last: int) -> Sequence[int]:
    """How many days before and after the quarter lies within what was seen."""
    return range(-((start - first) // DAY_S), (last - start) // DAY_S + 1)


def by_stage(losses: Iterable[tuple[float, str]]) -> dict[str, list[float]]:
    """The moments of losses, the stage with the most first."""
    found: dict[str, list[float]] = defaultdict(list)
    for at, stage in losses:
        found[stage].append(at)
    order = Counter({stage: len(moments) for stage, moments in found.items()})
    return {stage: found[stage] for stage, _ in order.most_common()}
