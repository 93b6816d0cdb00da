"""The time of day is set while control lives, and control is killed then: calls go on as if it had not been."""

from __future__ import annotations

import pytest

from softswitch.contact.event import ContactFinished
from tests.simnet import world
from tests.simnet.house import House
from tests.simnet.test_revival import hears, into_orders, phone_to_phone

STEPS = (7200.0, -7200.0)  # a wrong time zone; a virtual machine that was put to sleep


def killed(house: House, monkeypatch: pytest.MonkeyPatch, step: float, boot: str = "") -> None:
    house.world.crash()
    house.world.run(2)
    monkeypatch.setattr(world, "EPOCH", world.EPOCH + step)
    monkeypatch.setattr(house.world, "boot", boot)
    house.world.start()
    house.world.run(0.1)


@pytest.mark.parametrize("step", STEPS)
def test_sessions_are_refreshed_when_it_is_time(step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    caller, called = phone_to_phone(house)
    killed(house, monkeypatch, step)
    house.world.run(4000)  # their timers are of 1800 s
    assert (caller.state, called.state) == ("talking", "talking")
    assert hears(house, caller, called) == ["talk", "talk"]
    house.desk.hang_up(caller)
    house.world.run(1)
    (finished,) = house.world.facts(ContactFinished)
    record = finished.record
    assert record.ended_at == pytest.approx(house.world.now + world.EPOCH, abs=2.0)
    assert record.ended_at - record.connected_at == pytest.approx(4003, abs=2.0)
    assert record.started_at <= record.answered_at <= record.connected_at


@pytest.mark.parametrize("step", STEPS)
def test_who_waits_has_waited_as_long_as_he_has(step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    into_orders(house, house.carrier)
    house.world.run(10)
    killed(house, monkeypatch, step)
    (queue,) = [one for one in house.world.switch.control.queues() if one.queue == "orders"]
    assert queue.longest_wait_s == pytest.approx(12.3, abs=0.5)


def test_where_the_machine_was_started_anew_the_time_of_day_tells_how_long_ago_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    into_orders(house, house.carrier)
    killed(house, monkeypatch, 60.0, boot="another")  # the clock began anew
    (queue,) = [one for one in house.world.switch.control.queues() if one.queue == "orders"]
    assert queue.longest_wait_s == pytest.approx(62.3, abs=0.5)
