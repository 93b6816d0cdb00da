"""What is recorded, in which format, with which pauses; and what is heard on hold."""

from __future__ import annotations

import pytest

from softswitch.contact.event import ContactFinished
from tests.simnet.house import House
from tests.simnet.phone import Call


def talking(house: House) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(0.1)
    return call


def test_a_recording_is_paused_as_long_as_somebody_says() -> None:
    house = House()
    call = talking(house)
    control, media = house.world.switch.control, house.world.media
    (contact,) = house.world.switch.calls.contacts
    assert control.pause_recording(contact, "card number")
    assert control.pause_recording(contact, None)
    assert media.pauses == [(f"room-{contact}", "card number"), (f"room-{contact}", None)]
    house.carrier.hang_up(call)
    house.world.run(1)
    with pytest.raises(LookupError, match=contact):
        control.pause_recording(contact, "too late")


def test_who_is_not_recorded_has_no_recording_to_be_paused() -> None:
    house = House(recorded=frozenset())
    talking(house)
    (contact,) = house.world.switch.calls.contacts
    assert not house.world.switch.control.pause_recording(contact, "card number")
    assert house.world.media.pauses == []


def test_files_are_called_what_they_will_be() -> None:
    house = House(recording_ending=".flac")
    call = talking(house)
    (path,) = house.world.media.recorded
    house.carrier.hang_up(call)
    house.world.run(1)
    assert path.suffix == ".flac"
    assert house.world.facts(ContactFinished)[0].record.recording == path.name


def test_who_waits_hears_the_music_of_the_queue() -> None:
    house = House(music={"orders": "jazz"})
    house.alice.answer_after = 8.0
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run(1.0)
    waiting = house.world.media.stream_of(call.rtp)
    assert house.world.media.music == {waiting: "jazz"}
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(0.1)
    assert house.world.media.music == {}
