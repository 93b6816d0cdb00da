"""A campaign whose customers are led by a dialplan: it knows what the list says of them, and needs no agent."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.acd.model import Need, QueueSpec
from softswitch.callback.model import Policy, Promise, PromiseState
from softswitch.contact.answering import Answering
from softswitch.contact.event import ContactFinished
from softswitch.switch.event import CallResumed, UnitFailed
from tests.simnet.called_house import NUMBER, PLAIN_S
from tests.simnet.house import PLAN, House, plans
from tests.simnet.phone import Call

REMINDER = """
dialplan: reminder
language: en
start: tell
steps:
  tell: {say: "Dear {{ caller.name }}, {{ campaign.name }}: {{ campaign.due }} is due.", next: ask}
  ask:
    menu:
      say: Press 1 to talk to us, 2 to hear it again.
      keys: {1: agent, 2: tell}
      timeout: 5s
      tries: 1
      failed: bye
  agent:
    queue: {name: orders, failed: sorry, full: sorry, timeout: sorry}
    next: bye
  sorry: {say: Nobody is there., next: bye}
  bye: {say: Goodbye., next: end}
  end: {hangup: normal}
"""
DIALS = """dial: {user: "1004"}
    busy: sorry
    no_answer: sorry
    failed: sorry"""


class ReminderHouse(House):
    """``carrier`` has the customer's phone; his promise came from a list."""

    def __init__(
        self,
        plan: str = REMINDER,
        answering: Answering | None = None,
        settle_s: float = 32.0,
        name: str = "Ann",
        **house: Any,
    ) -> None:
        policy = Policy("orders", "carrier", campaign="payments", plan="reminder", first="customer", stages=(),
                        settle_s=settle_s, **PLAIN_S)  # type: ignore[arg-type]  # fmt: skip
        both = {**plans(PLAN), **plans(plan)}
        told = {"payments": answering} if answering else {}
        super().__init__(policies=(policy,), plans=both, answering=told, **house)
        self.alice.answer_after = 0.3
        now = self.world.switch.unix
        row = Promise("promise-1", NUMBER, "orders", "imported", PromiseState.RECORDED, "", now, campaign="payments",
                      variables=(("due", "12 euros"), ("name", name)))  # fmt: skip
        self.world.store.put_promise(row, "")
        self.world.run(0.1)
        self.world.crash()
        self.world.start()  # the row is found

    def answered(self) -> Call:
        self.world.run_until(lambda: self.carrier.talking, 30)
        return self.carrier.talking[0]

    @property
    def promise(self) -> Promise:
        (promise,) = self.world.switch.control.promises()
        return promise

    def said(self, call: Call) -> list[str]:
        stream = self.world.media.stream_of(call.rtp)
        return [prompt.text for there, prompt in self.world.media.said if there == stream]

    def record(self) -> Any:
        assert not self.world.facts(UnitFailed)
        (finished,) = self.world.facts(ContactFinished)
        return finished.record


def test_he_hears_what_the_list_says_of_him_and_the_end_keeps_the_promise() -> None:
    house = ReminderHouse()
    call = house.answered()
    house.world.run(0.1)
    assert house.said(call) == ["Dear Ann, payments: 12 euros is due."]
    house.world.run_until(lambda: call.state == "ended", 30)
    house.world.run(0.1)
    assert house.promise.state is PromiseState.KEPT
    record = house.record()
    assert (record.kind, record.plan, record.promise, record.outcome) == (
        "callback",
        "reminder",
        "promise-1",
        "completed",
    )


def test_a_name_of_two_lines_is_one_line_to_a_phone() -> None:
    """A cell of a list may have lines; a header of SIP may not."""
    asks = REMINDER.replace("queue: {name: orders, failed: sorry, full: sorry, timeout: sorry}", DIALS)
    house = ReminderHouse(asks, name='Ann\nX-Evil: "1"\n\n\tLee ')
    call = house.answered()
    house.world.run(1.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 5)
    assert house.desk.talking and not house.world.facts(UnitFailed)
    assert house.said(call)[0].startswith('Dear Ann X-Evil: "1" Lee, ')


def test_no_agent_is_rung_for_it() -> None:
    house = ReminderHouse()
    call = house.answered()
    house.world.run_until(lambda: call.state == "ended", 30)
    house.world.run(0.1)
    assert house.promise.state is PromiseState.KEPT
    assert not house.alice.calls and house.agent("alice") == "ready"


