"""What is told of a plan that callers go through, however they leave it; and what plans know of former calls."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from softswitch.call.press import Form
from softswitch.call.record import CallRecord
from softswitch.core.effect import DomainEvent
from softswitch.ivr.model import StepLeft
from tests.simnet.house import PLAN, House, plans
from tests.simnet.test_revival import into_orders, killed

AGAIN = PLAN.replace(
    "welcome: {answer: {}, next: menu}",
    """welcome: {answer: {}, next: again?}
  again?:
    when:
      - {if: 'history.calls == 1 and history.queue == "orders" and history.agent == "alice"', then: service}
      - {if: 'queue.orders.free == 1 and queue.orders.waiting == 0 and queue.orders.expected_wait == 0', then: menu}
    else: bye""",
)


def left(house: House) -> list[tuple[str, str, str]]:
    facts = [fact for fact in house.world.facts(StepLeft) if isinstance(fact, StepLeft)]
    return [(fact.step, fact.exit, fact.to) for fact in facts]


def talking(house: House) -> str:
    """A caller talks to alice; the name of the contact."""
    into_orders(house, house.carrier, "talking")
    (view,) = house.world.switch.control.calls()
    return view.contact


def test_an_agent_who_hangs_up_sends_the_caller_on() -> None:
    house = House()
    talking(house)
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(1.0)
    assert left(house) == [
        ("welcome", "next", "menu"), ("menu", "keys.1", "orders"), ("orders", "next", "bye"), ("bye", "end", ""),
    ]  # fmt: skip


def test_a_caller_who_hangs_up_has_left_the_step() -> None:
    house = House()
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(2.0)
    house.carrier.hang_up(call)
    house.world.run(1.0)
    assert left(house)[-1] == ("menu", "hangup", "")


def test_an_admin_who_hangs_up_has_ended_the_step() -> None:
    house = House()
    contact = talking(house)
    house.world.switch.control.hang_up(contact)
    house.world.run(1.0)
    assert left(house)[-1] == ("orders", "ended", "")


def test_a_step_that_was_begun_before_a_crash_lasted_from_its_beginning() -> None:
    house = House()
    call = into_orders(house, house.carrier, "talking")
    house.world.run(5.0)
    killed(house, 3.0)
    house.carrier.hang_up(call)
    house.world.run(1.0)
    (fact,) = [fact for fact in house.world.facts(StepLeft) if isinstance(fact, StepLeft) and fact.step == "orders"]
    assert 8.0 < fact.seconds < 12.0


def test_a_plan_knows_who_has_called_before_and_how_it_looks_in_the_queue() -> None:
    house = House(plans=plans(AGAIN))
    talking(house)
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(20.0)
    call = house.carrier.call("8000")
    house.world.run_until(lambda: bool(house.bob.talking))
    assert ("again?", "then.0", "service") in left(house)
    house.carrier.hang_up(call)


BLANK = CallRecord(
    "c", "inbound", "", "8000", "carrier", "shop", "", "", 0.0, 0.0, 0.0, 0.0, "completed", "caller", "", ""
)


def record(caller: str, ended_at: float, **values: Any) -> CallRecord:
    return replace(BLANK, caller=caller, ended_at=ended_at, **values)


def test_a_new_process_knows_the_latest_records_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.switch.outlook.NUMBERS", 2)
    switch = House().world.switch
    now, day_s = switch.unix, 86_400.0
    switch.outlook.restore([
        record("13800138000", now - day_s, queue="service", agent="bob", outcome="answered"),
        record("+8613800138000", now - 2 * day_s, queue="orders"),
        record("13800138000", now - 40 * day_s),
        record("anonymous", now - 5.0),
        record("1003", now - 3.0, kind="outbound"),
        record("13900139000", now - 9.0),
    ])  # fmt: skip
    known = switch.outlook.history("+86 138 0013 8000")
    assert (known["calls"], known["queue"], known["agent"]) == (2, "service", "bob")
    assert (switch.wall() - known["at"]).total_seconds() == pytest.approx(day_s, abs=1)
    assert switch.outlook.history("anonymous")["calls"] == switch.outlook.history("1003")["calls"] == 0
    switch.outlook.restore([record("13700137000", now)])  # whoever has called last is known
    assert [switch.outlook.history(one)["calls"] for one in ("13800138000", "13900139000", "13700137000")] == [0, 1, 1]
    assert switch.outlook.queue("nobody") is None


def test_a_new_process_expects_waits_by_the_latest_conversations() -> None:
    house = House()
    talking(house)
    switch = house.world.switch
    before = switch.outlook.queue("orders")
    talks = [record("13800138000", switch.unix - 9.0, queue="orders", connected_at=switch.unix - 49.0)] * 400
    gave_up = [record("13800138000", switch.unix - 9.0, queue="orders")] * 400
    switch.outlook.restore([*talks, *gave_up])
    after = switch.outlook.queue("orders")
    assert before is not None and after is not None
    assert before["expected_low"] < before["expected_wait"] < before["expected_high"]
    assert before["expected_wait"] > 100  # three minutes, which the queue is taken for
    assert 35 < after["expected_wait"] < 75  # 40 s of conversation, ringing and wrap-up


CARD = "4929123412341234"
SECRET = PLAN.replace(
    "welcome: {answer: {}, next: menu}",
    """welcome: {answer: {}, next: card}
  card:
    collect: {say: Your card?, save: card, max: 16, secret: true}
    next: fails
    failed: bye
  fails: {say: {number: "x{{ card }}"}, next: menu, failed: menu}""",
)


def test_a_secret_is_in_no_fact_no_trace_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """However it is pressed: as INFO it is on the wire."""
    caplog.set_level(logging.DEBUG)
    house = House(plans=plans(SECRET))
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(1.0)
    for digit in CARD:
        house.carrier.press(call, digit, Form.INFO)
        house.world.run(0.3)
    (view,) = house.world.switch.control.calls()
    assert view.step == "menu"
    messages = house.world.switch.control.trace(view.contact).messages
    infos = [one.octets for one in messages if one.octets.startswith(b"INFO") and not one.sent]
    assert len(infos) == len(CARD) and all(b"Signal=x" in octets for octets in infos)
    facts = repr(house.world.facts(DomainEvent))
    assert "StepFailed" in facts and "****" in facts
    assert CARD not in facts and CARD not in caplog.text
    house.carrier.hang_up(call)
