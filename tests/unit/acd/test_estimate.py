"""The mathematics of an expected wait, against sums that are added one by one and against exact distributions."""

from __future__ import annotations

import math
import random

import pytest

from softswitch.acd.estimate import Spread, exponential, turn

CASES = [(0, 0.1, 0.01), (7, 0.2, 0.1), (8, 0.2, 0.1), (30, 0.01, 0.001), (200, 0.5, 0.01), (50, 0.001, 1.0)]


@pytest.mark.parametrize(("ahead", "served", "leaving"), CASES)
def test_the_sum_in_constant_time_is_the_sum(ahead: int, served: float, leaving: float) -> None:
    rates = [served + one * leaving for one in range(ahead + 1)]
    found = turn(ahead, served, leaving)
    assert found.mean_s == pytest.approx(sum(1 / rate for rate in rates), rel=1e-7)
    assert found.variance == pytest.approx(sum(rate**-2 for rate in rates), rel=1e-6)


def test_where_nobody_gives_up_it_is_the_plain_length_of_the_queue() -> None:
    # ten agents, three minutes each: one is free every 18 s
    assert turn(99, 10 / 180, 0.0).mean_s == pytest.approx(100 * 18)
    assert turn(99, 10 / 180, 1e-15).mean_s == pytest.approx(100 * 18)


def test_who_gives_up_shortens_the_wait_of_those_behind() -> None:
    # worked by hand: 1/0.1 + 1/0.11 + 1/0.12
    assert turn(2, 0.1, 0.01).mean_s == pytest.approx(10 + 1 / 0.11 + 1 / 0.12)


def test_the_bounds_of_one_exponential_step_are_its_percentiles() -> None:
    found = exponential(100.0)
    low, high = found.bounds()
    assert low == pytest.approx(-math.log(0.9), rel=0.08)  # of 100 s: 10.5, found 9.8
    assert high == pytest.approx(-math.log(0.1), rel=0.02)
    assert found.mean_s == 100.0


@pytest.mark.parametrize(("ahead", "leaving"), [(1, 0.0), (4, 0.02), (30, 0.002), (60, 0.02)])
def test_eight_in_ten_waits_of_the_same_process_end_between_the_bounds(ahead: int, leaving: float) -> None:
    draw = random.Random(ahead)
    time = turn(ahead, 0.1, leaving)
    low, high = time.bounds()
    waits = [sum(draw.expovariate(0.1 + one * leaving) for one in range(ahead + 1)) for _ in range(4000)]
    below = sum(wait < low * time.mean_s for wait in waits) / 4000
    above = sum(wait > high * time.mean_s for wait in waits) / 4000
    assert below == pytest.approx(0.1, abs=0.02)  # 4 standard errors
    assert above == pytest.approx(0.1, abs=0.02)


def test_no_wait_has_no_bounds_but_its_mean() -> None:
    assert Spread(0.0, 0.0).bounds() == (1.0, 1.0)
