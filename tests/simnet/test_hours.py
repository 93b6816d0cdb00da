"""Opening hours that somebody overrides while calls go on, and while the switch is killed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.ivr.calendar import Calendar
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from softswitch.switch.hours import MOST, HoursOverridden, OverrideEnded
from softswitch.switch.view import Refused
from tests.simnet.house import House
from tests.simnet.phone import Call
from tests.simnet.world import EPOCH

PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: wait
steps:
  wait: {menu: {say: "Press 1.", keys: {1: open?}, timeout: 10m, tries: 1}, failed: bye}
  open?: {hours: {calendar: office, open: open, closed: closed, holiday: holiday}}
  open: {say: "We are open.", next: wait}
  closed: {say: "We are closed.", next: wait}
  holiday: {say: "It is a holiday.", next: wait}
  bye: {hangup: normal}
"""
ALWAYS = Calendar("office", "Asia/Shanghai", dict.fromkeys(range(7), ((0, 1440),)))


@pytest.fixture
def house() -> House:
    plans, problems = load_plans({"shop.yaml": PLAN}, PlanWorld(calendars=frozenset({"office"})))
    assert not [problem for problem in problems if problem.level == "error"], problems
    return House(plans=plans, calendars={"office": ALWAYS})


def caller(house: House) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(3)
    return call


def hears(house: House, call: Call) -> str:
    """When he asks now."""
    house.carrier.press(call, "1")
    house.world.run(0.5)
    stream = house.world.media.stream_of(call.rtp)
    said = [prompt.text for name, prompt in house.world.media.said if name == stream]
    house.world.run(5)
    return said[-1]


def order(house: House, open: bool, since_s: float, lasts_s: float) -> str:
    now = house.world.now + EPOCH
    control = house.world.switch.control
    return control.override("office", open, now + since_s, now + since_s + lasts_s, "meeting", "test").id


def test_it_counts_at_once_for_a_call_that_goes_on_and_ends_by_itself(house: House) -> None:
    call = caller(house)
    assert hears(house, call) == "We are open."
    order(house, False, 0, 60)
    assert hears(house, call) == "We are closed."
    house.world.run(60)
    assert hears(house, call) == "We are open."
    (began,), (ended,) = house.world.facts(HoursOverridden), house.world.facts(OverrideEnded)
    assert began.override == ended.override and (began.override.by, ended.why) == ("test", "over")
    assert house.world.switch.control.calendar("office").overrides == []


def test_it_may_begin_later_and_be_taken_back(house: House) -> None:
    call = caller(house)
    closed = order(house, False, 30, 3600)
    opened = order(house, True, 60, 3600)
    assert hears(house, call) == "We are open."
    house.world.run(30)
    assert hears(house, call) == "We are closed."
    house.world.run(30)
    assert hears(house, call) == "We are open."
    control = house.world.switch.control
    view = control.calendar("office")
    assert [one.id for one in view.overrides] == [closed, opened] and view.why.endswith(
        f"by override {opened}: meeting"
    )
    control.take_back_override("office", opened, "test")
    assert hears(house, call) == "We are closed."
    assert [fact.why for fact in house.world.facts(OverrideEnded)] == ["taken back by test"]


def test_it_outlives_a_crash_and_a_reload(house: House) -> None:
    world = house.world
    order(house, False, 0, 3600)
    order(house, True, 0, 20)
    world.run(1)
    world.crash()
    world.run(30)
    world.start()
    now = world.switch.dialplans
    now.exchange(replace(now.release, facts=replace(now.release.facts, calendars={"office": replace(ALWAYS)})), "test")
    (kept,) = world.switch.control.calendar("office").overrides
    assert not kept.open and kept.note == "meeting", "the other one is over"
    assert hears(house, caller(house)) == "We are closed."
    world.run(3600)
    world.crash()
    world.start()
    assert world.switch.control.calendar("office").overrides == []


def test_what_cannot_be(house: House) -> None:
    control, now = house.world.switch.control, house.world.now + EPOCH
    with pytest.raises(LookupError):
        control.override("offce", True, now, now + 60, "", "test")
    with pytest.raises(LookupError):
        control.take_back_override("office", "override-1", "test")
    for since, until in ((now, now), (now - 60, now - 1), (now + 60, now + 30)):
        with pytest.raises(Refused, match="over before it began"):
            control.override("office", True, since, until, "", "test")
    for _ in range(MOST):
        order(house, True, 0, 60)
    with pytest.raises(Refused, match="already"):
        order(house, True, 0, 60)
    house.world.run(61)
    order(house, True, 0, 60)
