"""How long until it is one's turn, as an interval: the mathematics, which knows no queue.

QLr, the queue length with those who will give up taken out of it (Whitt, "Improving service by informing customers
about anticipated delays", 1999; Ibrahim and Whitt, "Real-time delay estimation in overloaded multiserver queues with
abandonments", 2009): with i others ahead, and all of s agents busy, the next step forward comes at the rate
s mu + i theta, since either an agent is done or one of them hangs up. The wait of whoever has q ahead is the sum of
q + 1 such steps, each exponential and none depending on another, so its mean is the sum of 1 / rate and its variance
the sum of 1 / rate^2. The plain length of the queue, which is theta = 0, says too much as soon as callers give up.

HOL, where s is nobody's to count because agents serve other queues as well: whoever joins now waits as long as the
first in line has waited already, and the more of them there are, the better that is known.

The bounds are quantiles of the gamma distribution that has this mean and this variance, by Wilson and Hilferty's cube
(1931), which is within 3 % of the exact exponential at its 10th and 90th percentile and better for longer sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_TENTH = 1.2816  # standard deviations from the mean within which 80 % of a normal distribution lie
_FEW = 8  # steps that are added one by one; from there on the sum is smooth enough for an integral


@dataclass(frozen=True, slots=True)
class Interval:
    """Seconds until an agent answers: one in ten waits is to be shorter than ``low_s``, one in ten longer than
    ``high_s``; ``likely_s`` is the mean."""

    low_s: float
    likely_s: float
    high_s: float


@dataclass(slots=True)
class Spread:
    """What is known of a random time: its mean in s, and its variance in s^2."""

    mean_s: float
    variance: float

    def __add__(self, other: Spread) -> Spread:
        return Spread(self.mean_s + other.mean_s, self.variance + other.variance)

    def bounds(self) -> tuple[float, float]:
        """Between which 80 % of such times lie, as many below as above; as shares of the mean."""
        if self.mean_s <= 0.0:
            return 1.0, 1.0
        scale = self.variance / (9.0 * self.mean_s * self.mean_s)  # 1 / (9 k), with k the gamma's shape
        off = _TENTH * math.sqrt(scale)
        return max(0.0, 1.0 - scale - off) ** 3, (1.0 - scale + off) ** 3


def exponential(mean_s: float) -> Spread:
    return Spread(mean_s, mean_s**2)


def turn(ahead: int, served_per_s: float, leaving_per_s: float) -> Spread:
    """QLr: until an agent is free for whoever has so many ``ahead``; ``served_per_s`` is what all agents together do,
    ``leaving_per_s`` how fast each single one of those ahead gives up. In constant time: Euler and Maclaurin's sum."""
    steps = min(ahead + 1, _FEW)
    rates = [served_per_s + one * leaving_per_s for one in range(steps)]
    mean, variance = sum(1.0 / rate for rate in rates), sum(rate**-2 for rate in rates)
    if steps <= ahead:
        first, last = served_per_s + steps * leaving_per_s, served_per_s + ahead * leaving_per_s
        many = ahead - steps
        mean += _integral(many, first, leaving_per_s) + (1 / first + 1 / last) / 2
        mean += leaving_per_s * (first**-2 - last**-2) / 12
        variance += many / (first * last) + (first**-2 + last**-2) / 2
        variance += leaving_per_s * (first**-3 - last**-3) / 6
    return Spread(mean, variance)


def _integral(many: int, rate: float, leaving_per_s: float) -> float:
    """Of 1 / (rate + x leaving) for x from 0 to ``many``."""
    share = many * leaving_per_s / rate
    return many / rate if share < 1e-9 else many / rate * math.log1p(share) / share
