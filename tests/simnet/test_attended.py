"""Attended transfers, and calls taken over by INVITE with Replaces, through the whole control plane."""

from __future__ import annotations

import pytest

from softswitch.acd.model import AgentSpec, QueueSpec, Reserve, WrapUp
from softswitch.callback.model import PromiseState
from tests.simnet.transfer_house import (
    TransferHouse,
    all_over,
    hear_each_other,
    outcomes,
    queued,
    records,
    talk,
)


@pytest.fixture
def house() -> TransferHouse:
    return TransferHouse()


# ---- attended ---------------------------------------------------------------------------------------------------


def test_the_ladder_of_an_attended_transfer(house: TransferHouse) -> None:
    """RFC 5589 section 7.3; both calls of the transferor end."""
    call, theirs = talk(house, house.desk, house.bob)
    consulting, _ = talk(house, house.bob, house.carl)
    house.bob.wire.clear()
    house.bob.refer_to_call(theirs, consulting, "1003")
    house.world.run(5)
    wire = house.bob.wire
    assert wire[0] == "> REFER" and {"< 202 REFER", "< NOTIFY", "< BYE"} <= set(wire)
    assert wire.count("< BYE") == wire.count("> 200 BYE") == 2
    assert wire.index("> 200 NOTIFY") < len(wire) - 1 - wire[::-1].index("< BYE")  # its own call is left last
    house.desk.hang_up(call)
    all_over(house)


def test_attended(house: TransferHouse) -> None:
    call, theirs = queued(house)
    consulting, carls = talk(house, house.alice, house.carl)
    house.alice.refer_to_call(theirs, consulting, "1003")
    house.world.run(1.0)
    assert house.alice.referred == [202] and house.alice.told[-1] == "200 OK"
    assert hear_each_other(house, call, carls)
    assert theirs.state == consulting.state == "ended"
    assert house.agent("alice") == "wrap_up"
    assert len(house.world.media.recordings) == 1
    house.carrier.hang_up(call)
    house.world.run_until(lambda: carls.state == "ended")
    all_over(house)
    second, first = records(house)
    trace = house.world.switch.wire.book.trace(first.contact)
    assert any(message.leg == f"{second.contact}.dial1.1" for message in trace.messages)  # what it said after that
    assert (first.agent, first.queue, first.caller) == ("alice", "orders", "13800138000")
    assert (second.caller, second.called, second.outcome) == ("1001", "1003", "answered")
    assert outcomes(house) == [("attended", "done")]


def test_attended_with_whoever_has_called_in(house: TransferHouse) -> None:
    """The transferor is the called one in both calls."""
    call, theirs = talk(house, house.desk, house.bob)
    carls, second = talk(house, house.carl, house.bob)
    house.bob.refer_to_call(theirs, second, "1003")
    house.world.run(1.0)
    assert hear_each_other(house, call, carls)
    assert theirs.state == second.state == "ended"
    house.carl.hang_up(carls)
    all_over(house)


def test_a_phone_that_refers_by_its_second_call_does_not_end_the_customers_visit(house: TransferHouse) -> None:
    call, theirs = queued(house)
    consulting, carls = talk(house, house.alice, house.carl)
    house.alice.refer_to_call(consulting, theirs, "1004")
    house.world.run(1.0)
    assert house.alice.told[-1] == "200 OK"
    assert hear_each_other(house, call, carls)
    assert theirs.state == consulting.state == "ended" and house.agent("alice") == "wrap_up"
    house.carrier.hang_up(call)
    all_over(house)
    assert [(record.queue, record.recording.count(".wav")) for record in records(house)] == [("", 0), ("orders", 2)]


def test_an_outside_party_is_taken_over_with_its_number(house: TransferHouse) -> None:
    house.carrier.answer_after = 0.2
    call, theirs = talk(house, house.desk, house.bob)
    consulting, outside = talk(house, house.bob, house.carrier, "913912345678")
    house.bob.refer_to_call(theirs, consulting, "913912345678")
    house.world.run(1.0)
    assert hear_each_other(house, call, outside)
    assert house.world.switch.ledger._move.busy
    house.desk.hang_up(call)
    all_over(house)


def test_an_agent_who_is_taken_over_stays_at_work(house: TransferHouse) -> None:
    """Alice asks the other queue; bob takes her customer."""
    call, theirs = queued(house)
    consulting = house.alice.call("8000")
    house.world.run_until(lambda: consulting.state == "talking")
    house.world.run(0.5)
    house.alice.press(consulting, "2")
    house.world.run_until(lambda: house.bob.talking)
    house.world.run(0.3)
    bobs = house.bob.talking[0]
    house.alice.refer_to_call(theirs, consulting, "8000")
    house.world.run(1.0)
    assert hear_each_other(house, call, bobs)
    assert (house.agent("alice"), house.agent("bob")) == ("wrap_up", "talking")
    house.carrier.hang_up(call)
    house.world.run(1.0)
    assert house.agent("bob") == "wrap_up"
    all_over(house)


