"""What a caller is told again: never more, unless there is a cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd.estimate import Interval
from softswitch.acd.model import ExpectedWaitRose
from softswitch.acd.told import (
    AGENTS_LEFT,
    AGENTS_PAUSED,
    CAUSES,
    LONGER,
    MOVED,
    PRIORITY,
    Basis,
    Told,
    retold,
)

BASIS = Basis("orders", 10, 1, 20, 180.0)
FIRST = Told(Interval(100.0, 200.0, 300.0), BASIS)
MORE = Interval(120.0, 240.0, 360.0)
LESS = Interval(90.0, 150.0, 220.0)


def said(former: Told | None, honest: Interval, basis: Basis) -> Told:
    told = retold(former, honest, basis)
    assert told is not None
    return told


def test_what_is_told_first_is_what_is_true() -> None:
    assert said(None, MORE, BASIS) == Told(MORE, BASIS)


def test_less_is_told() -> None:
    told = said(FIRST, LESS, replace(BASIS, ahead=10))
    assert (told.interval, told.cause, told.rose("c")) == (LESS, "", None)


def test_noise_is_not_told_and_what_it_is_compared_with_stays() -> None:
    again = said(FIRST, MORE, replace(BASIS, ahead=19, handling_s=185.0))
    assert again == FIRST
    assert said(again, MORE, replace(BASIS, serving=9)).cause == AGENTS_LEFT


def test_a_bound_does_not_rise_either_while_the_mean_falls() -> None:
    told = said(FIRST, Interval(110.0, 190.0, 330.0), BASIS)
    assert told.interval == Interval(100.0, 190.0, 300.0)


@pytest.mark.parametrize(
    ("basis", "cause"),
    [
        (replace(BASIS, serving=8), AGENTS_LEFT),
        (replace(BASIS, serving=8, paused=3), AGENTS_PAUSED),
        (replace(BASIS, serving=6, paused=2), AGENTS_LEFT),  # one is paused, three are gone
        (replace(BASIS, ahead=25), PRIORITY),
        (replace(BASIS, handling_s=220.0), LONGER),
        (replace(BASIS, queue="service", serving=2), MOVED),
        (replace(BASIS, serving=9, ahead=40), PRIORITY),  # the greater effect is named
        (replace(BASIS, serving=5, ahead=22), AGENTS_LEFT),
        (replace(BASIS, serving=12, ahead=15, paused=4), ""),
        (replace(BASIS, ahead=21), ""),  # one more of twenty does not make it a fifth longer
    ],
)
def test_more_is_told_with_the_cause_that_makes_most_of_it(basis: Basis, cause: str) -> None:
    told = said(FIRST, MORE, basis)
    assert told.cause == cause
    if cause:
        assert told.interval == MORE and cause in CAUSES
        assert told.rose("c1") == ExpectedWaitRose("c1", basis.queue, 200.0, 240.0, cause)
    else:
        assert told == FIRST


@pytest.mark.parametrize(("likely_s", "so"), [(300.0, True), (301.0, False)])
def test_what_has_become_untrue_without_a_cause_is_not_repeated(likely_s: float, so: bool) -> None:
    told = retold(FIRST, Interval(150.0, likely_s, 900.0), BASIS)
    assert told == (FIRST if so else None)


def test_small_causes_add_up() -> None:
    crowd = Told(FIRST.interval, replace(BASIS, serving=100))
    one = said(crowd, MORE, replace(BASIS, serving=99))
    assert one == crowd
    assert said(one, MORE, replace(BASIS, serving=90)).cause == AGENTS_LEFT


def test_what_has_risen_for_a_cause_does_not_go_on_to_rise() -> None:
    fewer = replace(BASIS, serving=8)
    told = said(FIRST, MORE, fewer)
    again = said(told, Interval(130.0, 260.0, 390.0), fewer)
    assert (again.interval, again.cause) == (MORE, "")
