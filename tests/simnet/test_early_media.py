"""What a network says before anybody answers: ringing of its own, "the number is not in service"."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Reject
from tests.simnet.house import House

OUTSIDE = "913900000000"


@pytest.fixture
def house() -> House:
    house = House()
    house.carrier.ring_status = 183
    house.carrier.answer_after = None
    return house


def test_the_caller_hears_it_and_then_whoever_answers(house: House) -> None:
    call = house.desk.call(OUTSIDE)
    house.world.run_until(lambda: call.status == 183)
    assert house.world.media.heard_by(call.rtp) == "talk"
    assert call.state == "ringing"
    house.carrier.answer(house.carrier.calls[0])
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(1.0)
    assert house.world.media.heard_by(call.rtp) == "talk"
    assert house.world.media.heard_by(house.carrier.calls[0].rtp) == "talk"
    house.desk.hang_up(call)
    house.world.run(60)
    assert not house.world.media.streams and not house.world.media.rooms


def test_it_is_over_when_the_call_is_refused(house: House) -> None:
    call = house.desk.call(OUTSIDE)
    house.world.run_until(lambda: call.status == 183)
    house.carrier._tell(house.carrier.calls[0], Reject(404))
    house.world.run_until(lambda: call.state == "ended")
    assert call.status == 404
    house.world.run(60)
    assert not house.world.media.streams and not house.world.media.rooms


def test_the_caller_who_gives_up_leaves_nothing_behind(house: House) -> None:
    call = house.desk.call(OUTSIDE)
    house.world.run_until(lambda: call.status == 183)
    house.desk.hang_up(call)
    house.world.run(60)
    assert house.carrier.calls[0].state == "ended"
    assert not house.world.media.streams and not house.world.media.rooms