def test_semi_attended_while_it_rings(house: TransferHouse) -> None:
    house.carl.answer_after = 3.0
    call, theirs = queued(house)
    consulting = house.alice.call("1003")
    house.world.run_until(lambda: consulting.state == "ringing")
    house.alice.refer_to_call(theirs, consulting, "1003")
    house.world.run(1.0)
    assert house.alice.told == ["180 Ringing"] and consulting.state == "ended"
    assert house.world.media.heard_by(call.rtp) == "music"
    assert house.carl.calls[0].state == "ringing"
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(1.0)
    assert len(house.carl.calls) == 1 and hear_each_other(house, call, house.carl.talking[0])
    assert theirs.state == "ended" and house.agent("alice") == "wrap_up"
    house.carrier.hang_up(call)
    all_over(house)


def test_semi_attended_comes_back(house: TransferHouse) -> None:
    house.carl.answer_after = None
    call, theirs = queued(house)
    consulting = house.alice.call("1003")
    house.world.run_until(lambda: consulting.state == "ringing")
    house.alice.refer_to_call(theirs, consulting, "1003")
    house.world.run_until(lambda: house.carl.calls[0].state == "ended", 60)
    house.world.run(1.0)
    assert house.alice.told[-1].startswith("480") and hear_each_other(house, call, theirs)
    house.carrier.hang_up(call)
    all_over(house)


def test_a_caller_who_was_called_back_can_be_transferred() -> None:
    house = TransferHouse()
    house.carrier.answer_after = 0.2
    house.world.switch.control.set_paused("alice", "break")
    lost = house.carrier.call("8000")
    house.world.run_until(lambda: lost.state == "talking")
    house.world.run(0.5)
    house.carrier.press(lost, "1")
    house.world.run(12)
    house.carrier.hang_up(lost)
    house.world.run(2)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(0.5)
    call = house.carrier.talking[0]
    house.alice.refer(house.alice.talking[0], "1003")
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(0.5)
    assert hear_each_other(house, call, house.carl.talking[0])
    assert house.agent("alice") == "wrap_up" and house.carl.calls[0].caller == "+8613800138000"
    house.carl.refer(house.carl.talking[0], "8000")
    house.world.run(0.5)
    house.carrier.press(call, "2")
    house.world.run_until(lambda: house.bob.talking)
    house.world.run(0.5)
    house.carrier.hang_up(call)
    all_over(house)
    (promise,) = house.world.switch.control.promises()
    record = records(house)[-1]
    assert promise.state is PromiseState.KEPT
    assert (record.kind, record.promise, record.outcome) == ("callback", promise.id, "answered")


def test_attended_to_a_feature_code_takes_nothing_away(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.alice)
    consulting = house.alice.call("*13")
    house.world.run_until(lambda: consulting.state == "talking")
    house.alice.refer_to_call(theirs, consulting, "*13")
    house.world.run(0.3)
    assert house.alice.referred == [403] and consulting.state == "talking"
    assert hear_each_other(house, call, theirs)
    house.desk.hang_up(call)
    all_over(house)


def test_attended_to_a_queue_in_which_nobody_answers_yet(house: TransferHouse) -> None:
    call, theirs = talk(house, house.carl, house.desk)
    consulting = house.desk.call("8000")
    house.world.run_until(lambda: consulting.state == "talking")
    house.world.run(0.3)
    house.desk.refer_to_call(theirs, consulting, "8000")
    house.world.run(0.5)
    assert consulting.state == theirs.state == "ended"
    assert house.world.media.heard_by(call.rtp) == "prompt"
    house.carl.hang_up(call)
    all_over(house)


