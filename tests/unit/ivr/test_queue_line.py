"""The verb ``queue``: the key that leaves the line, and what makes the offer of a callback."""

from __future__ import annotations

from datetime import timedelta

import pytest

from softswitch.ivr.calendar import Calendar, Override
from softswitch.ivr.check import check_plan
from softswitch.ivr.load import World, load_plans
from softswitch.ivr.model import CallbackOffer, EnterQueue, PlayPrompts, Prompt, QueueEnded, StepLeft
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import HEAD, WALL, Walk, Walker, plan_of

EXIT = """\
  first: {queue: {name: orders, exit: {key: 0, to: hours}}, failed: bye}
  hours: {say: Nine to five., next: first}
"""
OFFICE = Calendar("office", "UTC", {0: ((8 * 60, 18 * 60),)})  # WALL is a Monday, 9 o'clock


def entered(walk: Walk) -> EnterQueue:
    (order,) = [one for one in walk.first if isinstance(one, EnterQueue)]
    return order


def test_the_key_leads_to_its_step_and_back_into_the_queue(walker: Walker) -> None:
    walk = walker(EXIT)
    assert entered(walk) == EnterQueue("orders", None, 0.0, "en", exit="0")
    assert walk.feed(QueueEnded("exit")) == [PlayPrompts((Prompt("en", text="Nine to five."),))]
    (left,) = [fact for fact in walk.facts if isinstance(fact, StepLeft)]
    assert (left.exit, left.to) == ("exit", "hours")


@pytest.mark.parametrize(
    ("written", "offer"),
    [
        ("{expected_above: 5m}", CallbackOffer(None, "1", 300.0)),
        ("{position_above: 10, key: 2}", CallbackOffer(None, "2", None, 10)),
        ("{after: 60s, expected_above: 5m, position_above: 10}", CallbackOffer(60.0, "1", 300.0, 10)),
        ("{when: wait > 60s, position_above: 10}", CallbackOffer(60.0, "1", None, 10)),
        ("{closing: {calendar: office}}", CallbackOffer(in_s=8.5 * 3600)),
        ("{after: 1m, closing: {calendar: office, within: 10h}}", CallbackOffer(60.0, in_s=0.0)),
    ],
)
def test_what_makes_the_offer(written: str, offer: CallbackOffer) -> None:
    walk = Walk(
        plan_of(f"  first: {{queue: {{name: orders, offer_callback: {written}}}, failed: bye}}\n"),
        Facts(calendars={"office": OFFICE}),
    )
    walk.first = walk.start()
    assert entered(walk).offer == offer


@pytest.mark.parametrize("how", ["closed", "always open", "gone", "closed by order"])
def test_where_it_does_not_close_there_is_no_hurry(how: str) -> None:
    always = Calendar("office", "UTC", {day: ((0, 1440),) for day in range(7)})
    calendars = {"always open": {"office": always}, "gone": {}}.get(how, {"office": OFFICE})
    at = WALL.timestamp()
    ordered = (Override("override-1", "office", False, at - 60, at + 60),) if how == "closed by order" else ()
    steps = "  first: {queue: {name: orders, offer_callback: {closing: {calendar: office}}}, failed: bye}\n"
    walk = Walk(plan_of(steps), Facts(calendars=calendars, overrides={"office": ordered}))
    walk.first = walk.start(wall=WALL + timedelta(days=1 if how == "closed" else 0))
    assert entered(walk).offer == CallbackOffer()


@pytest.mark.parametrize(
    ("queue", "told"),
    [
        ("offer_callback: {key: 1}", "needs a time or a reason, such as after: 90s, expected_above: 5m"),
        ("offer_callback: {after: 1m, when: wait > 1m}", "needs one of after: 90s and when: wait > 90s"),
        ("offer_callback: {position_above: 0}", "position_above"),
        ("offer_callback: {expected_above: 5}", "no unit"),
        ("offer_callback: {closing: soon}", "closing"),
        ("offer_callback: wait > 1m, exit: {key: 1, to: bye}", "key 1 takes the offer already; give exit another one"),
        ("exit: {key: 10, to: bye}", "exit.key"),
        ("exit: {key: 0}", "queue.exit: queue needs to:"),
        ("exit: {key: 0, to: nowhere}", "nowhere"),
    ],
)
def test_what_is_wrong_is_told(queue: str, told: str) -> None:
    steps = f"  first: {{queue: {{name: orders, {queue}}}, failed: bye}}\n  bye: {{hangup: normal}}\n"
    plan, problems = check_plan(HEAD + steps, "p.yaml")
    assert plan is None and told in "\n".join(map(str, problems)), problems
    assert {problem.line for problem in problems} == {6}


def test_a_calendar_that_there_is_not_is_told() -> None:
    steps = "  first: {queue: {name: orders, offer_callback: {closing: {calendar: ofice}}}, failed: bye}\n"
    world = World(queues=frozenset({"orders"}), calendars=frozenset({"office"}), speech=True)
    _, problems = load_plans({"p.yaml": HEAD + steps + "  bye: {hangup: normal}\n"}, world)
    (problem,) = [one for one in problems if one.level == "error"]
    assert problem.key == "steps.first.queue.offer_callback.closing.calendar" and "office" in problem.message


def test_a_step_that_only_the_key_leads_to_is_reached() -> None:
    world = World(queues=frozenset({"orders"}), speech=True)
    _, problems = load_plans({"p.yaml": HEAD + EXIT + "  bye: {hangup: normal}\n"}, world)
    assert problems == []


def test_an_offer_and_a_promise_of_a_queue_that_calls_nobody_back_are_warnings() -> None:
    steps = """\
  first: {queue: {name: orders, offer_callback: wait > 90s}, failed: second}
  second: {queue: {name: spare, offer_callback: wait > 90s}, failed: third}
  third: {callback: spare, next: bye, failed: bye}
  bye: {hangup: normal}
"""
    queues, promising = frozenset({"orders", "spare"}), frozenset({"orders"})
    _, problems = check_plan(HEAD + steps, "a.yaml", World(queues=queues, promising=promising))
    told = [(one.level, one.key) for one in problems if "calls nobody back" in one.message]
    assert told == [("warning", "steps.second.queue.offer_callback"), ("warning", "steps.third.callback")]
    _, problems = check_plan(HEAD + steps, "a.yaml", World(queues=queues))
    assert not [one for one in problems if "calls nobody back" in one.message]
