"""Blind transfers through the whole control plane, in virtual time, and who may not transfer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from softswitch.acd.decision import Decided
from softswitch.acd.model import WrapUp
from tests.simnet.house import configuration
from tests.simnet.transfer_house import (
    TransferHouse,
    all_over,
    hear_each_other,
    lamp,
    outcomes,
    queued,
    records,
    talk,
)


@pytest.fixture
def house() -> TransferHouse:
    return TransferHouse()


# ---- ladders ----------------------------------------------------------------------------------------------------


def test_the_ladder_of_a_blind_transfer(house: TransferHouse) -> None:
    """RFC 5589 section 6.1, but that the transferor is left by BYE: the switch is the transferee."""
    call, theirs = talk(house, house.desk, house.bob)
    house.carl.answer_after = 1.0
    house.bob.wire.clear()
    house.bob.refer(theirs, "1003")
    house.world.run(5)
    assert house.bob.wire == [
        "> REFER", "< 202 REFER",
        "< NOTIFY", "> 200 NOTIFY",  # 100 Trying
        "< NOTIFY", "> 200 NOTIFY",  # 180 Ringing
        "< NOTIFY", "> 200 NOTIFY",  # 200 OK
        "< BYE", "> 200 BYE",
    ]  # fmt: skip
    house.desk.hang_up(call)
    all_over(house)


# ---- blind ------------------------------------------------------------------------------------------------------


def test_the_callee_transfers_the_caller(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    house.carl.answer_after = 2.0
    house.bob.refer(theirs, "1003")
    house.world.run(1.0)
    assert house.bob.referred == [202] and house.bob.told == ["100 Trying", "180 Ringing"]
    assert house.world.media.heard_by(call.rtp) == "music"
    assert house.carl.calls[0].caller == "1004"  # who is transferred, not who transfers
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(1.0)
    assert hear_each_other(house, call, house.carl.talking[0])
    assert house.bob.told[-1] == "200 OK" and house.bob.states[-1] == "terminated;reason=noresource"
    assert (lamp(house, "1004"), lamp(house, "1003")) == ("1003", "1004")
    assert theirs.state == "ended" and house.bob.byes == 1
    house.desk.hang_up(call)
    all_over(house)
    (record,) = records(house)
    assert (record.outcome, record.caller, record.called, record.ended_by) == ("answered", "1004", "1002", "caller")
    assert outcomes(house) == [("blind", "done")]


def test_the_caller_transfers_the_callee(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    house.desk.refer(call, "1003")
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(1.0)
    assert house.carl.calls[0].caller == "1002"
    assert hear_each_other(house, theirs, house.carl.talking[0]) and call.state == "ended"
    house.carl.hang_up(house.carl.talking[0])
    all_over(house)
    assert theirs.state == "ended" and len(records(house)) == 1


def test_a_chain_of_transfers_is_one_contact(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    house.bob.refer(theirs, "1003")
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(1.0)
    house.carl.refer(house.carl.talking[0], "1001")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(1.0)
    assert hear_each_other(house, call, house.alice.talking[0])
    house.desk.refer(call, "1002")
    house.world.run_until(lambda: house.bob.talking)
    house.world.run(1.0)
    assert hear_each_other(house, house.alice.talking[0], house.bob.talking[0])
    house.bob.hang_up(house.bob.talking[0])
    all_over(house)
    assert len(records(house)) == 1 and outcomes(house) == [("blind", "done")] * 3


def test_an_agent_transfers_a_customer_and_wraps_up(house: TransferHouse) -> None:
    call, theirs = queued(house)
    house.alice.refer(theirs, "1003")
    house.world.run(0.3)
    assert house.agent("alice") == "talking"  # it may come back to her
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(0.3)
    assert house.agent("alice") == "wrap_up"
    assert hear_each_other(house, call, house.carl.talking[0])
    assert house.carl.calls[0].caller == "13800138000"
    house.carrier.hang_up(call)
    all_over(house)
    (record,) = records(house)
    assert (record.agent, record.queue, record.outcome) == ("alice", "orders", "answered")
    first, second = record.recording.split(",")  # the second half has its own file
    assert [path.name for path in house.world.media.recorded] == [first, second]


def test_without_wrap_up_her_phone_is_not_rung_before_it_has_let_go_of_whom_she_transferred() -> None:
    orders, service = configuration().queues
    house = TransferHouse(queues=(replace(orders, wrap_up=WrapUp.timed(0)), service))
    _, theirs = queued(house)
    waits = house.carrier.call("8000")
    house.world.run_until(lambda: waits.state == "talking")
    house.world.run(0.5)
    house.carrier.press(waits, "1")
    house.world.run(0.5)
    rung: list[list[str]] = []
    switch = house.world.switch
    living = switch.calls.extensions.living
    switch.listen(lambda fact, _: rung.append(living("1001")) if isinstance(fact, Decided) else None)
    house.alice.refer(theirs, "8000")
    house.world.run_until(lambda: len(house.alice.calls) == 2, 5)
    assert rung == [[]] and not switch.workplaces.untold("alice")


def test_into_a_queue(house: TransferHouse) -> None:
    """The plan takes over at once, and the same contact waits for bob."""
    call, theirs = queued(house)
    house.alice.refer(theirs, "8000")
    house.world.run(0.5)
    assert house.alice.told == ["200 OK"] and theirs.state == "ended"
    assert house.agent("alice") == "wrap_up"
    assert house.world.media.heard_by(call.rtp) == "prompt"
    house.carrier.press(call, "2")
    house.world.run_until(lambda: house.bob.talking)
    house.world.run(0.3)
    assert hear_each_other(house, call, house.bob.talking[0])
    house.bob.hang_up(house.bob.talking[0])
    house.world.run_until(lambda: call.state == "ended")
    all_over(house)
    (record,) = records(house)
    assert (record.agent, record.queue) == ("bob", "service")


def test_a_customer_whom_the_agent_has_called_into_a_queue(house: TransferHouse) -> None:
    house.carrier.answer_after = 0.2
    call, theirs = talk(house, house.desk, house.carrier, "913800138000")
    house.desk.refer(call, "8000")
    house.world.run(0.5)
    assert call.state == "ended" and house.world.media.heard_by(theirs.rtp) == "prompt"
    house.carrier.press(theirs, "1")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(0.3)
    assert hear_each_other(house, theirs, house.alice.talking[0])
    assert house.alice.calls[-1].caller == "13800138000"
    house.carrier.hang_up(theirs)
    all_over(house)
    (record,) = records(house)
    assert (record.kind, record.plan, record.queue, record.agent) == ("outbound", "shop", "orders", "alice")


def test_to_an_outside_number(house: TransferHouse) -> None:
    house.carrier.answer_after = 0.2
    call, theirs = talk(house, house.desk, house.bob)
    house.bob.refer(theirs, "913912345678")
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(0.3)
    assert house.carrier.calls[0].called == "13912345678"
    assert hear_each_other(house, call, house.carrier.talking[0])
    house.desk.hang_up(call)
    all_over(house)


@pytest.mark.parametrize(
    ("reject", "told"), [(486, "486 Busy Here"), (603, "603 Decline"), (480, "480 Temporarily Unavailable")]
)
def test_a_target_that_does_not_answer_gives_the_call_back(house: TransferHouse, reject: int, told: str) -> None:
    house.carl.reject = reject
    call, theirs = queued(house)
    house.alice.refer(theirs, "1003")
    house.world.run(1.0)
    assert house.alice.told[-1] == told
    assert hear_each_other(house, call, theirs)
    assert house.agent("alice") == "talking"
    house.alice.refer(theirs, "1004")  # and may try again
    house.world.run_until(lambda: house.desk.talking)
    house.world.run(0.5)
    assert hear_each_other(house, call, house.desk.talking[0])
    house.carrier.hang_up(call)
    all_over(house)
    assert outcomes(house) == [("blind", "failed"), ("blind", "done")]


def test_a_caller_who_transfers_gets_the_call_back_too(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    house.carl.reject = 486
    house.desk.refer(call, "1003")
    house.world.run(1.0)
    assert house.desk.told[-1] == "486 Busy Here" and hear_each_other(house, call, theirs)
    house.desk.hang_up(call)
    all_over(house)
    assert records(house)[0].ended_by == "caller"


def test_a_phone_that_is_nowhere(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    house.world.peers.pop(house.carl.address)
    house.bob.refer(theirs, "1003")
    house.world.run(40)
    assert house.bob.told[-1].startswith("480") and hear_each_other(house, call, theirs)
    house.desk.hang_up(call)
    all_over(house)


def test_a_transferor_who_hangs_up_with_the_202(house: TransferHouse) -> None:
    house.alice.hangs_up = True
    house.carl.answer_after = 3.0
    call, theirs = queued(house)
    house.alice.refer(theirs, "1003")
    house.world.run(1.0)
    assert theirs.state == "ended" and house.agent("alice") == "wrap_up"
    assert house.world.media.heard_by(call.rtp) == "music"
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(1.0)
    assert hear_each_other(house, call, house.carl.talking[0])
    assert house.alice.told[-1] == "200 OK"  # RFC 5057: the subscription outlives the call
    house.carrier.hang_up(call)
    all_over(house)


def test_a_transferor_who_has_hung_up_is_rung_back_once(house: TransferHouse) -> None:
    house.bob.hangs_up = True
    house.carl.reject = 486
    call, theirs = talk(house, house.desk, house.bob)
    house.bob.refer(theirs, "1003")
    house.world.run_until(lambda: len(house.bob.calls) == 2 and house.bob.calls[1].state == "talking")
    house.world.run(0.5)
    assert hear_each_other(house, call, house.bob.calls[1])
    house.bob.hang_up(house.bob.calls[1])
    house.world.run_until(lambda: call.state == "ended")
    all_over(house)


def test_nobody_wants_the_call_any_more(house: TransferHouse) -> None:
    house.bob.hangs_up = True
    house.carl.reject = 486
    call, theirs = talk(house, house.desk, house.bob)
    house.bob.reject = 486
    house.bob.refer(theirs, "1003")
    house.world.run_until(lambda: call.state == "ended", 20)
    all_over(house)


def test_the_transferee_hangs_up_while_the_target_rings(house: TransferHouse) -> None:
    house.carl.answer_after = None
    call, theirs = queued(house)
    house.alice.refer(theirs, "1003")
    house.world.run(1.0)
    house.carrier.hang_up(call)
    house.world.run(1.0)
    assert house.carl.calls[0].state == "ended" and theirs.state == "ended"
    assert house.alice.told[-1] == "487 Request Terminated"
    assert house.agent("alice") == "wrap_up"
    all_over(house)
    assert outcomes(house) == [("blind", "failed")]


def test_a_transferor_that_vanishes(house: TransferHouse) -> None:
    call, theirs = queued(house)
    house.alice.refer(theirs, "1003")
    house.world.peers.pop(house.alice.address)
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(10.0)
    assert hear_each_other(house, call, house.carl.talking[0])
    assert house.agent("alice") != "talking"
    house.carrier.hang_up(call)
    all_over(house, 120)


def test_a_bye_that_crosses_the_refer(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    house.desk.hang_up(call)
    house.bob.refer(theirs, "1003")
    house.world.run(5.0)
    assert house.bob.referred in ([481], [202]) and theirs.state == "ended"
    all_over(house)


def test_hold_before_the_transfer_is_kept_where_it_comes_back(house: TransferHouse) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    contact = next(iter(house.world.switch.calls.contacts.values()))
    assert contact.bridge is not None
    contact.bridge.held_by |= {contact.bridge.right}
    house.carl.reject = 486
    house.bob.refer(theirs, "1003")
    house.world.run(1.0)
    assert house.bob.told[-1] == "486 Busy Here"
    assert house.world.media.heard_by(call.rtp) == "music"
    house.desk.hang_up(call)
    all_over(house)


# ---- who may not, and what is no target -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "status", "outcome"),
    [
        ("<sip:1003@evil.example>", 403, "foreign"),
        ("<sip:1003@10.9.8.7:5060>", 403, "foreign"),
        ("<tel:+8613800138000>", 416, None),
        ("<sips:1003@127.0.0.1>", 416, None),
        ("<sip:1003@127.0.0.1;method=BYE>", 403, None),
        ("<sip:7777@127.0.0.1>", 404, "refused"),
        ("<sip:*12@127.0.0.1>", 403, "refused"),
        ("<sip:9%0d%0aVia%3a1@127.0.0.1>", 404, "refused"),
        ("<sip:127.0.0.1>", 404, "refused"),
        ("<sip:1003@127.0.0.1?Replaces=nobody%3Bto-tag%3Da%3Bfrom-tag%3Db>", 481, "refused"),
    ],
)
def test_what_is_no_target(house: TransferHouse, target: str, status: int, outcome: str | None) -> None:
    call, theirs = talk(house, house.desk, house.bob)
    house.bob.refer(theirs, target)
    house.world.run(1.0)
    assert house.bob.referred == [status] and house.bob.told == []
    assert hear_each_other(house, call, theirs)
    kind = "attended" if status == 481 else "blind"
    assert outcomes(house) == ([] if outcome is None else [(kind, outcome)])
    house.desk.hang_up(call)
    all_over(house)


@pytest.mark.parametrize(
    "target",
    [
        "<sip:1003@softswitch>",
        "<sip:1003@SoftSwitch:5070;transport=tcp>",
        '"Carl, or so" <sip:1003@127.0.0.1;user=phone>;x=y',
        "<sip:1003>",
        "<sip:%31003@127.0.0.1>",
        "<sip:1003:secret@127.0.0.1;method=INVITE>",
    ],
)
def test_one_target_in_many_spellings(house: TransferHouse, target: str) -> None:
    _, theirs = talk(house, house.desk, house.bob)
    house.bob.refer(theirs, target)
    house.world.run_until(lambda: house.carl.talking)
    house.desk.hang_up(house.desk.talking[0])
    all_over(house)


def test_the_name_by_which_the_phone_has_called_us_is_ours(house: TransferHouse) -> None:
    house.desk.agent._domain = "pbx.example"
    call, _ = talk(house, house.desk, house.bob)
    house.desk.refer(call, "<sip:1003@pbx.example>")
    house.world.run_until(lambda: house.carl.talking)
    house.carl.hang_up(house.carl.talking[0])
    all_over(house)


def test_smuggled_headers_go_nowhere_and_who_transfers_is_who_he_is(house: TransferHouse) -> None:
    _, theirs = talk(house, house.desk, house.bob)
    target = "<sip:1003@127.0.0.1?X-Evil=1%0d%0aX-Worse%3a2&Route=%3Csip%3Aevil.example%3E>"
    house.bob.refer(theirs, target, ("Referred-By", "<sip:king@evil.example>"))
    seen: list[Any] = []
    receive = house.world.peers[house.carl.address]
    house.world.peers[house.carl.address] = lambda message, flow: (seen.append(message), receive(message, flow))[1]
    house.world.run_until(lambda: house.carl.talking)
    assert seen[0].headers.all("Referred-By") == ["<sip:1002@softswitch>"]
    assert not [name for message in seen for name, _ in message.headers if "evil" in name.lower() or name == "Route"]
    house.desk.hang_up(house.desk.talking[0])
    all_over(house)


def test_while_one_transfer_is_under_way_nobody_begins_another(house: TransferHouse) -> None:
    house.carl.answer_after = None
    call, theirs = talk(house, house.desk, house.bob)
    house.bob.refer(theirs, "1003")
    house.world.run(0.5)
    house.bob.refer(theirs, "1001")
    house.desk.refer(call, "1001")
    house.world.run(0.5)
    assert house.bob.referred == [202, 491] and house.desk.referred == [491]
    house.desk.hang_up(call)
    all_over(house)


def test_to_himself(house: TransferHouse) -> None:
    """Silly, and over soon: the phone rings, nobody is sent in circles."""
    _, theirs = talk(house, house.desk, house.bob)
    house.bob.refer(theirs, "1002")
    house.world.run_until(lambda: len(house.bob.talking) == 1 and house.bob.talking[0] is not theirs)
    house.bob.refer(house.bob.talking[0], "1004")  # and the transferee to his own number
    house.world.run(5)
    for phone in (house.desk, house.bob):
        for one in phone.talking:
            phone.hang_up(one)
    all_over(house)


def test_a_caller_from_a_trunk_may_not(house: TransferHouse) -> None:
    call, theirs = queued(house)
    for target in ("1003", "913912345678", "8000"):
        house.carrier.refer(call, target)
        house.world.run(1.0)
    assert house.carrier.referred == [403] * 3
    assert hear_each_other(house, call, theirs)
    house.carrier.hang_up(call)
    all_over(house)


def test_unless_the_trunk_may_and_then_to_dialplans_only() -> None:
    trunk = configuration().trunks["carrier"]
    house = TransferHouse(trunks={"carrier": replace(trunk, transfer=True)})
    call, theirs = queued(house)
    for target in ("1003", "913912345678"):
        house.carrier.refer(call, target)
        house.world.run(1.0)
    assert house.carrier.referred == [404] * 2 and hear_each_other(house, call, theirs)
    house.carrier.refer(call, "8000")
    house.world.run(0.5)
    assert house.carrier.referred[-1] == 202 and house.world.media.heard_by(theirs.rtp) == "prompt"
    house.alice.hang_up(theirs)
    all_over(house)


def test_nobody_to_be_transferred(house: TransferHouse) -> None:
    call = house.desk.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.3)
    house.desk.refer(call, "1003")
    house.world.run(0.5)
    assert house.desk.referred == [403]
    house.desk.hang_up(call)
    all_over(house)


def test_two_who_transfer_each_other_for_ever_are_stopped(house: TransferHouse) -> None:
    call, _ = talk(house, house.desk, house.bob)
    phones = [house.bob, house.carl]
    for turn in range(40):
        one, other = phones[turn % 2], phones[1 - turn % 2]
        one.refer(one.talking[0], other.user)
        house.world.run(2.0)
        if one.referred[-1] == 403:
            break
    else:
        pytest.fail("nobody stops them")
    assert turn == 30
    house.desk.hang_up(call)
    all_over(house)


# ---- loss -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_on_a_bad_network_too(seed: int) -> None:
    house = TransferHouse(seed, loss=0.1)
    call, theirs = queued(house)
    house.world.run(5)
    house.alice.refer(theirs, "1003")
    house.world.run_until(lambda: house.carl.talking, 60)
    house.world.run_until(lambda: theirs.state == "ended", 60)
    house.world.run_until(lambda: hear_each_other(house, call, house.carl.talking[0]))
    house.world.run(5)
    house.carrier.hang_up(call)
    all_over(house, 200)
    assert house.alice.told[-1] == "200 OK"
