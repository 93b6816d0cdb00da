"""How long callers would have waited, of whom most were answered before we could know.

Kaplan and Meier, "Nonparametric estimation from incomplete observations" (1958): at each wait after which somebody gave
up, the share of those still patient falls by who gave up over who had waited as long. Beyond the last of them the rate
is taken as constant: those who gave up over the time of all who waited, which is the exponential fit.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable


class Patience:
    """Of callers of one kind. ``seen``: how long each waited, and whether he gave up then."""

    def __init__(self, seen: Iterable[tuple[float, bool]]) -> None:
        waits = sorted(seen)
        lost = Counter(waited for waited, gave_up in waits if gave_up)
        times = [waited for waited, _ in waits]
        self._ends: list[float] = []
        self._patient = [1.0]  # the share that is still patient before the first end, after it, after the second ...
        for end, count in sorted(lost.items()):
            still = len(times) - bisect_left(times, end)
            self._ends.append(end)
            self._patient.append(self._patient[-1] * (1 - count / still))
        self.mean_s = sum(times) / lost.total() if lost else math.inf  # of the exponential fit

    def draw(self, waited_s: float, luck: float) -> float:
        """Of somebody who has waited so long and has not given up; ``luck`` is in [0, 1)."""
        begin = bisect_right(self._ends, waited_s)
        sought = (1.0 - luck) * self._patient[begin]
        for place in range(begin, len(self._ends)):
            if self._patient[place + 1] < sought:
                return self._ends[place]
        if math.isinf(self.mean_s):
            return math.inf
        last, left = max([waited_s, *self._ends[-1:]]), self._patient[-1]
        return last - self.mean_s * math.log(sought / left) if left else last
