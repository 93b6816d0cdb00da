"""Parked calls through the whole control plane in virtual time: slots, who takes them, who hears where, and kill -9."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Release
from softswitch.contact.event import ContactFinished
from softswitch.contact.parking import CallUnparked
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request
from tests.simnet.house import plans
from tests.simnet.meeting_house import MeetingHouse
from tests.simnet.phone import Call
from tests.simnet.transfer_house import hear_each_other, talk
from tests.simnet.watcher import SimWatcher

PARK = """
dialplan: park
numbers: ["70", "8000"]
language: en
start: park
steps:
  park: {park: {slot: 71-72, for: 60s}, next: thanks, timeout: lost, full: full}
  thanks: {say: "Thank you.", next: bye}
  lost: {say: "Nobody is there.", next: bye}
  full: {say: "All taken.", next: bye}
  bye: {hangup: normal}
"""
TAKE = """
dialplan: take
numbers: ["*71", "*72"]
language: en
start: take
steps:
  take: {retrieve: "{{ called[1:] }}", empty: nobody, failed: no}
  nobody: {say: "Empty.", next: bye}
  no: {say: "Not you.", next: bye}
  bye: {hangup: normal}
"""


def house(park: str = PARK) -> MeetingHouse:
    return MeetingHouse(login=False, plans=plans(park) | plans(TAKE))


def parked(meeting: MeetingHouse, number: str = "70") -> Call:
    """Bob has transferred the desk's call there."""
    call, theirs = talk(meeting, meeting.desk, meeting.bob)
    meeting.bob.refer(theirs, number)
    meeting.world.run_until(lambda: meeting.bob.told[-1:] == ["200 OK"])
    meeting.world.run(1)
    return call


def taken(meeting: MeetingHouse, slot: str = "*71") -> Call:
    call = meeting.alice.call(slot)
    meeting.world.run_until(lambda: call.state == "talking")
    meeting.world.run(0.5)
    return call


def why(meeting: MeetingHouse) -> list[str]:
    return [event.why for event in meeting.world.facts(CallUnparked)]


def test_a_call_is_parked_by_blind_transfer_and_taken_by_another_phone() -> None:
    meeting = house()
    written = talk(meeting, meeting.bob, meeting.carl)[0]  # bob's second line hears of it
    call = parked(meeting)
    assert meeting.states() == ["parked", "talking"] and meeting.hears(call) == ["music"]
    assert [one.place for one in meeting.world.switch.control.calls() if one.state == "parked"] == ["71"]
    alice = taken(meeting)
    assert hear_each_other(meeting, call, alice) and meeting.states() == ["talking"] * 2
    meeting.bob.hang_up(written)
    meeting.alice.hang_up(alice)
    meeting.world.run_until(lambda: "Thank you." in meeting.said())
    assert why(meeting) == ["retrieved"]
    meeting.over()
    ended = {event.record.caller: event.record for event in meeting.world.facts(ContactFinished)}
    assert (ended["1001"].outcome, ended["1004"].outcome) == ("retrieved", "answered")


def test_who_parks_is_written_the_slot() -> None:
    meeting = house()
    receive, texts = meeting.bob._receive, []

    def read(message: Message, flow: Flow) -> None:
        texts.extend([message.body] if isinstance(message, Request) and message.method == "MESSAGE" else [])
        receive(message, flow)

    meeting.world.peers[meeting.bob.address] = read
    parked(meeting)
    assert texts[0] == b"1004 is parked at 71."


def test_who_calls_himself_hears_the_slot_and_gives_it_up_to_his_caller() -> None:
    """An attended transfer: bob asks where, is told 71, and completes; the caller has the slot that he was told."""
    meeting = house()
    call, theirs = talk(meeting, meeting.desk, meeting.bob)
    asked = meeting.bob.call("70")
    meeting.world.run(1)
    assert meeting.said()[-1] == "Parked at seven one."
    meeting.bob.refer_to_call(theirs, asked, "70")
    meeting.world.run(3)
    assert asked.state == theirs.state == "ended"
    assert meeting.world.switch.gatherings.parking.contact_in("71")
    assert hear_each_other(meeting, call, taken(meeting))


def test_nobody_takes_it() -> None:
    meeting = house()
    call = parked(meeting)
    meeting.world.run_until(lambda: "Nobody is there." in meeting.said(), 65)
    assert why(meeting) == ["timeout"]
    meeting.over()
    assert call.state == "ended"


