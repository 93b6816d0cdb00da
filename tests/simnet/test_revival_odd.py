"""Control is killed at an odd moment: in the middle of a transfer, a message, a callback; or its notes are damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from softswitch.acd.model import AgentSpec
from softswitch.callback.model import PromiseState
from softswitch.contact.event import ContactFinished
from softswitch.contact.mailbox import VoicemailLeft
from softswitch.contact.seats import SeatRules
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from softswitch.sip.flow import Address, Flow
from softswitch.sip.location import Binding
from softswitch.sip.message import Message, Request
from softswitch.switch.event import UnitFailed
from softswitch.switch.journal import VERSION
from tests.simnet.house import House
from tests.simnet.test_promise import abandoned, state
from tests.simnet.test_revival import ended, hears, into_orders, killed, outcomes, phone_to_phone
from tests.simnet.transfer_house import TransferHouse, all_over, hear_each_other, queued, talk
from tests.simnet.world import EPOCH, SWITCH

# ---- transfers -------------------------------------------------------------------------------------------------


def test_a_transfer_that_was_not_through_gives_the_call_back() -> None:
    house = TransferHouse()
    call, theirs = talk(house, house.desk, house.bob)
    house.carl.answer_after = None
    house.bob.refer(theirs, "1003")
    house.world.run(1.0)
    assert house.world.media.heard_by(call.rtp) == "music"
    killed(house)
    assert hear_each_other(house, call, theirs)
    house.bob.hang_up(theirs)
    all_over(house)
    assert call.state == "ended"


def test_who_was_transferred_talks_on() -> None:
    house = TransferHouse()
    call, theirs = queued(house)
    house.alice.refer(theirs, "1003")
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(1)
    killed(house)
    assert hear_each_other(house, call, house.carl.talking[0])
    house.carl.refer(house.carl.talking[0], "1004")  # and can be transferred again
    house.world.run_until(lambda: house.desk.talking)
    house.world.run(0.5)
    assert hear_each_other(house, call, house.desk.talking[0])
    house.carrier.hang_up(call)
    all_over(house)


def test_a_transfer_after_the_restart_goes_through() -> None:
    house = TransferHouse()
    call, theirs = talk(house, house.desk, house.bob)
    killed(house)
    house.bob.refer(theirs, "1003")
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(0.5)
    assert hear_each_other(house, call, house.carl.talking[0]) and theirs.state == "ended"
    killed(house)
    house.desk.hang_up(call)
    all_over(house)


# ---- messages, callbacks ---------------------------------------------------------------------------------------


def test_a_message_goes_on_being_left() -> None:
    plan = """
dialplan: box
numbers: ["8001"]
language: en
start: box
steps:
  box: {voicemail: {mailbox: "1001", max: 60s}, next: bye, failed: bye}
  bye: {hangup: normal}
