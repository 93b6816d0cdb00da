"""The verb ``hours``: its ways, and what the path of a call tells of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from softswitch.ivr.calendar import Calendar, Override
from softswitch.ivr.model import EndCall, StepFailed, StepLeft
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import WALL, Walk, plan_of

MONDAY = Calendar("office", "UTC", {0: ((8 * 60, 18 * 60),)}, closed=frozenset({date(2026, 3, 9)}))
OPEN = "  open: {hangup: busy}\n"
CLOSED = "  closed: {hangup: declined}\n"
HOLIDAY = "  holiday: {hangup: unavailable}\n"


def walk_on(days: int, holiday: bool, overrides: tuple[Override, ...] = ()) -> tuple[str, StepLeft]:
    """A call at 9, so many days after a Monday: how it ends, and what its path tells."""
    ways = "open: open, closed: closed" + (", holiday: holiday" if holiday else "")
    plan = plan_of(f"  first: {{hours: {{calendar: office, {ways}}}}}\n" + OPEN + CLOSED + (HOLIDAY if holiday else ""))
    walk = Walk(plan, Facts(calendars={"office": MONDAY}, overrides={"office": overrides}))
    (end,) = [effect for effect in walk.start(wall=WALL + timedelta(days=days)) if isinstance(effect, EndCall)]
    return end.cause, next(fact for fact in walk.facts if isinstance(fact, StepLeft))


@pytest.mark.parametrize(
    ("days", "holiday", "cause", "way", "told"),
    [
        (0, True, "busy", "open", "the weekly hours"),
        (1, True, "declined", "closed", "no hours on this weekday"),
        (7, True, "unavailable", "holiday", "closed day 2026-03-09"),
        (7, False, "declined", "closed", "closed day 2026-03-09"),
    ],
)
def test_a_way_for_each_door(days: int, holiday: bool, cause: str, way: str, told: str) -> None:
    ended, left = walk_on(days, holiday)
    assert (ended, left.exit, left.inputs) == (cause, way, (told,))


def test_an_override_is_told_with_its_name() -> None:
    at = WALL.timestamp()
    ended, left = walk_on(0, True, (Override("override-1", "office", False, at - 60, at + 60, "meeting"),))
    assert ended == "declined" and "by override override-1: meeting" in left.inputs[0]


def test_a_calendar_that_is_gone_is_a_failure() -> None:
    walk = Walk(plan_of("  first: {hours: {calendar: office, open: bye, closed: bye, failed: bye}}\n"))
    walk.start()
    assert [fact.why for fact in walk.facts if isinstance(fact, StepFailed)] == ["there is no calendar 'office'"]
