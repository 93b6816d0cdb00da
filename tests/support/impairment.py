"""What a bad network does to the packets of one direction: loss, jitter, reordering, duplicates; drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

BEHIND_S = 0.03  # how long a packet is held back that is to come after the next one


@dataclass(frozen=True)
class Impairment:
    """Shares are of all packets."""

    loss: float = 0.0
    jitter_s: float = 0.0  # each packet takes between nothing and this longer
    reordered: float = 0.0
    doubled: float = 0.0


@dataclass
class Done:
    """What was done to how many packets."""

    passed: int = 0
    lost: int = 0
    reordered: int = 0
    doubled: int = 0


class Road:
    """One direction. What is ``done`` is counted from each ``begin`` on; ``before`` is what was, up to the last one."""

    def __init__(self, seed: int) -> None:
        self.done = self.before = Done()
        self._become = Impairment()
        self._random = random.Random(seed)

    def begin(self, become: Impairment) -> None:
        self._become, self.before, self.done = become, self.done, Done()

    def delays(self) -> list[float]:
        """When the next packet arrives, in seconds from now; [] never, two are two of it."""
        draw, become, done = self._random.random, self._become, self.done
        lost, behind, twice, wait = draw(), draw(), draw(), draw()  # the same number of draws for each packet
        done.passed += 1
        if lost < become.loss:
            done.lost += 1
            return []
        done.reordered += behind < become.reordered
        done.doubled += twice < become.doubled
        delay = wait * become.jitter_s + (BEHIND_S if behind < become.reordered else 0.0)
        return [delay, delay] if twice < become.doubled else [delay]


def jitter_ms(arrivals: Iterable[tuple[float, int]], rate_hz: int = 8000) -> float:
    """The interarrival jitter of RFC 3550 appendix A.8, of (seconds, RTP timestamp) in the order of arrival."""
    jitter, former = 0.0, None
    for at, stamp in arrivals:
        transit = at * rate_hz - stamp
        if former is not None:
            jitter += (abs(transit - former) - jitter) / 16
        former = transit
    return jitter / rate_hz * 1000
