"""What a tester found once: each of these went wrong before it was mended."""

from __future__ import annotations

import pytest

from softswitch.acd.model import AgentSpec, Need, QueueSpec, Relaxation, WrapUp
from softswitch.callback.model import Policy, PromiseState
from softswitch.contact.order import MakeLeg
from softswitch.core.effect import Effect
from softswitch.ivr.interpreter import Interpreter
from softswitch.sip.message import Message, Response
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call, SimPhone
from tests.simnet.world import SWITCH


def lose(house: House, caller: SimPhone, number: str, key: str = "1") -> None:
    """A caller of that number waits in a queue and gives up."""
    caller.user = number
    call = into_queue(house, caller, key)
    house.world.run(5)
    caller.hang_up(call)
    house.world.run(1)


def into_queue(house: House, caller: SimPhone, key: str = "1") -> Call:
    call = caller.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    caller.press(call, key)
    house.world.run(1)
    return call


def states(house: House) -> list[PromiseState]:
    return [promise.state for promise in house.world.switch.control.promises()]


def test_promises_older_than_the_relaxation_are_all_kept_while_agents_are_free() -> None:
    orders = QueueSpec(
        "orders", (Need("orders", 3),), (Relaxation(30.0, (Need("orders", 1),)),), wrap_up=WrapUp.timed(2.0)
    )
    agents = (AgentSpec("alice", "1001", (("orders", 5),)), AgentSpec("bob", "1002", (("orders", 2),)))
    house = House(login=False, agents=agents, queues=(orders, QueueSpec("service")))
    for number in range(5):
        lose(house, house.carrier, f"1380013800{number}")
    house.world.run(60)
    house.world.switch.control.log_in("bob")
    house.world.switch.control.log_in("alice")

    def kept_one() -> bool:
        for call in house.carrier.talking:
            house.carrier.hang_up(call)
        return states(house) == [PromiseState.KEPT] * 5

    house.world.run_until(kept_one, 120)


@pytest.mark.parametrize("waited_s", [0, 60])
def test_a_callback_is_made_by_an_agent_whom_only_the_relaxation_admits(waited_s: float) -> None:
    orders = QueueSpec(
        "orders", (Need("orders", 3),), (Relaxation(30.0, (Need("orders", 1),)),), wrap_up=WrapUp.timed(2.0)
    )
    house = House(
        login=False, agents=(AgentSpec("bob", "1002", (("orders", 2),)),), queues=(orders, QueueSpec("service"))
    )
    lose(house, house.carrier, "13800138000")
    lose(house, house.carrier, "13800138001")
    house.world.run(waited_s)
    house.world.switch.control.log_in("bob")
    house.world.run_until(lambda: house.carrier.talking, 60)
    assert len(house.carrier.invites) == 1
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run_until(lambda: states(house) == [PromiseState.KEPT] * 2, 120)


def test_a_customer_who_is_being_called_back_is_not_dialled_for_another_queue() -> None:
    policies = (Policy("orders", "carrier"), Policy("service", "carrier"))
    house = House(login=False, policies=policies)
    lose(house, house.carrier, "13800138000", "1")
    lose(house, house.carrier, "13800138000", "2")
    house.world.switch.control.log_in("alice")
    house.world.run_until(lambda: house.carrier.talking)
    house.world.switch.control.log_in("bob")
    house.world.run(60)
    assert len(house.carrier.invites) == 1 and not house.bob.calls
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run_until(lambda: len(house.carrier.invites) == 2)


def test_two_queues_that_share_an_agent_ask_for_the_agent_once() -> None:
    agents = (AgentSpec("alice", "1001", (("orders", 5), ("service", 5))),)
    policies = (Policy("orders", "carrier"), Policy("service", "carrier"))
    house = House(login=False, agents=agents, policies=policies)
    lose(house, house.carrier, "13800138000", "1")
    lose(house, house.carrier, "13800138001", "2")
    house.carrier.answer_after = None
    house.world.switch.control.log_in("alice")
    house.world.run(3)
    assert sorted(state.value for state in states(house)) in (["dialling", "due"], ["dialling", "recorded"])


