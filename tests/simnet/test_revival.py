"""Control is killed while people talk, wait and listen: a new one goes on with their calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.acd.model import Need, QueueSpec, WrapUp, WrapUpMode
from softswitch.call.record import CallRecord
from softswitch.call.signal import Renegotiate
from softswitch.contact.event import ContactFinished
from softswitch.switch.event import CallResumed, UnitFailed
from tests.simnet.former_house import written_by_former
from tests.simnet.house import PLAN, House, configuration, plans
from tests.simnet.phone import Call, SimPhone


def killed(house: House, away_s: float = 2.0) -> None:
    """kill -9 of control; another one is there after a while."""
    house.world.crash()
    house.world.run(away_s)
    house.world.start()
    house.world.run(0.1)


def upgraded(house: House) -> None:
    """The same, where the one that is killed was of the former version."""
    written_by_former(house)
    killed(house)


def outcomes(house: House) -> list[str]:
    return [event.outcome for event in house.world.facts(CallResumed)]


def ended(house: House) -> CallRecord:
    """Nothing is left of the only call; its record."""
    house.world.run(45)
    switch = house.world.switch
    assert not switch.calls.legs and not switch.calls.contacts and not house.world.media.streams
    assert not house.world.journal.found
    assert not house.world.facts(UnitFailed)
    (finished,) = house.world.facts(ContactFinished)
    assert isinstance(finished, ContactFinished)
    return finished.record


def phone_to_phone(house: House) -> tuple[Call, Call]:
    call = house.desk.call("1001")
    house.world.run_until(lambda: house.alice.talking and call.state == "talking")
    house.world.run(0.5)
    return call, house.alice.talking[0]


def into_orders(house: House, phone: SimPhone, until: str = "queued") -> Call:
    call = phone.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    phone.press(call, "1")
    house.world.run_until(lambda: until in [one.state for one in house.world.switch.control.calls()])
    house.world.run(0.2)
    return call


def hears(house: House, *calls: Call) -> list[str]:
    return [house.world.media.heard_by(call.rtp) for call in calls]


# ---- two phones ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ends", ["caller", "called"])
def test_two_phones_talk_on_and_either_can_hang_up(ends: str, seed: int) -> None:
    house = House(seed, loss=0.05 if seed else 0.0)
    caller, called = phone_to_phone(house)
    killed(house)
    assert outcomes(house) == ["resumed"]
    house.world.run(70)  # each is asked whether it is there
    assert (caller.state, called.state) == ("talking", "talking")
    assert hears(house, caller, called) == ["talk", "talk"]
    if ends == "caller":
        house.desk.hang_up(caller)
    else:
        house.alice.hang_up(called)
    house.world.run_until(lambda: caller.state == called.state == "ended")
    record = ended(house)
    assert record.ended_by == ends
    assert record.ended_at - record.connected_at == pytest.approx(72.6, abs=2.0)


def test_a_control_that_is_killed_again_and_again_loses_nobody() -> None:
    house = House()
    caller, called = phone_to_phone(house)
    for _ in range(4):
        killed(house, away_s=0.5)
        house.world.run(3)
    assert (caller.state, called.state) == ("talking", "talking")
    house.alice.hang_up(called)
    assert ended(house).ended_by == "called"


@pytest.mark.parametrize("dies", [killed, upgraded])
def test_who_holds_still_holds_and_can_resume(dies: Callable[[House], None]) -> None:
    house = House()
    caller, called = phone_to_phone(house)
    house.desk._tell(caller, Renegotiate("sendonly"))
    house.world.run(1)
    assert hears(house, called) == ["music"]
    dies(house)
    assert hears(house, called) == ["music"]
    house.desk._tell(caller, Renegotiate("sendrecv"))
    house.world.run(1)
    assert hears(house, caller, called) == ["talk", "talk"]
    house.alice._tell(called, Renegotiate("sendonly"))
    house.world.run(1)
    assert hears(house, caller) == ["music"]
    house.desk.hang_up(caller)
    ended(house)


def test_a_phone_that_hung_up_meanwhile_is_heard_when_it_says_so_again() -> None:
    house = House()
    caller, called = phone_to_phone(house)
    house.world.crash()
    house.world.run(1)
    house.desk.hang_up(caller)  # the BYE finds nobody, and is repeated
    house.world.run(1)
    house.world.start()
    house.world.run_until(lambda: called.state == "ended", 10)
    assert ended(house).ended_by == "caller"


def test_a_phone_that_forgot_the_call_ends_it() -> None:
    house = House()
    _, called = phone_to_phone(house)
    house.world.crash()
    del house.world.peers[house.desk.address]
    house.desk = SimPhone(house.world, "1004", 6004, "pw-1004")  # it was switched off and on
    house.world.run(1)
    house.world.start()
    house.world.run_until(lambda: called.state == "ended", 10)  # 481 says that there is no such dialog
    assert ended(house).ended_by == "network"


def test_of_a_call_that_only_rings_nothing_is_left() -> None:
    house = House()
    house.alice.answer_after = None
    house.desk.call("1001")
    house.world.run(2)
    killed(house)
    assert outcomes(house) == []
    assert not house.world.switch.calls.legs and not house.world.media.streams


# ---- the queue -------------------------------------------------------------------------------------------------


def test_the_agent_talks_again_and_is_in_wrap_up_after_it() -> None:
    house = House()
    call = into_orders(house, house.carrier, "talking")
    (recorded,) = house.world.media.recordings
    (contact,) = house.world.switch.calls.contacts
    killed(house)
    assert house.agent("alice") == "talking"
    assert house.world.switch.acd.agent("alice").contact == contact
    assert set(house.world.media.recordings) == {recorded}
    assert len(house.world.switch.trunks.lines["carrier"].legs) == 1
    house.world.run(20)
    house.carrier.hang_up(call)
    house.world.run_until(lambda: house.agent("alice") == "wrap_up", 5)
    house.world.run(11)
    assert house.agent("alice") == "ready"
    record = ended(house)
    assert (record.agent, record.queue, record.outcome) == ("alice", "orders", "answered")
    assert record.recording == f"{contact}.wav" and not house.world.media.recordings
    assert record.ended_at - record.connected_at == pytest.approx(22.5, abs=1.5)


@pytest.mark.parametrize(("wish", "state"), [("break", "paused"), ("", "logged_out")])
def test_what_an_agent_wants_after_the_call_is_not_forgotten(wish: str, state: str) -> None:
    house = House()
    call = into_orders(house, house.carrier, "talking")
    if wish:
        house.world.switch.control.set_paused("alice", wish)
    else:
        house.world.switch.control.log_out("alice")
    killed(house)
    assert house.agent("alice") == "talking"
    house.carrier.hang_up(call)
    house.world.run(12)
    assert house.agent("alice") == state


@pytest.mark.parametrize("moment", ["before", "in"])
@pytest.mark.parametrize(("wish", "state"), [("break", "paused"), ("", "logged_out")])
def test_what_an_agent_wants_after_wrap_up_is_not_forgotten(moment: str, wish: str, state: str) -> None:
    house = House()
    control = house.world.switch.control
    call = into_orders(house, house.carrier, "talking")
    if moment == "in":
        house.carrier.hang_up(call)
        house.world.run(1)
    if wish:
        control.set_paused("alice", wish)
    else:
        control.log_out("alice")
    if moment == "before":
        house.carrier.hang_up(call)
        house.world.run(1)
    assert house.agent("alice") == "wrap_up"
    killed(house)
    assert house.agent("alice") == state


def test_an_agent_who_asked_for_wrap_up_has_it_after_the_call_that_went_on() -> None:
    orders = QueueSpec("orders", (Need("orders", 3),), wrap_up=WrapUp(WrapUpMode.OPTIONAL, 10.0, 60.0))
    house = House(queues=(orders, QueueSpec("service")))
    call = into_orders(house, house.carrier, "talking")
    assert house.world.switch.control.ask_wrap_up("alice")
    killed(house)
    house.carrier.hang_up(call)
    house.world.run(1)
    assert house.agent("alice") == "wrap_up"


def test_who_waits_keeps_the_place_and_the_age() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    first = into_orders(house, house.carrier)
    house.world.run(10)
    second = into_orders(house, house.desk)
    house.world.run(2)
    (queue,) = [one for one in house.world.switch.control.queues() if one.queue == "orders"]
    assert queue.waiting == 2
    longest = queue.longest_wait_s
    killed(house)
    assert outcomes(house) == ["resumed", "resumed"]
    assert hears(house, first, second) == ["music", "music"]
    (queue,) = [one for one in house.world.switch.control.queues() if one.queue == "orders"]
    assert (queue.waiting, queue.longest_wait_s) == (2, pytest.approx(longest + 2.1, abs=0.01))
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: hears(house, first) == ["talk"], 5)
    assert hears(house, second) != ["talk"]
    house.carrier.hang_up(first)
    house.world.run_until(lambda: hears(house, second) == ["talk"], 15)


def test_who_waits_is_offered_a_callback_when_the_time_has_come() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    call = into_orders(house, house.carrier)
    house.world.run(10)
    killed(house)
    house.world.run_until(lambda: any("call" in prompt.text for _, prompt in house.world.media.said[-1:]), 12)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: call.state == "ended")
    (promise,) = house.world.switch.control.promises()
    assert promise.stage == "accepted-offer"


@pytest.mark.parametrize("dies", [killed, upgraded])
def test_while_the_agents_phone_rang_the_caller_is_offered_again_and_the_ringing_is_called_off(
    dies: Callable[[House], None],
) -> None:
    house = House()
    house.alice.answer_after = None
    call = into_orders(house, house.carrier, "ringing")
    (before,) = house.alice.calls
    house.alice.answer_after = 0.5
    dies(house)
    house.world.run_until(lambda: hears(house, call) == ["talk"], 5)
    assert house.agent("alice") == "talking" and before.state == "ended"
    house.carrier.hang_up(call)
    ended(house)


def test_an_agent_who_took_the_call_while_control_was_away_is_let_go_and_offered_it_again() -> None:
    house = House()
    house.alice.answer_after = None
    call = into_orders(house, house.carrier, "ringing")
    (before,) = house.alice.calls
    house.world.crash()
    house.world.run(0.5)
    house.alice.answer(before)  # its 200 finds nobody, and is repeated
    house.alice.answer_after = 0.5
    house.world.run(1.5)
    house.world.start()
    house.world.run_until(lambda: before.state == "ended", 10)
    house.world.run_until(lambda: hears(house, call) == ["talk"], 20)
    house.carrier.hang_up(call)
    ended(house)


def test_a_full_queue_takes_back_who_was_in_it() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    call = into_orders(house, house.carrier)
    queues = tuple(replace(spec, max_waiting=0) for spec in house.world.configuration.queues)
    house.world.configuration = configuration(queues=queues)
    killed(house)
    assert hears(house, call) == ["music"]


# ---- the dialplan ----------------------------------------------------------------------------------------------


def test_who_listens_to_a_menu_hears_it_once_more() -> None:
    house = House()
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    said = len(house.world.media.said)
    killed(house)
    assert hears(house, call) == ["prompt"]
    assert house.world.media.said[-1][1] == house.world.media.said[0][1] and said
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.alice.talking, 5)


def test_a_plan_that_is_gone_ends_the_call_in_order() -> None:
    house = House()
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.world.configuration = configuration(plans={})
    house.world.shelf.kept.clear()
    killed(house)
    assert outcomes(house) == ["ended"]
    house.world.run_until(lambda: call.state == "ended", 5)
    assert ended(house).ended_by == "us"


def test_a_step_that_is_gone_ends_the_call_in_order() -> None:
    house = House()
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    changed = PLAN.replace("menu:\n", "ask:\n").replace("next: menu", "next: ask")
    house.world.configuration = configuration(plans=plans(changed.replace("    ask:\n", "    menu:\n")))
    house.world.shelf.kept.clear()
    killed(house)
    house.world.run_until(lambda: call.state == "ended", 5)
    ended(house)
