"""What who is sent on, or moved, to another queue hears there, is offered and has come to; and who has two places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from softswitch.acd.model import Condition, Move, Need, QueueSpec
from softswitch.callback.model import PromiseState
from softswitch.contact.event import ContactFinished
from softswitch.contact.order import TellAcd
from softswitch.contact.overflow import Way
from softswitch.contact.treatment import SILENT, Treatment
from tests.simnet.house import configuration, plans
from tests.simnet.phone import Call
from tests.simnet.waiting_house import PLAN, WaitingHouse, call_as

ONE = "13800138000"
OFFER = "If you would rather not wait, press one. You keep your place in line and we will call you back."
WAITS_S = 20.0  # in orders
QUEUES = (
    QueueSpec("orders", (Need("orders"),), max_wait_s=WAITS_S),
    QueueSpec("service", (Need("service"),), leave_if=frozenset({Condition.NO_AGENTS})),
)
POLICIES = tuple(replace(configuration().policies[0], queue=name) for name in ("orders", "service"))
SPOKEN = Treatment(every_s=10.0, position=True)
BOTH = PLAN.replace(
    "service: {queue: service, next: bye, failed: bye}",
    "service: {queue: {name: service, offer_callback: {after: 20s, key: 1}}, next: bye, failed: bye}",
).replace("offer_callback: {after: 60s, key: 1}, exit", "offer_callback: {after: 30s, key: 1}, exit")


def house_with(service: Treatment = SILENT, **changes: Any) -> WaitingHouse:
    """Who has waited for 20 s for orders goes to service; nobody is ready in either."""
    settings = {
        "queues": QUEUES, "overflow": {"orders": {"timeout": Way("service")}}, "policies": POLICIES,
        "treatments": {"service": service}, "plans": plans(BOTH),
    }  # fmt: skip
    house = WaitingHouse(**settings | changes)
    house.world.switch.control.set_paused("bob", "break")
    return house


def waits_in_service(house: WaitingHouse, number: str = ONE) -> Call:
    call = call_as(house, number)
    house.until(lambda: house.world.switch.acd.waiting("service", house.world.now))
    return call


def hang_up(house: WaitingHouse, call: Call) -> None:
    house.carrier.hang_up(call)
    house.world.run(1.0)


def outcomes(house: WaitingHouse) -> list[str]:
    return [fact.record.outcome for fact in house.world.facts(ContactFinished)]


def promised(house: WaitingHouse) -> list[tuple[str, str]]:
    return [(one.queue, one.stage) for one in house.world.switch.control.promises()]


@pytest.mark.parametrize("how", ["overflow", "moved"])
def test_what_his_new_queue_announces_is_heard_after_one_that_announces_nothing(how: str) -> None:
    house = house_with(SPOKEN)
    if how == "overflow":
        call = waits_in_service(house)
    else:
        call = house.enters()
        (view,) = house.world.switch.control.calls()
        house.world.switch.command(lambda: [TellAcd(Move(view.contact, "service"))])
    house.world.run(26.0)
    assert [text for text in house.texts(call) if text != OFFER][:2] == ["You are next in line."] * 2
    hang_up(house, call)


def test_a_queue_that_calls_nobody_back_offers_nothing_until_he_is_in_one_that_does() -> None:
    house = house_with(policies=POLICIES[:1])
    call = waits_in_service(house)
    house.world.run(60.0)
    assert house.texts(call) == []
    (view,) = house.world.switch.control.calls()
    house.world.switch.command(lambda: [TellAcd(Move(view.contact, "orders"))])
    house.world.run(16.0)
    assert house.texts(call) == [OFFER]
    hang_up(house, call)


@pytest.mark.parametrize("number", ["anonymous", "008812345678"])  # a satellite's is none that is dialled
def test_who_cannot_be_called_back_is_offered_nothing(number: str) -> None:
    house = house_with()
    call = waits_in_service(house, number)
    house.world.run(60.0)
    assert OFFER not in house.texts(call)
    hang_up(house, call)


def test_who_is_served_by_the_queue_to_which_he_was_sent_on_is_not_called_back_by_the_one_before() -> None:
    house = house_with()
    hang_up(house, house.enters())
    assert promised(house) == [("orders", "abandoned")]
    call = waits_in_service(house)
    house.world.switch.control.set_ready("bob")
    house.until(lambda: house.bob.talking)
    house.world.run(1.0)
    assert [one.state for one in house.world.switch.control.promises()] == [PromiseState.WITHDRAWN]
    hang_up(house, call)


def test_who_was_promised_a_callback_by_another_queue_is_not_lost_beside_the_line() -> None:
    house = house_with()
    call = house.enters()
    house.carrier.press(call, "0")
    house.world.run(3.0)
    house.carrier.press(call, "2")
    house.until(lambda: OFFER in house.texts(call))
    house.carrier.press(call, "1")
    house.world.run(0.6)
    hang_up(house, call)  # while the promise is being told
    assert (outcomes(house), promised(house)) == (["callback"], [("service", "accepted-offer")])


def test_who_has_talked_to_an_agent_stays_answered_when_the_next_queue_turns_him_away() -> None:
    plan = BOTH.replace("next: bye\n  hours", "next: service\n  hours")
    house = house_with(plans=plans(plan))
    call = house.enters()
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    house.world.switch.control.log_out("bob")
    house.alice.hang_up(house.alice.talking[0])
    house.until(lambda: call.state == "ended")
    house.world.run(1.0)
    assert outcomes(house) == ["answered"]
