"""What a customer hears whom we have called: greeting, press 1, machine detection; both ways of calling back."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.callback.model import PromiseState
from softswitch.contact.answering import Answering, Follows
from softswitch.contact.treatment import Sound
from softswitch.switch.ports import Hushed
from tests.simnet.called_house import NUMBER, CalledHouse
from tests.simnet.phone import Call

HELLO = Sound("", {"en": "Hello, this is the shop."})
PRESS = "To talk to us now, press one."
ASKS = Answering(greeting=HELLO, press_1=True, press_s=5.0)
WAYS = pytest.mark.parametrize("first", ["agent", "customer"])


def picked_up(first: str, answering: Answering, **policy: Any) -> tuple[CalledHouse, Call]:
    house = CalledHouse(answering, policy={"first": first, **policy})
    call = house.answered()
    house.world.run(0.05)
    return house, call


def talks(house: CalledHouse, call: Call) -> bool:
    house.world.run(0.1)
    return bool(house.alice.talking) and house.hears(call) == "talk" == house.hears(house.alice.talking[0])


@WAYS
def test_the_greeting_is_heard_to_its_end_first(first: str) -> None:
    house, call = picked_up(first, Answering(greeting=HELLO))
    assert house.said(call) == ["Hello, this is the shop."]
    assert house.promise.state is (PromiseState.DIALLING if first == "agent" else PromiseState.ANSWERED)
    house.world.run(0.8)
    assert not talks(house, call)
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 2)
    assert talks(house, call)


@WAYS
def test_only_who_presses_1_is_put_through(first: str) -> None:
    house, call = picked_up(first, ASKS)
    assert house.said(call) == ["Hello, this is the shop.", PRESS]
    house.world.run(4)
    assert call.state == "talking" and house.promise.state is not PromiseState.KEPT
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 2)
    assert talks(house, call)


@WAYS
def test_he_need_not_hear_it_to_its_end(first: str) -> None:
    house, call = picked_up(first, ASKS)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 1)
    assert talks(house, call)


@WAYS
@pytest.mark.parametrize(
    ("follows", "state", "outcome"),
    [
        (Follows.MACHINE, PromiseState.RETRY_AT, "machine"),
        (Follows.HUNG_UP, PromiseState.RETRY_AT, "hung up"),
        (Follows.DECLINED, PromiseState.WITHDRAWN, "declined"),
    ],
)
def test_nobody_presses(first: str, follows: Follows, state: PromiseState, outcome: str) -> None:
    house, call = picked_up(first, Answering(press_1=True, press_s=5.0, unpressed=follows))
    house.world.run(5.8)  # one second of speech, and five
    assert call.state == "talking"
    house.world.run(0.5)
    assert call.state == "ended" and house.promise.state is state
    assert house.promise.outcome == house.outcomes()[0] == outcome
    house.world.run(15)
    assert house.agent("alice") == "ready"


@WAYS
@pytest.mark.parametrize("follows", [Follows.HUNG_UP, Follows.DECLINED])
def test_another_key(first: str, follows: Follows) -> None:
    house, call = picked_up(first, Answering(press_1=True, otherwise=follows))
    house.carrier.press(call, "5")
    house.world.run(0.5)
    assert call.state == "ended"
    assert house.promise.state is (PromiseState.RETRY_AT if follows is Follows.HUNG_UP else PromiseState.WITHDRAWN)
    assert house.promise.outcome == follows.value


@WAYS
def test_who_presses_9_is_never_called_again(first: str) -> None:
    house, call = picked_up(first, Answering(press_1=True, never_again=True))
    assert house.said(call)[-1] == "If you do not want us to call you again, press nine."
    house.carrier.press(call, "9")
    house.world.run(0.5)
    assert call.state == "ended" and house.promise.state is PromiseState.WITHDRAWN
    assert [row.number for row in house.world.switch.do_not_call.rows()] == [NUMBER]
    house.world.run(15)
    house.lose()
    house.ready()
    house.world.run(300)
    assert len(house.carrier.invites) == 1


def test_nine_is_a_wrong_key_where_it_was_not_offered() -> None:
    house, call = picked_up("customer", Answering(press_1=True))
    house.carrier.press(call, "9")
    house.world.run(0.5)
    assert call.state == "ended" and not house.world.switch.do_not_call.rows()
    assert house.promise.state is PromiseState.RETRY_AT


def test_what_is_pressed_without_a_question_is_nothing() -> None:
    house, call = picked_up("customer", Answering(greeting=HELLO))
    house.carrier.press(call, "15")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 3)


@WAYS
def test_he_hangs_up_while_he_is_greeted(first: str) -> None:
    house, call = picked_up(first, Answering(greeting=HELLO))
    house.carrier.hang_up(call)
    house.world.run(1)
    assert (house.promise.state, house.promise.outcome) == (PromiseState.RETRY_AT, "hung up")
    assert house.outcomes() == ["hung up"]
    house.world.run(15)
    assert house.agent("alice") == "ready" and not house.alice.talking


def test_the_time_to_an_agent_counts_from_the_end_of_the_greeting() -> None:
    house = CalledHouse(Answering(greeting=HELLO))
    house.alice.answer_after = 1.8
    call = house.answered()
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 4)
    assert talks(house, call)


def test_an_agent_who_hangs_up_while_the_customer_is_greeted_leaves_an_apology() -> None:
    house, call = picked_up("agent", ASKS)
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(0.1)
    assert house.said(call)[-1].startswith("We are sorry")
    assert (house.promise.state, house.promise.outcome) == (PromiseState.RETRY_AT, "dropped")
    house.world.run_until(lambda: call.state == "ended", 3)
    assert house.outcomes() == ["not served"]


def test_agent_first_the_greeting_may_be_longer_than_the_ledger_waits_for_an_answer() -> None:
    house = CalledHouse(Answering(press_1=True, press_s=30.0), policy={"first": "agent", "settle_s": 5.0})
    house.carrier.answer_after = 18.0  # of 20, and the ledger would give him up at 25
    call = house.answered()
    house.world.run(25)
    assert call.state == "talking" and house.promise.state is PromiseState.DIALLING
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 2)
    assert talks(house, call)


# ---- machines ----------------------------------------------------------------------------------------------------


def pauses(house: CalledHouse, call: Call) -> None:
    """The media plane hears him say nothing for as long as was asked."""
    stream = house.world.media.stream_of(call.rtp)
    assert house.world.media.awaited[stream] == pytest.approx(0.8)
    house.world.feed(Hushed(stream))


@WAYS
def test_who_speaks_on_is_a_machine(first: str) -> None:
    house, call = picked_up(first, Answering(machines=True))
    house.world.run(3.8)
    assert call.state == "talking"
    house.world.run(0.3)
    assert call.state == "ended"
    assert (house.promise.state, house.promise.outcome) == (PromiseState.RETRY_AT, "machine")
    assert house.promise.not_before == pytest.approx(house.world.switch.unix + 300, abs=1)
    assert house.outcomes() == ["machine"]


@WAYS
def test_who_says_a_word_and_waits_is_a_person(first: str) -> None:
    house, call = picked_up(first, Answering(greeting=HELLO, machines=True))
    house.world.run(1.5)
    assert not house.said(call)
    pauses(house, call)
    house.world.run(0.1)
    assert house.said(call) == ["Hello, this is the shop."]
    house.world.run_until(lambda: house.promise.state is PromiseState.KEPT, 4)
    assert talks(house, call)


def test_nothing_is_looked_for_where_it_is_not_asked() -> None:
    house, _ = picked_up("customer", Answering())
    assert not house.world.media.awaited
