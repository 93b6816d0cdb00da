"""Whether what callers were told came true, per queue, and what is corrected when it did not.

Each prediction that is made at joining, for somebody who has to wait, is held against the wait that followed: shorter
than its lower bound, inside, or longer than its upper one. Who gives up after the upper bound would have waited longer,
and is counted so. Who gives up before has shown nothing, and is left out; but then those who had to wait long are
missing more often, and the rest would flatter the estimate. So whoever was seen at w seconds also stands for those of
his kind who had left by then: he has the weight exp(theta w), the inverse of his chance to be seen (inverse probability
of censoring weighting; with exponential patience the same as Kaplan and Meier's).

Two corrections follow, both slowly. The mean: predicted against real waits, once they differ by more than a tenth. Each
bound: moved a little outwards when missed, and a ninth of that inwards when kept, which makes one in ten the share that
misses it, whatever the true distribution is (Gibbs and Candes, "Adaptive conformal inference under distribution shift",
2021). Waits of neighbours are alike, so that a single burst says less than it seems to: corrections are bounded.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

from softswitch.acd.estimate import Interval
from softswitch.acd.pace import MEMORY

_MISSED = 0.1  # the share of waits that is to end beyond each bound
_STEP = 0.02
_MOST = 2.0  # times as much or as little as the formula says
_IGNORED = math.log(1.1)
_FEW = 20.0  # outcomes that count for the formula before there are any
_HEAVIEST = 10.0  # weight of one outcome


class Outcome(enum.Enum):
    """What became of a prediction."""

    INSIDE = "inside"
    BELOW = "below"  # answered sooner
    ABOVE = "above"  # waited longer
    UNKNOWN = "left"  # gave up before it could be said


@dataclass(frozen=True, slots=True)
class Prediction:
    told: Interval
    formula_s: float  # the mean before any correction


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How well the predictions of a queue did since the start; ``coverage`` of late, None before there was any."""

    counts: dict[str, int]  # by the value of ``Outcome``
    coverage: float | None  # weighted share of waits that ended inside the bounds
    correction: float  # what the mean of the formula is multiplied with


UNTRIED = Calibrated({outcome.value: 0 for outcome in Outcome}, None, 1.0)


@dataclass(slots=True)
class Calibration:
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    _seen: float = 0.0  # weights of outcomes, old ones forgotten
    _inside: float = 0.0
    _predicted_s: float = 0.0
    _waited_s: float = 0.0
    _outwards: list[float] = field(default_factory=lambda: [0.0, 0.0])  # logarithms: lower bound, upper bound

    def predict(self, formula: Interval) -> Prediction:
        mean_s = formula.likely_s * self.correction
        low, high = (math.exp(one) for one in self._outwards)
        return Prediction(
            Interval(
                max(0.0, mean_s - (mean_s - formula.low_s * self.correction) * low),
                mean_s,
                mean_s + (formula.high_s * self.correction - mean_s) * high,
            ),
            formula.likely_s,
        )

    @property
    def correction(self) -> float:
        if not self._predicted_s:
            return 1.0
        usual_s = self._predicted_s / self._seen * _FEW
        off = math.log((self._waited_s + usual_s) / (self._predicted_s + usual_s))
        return math.exp(_bounded(math.copysign(max(0.0, abs(off) - _IGNORED), off)))

    def judge(self, prediction: Prediction, waited_s: float, answered: bool, leaving_per_s: float) -> Outcome:
        """The wait is over. ``leaving_per_s``: theta."""
        told = prediction.told
        outcome = _outcome(told, waited_s, answered)
        self.counts[outcome] += 1
        if outcome is Outcome.UNKNOWN:
            return outcome
        weight = min(_HEAVIEST, math.exp(leaving_per_s * min(waited_s, told.high_s)))
        keep = 1 - 1 / MEMORY
        self._seen = self._seen * keep + weight
        self._inside = self._inside * keep + weight * (outcome is Outcome.INSIDE)
        if answered:
            heavier = min(_HEAVIEST, math.exp(leaving_per_s * waited_s))
            self._predicted_s = self._predicted_s * keep + heavier * prediction.formula_s
            self._waited_s = self._waited_s * keep + heavier * waited_s
        for bound, missed in enumerate((outcome is Outcome.BELOW, outcome is Outcome.ABOVE)):
            self._outwards[bound] = _bounded(self._outwards[bound] + _STEP * weight * (missed - _MISSED))
        return outcome

    def calibrated(self) -> Calibrated:
        coverage = self._inside / self._seen if self._seen else None
        return Calibrated({outcome.value: count for outcome, count in self.counts.items()}, coverage, self.correction)


def _outcome(told: Interval, waited_s: float, answered: bool) -> Outcome:
    if waited_s > told.high_s:
        return Outcome.ABOVE
    if not answered:
        return Outcome.UNKNOWN
    return Outcome.BELOW if waited_s < told.low_s else Outcome.INSIDE


def _bounded(logarithm: float) -> float:
    return min(math.log(_MOST), max(-math.log(_MOST), logarithm))
