"""What waiting callers are told, through the whole control plane: position, wait and messages between the music."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd.model import ExpectedWaitRose
from softswitch.contact.inbound import InboundContact
from softswitch.contact.treatment import Sound, Treatment
from softswitch.contact.visit import Visit
from tests.simnet.phone import Call
from tests.simnet.test_statistics import counted
from tests.simnet.waiting_house import TREATMENT, WaitingHouse

ONE, TWO = "13800138000", "13900139000"
MESSAGES = tuple(Sound(f"{name}.wav") for name in "ab")
ALL = Treatment(30.0, position=True, wait=True, longest_s=3600.0, messages=MESSAGES)
EXPECTED = "The expected wait is"


def busy(treatment: Treatment = ALL) -> tuple[WaitingHouse, Call]:
    """alice talks to one customer; another one waits."""
    house = WaitingHouse(treatment)
    house.world.switch.control.set_ready("alice")
    house.carrier.call("8000")
    house.until(lambda: house.alice.talking)
    return house, house.enters(TWO)


def waits_told(house: WaitingHouse, call: Call) -> list[str]:
    return [text for text in house.texts(call) if text.startswith(EXPECTED)]


def test_position_wait_and_a_message_in_turn_between_the_music() -> None:
    house, call = busy()
    hears = house.world.media.heard_by
    house.world.run(4.9)
    assert house.texts(call) == [] and hears(call.rtp) == "music"
    house.world.run(0.2)
    assert hears(call.rtp) == "prompt"
    position, wait, message = house.texts(call)
    assert position == "You are next in line." and wait.startswith(EXPECTED) and message == "a.wav"
    house.world.run(5.0)
    assert hears(call.rtp) == "music"
    house.world.run(25.0)
    assert house.texts(call)[-1] == "b.wav" and len(house.texts(call)) in (5, 6)


def test_where_nobody_is_at_work_no_wait_is_told() -> None:
    house = WaitingHouse(ALL)
    call = house.enters()
    house.world.run(40.0)
    assert house.texts(call) == ["You are next in line.", "a.wav", "You are next in line.", "b.wav"]


def test_a_wait_is_told_again_as_longer_only_with_a_cause() -> None:
    house, call = busy()
    house.world.run(10.0)
    assert len(waits_told(house, call)) == 1 and not house.world.facts(ExpectedWaitRose)
    for _ in range(3):
        house.enters(ONE)  # behind him
    house.world.run(60.0)
    assert not house.world.facts(ExpectedWaitRose)
    assert not [text for text in house.texts(call) if "longer" in text]


def test_control_dies_and_the_new_one_knows_what_was_told() -> None:
    house, call = busy()
    house.world.run(10.0)
    visit = _visit(house, call)
    assert visit.wait is not None and visit.minutes is not None
    house.world.crash()
    house.world.run(2.0)
    house.world.start()
    house.world.run(3.0)
    again = _visit(house, call)
    assert (again.wait, again.minutes, again.lowest, again.messages) == (visit.wait, visit.minutes, 1, 1)
    house.world.run(30.0)
    assert house.texts(call)[-1] == "b.wav"


def _visit(house: WaitingHouse, call: Call) -> Visit:
    calls = house.world.switch.calls
    contact = calls.contacts[calls.contact_at(house.world.media.stream_of(call.rtp))]
    assert isinstance(contact, InboundContact) and contact.visit is not None
    return contact.visit


@pytest.mark.parametrize("position", ["always", "when changed"])
def test_a_position_that_stays_the_same(position: str) -> None:
    house = WaitingHouse(replace(TREATMENT, unchanged=position == "always"))
    first, second = house.enters(ONE), house.enters(TWO)
    house.world.run(55.0)
    assert house.texts(second) == ["You are number two in line."] * (2 if position == "always" else 1)
    house.carrier.hang_up(first)
    house.world.run(30.0)
    assert house.texts(second)[-1] == "You are next in line."


def test_an_exit_is_counted_as_left_for_elsewhere_and_the_return_as_an_offer() -> None:
    house = WaitingHouse(policies=())
    call = house.enters()
    house.world.run(20.0)
    house.carrier.press(call, "0")
    house.world.run(3.0)
    house.carrier.press(call, "1")
    house.world.run(5.0)
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    house.world.run(1.0)
    figures, _ = counted(house)
    assert (figures.offered, figures.elsewhere, figures.answered, figures.abandoned) == (2, 1, 1, 0)
    assert figures.waited_answered_s == pytest.approx(28.5, abs=1.5)