"""
    known = PlanWorld(users=frozenset({"1001"}), speech=True)
    found, problems = load_plans({"box.yaml": plan}, known)
    assert not [problem for problem in problems if problem.level == "error"], problems
    house = House(plans=found)
    call = house.carrier.call("8001")
    house.world.run_until(lambda: house.world.media.recordings)
    house.world.run(3)
    killed(house)
    assert house.world.media.recordings
    house.world.run(3)
    house.carrier.hang_up(call)
    ended(house)
    (left,) = house.world.facts(VoicemailLeft)
    assert left.message.duration_s == pytest.approx(8.1, abs=0.5)


def test_a_customer_who_is_called_back_talks_on_and_the_promise_is_kept() -> None:
    house = House()
    abandoned(house)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(1)
    killed(house)
    assert hears(house, house.carrier.talking[0], house.alice.talking[0]) == ["talk", "talk"]
    assert house.agent("alice") == "talking"
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run(200)
    assert house.agent("alice") == "ready" and len(house.carrier.invites) == 1
    record = house.world.facts(ContactFinished)[-1].record
    assert (record.kind, record.outcome, record.agent) == ("callback", "answered", "alice")
    assert not house.world.facts(UnitFailed)


def test_a_customer_of_whom_the_store_has_not_heard_is_not_called_twice() -> None:
    house = House()
    abandoned(house)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.carrier.calls and house.carrier.calls[-1].state == "ringing", 30)
    house.world.store.holding = True
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(0.5)
    house.world.crash()
    house.world.store.release(ok=False)  # it was never written
    house.world.store.holding = False
    house.world.start()
    house.world.run(1)
    assert state(house) is PromiseState.KEPT
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run(300)
    assert len(house.carrier.invites) == 1


def test_an_agent_whose_customer_still_rang_is_let_go_and_the_customer_is_called_again() -> None:
    house = House()
    abandoned(house)
    house.carrier.answer_after = None
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.carrier.calls and house.carrier.calls[-1].state == "ringing", 30)
    house.world.run(1)
    assert house.alice.talking
    killed(house)
    assert outcomes(house) == ["ended"]
    house.world.run(1)
    assert not house.alice.talking
    assert state(house) is PromiseState.UNCERTAIN
    house.carrier.answer_after = 0.5
    house.world.run_until(lambda: state(house) is PromiseState.KEPT, 300)


# ---- notes that cannot be used -----------------------------------------------------------------------------------


def _other_version(octets: bytes) -> bytes:
    version, *rest = msgspec.msgpack.decode(octets)
    assert version == VERSION
    return msgspec.msgpack.encode([VERSION + 1, *rest])


def _no_contact(octets: bytes) -> bytes:
    version, legs, _, *rest = msgspec.msgpack.decode(octets)
    return msgspec.msgpack.encode([version, legs, ["something", "else"], *rest])


def _no_media(octets: bytes) -> bytes:
    version, legs, contact, work, _, *rest = msgspec.msgpack.decode(octets)
    return msgspec.msgpack.encode([version, legs, contact, work, b"no memory", *rest])


@pytest.mark.parametrize("damage", [_other_version, _no_contact, _no_media])
def test_both_sides_of_a_call_that_cannot_go_on_are_told_so(damage: Callable[[bytes], bytes]) -> None:
    house = House()
    caller, called = phone_to_phone(house)
    found = house.world.journal.found
    house.world.journal.found = {name: damage(octets) for name, octets in found.items()}
    killed(house)
    house.world.run(1)
    assert (caller.state, called.state) == ("ended", "ended")
    house.world.run(60)
    assert not house.world.switch.calls.legs and not house.world.media.streams and not house.world.journal.found
    assert not house.world.facts(UnitFailed)


def test_of_a_call_whose_sound_cannot_go_on_there_is_a_record() -> None:
    house = House()
    phone_to_phone(house)
    found = house.world.journal.found
    house.world.journal.found = {name: _no_media(octets) for name, octets in found.items()}
    killed(house)
    assert outcomes(house) == ["failed"]
    record = ended(house)
    assert (record.caller, record.called, record.outcome) == ("1004", "1001", "answered")


@pytest.mark.parametrize("octets", [b"", b"\x00", b"\x93\x01\x90", msgspec.msgpack.encode([1, [{}], None, [], b""])])
def test_notes_that_say_nothing_harm_no_other_call(octets: bytes) -> None:
    house = House()
    caller, called = phone_to_phone(house)
    house.world.journal.found = {"c-damaged": octets, **house.world.journal.found}
    killed(house)
    assert sorted(outcomes(house)) == ["failed", "resumed"]
    assert hears(house, caller, called) == ["talk", "talk"]
    house.desk.hang_up(caller)
    ended(house)


def test_an_agent_or_a_queue_that_is_gone_harms_nobody() -> None:
    house = House()
    call = into_orders(house, house.carrier, "talking")
    wait = into_orders(house, house.desk)
    now = house.world.configuration
    queues = tuple(one for one in now.queues if one.name != "orders")
    agents = tuple(one for one in now.agents if one.name != "alice")
    house.world.configuration = replace(now, queues=queues, agents=agents, policies=())
    killed(house)
    assert hears(house, call) == ["talk"]
    house.world.run(3)
    assert wait.state == "ended"  # as where a queue is unknown: the plan's way out
    house.carrier.hang_up(call)
    house.world.run(45)
    assert not house.world.switch.calls.legs and not house.world.facts(UnitFailed)


def test_who_asked_for_wrap_up_and_is_gone_from_the_file_talks_on() -> None:
    house = House()
    call = into_orders(house, house.carrier, "talking")
    assert house.world.switch.control.ask_wrap_up("alice")
    house.world.configuration = replace(house.world.configuration, agents=house.world.configuration.agents[1:])
    killed(house)
    assert hears(house, call) == ["talk"]
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(45)
    assert not house.world.switch.calls.legs and not house.world.facts(UnitFailed)


def test_who_talks_for_a_queue_that_is_gone_is_offered_nothing_until_that_is_over() -> None:
    house = House(agents=(AgentSpec("alice", "1001", (("orders", 5), ("service", 5))),), policies=(), login=False)
    house.world.switch.control.log_in("alice")
    call = into_orders(house, house.carrier, "talking")
    house.world.configuration = replace(house.world.configuration, queues=house.world.configuration.queues[1:])
    killed(house)
    assert hears(house, call) == ["talk"]
    wait = house.desk.call("8000")
    house.world.run_until(lambda: wait.state == "talking")
    house.world.run(0.5)
    house.desk.press(wait, "2")
    house.world.run(5)
    assert hears(house, call) == ["talk"] and len(house.alice.calls) == 1
    house.carrier.hang_up(call)
    house.world.run_until(lambda: hears(house, wait) == ["talk"], 5)
    assert not house.world.switch.workplaces.untold("alice") and not house.world.facts(UnitFailed)


def test_who_was_to_leave_his_desk_after_a_call_of_a_queue_that_is_gone_has_left_it() -> None:
    rules = SeatRules({"501": "dana"}, {"dana": "7362"})
    house = House(agents=(AgentSpec("dana", "", (("orders", 5),)),), policies=(), login=False, seats=rules)
    house.world.switch.control.log_in("dana", phone="1001")
    into_orders(house, house.carrier, "talking")
    house.world.switch.control.log_out("dana")
    house.world.configuration = replace(house.world.configuration, queues=house.world.configuration.queues[1:])
    killed(house)
    for _ in range(2):
        (view,) = house.world.switch.control.agents()
        assert (view.state, view.user) == ("logged_out", "")
        for call in house.alice.talking:
            house.alice.hang_up(call)
        killed(house)
    assert not house.world.facts(UnitFailed)


def remotes(house: House) -> list[str]:
    """The To of what is sent in each dialog."""
    dialogs = [leg.leg.dialog for leg in house.world.switch.calls.legs.values()]
    return sorted(dialog.remote for dialog in dialogs if dialog is not None)


def test_a_caller_whose_name_is_no_utf_8_talks_on_as_others_do() -> None:
    house = House()
    carry, name = house.world.carry, "张三".encode("gbk")

    def renames(data: bytes, source: Address, destination: Address) -> None:
        if data.startswith((b"INVITE", b"BYE")) and source == house.carrier.address:
            data = data.replace(b"From: <", b'From: "' + name + b'" <', 1)
        carry(data, source, destination)

    house.world.carry = renames  # type: ignore[method-assign]
    call = into_orders(house, house.carrier, "talking")
    before = remotes(house)
    assert any(name in remote.encode("utf-8", "surrogateescape") for remote in before)
    killed(house)
    assert outcomes(house) == ["resumed"] and hears(house, call) == ["talk"]
    assert remotes(house) == before
    house.carrier.hang_up(call)
    assert ended(house).agent == "alice"


# ---- messages that got lost --------------------------------------------------------------------------------------


def test_a_200_whose_ack_got_lost_is_acknowledged_by_the_new_control() -> None:
    house = House()
    carry, lost = house.world.carry, []

    def loses_acks(data: bytes, source: Address, destination: Address) -> None:
        if house.world.generation == 1 and data.startswith(b"ACK") and destination == house.alice.address:
            lost.append(data)
        else:
            carry(data, source, destination)

    house.world.carry = loses_acks  # type: ignore[method-assign]
    caller = house.desk.call("1001")
    house.world.run_until(lambda: lost)
    house.world.run(0.05)
    killed(house, away_s=1.0)
    house.world.run(40)  # longer than alice would wait for it
    assert caller.state == "talking" and house.alice.talking
    assert hears(house, caller, house.alice.talking[0]) == ["talk", "talk"]
    house.alice.hang_up(house.alice.talking[0])
    assert ended(house).ended_by == "called"


# ---- connections that are gone -----------------------------------------------------------------------------------


class Line:
    """What the switch sends by one connection; the network of the tests has datagrams only."""

    def __init__(self, house: House) -> None:
        self.sent: list[tuple[str, int]] = []
        carry = house.world.send

        def send(message: Message, flow: Flow) -> None:
            if flow.transport == "udp":
                carry(message, flow)
            elif isinstance(message, Request):
                self.sent.append((message.method, flow.connection))

        house.world.send = send  # type: ignore[method-assign]


def by(house: House, flow: Flow) -> None:
    """As if alice's phone had called by this connection."""
    switch = house.world.switch
    leg = next(leg for leg in switch.calls.legs.values() if leg.flow.remote == house.alice.address)
    leg.leg.flow = flow
    switch.journal.touch(switch.calls.contact_at(leg.id))
    switch.command(lambda: [])