def test_nobody_takes_over_the_call_of_another(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    third, carls = talk(house, house.alice, house.carl)
    for replaces in (house.alice.replaces(third), house.bob.replaces(theirs)):
        house.bob.refer(theirs, f"<sip:1003@127.0.0.1?Replaces={quoted(replaces)}>")
        house.world.run(1.0)
    assert house.bob.referred == [403, 481]
    assert hear_each_other(house, call, theirs) and hear_each_other(house, third, carls)
    house.desk.hang_up(call)
    house.alice.hang_up(third)
    all_over(house)


def quoted(replaces: str) -> str:
    return replaces.replace(";", "%3B").replace("=", "%3D")


# ---- INVITE with Replaces ---------------------------------------------------------------------------------------


def test_another_phone_takes_the_call_over(house: TransferHouse) -> None:
    """Each side once, in the two spellings of whose tag is whose."""
    call, theirs = talk(house, house.desk, house.bob)
    taken = house.carl.take_over(house.bob.replaces(theirs))
    house.world.run(1.0)
    assert theirs.state == "ended" and house.bob.byes == 1
    assert hear_each_other(house, call, taken)
    call_id, ours, other = house.desk.replaces(call).replace("to-tag=", "").replace("from-tag=", "").split(";")
    again = house.alice.take_over(f"{call_id};from-tag={ours};to-tag={other}")
    house.world.run(1.0)
    assert call.state == "ended" and hear_each_other(house, again, taken)
    house.carl.hang_up(taken)
    house.world.run_until(lambda: again.state == "ended")
    all_over(house)
    assert len(records(house)) == 1


def test_who_takes_a_call_over_is_not_rung_for_the_next_in_the_same_moment() -> None:
    """Of two free agents one may be rung, so that it is whom she sets free by it who could have her rung."""
    skills = (("orders", 5),)
    agents = (AgentSpec("alice", "1001", skills), AgentSpec("bob", "1002", skills))
    queue = QueueSpec("orders", wrap_up=WrapUp.timed(0), reserve=Reserve(1, 60.0))
    house = TransferHouse(agents=agents, queues=(queue, QueueSpec("service")))
    call, theirs = queued(house)
    waits = house.carrier.call("8000")
    house.world.run(1.0)
    house.carrier.press(waits, "1")
    house.world.run(1.0)
    assert house.world.switch.acd.live_waiting("orders") == 1
    taken = house.bob.take_over(house.alice.replaces(theirs))
    house.world.run(1.0)
    assert hear_each_other(house, call, taken) and house.bob.calls == [taken]
    assert house.agent("bob") == "ready" and not house.world.switch.workplaces.untold("bob")


def test_an_agents_other_phone_keeps_her_at_work(house: TransferHouse) -> None:
    call, theirs = queued(house)
    taken = house.alice.take_over(house.alice.replaces(theirs))
    house.world.run(1.0)
    assert hear_each_other(house, call, taken) and house.agent("alice") == "talking"
    picked = house.carl.take_over(house.alice.replaces(taken))
    house.world.run(1.0)
    assert hear_each_other(house, call, picked) and house.agent("alice") == "wrap_up"
    house.carrier.hang_up(call)
    all_over(house)


def test_a_ringing_call_is_picked_up(house: TransferHouse) -> None:
    house.bob.answer_after = None
    call = house.desk.call("1002")
    house.world.run_until(lambda: house.bob.calls and house.bob.calls[0].state == "ringing")
    house.world.run(0.2)
    picked = house.carl.take_over(house.bob.replaces(house.bob.calls[0]) + ";early-only")
    house.world.run(1.0)
    assert house.bob.calls[0].state == "ended" and hear_each_other(house, call, picked)
    house.desk.hang_up(call)
    all_over(house)


def test_the_call_that_the_acd_offers_is_the_agents(house: TransferHouse) -> None:
    house.alice.answer_after = None
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.alice.calls and house.alice.calls[0].state == "ringing")
    house.world.run(0.2)
    stolen = house.carl.take_over(house.alice.replaces(house.alice.calls[0]))
    house.world.run(0.5)
    assert (stolen.state, stolen.status) == ("ended", 488) and house.agent("alice") == "reserved"
    hers = house.alice.take_over(house.alice.replaces(house.alice.calls[0]))
    house.world.run(0.5)
    assert house.agent("alice") == "talking" and hear_each_other(house, call, hers)
    house.carrier.hang_up(call)
    all_over(house)


def test_rfc3891_3_what_cannot_be_replaced(house: TransferHouse) -> None:
    house.carl.answer_after = None
    call, theirs = talk(house, house.desk, house.bob)
    ringing = house.desk.call("1003")
    house.world.run_until(lambda: ringing.state == "ringing")
    cases = {
        "nobody;to-tag=a;from-tag=b": 481,
        house.bob.replaces(theirs).rpartition("=")[0] + "=guessed": 481,
        house.bob.replaces(theirs) + ";early-only": 486,
        house.desk.replaces(ringing): 481,  # an early dialog that the switch did not begin
        "nonsense": 400,
    }
    for replaces, status in cases.items():
        tried = house.alice.take_over(replaces)
        house.world.run(1.0)
        assert (tried.state, tried.status) == ("ended", status), replaces
    stranger = house.carrier.take_over(house.bob.replaces(theirs))
    house.world.run(1.0)
    assert stranger.status == 403
    assert hear_each_other(house, call, theirs)
    house.desk.hang_up(call)
    house.desk.hang_up(ringing)
    all_over(house)


# ---- loss -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_attended_on_a_bad_network(seed: int, early: bool) -> None:
    house = TransferHouse(seed, loss=0.1)
    house.carl.answer_after = 20.0 if early else 0.5
    call, theirs = queued(house)
    consulting = house.alice.call("1003")
    house.world.run_until(lambda: consulting.state == ("ringing" if early else "talking"), 60)
    house.world.run(10)
    house.alice.refer_to_call(theirs, consulting, "1003")
    house.world.run_until(lambda: theirs.state == consulting.state == "ended", 90)
    house.world.run_until(lambda: house.carl.talking)
    house.world.run_until(lambda: hear_each_other(house, call, house.carl.talking[0]))
    house.world.run(5)
    house.carrier.hang_up(call)
    all_over(house, 200)
    assert house.alice.told[-1] == "200 OK"
