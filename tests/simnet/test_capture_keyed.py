"""Callers who say at which number to call them: in the dialplan, and in a queue without losing the place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import PromiseState
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call
from tests.simnet.test_capture import ALWAYS, PLAN, QUEUES, calls, centre, leaves, promised, refused, told

KEYED = PLAN.replace("later: {callback: orders,", "later: {callback: {queue: orders, ask: true},")
OFFERED = PLAN.replace(
    "{name: orders, exit: {key: 0, to: main}}",
    "{name: orders, exit: {key: 0, to: main}, offer_callback: {after: 20s, key: 1, another_number: true}}",
)
DIRECT = KEYED.replace("start: ringing", "start: later0").replace(
    "  later:", "  later0: {when: {if: called == 'x', then: ringing}, else: later}\n  later:"
)
MINE, OTHER = "+8613800138000", "+8613900001111"


def said(house: House, call: Call) -> str:
    stream = house.world.media.stream_of(call.rtp)
    return [prompt.text for name, prompt in house.world.media.said if name == stream][-1]


def keys(house: House, call: Call, digits: str) -> None:
    for digit in digits:
        house.carrier.press(call, digit)
        house.world.run(0.3)


def asked(house: House) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(1)
    return call


def offered(house: House) -> Call:
    call = calls(house, "11")
    house.world.run_until(lambda: "keep your place" in said(house, call), 60)
    return call


def ended(house: House, call: Call) -> None:
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    assert not house.world.facts(UnitFailed)


# ---- in the dialplan -------------------------------------------------------------------------------------------------


def test_a_number_in_national_form_is_read_back_confirmed_and_promised() -> None:
    house = centre(DIRECT)
    call = asked(house)
    keys(house, call, "213900001111#")
    assert "one three nine zero" in said(house, call)
    assert not promised(house)  # nothing before he has confirmed it
    keys(house, call, "1")
    ended(house, call)
    assert told(house) == [(OTHER, "orders", "keyed", "later")]


def test_who_is_called_at_another_number_is_not_called_at_his_own_for_an_earlier_loss() -> None:
    house = centre(DIRECT)
    leaves(house, asked(house), 3)
    assert told(house) == [(MINE, "orders", "ivr", "later")]
    call = asked(house)
    keys(house, call, "213900001111#1")
    ended(house, call)
    assert [(one.number, one.state.value) for one in promised(house)] == [(OTHER, "due"), (MINE, "withdrawn")]
    call = asked(house)  # and at his own, keyed in, it is his own
    keys(house, call, "213800138000#1")
    ended(house, call)
    assert [one.number for one in promised(house) if one.state.value == "due"] == [OTHER, MINE]


def test_the_promise_is_spoken_of_only_when_it_is_durable() -> None:
    house = centre(
        DIRECT.replace("later: {callback", "yes: {say: 'We will call.', next: bye}\n  later: {callback").replace(
            "ask: true}, next: bye", "ask: true}, next: yes"
        )
    )
    call = asked(house)
    keys(house, call, "213900001111#")
    house.world.store.away = True
    keys(house, call, "1")
    ended(house, call)
    assert not said_at_all(house, "We will call")
    assert not promised(house)


def test_who_hangs_up_when_he_has_confirmed_is_called_at_that_number_and_at_no_other() -> None:
    house = centre(DIRECT)
    call = asked(house)
    keys(house, call, "213900001111#")
    house.carrier.press(call, "1")
    house.carrier.hang_up(call)
    house.world.run(3)
    assert told(house) == [(OTHER, "orders", "keyed", "later")]


def test_who_hangs_up_when_he_has_confirmed_is_not_called_at_his_own_for_an_earlier_loss() -> None:
    house = centre(DIRECT)
    leaves(house, asked(house), 3)
    call = asked(house)
    keys(house, call, "213900001111#")
    house.carrier.press(call, "1")
    house.carrier.hang_up(call)
    house.world.run(3)
    assert [(one.number, one.state.value) for one in promised(house)] == [(OTHER, "due"), (MINE, "withdrawn")]


def test_who_hangs_up_before_is_lost_in_the_dialplan() -> None:
    house = centre(DIRECT)
    call = asked(house)
    keys(house, call, "213900001111#")
    leaves(house, call, 1)
    assert told(house) == [(MINE, "orders", "ivr", "later")]


def test_a_withheld_caller_is_asked_and_an_emergency_number_is_not_taken() -> None:
    house = centre(DIRECT)
    house.carrier.user = "anonymous"
    call = asked(house)
    assert "Please enter the number" in said(house, call)
    keys(house, call, "110#")
    keys(house, call, "01062345678#1")
    ended(house, call)
    assert told(house) == [("+861062345678", "orders", "keyed", "later")]
    assert not refused(house)  # he was told at once, and nothing was lost


@pytest.mark.parametrize(("user", "why"), [("anonymous", "withheld"), ("+861062345678;ext=12", "extension")])
def test_a_caller_without_a_number_of_his_own_who_is_lost_is_counted(user: str, why: str) -> None:
    house = centre()
    house.carrier.user = user
    leaves(house, calls(house), 5)
    assert not promised(house) and refused(house) == [("orders", "ivr", why)]


def test_an_extension_is_not_the_main_line_at_the_door_either() -> None:
    house = centre(max_calls=1)
    house.carrier.user = "+861062345678;ext=12"
    first = house.desk.call("8000")
    house.world.run_until(lambda: first.state == "talking")
    calls(house)
    house.world.run(1)
    assert not promised(house) and refused(house) == [("orders", "shed", "extension")]


def test_where_the_queue_does_not_take_keyed_numbers_the_plan_goes_on() -> None:
    house = centre(DIRECT)
    policies = tuple(replace(one, stages=("accepted-offer",)) for one in house.world.switch.configuration.policies)
    house = centre(DIRECT, policies=policies)
    call = asked(house)
    keys(house, call, "213900001111#1")
    ended(house, call)
    assert not promised(house) and refused(house) == [("orders", "keyed", "policy")]


# ---- in the queue ----------------------------------------------------------------------------------------------------


def test_another_number_in_the_queue_keeps_the_place() -> None:
    house = centre(OFFERED)
    call = offered(house)
    keys(house, call, "1")
    assert "For another number" in said(house, call)
    keys(house, call, "213900001111#1")
    ended(house, call)
    (promise,) = promised(house)
    assert (promise.number, promise.stage, promise.queue, promise.step) == (OTHER, "keyed", "orders", "orders")
    assert promise.recorded_at - house.world.switch.clock.epoch < house.world.now - 20  # since he is in the line
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: promised(house)[0].state is PromiseState.KEPT)


def test_his_own_number_in_the_queue_is_an_accepted_offer() -> None:
    house = centre(OFFERED)
    call = offered(house)
    keys(house, call, "11")
    ended(house, call)
    assert told(house) == [(MINE, "orders", "accepted-offer", "orders")]


def test_a_withheld_caller_in_the_queue_is_offered_it_too() -> None:
    house = centre(OFFERED)
    house.carrier.user = "anonymous"
    call = offered(house)
    keys(house, call, "1")
    assert "Please enter the number" in said(house, call)
    keys(house, call, "13900001111#1")
    ended(house, call)
    assert told(house) == [(OTHER, "orders", "keyed", "orders")]


def test_an_agent_who_is_found_meanwhile_has_him_and_nothing_was_promised() -> None:
    house = centre(OFFERED)
    call = offered(house)
    keys(house, call, "121390")
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.talking)
    keys(house, call, "0001111#1")
    house.world.run(2)
    assert call.state == "talking" and not promised(house)
    leaves(house, call)
    assert not promised(house) and not refused(house)


@pytest.mark.parametrize("hangs_up_first", [False, True])
@pytest.mark.parametrize("pressed", ["1213900001111#1", "11"])
def test_an_agent_who_answers_while_the_promise_is_being_written_has_kept_it(
    pressed: str, hangs_up_first: bool
) -> None:
    house = centre(OFFERED)
    house.alice.answer_after = 1.0
    call = offered(house)
    keys(house, call, pressed[:-1])
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.calls)
    house.world.store.holding = True
    house.carrier.press(call, pressed[-1])
    house.world.run(1.5)
    assert house.alice.talking and call.state == "talking"
    if hangs_up_first:
        leaves(house, call, 0.5)
    house.world.store.holding = False
    house.world.store.release()
    house.world.run(0.5)
    if not hangs_up_first:
        leaves(house, call)
    assert [(one.state, one.outcome) for one in promised(house)] == [(PromiseState.WITHDRAWN, "reached agent")]
    assert not house.world.facts(UnitFailed)


def test_who_gives_no_number_stays_in_the_line_and_may_try_again() -> None:
    house = centre(OFFERED, queues=(replace(QUEUES[0], max_wait_s=300.0), QUEUES[1]))
    call = offered(house)
    keys(house, call, "12")
    keys(house, call, "9#9#9#")
    house.world.run(5)
    assert call.state == "talking" and not promised(house)
    keys(house, call, "1213900001111#1")
    ended(house, call)
    assert told(house) == [(OTHER, "orders", "keyed", "orders")]


def test_who_hangs_up_while_he_keys_has_abandoned() -> None:
    house = centre(OFFERED)
    call = offered(house)
    keys(house, call, "121390")
    leaves(house, call)
    assert told(house) == [(MINE, "orders", "abandoned", "orders")]


def test_who_is_turned_away_while_he_keys_is_promised_it_all_the_same() -> None:
    house = centre(OFFERED)
    call = offered(house)
    keys(house, call, "1")
    house.world.run(3)
    keys(house, call, "213900")
    house.world.run(2)  # the longest wait is over by now
    keys(house, call, "001111#1")
    ended(house, call)
    assert told(house) == [(OTHER, "orders", "keyed", "orders")]


def test_who_is_turned_away_while_he_keys_and_gives_no_number_takes_the_plans_way() -> None:
    house = centre(OFFERED)
    call = offered(house)
    keys(house, call, "12")
    house.world.run(8)  # the longest wait is over by now
    keys(house, call, "9#9#9#")
    ended(house, call)
    assert said_at_all(house, "All lines are busy")
    assert told(house) == [(MINE, "orders", "queue-full", "bye")]


def said_at_all(house: House, text: str) -> bool:
    return any(text in prompt.text for _, prompt in house.world.media.said)


def test_a_restart_while_he_keys_leaves_him_in_his_place() -> None:
    house = centre(OFFERED, queues=(replace(QUEUES[0], max_wait_s=300.0), QUEUES[1]), calendar=ALWAYS)
    call = offered(house)
    keys(house, call, "121390")
    house.world.run(1)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(5)
    assert call.state == "talking"
    keys(house, call, "1213900001111#1")
    ended(house, call)
    assert told(house) == [(OTHER, "orders", "keyed", "orders")]


def test_who_names_one_number_too_many_is_not_asked_for_another_one() -> None:
    house = centre(DIRECT)
    for n in range(5):
        call = asked(house)
        keys(house, call, f"21390000111{n}#1")
        ended(house, call)
    call = asked(house)
    keys(house, call, "213900002222#1")
    ended(house, call)
    assert not said_at_all(house, "cannot call this number"), "another one would do no better"
    assert [one.number for one in promised(house)] == [f"+861390000111{n}" for n in range(5)]
    assert [why for *_, why in refused(house)] == ["keyed-often"]