def test_what_a_phone_is_to_be_told_waits_for_its_new_connection() -> None:
    house = House()
    caller, _ = phone_to_phone(house)
    flow = Flow("tcp", SWITCH, house.alice.address, 7)
    by(house, flow)
    line = Line(house)
    killed(house)
    house.desk.hang_up(caller)
    house.world.run(5)
    assert caller.state == "ended" and line.sent == []
    registered = Binding("1001", f"sip:1001@127.0.0.1:{house.alice.port}", replace(flow, connection=8), EPOCH + 9999)
    house.world.switch.command(lambda: house.world.switch.orphans.registered(registered))
    assert line.sent == [("BYE", 8)]


@pytest.mark.parametrize("transport", ["tcp", "ws"])
def test_another_phone_of_the_user_behind_the_same_nat_is_not_told(transport: str) -> None:
    house = House()
    caller, _ = phone_to_phone(house)
    flow = Flow(transport, SWITCH, house.alice.address, 7)
    by(house, flow)
    line = Line(house)
    killed(house)
    house.desk.hang_up(caller)
    house.world.run(5)
    elsewhere = replace(flow, connection=8, remote=(house.alice.address[0], 7777))
    softphone = Binding("1001", "sip:soft@192.168.1.7:5060", elsewhere, EPOCH + 9999)
    house.world.switch.command(lambda: house.world.switch.orphans.registered(softphone))
    assert line.sent == []
    contact = f"sip:softswitch@127.0.0.1:{house.alice.port}"  # as in her dialog
    hers = Binding("1001", contact, replace(flow, connection=9), EPOCH + 9999)
    house.world.switch.command(lambda: house.world.switch.orphans.registered(hers))
    assert line.sent == [("BYE", 9)]


def test_who_does_not_come_back_is_given_up_after_a_minute() -> None:
    house = House()
    caller, _ = phone_to_phone(house)
    by(house, Flow("ws", SWITCH, house.alice.address, 7))
    house.alice.agent.legs.clear()  # her browser was closed
    line = Line(house)
    killed(house)
    house.world.run(58)
    assert caller.state == "talking" and line.sent == []
    house.world.run_until(lambda: caller.state == "ended", 60)
    assert [method for method, _ in line.sent] == ["OPTIONS", "BYE"]
