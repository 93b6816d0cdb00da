"""Control is killed while people talk, wait and listen: a new one goes on with their calls."""

from __future__ import annotations

import pytest

from softswitch.contact.event import ContactFinished
from softswitch.switch.event import CallResumed, UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call


def killed(house: House, away_s: float = 2.0) -> None:
    """kill -9 of control; another one is there after a while."""
    house.world.crash()
    house.world.run(away_s)
    house.world.start()
    house.world.run(0.1)


def phone_to_phone(house: House) -> tuple[Call, Call]:
    call = house.desk.call("1001")
    house.world.run_until(lambda: house.alice.talking and call.state == "talking")
    house.world.run(0.5)
    return call, house.alice.talking[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ends", ["caller", "called"])
def test_two_phones_talk_on_and_either_can_hang_up(ends: str, seed: int) -> None:
    house = House(seed)
    caller, called = phone_to_phone(house)
    killed(house)
    assert [event.outcome for event in house.world.facts(CallResumed)] == ["resumed"]
    house.world.run(70)  # each is asked whether it is there
    assert (caller.state, called.state) == ("talking", "talking")
    assert house.world.media.heard_by(caller.rtp) == house.world.media.heard_by(called.rtp) == "talk"
    if ends == "caller":
        house.desk.hang_up(caller)
    else:
        house.alice.hang_up(called)
    house.world.run_until(lambda: caller.state == called.state == "ended")
    house.world.run(1)
    (finished,) = house.world.facts(ContactFinished)
    assert finished.record.ended_by == ends
    assert finished.record.ended_at - finished.record.connected_at == pytest.approx(72.6, abs=1.0)
    assert not house.world.switch.calls.legs and not house.world.switch.calls.contacts
    assert not house.world.journal.found
    assert not house.world.media.streams
    assert not house.world.facts(UnitFailed)