def test_one_of_two_phones_declines_a_callback_and_the_other_stops_ringing() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    second = SimPhone(house.world, "1001", 6101, "pw-1001", answer_after=None)
    second.register()
    house.world.run_until(lambda: second.registered)
    lose(house, house.carrier, "13800138000")
    house.alice.reject = 603
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.calls and second.calls)
    house.world.run(2)
    assert second.calls[0].state == "ended"
    house.world.run(60)
    assert not house.world.switch.calls.contacts or house.agent("alice") != "ready"


@pytest.mark.parametrize(("code", "after"), [("*13", "ready"), ("*14", "logged_out")])
def test_a_feature_code_says_what_is_true(code: str, after: str) -> None:
    house = House(login=False)
    assert house.agent("alice") == "logged_out"
    call = house.alice.call(code)
    house.world.run_until(lambda: call.state == "ended")
    assert house.agent("alice") == after
    said = house.world.media.said[-1][1].text
    assert ("logged out" in said) == (after == "logged_out")


def test_logging_in_ends_a_break() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "lunch")
    call = house.alice.call("*11")
    house.world.run_until(lambda: call.state == "ended")
    assert house.agent("alice") == "ready"


def test_a_defect_of_ours_ends_the_one_call_that_it_met(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    other = house.desk.call("1002")
    house.world.run_until(lambda: other.state == "talking")
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Interpreter, "handle", broken)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: call.state == "ended", 5)
    assert house.world.facts(UnitFailed) and other.state == "talking"
    monkeypatch.undo()
    house.world.run(60)
    assert len(house.world.switch.calls.contacts) == 1


def test_a_leg_that_a_defect_kept_from_being_made_is_not_waited_for() -> None:
    house = House()

    def broken(_order: object) -> list[Effect]:
        raise RuntimeError("lost on purpose")

    house.world.switch._handlers[MakeLeg] = broken
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "ended", 5)
    assert not house.world.switch.calls.contacts


def test_an_offer_taken_and_hung_up_is_kept_though_its_write_failed() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    call = into_queue(house, house.carrier)
    house.world.run(25)
    house.world.store.holding = True
    house.carrier.press(call, "1")
    house.world.run(0.5)
    house.carrier.hang_up(call)
    house.world.run(0.5)
    house.world.store.release(1, ok=False)
    house.world.store.holding = False
    house.world.store.release()
    house.world.run(120)
    (promise,) = house.world.switch.control.promises()
    assert promise.number == "+8613800138000"


def test_a_challenge_is_not_repeated_to_an_address_that_may_be_forged() -> None:
    house = House()
    victim = ("127.0.0.9", 5060)
    arrived: list[Message] = []
    house.world.peers[victim] = lambda message, flow: arrived.append(message)
    invite = (
        "INVITE sip:1002@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKforged\r\n"
        "From: <sip:1004@softswitch>;tag=1\r\nTo: <sip:1002@softswitch>\r\nCall-ID: forged\r\nCSeq: 1 INVITE\r\n\r\n"
    )
    house.world.carry(invite.encode(), victim, SWITCH)
    house.world.run(60)
    assert [message.status for message in arrived if isinstance(message, Response)] == [401]
    assert not house.world.switch.endpoint


def test_two_phones_that_vanish_do_not_talk_for_ever() -> None:
    house = House()
    call = house.desk.call("1001")
    house.world.run_until(lambda: call.state == "talking")
    for phone in (house.desk, house.alice):
        house.world.peers[phone.address] = lambda message, flow: None
    house.world.run(300)
    assert not house.world.switch.calls.contacts and not house.world.media.streams


def test_two_phones_that_are_there_talk_as_long_as_they_like() -> None:
    house = House()
    call = house.desk.call("1001")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(3600)
    assert call.state == "talking" and house.alice.talking