@pytest.mark.parametrize("answers", [True, False])
def test_it_comes_back_to_who_parked_it(answers: bool) -> None:
    meeting = house(PARK.replace("for: 60s", "for: 10s, back: 20s"))
    call = parked(meeting)
    meeting.bob.answer_after = 1.0 if answers else None
    meeting.world.run(15)
    if answers:
        assert hear_each_other(meeting, call, meeting.bob.talking[0])
        meeting.bob.hang_up(meeting.bob.talking[0])
    meeting.world.run_until(lambda: bool({"Thank you.", "Nobody is there."} & set(meeting.said())), 30)
    assert meeting.said()[-1] == ("Thank you." if answers else "Nobody is there.")
    meeting.over()


def test_the_caller_hangs_up_while_he_is_parked() -> None:
    meeting = house()
    call = parked(meeting)
    meeting.desk.hang_up(call)
    meeting.over()
    assert why(meeting) == ["hung up"]
    taken(meeting)
    assert meeting.said()[-1] == "Empty."


def test_slots_are_taken_in_order_until_there_is_none() -> None:
    meeting = house()
    calls = meeting.calls(meeting.carrier, meeting.carrier, meeting.carrier)
    meeting.world.run(0.5)
    assert meeting.states() == ["ivr", "parked", "parked"] and meeting.said() == ["All taken."]
    meeting.world.run(3)
    assert calls[2].state == "ended"
    assert hear_each_other(meeting, calls[1], taken(meeting, "*72"))


def test_who_calls_from_outside_takes_nothing() -> None:
    meeting = house()
    parked(meeting)
    call = meeting.carrier.call("*71")
    meeting.world.run_until(lambda: meeting.said()[-1:] == ["Not you."])
    assert "parked" in meeting.states()
    meeting.world.run(3)
    assert call.state == "ended"


def test_two_want_the_same_call() -> None:
    meeting = house()
    call = parked(meeting)
    alice, carl = meeting.alice.call("*71"), meeting.carl.call("*71")
    meeting.world.run(2)
    winner = alice if hear_each_other(meeting, call, alice) else carl
    assert hear_each_other(meeting, call, winner) and meeting.said().count("Empty.") == 1
    meeting.desk.hang_up(call)
    meeting.over()


def test_who_takes_it_gives_up_at_once() -> None:
    """His CANCEL, or BYE, crosses our answer."""
    meeting = house()
    call = parked(meeting)
    for delay_s in (0.004, 0.011, 0.018, 0.03):
        alice = meeting.alice.call("*71")
        meeting.world.run(delay_s)
        meeting.alice._tell(alice, Release())
        meeting.world.run(2)
        if "parked" not in meeting.states():
            break
    meeting.world.run(5)
    meeting.desk.hang_up(call)
    meeting.over()


def test_a_lamp_shows_the_slot() -> None:
    meeting = house()
    lamp, wrong = (SimWatcher(meeting.world, "1001", port, "pw-1001") for port in (6201, 6202))
    assert wrong.subscribe("79").status == 404
    assert lamp.subscribe("71").status == 200
    meeting.world.run_until(lambda: bool(lamp.notifies))
    assert lamp.states == []
    call = parked(meeting)
    meeting.world.run_until(lambda: lamp.states == ["confirmed"])
    taken(meeting)
    meeting.world.run_until(lambda: lamp.states == [])
    meeting.desk.hang_up(call)


@pytest.mark.parametrize("when", ["parked", "taken"])
def test_a_parked_call_goes_on_after_control_was_killed(when: str) -> None:
    meeting = house()
    call = parked(meeting)
    meeting.world.run(20)
    alice = taken(meeting) if when == "taken" else None
    meeting.kill()
    if alice is None:
        assert meeting.states() == ["parked"] and meeting.hears(call) == ["music"]
        alice = taken(meeting)
    assert hear_each_other(meeting, call, alice)
    meeting.alice.hang_up(alice)
    meeting.world.run_until(lambda: "Thank you." in meeting.said())
    meeting.over()


def test_its_time_goes_on_after_control_was_killed() -> None:
    meeting = house()
    parked(meeting)
    meeting.world.run(40)
    meeting.kill()
    meeting.world.run_until(lambda: "Nobody is there." in meeting.said(), 25)
    meeting.over()
