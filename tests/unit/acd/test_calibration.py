"""What was foretold against what came: outcomes, weights, corrections."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from softswitch.acd.calibration import Calibration, Outcome, Prediction
from softswitch.acd.estimate import Interval, Spread, exponential

TOLD = Interval(50.0, 100.0, 200.0)
FORMULA = Spread(100.0, 3000.0)
LOW_S, HIGH_S = (100.0 * bound for bound in FORMULA.bounds())


@pytest.mark.parametrize(
    ("waited_s", "answered", "outcome"),
    [
        (49.0, True, Outcome.BELOW), (50.0, True, Outcome.INSIDE), (200.0, True, Outcome.INSIDE),
        (201.0, True, Outcome.ABOVE),
        (201.0, False, Outcome.ABOVE),  # gave up, and would have waited longer still
        (199.0, False, Outcome.LEFT), (10.0, False, Outcome.LEFT),
    ],
)  # fmt: skip
def test_where_a_wait_ends(waited_s: float, answered: bool, outcome: Outcome) -> None:
    one = Calibration()
    assert one.judge(Prediction(TOLD, 100.0), waited_s, answered, 0.0) is outcome
    assert one.counts == [int(each is outcome) for each in Outcome]


def test_nothing_is_corrected_and_nothing_claimed_before_there_were_outcomes() -> None:
    one = Calibration()
    assert one.predict(FORMULA).told.low_s == pytest.approx(LOW_S)
    assert one.predict(FORMULA).told.high_s == pytest.approx(HIGH_S)
    assert one.calibrated().coverage is None
    first = one.predict(FORMULA).told
    one.judge(one.predict(FORMULA), 20.0, False, 0.01)  # left: shows nothing
    assert one.calibrated().coverage is None and one.predict(FORMULA).told == first


def played(calibration: Calibration, mean_s: float, patience_s: float, times: int, seed: int = 1) -> Calibration:
    """Exponential waits of callers who are told 100 s, some of whom give up before."""
    draw = random.Random(seed)
    for _ in range(times):
        wait_s, patient_s = draw.expovariate(1 / mean_s), draw.expovariate(1 / patience_s)
        prediction = calibration.predict(exponential(100.0))
        calibration.judge(prediction, min(wait_s, patient_s), wait_s <= patient_s, 1 / patience_s)
    return calibration


def test_a_right_formula_covers_eight_in_ten_though_the_impatient_are_not_seen() -> None:
    one = played(Calibration(), 100.0, 150.0, 4000)
    assert one.calibrated().coverage == pytest.approx(0.8, abs=0.1)
    assert one.correction == pytest.approx(1.0, abs=0.12)
    seen = one.counts[Outcome.INSIDE] + one.counts[Outcome.BELOW] + one.counts[Outcome.ABOVE]
    assert one.counts[Outcome.BELOW] / seen > 0.12  # without weights those who waited long would be missing


@pytest.mark.parametrize("real_s", [60.0, 170.0])
def test_a_formula_that_is_off_is_corrected_to_within_a_tenth(real_s: float) -> None:
    one = played(Calibration(), real_s, 1e9, 3000)
    assert one.predict(exponential(100.0)).told.likely_s == pytest.approx(real_s, rel=0.25)
    assert one.calibrated().coverage == pytest.approx(0.8, abs=0.1)


def test_a_correction_is_bounded_whatever_comes() -> None:
    one = Calibration()
    for _ in range(1000):
        one.judge(one.predict(FORMULA), 1e5, True, 0.0)
    told = one.predict(FORMULA).told
    assert told.likely_s == pytest.approx(200.0)  # twice the formula, and no more
    assert told.high_s / 200 - 1 == pytest.approx(2 * (HIGH_S / 100 - 1))


@pytest.mark.parametrize(("times", "low", "high"), [(20, 1.0, 1.0), (5000, 1.03, 1.08)])
def test_what_is_off_by_less_than_a_tenth_is_corrected_once_that_is_no_chance(
    times: int, low: float, high: float
) -> None:
    draw, one = random.Random(1), Calibration()
    for _ in range(times):
        one.judge(one.predict(FORMULA), draw.gammavariate(4.0, 27.0), True, 0.0)  # 108 s
    assert low <= one.correction <= high


def test_a_mean_that_is_right_is_left_alone_however_it_scatters() -> None:
    corrections = []
    for seed in range(40):
        one = played(Calibration(), 100.0, 1e9, 600, seed)
        corrections.append(one.correction)
    assert corrections.count(1.0) >= 32 and all(0.93 < each < 1.07 for each in corrections)


def test_a_correction_does_not_swing() -> None:
    """By a formula that is a third too short; after the first outcomes it goes up, and stays."""
    draw, one, seen = random.Random(3), Calibration(), []
    for _ in range(6000):
        one.judge(one.predict(exponential(75.0)), draw.expovariate(0.01), True, 0.0)
        seen.append(one.correction)
    assert all(1.15 < each < 1.45 for each in seen[1500:])
    assert max(abs(after - before) for before, after in pairwise(seen[200:])) < 0.02


def test_bounds_that_are_too_wide_draw_in_and_stay_in_order() -> None:
    one = Calibration()
    for _ in range(2000):
        one.judge(one.predict(FORMULA), 100.0, True, 0.0)
    told = one.predict(FORMULA).told
    assert LOW_S < told.low_s < 100.0 < told.high_s < HIGH_S
