"""What expressions look up of the moment: queues and former calls; and the filters for numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from softswitch.ivr import template
from softswitch.ivr.check import check_plan
from softswitch.ivr.model import StepFailed
from softswitch.ivr.outlook import no_history
from softswitch.ivr.run import Facts
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import BYE, HEAD, WALL, Walker


class Seen:
    """Two queues, and a number that has called before."""

    region = "CN"

    def __init__(self) -> None:
        self.waiting = 0

    def queue(self, name: str) -> Mapping[str, Any] | None:
        if name not in ("orders", "after-sales"):
            return None
        return {
            "waiting": self.waiting,
            "free": 2,
            "logged_in": 3,
            "expected_wait": 40,
            "expected_low": 20,
            "expected_high": 70,
        }

    def takes(self, number: str, queue: str) -> bool:
        return True

    def history(self, number: str) -> Mapping[str, Any]:
        if number != "13800138000":
            return no_history()
        at = WALL - timedelta(days=2, hours=1)
        return {"calls": 3, "at": at, "outcome": "answered", "queue": "orders", "agent": "alice", "promise": "service"}


STEPS = "  first: {when: [{if: '%s', then: yes}], else: no}\n  yes: {hangup: busy}\n  no: {hangup: declined}\n"
CONDITIONS = {
    "queue.orders.waiting < 5 and queue.orders.free == 2": True,
    "queue.orders.waiting > 5": False,
    'queue["after-sales"].logged_in == 3': True,
    "queue.orders.expected_wait > 30": True,
    "queue.orders.expected_low < 30 and queue.orders.expected_high > 60": True,
    "queue.nobody.waiting": False,
    "history.calls > 2 and history.agent": True,
    'history.outcome == "answered" and history.promise == "service"': True,
    "(time - history.at).days == 2": True,
    "history.at is none": False,
}


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS.items())
def test_conditions_about_queues_and_former_calls(walker: Walker, condition: str, holds: bool) -> None:
    walk = walker(STEPS % condition, Facts(outlook=Seen()))
    assert [fact for fact in walk.facts if isinstance(fact, StepFailed)] == []
    assert walk.path == ["first", "yes" if holds else "no"]


def test_a_queue_is_looked_at_when_it_is_asked_for(walker: Walker) -> None:
    seen = Seen()
    ask = "  first: {menu: {say: a, keys: {1: b}}, failed: bye}\n  b: {say: '{{ queue.orders.waiting }}', next: bye}\n"
    walk = walker(ask, Facts(outlook=seen))
    seen.waiting = 7
    orders = walk.press("1")
    assert orders[-1].prompts[0].text == "7"  # type: ignore[attr-defined]


def test_who_has_never_called_and_where_nothing_is_known(walker: Walker) -> None:
    walk = walker("  first: {say: '{{ history.calls }}{{ history.agent }}', next: bye}\n")
    assert walk.first[-1].prompts[0].text == "0"  # type: ignore[attr-defined]


def test_the_check_knows_fields_and_queues() -> None:
    steps = "  first: {when: [{if: history.cals, then: bye}, {if: queue.order.free, then: bye}], else: bye}\n"
    _, problems = check_plan(HEAD + steps + BYE, "plan.yaml", World(queues=frozenset({"orders"})))
    assert [one.message for one in problems] == [
        "history has no field 'cals'; did you mean 'calls'?",
        "there is no queue 'order'; did you mean 'orders'?",
    ]


NUMBERS = {
    "{{ '138 0013 8000' | e164 }}": "+8613800138000",
    "{{ '+44 20 7946 0958' | e164 }}": "+442079460958",
    "{{ '020 7946 0958' | e164('GB') }}": "+442079460958",
    "{{ 'anonymous' | e164 }}|{{ '12' | e164 }}|{{ ('1' * 1 ~ '2' * 1) | d('') | e164 }}": None,
    "{{ '(020) 12-34' | digits }}": "0201234",
    "{{ '１２ab3' | digits }}": "123",
    "{{ '4929123412341234' | mask }}": "************1234",
    "{{ '12345678' | mask }}": "********",
    "{{ '' | mask }}": "",
}


@pytest.mark.parametrize(("text", "result"), NUMBERS.items())
def test_filters_for_numbers(text: str, result: str | None) -> None:
    variables = {"time": datetime(2026, 1, 1, tzinfo=UTC)}
    if result is None:
        assert template.render(text.partition("|{{ (")[0], variables) == "|"
    else:
        assert template.render(text, variables) == result


def test_numbers_are_read_as_in_the_region_of_the_switch(walker: Walker) -> None:
    seen = Seen()
    seen.region = "GB"
    walk = walker("  first: {say: '{{ \"020 7946 0958\" | e164 }}', next: bye}\n", Facts(outlook=seen))
    assert walk.first[-1].prompts[0].text == "+442079460958"  # type: ignore[attr-defined]