def test_an_agent_keeps_it_too() -> None:
    house = ReminderHouse()
    call = house.answered()
    house.world.run(1.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 3)
    house.world.run(0.1)
    assert house.world.media.heard_by(call.rtp) == "talk"
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(3)
    assert call.state == "ended" and house.promise.state is PromiseState.KEPT
    assert house.record().agent == "alice"


def test_so_does_a_phone_that_the_plan_rings() -> None:
    queue = "queue: {name: orders, failed: sorry, full: sorry, timeout: sorry}"
    house = ReminderHouse(REMINDER.replace(queue, "dial: {user: 1002, failed: sorry}"))
    call = house.answered()
    house.world.run(1.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 3)
    house.carrier.hang_up(call)
    house.world.run(1)
    assert house.record().outcome == "answered" and house.promise.state is PromiseState.KEPT


def test_who_waits_there_for_an_agent_waits_as_long_as_the_plan_says() -> None:
    house = ReminderHouse()
    house.world.switch.control.set_paused("alice", "break")
    call = house.answered()
    house.world.run(1.5)
    house.carrier.press(call, "1")
    house.world.run(60)  # much longer than agent_within_s, and than the ledger waits for a word of it
    assert call.state == "talking" and house.promise.state is PromiseState.ANSWERED
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 3)


def test_who_hangs_up_in_the_middle_is_called_again() -> None:
    house = ReminderHouse()
    call = house.answered()
    house.world.run(0.5)
    house.carrier.hang_up(call)
    house.world.run(0.5)
    assert (house.promise.state, house.promise.outcome) == (PromiseState.RETRY_AT, "hung up")


def test_who_hangs_up_at_the_farewell_has_heard_it() -> None:
    house = ReminderHouse()
    call = house.answered()
    house.world.run_until(lambda: "Goodbye." in [prompt.text for _, prompt in house.world.media.said], 30)
    house.world.run(0.1)
    house.carrier.hang_up(call)
    house.world.run(0.5)
    assert house.promise.state is PromiseState.KEPT


def test_a_queue_that_had_nobody_for_him_keeps_nothing() -> None:
    queues = (QueueSpec("orders", (Need("orders", 3),), max_wait_s=5.0), QueueSpec("service"))
    house = ReminderHouse(queues=queues)
    house.world.switch.control.set_paused("alice", "break")
    call = house.answered()
    house.world.run(1.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: call.state == "ended", 20)
    house.world.run(0.1)
    assert house.promise.state is PromiseState.RETRY_AT


def test_a_plan_that_fails_keeps_nothing() -> None:
    broken = '  tell: {set: {sum: "{{ campaign.amount + 1 }}"}, next: ask}'
    house = ReminderHouse("\n".join(broken if "tell:" in line else line for line in REMINDER.splitlines()))
    call = house.answered()
    house.world.run_until(lambda: call.state == "ended", 5)
    house.world.run(0.1)
    assert house.promise.state is PromiseState.RETRY_AT


def test_press_1_comes_before_the_plan() -> None:
    house = ReminderHouse(answering=Answering(press_1=True))
    call = house.answered()
    house.world.run(2)
    assert len(house.said(call)) == 1
    house.carrier.press(call, "1")
    house.world.run(0.1)
    assert house.said(call)[-1].startswith("Dear Ann")


def test_the_ledger_hears_of_him_before_it_would_give_him_up() -> None:
    house = ReminderHouse(settle_s=1.0)
    house.world.switch.control.set_paused("alice", "break")
    call = house.answered()
    house.world.run(1.5)
    house.carrier.press(call, "1")
    house.world.run(30)
    assert call.state == "talking" and house.promise.state is PromiseState.ANSWERED


@pytest.mark.parametrize("after_s", [0.5, 3.0])
def test_control_dies_while_the_plan_leads(after_s: float) -> None:
    house = ReminderHouse()
    call = house.answered()
    house.world.run(after_s)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(0.1)
    assert [event.outcome for event in house.world.facts(CallResumed)] == ["resumed"]
    assert house.promise.state is PromiseState.ANSWERED
    assert house.said(call)  # the step once more
    house.world.run_until(lambda: call.state == "ended", 30)
    house.world.run(200)
    assert len(house.carrier.invites) == 1


def test_a_plan_that_is_gone_calls_nobody() -> None:
    house = ReminderHouse(REMINDER.replace("dialplan: reminder", "dialplan: another"))
    house.world.run_until(lambda: house.promise.state is PromiseState.RETRY_AT, 30)
    assert not house.carrier.invites
