"""``set``, ``when``, ``hours``, ``hangup``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from softswitch.ivr.calendar import Calendar
from softswitch.ivr.model import EndCall, PlayEnded, StepFailed
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import WALL, Walker


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5),
        ("true", True),
        ("text", "text"),
        ('"{{ 1 + 2 }}"', 3),
        ('"a{{ 1 + 2 }}"', "a3"),
        ('"{{ caller.number | length }}"', 11),
        ('[1, "{{ called }}"]', [1, "8000"]),
        ('"{{ time }}"', WALL.isoformat()),
        ("\"{{ {'a': 1}.b }}\"", None),
    ],
)
def test_set_keeps_plain_values_of_their_own_type(walker: Walker, written: str, value: Any) -> None:
    assert walker(f"  first: {{set: {{x: {written}}}, next: bye}}\n").variables["x"] == value


def test_a_later_variable_may_use_an_earlier_one(walker: Walker) -> None:
    assert walker('  first: {set: {a: 1, b: "{{ a + 1 }}"}, next: bye}\n').variables["b"] == 2


def test_language_is_set_like_a_variable(walker: Walker) -> None:
    walk = walker("  first: {set: {language: zh}, next: hi}\n  hi: {say: {zh: 你好, en: Hello}, next: bye}\n")
    assert walk.first[1].prompts[0].text == "你好"  # type: ignore[attr-defined]


def test_time_moves_with_the_call(walker: Walker) -> None:
    walk = walker('  first: {play: a.wav, next: b}\n  b: {set: {at: "{{ time.minute }}"}, next: bye}\n')
    walk.now += 180
    walk.feed(PlayEnded())
    assert walk.variables["at"] == 3


WHEN = """\
  first: {when: [{if: 'caller.number.startswith("139")', then: a}, {if: time.hour == 9, then: b}], else: bye}
  a: {hangup: busy}
  b: {hangup: declined}
"""


@pytest.mark.parametrize(
    ("caller", "wall", "cause"),
    [
        ("13900000000", WALL, "busy"),
        ("13800000000", WALL, "declined"),
        ("13800000000", datetime(2026, 3, 2, 10, tzinfo=UTC), "normal"),
    ],
)
def test_the_first_condition_that_holds_decides(walker: Walker, caller: str, wall: datetime, cause: str) -> None:
    assert walker(WHEN, caller=caller, wall=wall).first == [EndCall(cause)]


def test_a_condition_that_cannot_be_computed_is_told_and_takes_else(walker: Walker) -> None:
    walk = walker("  first: {when: {if: caller.number + 1 > 0, then: no}, else: bye}\n  no: {hangup: busy}\n")
    assert walk.first == [EndCall("normal")]
    assert any(isinstance(fact, StepFailed) for fact in walk.facts)


HOURS = (
    "  first: {hours: office, open: open, closed: bye, failed: lost}\n  open: {hangup: busy}\n  lost: {hangup: error}\n"
)


@pytest.mark.parametrize(("hour", "cause"), [(0, "normal"), (1, "busy"), (9, "busy"), (10, "normal")])
def test_hours_ask_the_calendar_in_its_own_zone(walker: Walker, hour: int, cause: str) -> None:
    office = Calendar("office", "Asia/Shanghai", {0: ((9 * 60, 18 * 60),)})  # 01:00 to 10:00 UTC
    wall = datetime(2026, 3, 2, hour, tzinfo=UTC)
    assert walker(HOURS, Facts({"office": office}), wall=wall).first == [EndCall(cause)]


def test_a_calendar_that_is_gone_is_a_failure(walker: Walker) -> None:
    walk = walker(HOURS)
    assert walk.first == [EndCall("error")]
    assert "there is no calendar 'office'" in walk.facts[1].why  # type: ignore[attr-defined]


@pytest.mark.parametrize("cause", ["normal", "busy", "declined", "unavailable", "error"])
def test_hangup_refuses_for_its_cause_where_nothing_was_answered(walker: Walker, cause: str) -> None:
    steps = f"  first: {{when: {{if: called, then: end}}, else: bye}}\n  end: {{hangup: {cause}}}\n"
    assert walker(steps).first == [EndCall(cause)]
