"""A user has as many calls at once as he may have, his own and those to him, whatever becomes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from softswitch.callback.model import PromiseChanged
from softswitch.log import log_event
from softswitch.switch.event import CallShed, UserFull
from tests.simnet.house import PLAN, House, configuration, plans


def limited(user: str, calls: int, **changes: Any) -> House:
    users = dict(configuration().users)
    users[user] = replace(users[user], calls=calls)
    return House(users=users, **changes)


def shed(house: House) -> list[str]:
    return [fact.why for fact in house.world.facts(CallShed)]


def test_one_call_more_of_his_is_refused_with_busy_and_said_in_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = limited("1004", 2)
    house.world.switch.listen(log_event)
    calls = [house.desk.call("8000") for _ in range(3)]
    house.world.run_until(lambda: sorted(call.state for call in calls) == ["ended", "talking", "talking"])
    (refused,) = [call for call in calls if call.state == "ended"]
    assert refused.status == 486
    assert house.world.facts(UserFull) == [UserFull("1004", "8000", 2)]
    assert shed(house) == ["user"]
    assert "user_full" in "".join(capsys.readouterr())
    house.desk.hang_up(next(call for call in calls if call.state == "talking"))
    house.world.run(0.5)  # the leg lingers, for what of its call may still come; it is no call
    again = house.desk.call("8000")
    house.world.run_until(lambda: again.state == "talking")


def test_a_call_to_him_finds_him_busy_and_others_do_not() -> None:
    house = limited("1002", 1)
    first = house.desk.call("1002")
    house.world.run_until(lambda: first.state == "talking")
    second = house.alice.call("1002")
    house.world.run_until(lambda: second.state == "ended")
    assert second.status == 486 and len(house.bob.calls) == 1
    assert house.world.facts(UserFull) == [UserFull("1002", "", 1)]
    assert not shed(house)  # the caller was served: he heard that somebody is busy
    third = house.bob.call("1001")
    house.world.run_until(lambda: third.state == "ended")
    assert third.status == 486


def test_calls_that_only_ring_are_counted() -> None:
    house = limited("1004", 1)
    house.bob.answer_after = None
    first = house.desk.call("1002")
    house.world.run_until(lambda: first.state == "ringing")
    second = house.desk.call("1001")
    house.world.run_until(lambda: second.state == "ended")
    assert second.status == 486
    house.desk.hang_up(first)
    house.world.run(0.5)
    third = house.desk.call("1001")
    house.world.run_until(lambda: third.state == "talking")


def test_what_was_refused_for_it_is_in_the_ledger_like_other_refusals() -> None:
    shop = plans(PLAN.replace("language: en", "language: en\nlost_to: orders", 1))
    policies = tuple(replace(policy, numbers="1[0-9]{3}") for policy in configuration().policies)
    house = limited("1004", 1, plans=shop, policies=policies)
    first = house.desk.call("8000")
    house.world.run_until(lambda: first.state == "talking")
    house.desk.call("8000")
    house.world.run(1.0)
    made = [fact.promise for fact in house.world.facts(PromiseChanged) if fact.old is None]
    assert [(promise.stage, promise.number) for promise in made] == [("shed", "1004")]


def test_an_agent_without_a_line_is_offered_no_call() -> None:
    house = limited("1001", 1)
    private = house.alice.call("1004")
    house.world.run_until(lambda: private.state == "talking")
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run(1.0)
    assert [one.state for one in house.alice.calls] == ["talking"]
    assert call.state == "talking"  # and waits
