"""Whether what callers were told came true, per queue, and what is corrected when it did not.

Each prediction that is made at joining, for somebody who has to wait, is held against the wait that followed: shorter
than its lower bound, inside, or longer than its upper one. Who gives up after the upper bound would have waited longer,
and is counted so. Who gives up before has shown nothing, and is left out; but then those who had to wait long are
missing more often, and the rest would flatter the estimate. So whoever was seen at w seconds also stands for those of
his kind who had left by then: he has the weight exp(theta w), the inverse of his chance to be seen (inverse probability
of censoring weighting; with exponential patience the same as Kaplan and Meier's).

Two corrections follow, both slowly. The mean: predicted against real waits, by so much as they differ beyond what may
be chance: two standard errors of their ratio, or a tenth where that is less. Each bound: moved a little outwards when
missed, and a ninth of that inwards when kept, which makes one in ten the share that misses it, whatever the true
distribution is (Gibbs and Candes, "Adaptive conformal inference under distribution shift", 2021). Waits of neighbours
are alike, so that a single burst says less than it seems to: corrections are bounded.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from softswitch.acd.estimate import Interval, Spread
from softswitch.acd.pace import MEMORY

_MISSED = 0.1  # the share of waits that is to end beyond each bound
_STEP = 0.003  # small: waits of one burst are alike, and what it teaches comes when it is nearly over
_FURTHEST = math.log(2.0)  # a correction is at most twice or half of what the formula says
_FAR = 20.0  # exp(20) is more than any weight
_KEEP = 1 - 1 / MEMORY
_KEEP_LONG = (
    1 - 1 / 1000
)  # of the means: a formula that is off is so for long, and a burst is one outcome, not a hundred
_CHANCE = 2.0  # standard errors
_MOST_CHANCE = math.log(1.1)
_FEW = 20.0  # outcomes that count for the formula before there are any
_HEAVIEST = 10.0  # weight of one outcome


class Outcome(enum.IntEnum):
    """What became of a prediction."""

    INSIDE = 0
    BELOW = 1  # answered sooner
    ABOVE = 2  # waited longer
    LEFT = 3  # gave up before it could be said


@dataclass(slots=True)
class Prediction:
    told: Interval
    formula_s: float  # the mean before any correction


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How well the predictions of a queue did since the start; ``coverage`` of late, None before there was any."""

    counts: dict[str, int]  # by the name of the ``Outcome``, in small letters
    coverage: float | None  # weighted share of waits that ended inside the bounds
    correction: float  # what the mean of the formula is multiplied with


class Calibration:
    """Of one queue."""

    __slots__ = (
        "_answered", "_inside", "_inwards", "_outwards", "_predicted_s", "_seen", "_squares", "_waited_s",
        "correction", "counts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.counts = [0] * len(Outcome)
        self.correction = 1.0
        self._seen = 0.0  # weights of outcomes, old ones forgotten
        self._inside = 0.0
        self._answered = 0.0  # weights of those who were answered, and so in the next three: forgotten later
        self._predicted_s = 0.0
        self._waited_s = 0.0
        self._squares = 0.0  # s^2; of what is left between the two, corrected
        self._inwards = 0.0  # logarithms of what the distances from the mean are multiplied with: of the lower bound
        self._outwards = 0.0  # of the upper one

    def predict(self, formula: Spread) -> Prediction:
        mean_s = formula.mean_s * self.correction
        low, high = formula.bounds()  # as shares of the mean
        low, high = 1.0 - (1.0 - low) * math.exp(self._inwards), 1.0 + (high - 1.0) * math.exp(self._outwards)
        return Prediction(Interval(max(0.0, mean_s * low), mean_s, mean_s * high), formula.mean_s)

    def judge(self, prediction: Prediction, waited_s: float, answered: bool, leaving_per_s: float) -> Outcome:
        """The wait is over. ``leaving_per_s``: theta."""
        told = prediction.told
        outcome = _outcome(told, waited_s, answered)
        self.counts[outcome] += 1
        if outcome is Outcome.LEFT:
            return outcome
        weight = min(_HEAVIEST, math.exp(min(_FAR, leaving_per_s * min(waited_s, told.high_s))))
        self._seen = self._seen * _KEEP + weight
        self._inside = self._inside * _KEEP + (weight if outcome is Outcome.INSIDE else 0.0)
        if answered:
            self._compare(prediction.formula_s, waited_s, leaving_per_s)
        below, above = outcome is Outcome.BELOW, outcome is Outcome.ABOVE
        self._inwards = _bounded(self._inwards + _STEP * weight * (below - _MISSED))
        self._outwards = _bounded(self._outwards + _STEP * weight * (above - _MISSED))
        return outcome

    def _compare(self, formula_s: float, waited_s: float, leaving_per_s: float) -> None:
        weight = min(_HEAVIEST, math.exp(min(_FAR, leaving_per_s * waited_s)))
        left_s = weight * (waited_s - self.correction * formula_s)
        self._answered = self._answered * _KEEP_LONG + weight
        self._predicted_s = self._predicted_s * _KEEP_LONG + weight * formula_s
        self._waited_s = self._waited_s * _KEEP_LONG + weight * waited_s
        self._squares = self._squares * _KEEP_LONG + left_s**2
        usual_s = self._predicted_s / self._answered * _FEW
        off = math.log((self._waited_s + usual_s) / (self._predicted_s + usual_s))
        chance = min(_MOST_CHANCE, _CHANCE * math.sqrt(self._squares) / (self._predicted_s * self.correction))
        self.correction = math.exp(_bounded(math.copysign(max(0.0, abs(off) - chance), off)))

    def calibrated(self) -> Calibrated:
        coverage = self._inside / self._seen if self._seen else None
        return Calibrated({one.name.lower(): self.counts[one] for one in Outcome}, coverage, self.correction)


UNTRIED = Calibration().calibrated()


def _outcome(told: Interval, waited_s: float, answered: bool) -> Outcome:
    if waited_s > told.high_s:
        return Outcome.ABOVE
    if not answered:
        return Outcome.LEFT
    return Outcome.BELOW if waited_s < told.low_s else Outcome.INSIDE


def _bounded(logarithm: float) -> float:
    return min(_FURTHEST, max(-_FURTHEST, logarithm))
