"""How fast things happen, learnt from times that are cut off."""

from __future__ import annotations

import random

import pytest

from softswitch.acd.pace import MEMORY, PRIOR, Pace


def test_until_something_has_happened_it_is_what_the_admin_expects() -> None:
    assert Pace(180.0).mean_s(1000.0) == 180.0


def test_the_expectation_counts_like_a_few_events_and_is_outvoted() -> None:
    pace = Pace(180.0)
    for number in range(5):
        pace.begin(number * 60.0)
        pace.end(number * 60.0 + 60.0)
        pace.happen(number * 60.0 + 60.0)
    assert 60.0 < pace.mean_s(300.0) < 130.0  # five of three minutes against five of one
    for _ in range(1000):
        pace.recall(60.0)
    assert pace.mean_s(300.0) == pytest.approx(60.0, rel=0.01)


def test_those_with_whom_it_has_not_happened_yet_count() -> None:
    """Ten conversations begin; two are over after a minute, eight go on: 180 s is nearer the truth than 60 s."""
    pace = Pace(60.0, prior=1e-9)
    for _ in range(10):
        pace.begin(0.0)
    for _ in range(2):
        pace.end(60.0)
        pace.happen(60.0)
    assert pace.mean_s(60.0) == pytest.approx(300.0, rel=0.01)
    assert pace.mean_s(120.0) == pytest.approx((600 + 8 * 60) / 2, rel=0.01)


def test_patience_is_found_though_most_are_answered_before_it_ends() -> None:
    draw, pace, now = random.Random(1), Pace(600.0), 0.0
    for _ in range(8000):
        patience_s, wait_s = draw.expovariate(1 / 300), draw.expovariate(1 / 60)
        pace.begin(now)
        now += min(patience_s, wait_s)
        pace.end(now)
        if patience_s < wait_s:
            pace.happen(now)
    assert pace.mean_s(now) == pytest.approx(300.0, rel=0.2)  # three standard errors of what is remembered


def test_what_is_old_is_forgotten_by_events_and_not_by_the_clock() -> None:
    pace = Pace(180.0)
    for _ in range(1000):
        pace.recall(100.0)
    assert pace.mean_s(1e6) == pytest.approx(100.0, rel=0.02)  # a quiet night changes nothing
    for _ in range(round(MEMORY)):
        pace.recall(200.0)
    assert 155.0 < pace.mean_s(1e6) < 172.0  # all but 1 / e of it is new


def test_doubt_falls_with_what_was_seen_down_to_what_is_remembered() -> None:
    pace = Pace(180.0)
    assert pace.doubt == pytest.approx(1 / PRIOR)
    for _ in range(3000):
        pace.recall(100.0)
    assert pace.doubt == pytest.approx(1 / MEMORY, rel=0.01)
