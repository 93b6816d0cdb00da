"""Callers leave the line by a key, and come back to their places; or do not, and are lost like others."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.acd.model import QueueLeft, QueueSpec
from softswitch.contact.event import ContactFinished
from tests.simnet.phone import Call
from tests.simnet.transfer_house import all_over, hear_each_other
from tests.simnet.waiting_house import WaitingHouse

ONE, TWO = "13800138000", "13900139000"
WELCOME = "Welcome back. Your place in line was kept."


@pytest.fixture
def house() -> WaitingHouse:
    return WaitingHouse()


def aside(house: WaitingHouse, call: Call) -> None:
    """The key that leads out of the line."""
    house.carrier.press(call, "0")
    house.world.run(3.0)


def promises(house: WaitingHouse) -> list[Any]:
    return house.world.switch.control.promises()


def last_outcome(house: WaitingHouse) -> str:
    return str(house.world.facts(ContactFinished)[-1].record.outcome)


def test_who_leaves_the_line_by_the_key_comes_back_to_his_place(house: WaitingHouse) -> None:
    first = house.enters(ONE)
    place = house.line()
    house.world.run(60.0)
    house.enters(TWO)
    aside(house, first)
    assert list(house.line()) == [TWO]
    assert "We are open until six." in house.texts(first)
    house.world.run(10.0)
    house.carrier.press(first, "1")
    house.world.run(0.5)
    assert list(house.line()) == [ONE, TWO] and house.line().items() >= place.items()
    assert house.texts(first)[-1] == WELCOME and WELCOME not in house.texts(house.carrier.calls[-1])
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    house.world.run(1.0)
    assert hear_each_other(house, first, house.alice.talking[0])
    assert [left.why for left in house.world.facts(QueueLeft)] == ["exit", "answered"]
    house.carrier.hang_up(first)
    house.world.run(1.0)
    assert promises(house) == [] and last_outcome(house) == "answered"


def test_a_place_is_kept_as_often_as_he_leaves(house: WaitingHouse) -> None:
    call = house.enters()
    place = house.line()
    for _ in range(3):
        aside(house, call)
        assert house.line() == {}
        house.carrier.press(call, "1")
        house.world.run(5.0)
    assert house.line() == place


def test_a_full_queue_does_not_turn_away_who_comes_back() -> None:
    small = WaitingHouse(queues=(QueueSpec("orders", max_waiting=1), QueueSpec("service")))
    call = small.enters(ONE)
    aside(small, call)
    small.enters(TWO)
    small.carrier.press(call, "1")
    small.world.run(0.5)
    assert list(small.line()) == [ONE, TWO]


def test_who_hangs_up_beside_the_line_is_lost_with_the_age_of_his_place(house: WaitingHouse) -> None:
    call = house.enters()
    place = house.line()[ONE]
    house.world.run(60.0)
    aside(house, call)
    house.carrier.hang_up(call)
    house.world.run(1.0)
    (promise,) = promises(house)
    assert (promise.stage, promise.queue, promise.losses) == ("abandoned", "orders", 1)
    assert promise.recorded_at == pytest.approx(house.world.switch.clock.epoch + place, abs=0.01)
    assert last_outcome(house) == "abandoned"
    all_over(house)


@pytest.mark.parametrize(
    ("key", "outcome", "stages"),
    [
        ("2", "answered", []),  # by bob, of another queue
        ("3", "answered", []),  # at the desk
        ("4", "voicemail", []),
        ("5", "completed", ["accepted-offer"]),
        ("9", "abandoned", ["abandoned"]),  # nothing that there is
    ],
)
def test_what_he_does_beside_the_line_decides_whether_he_is_lost(
    house: WaitingHouse, key: str, outcome: str, stages: list[str]
) -> None:
    call = house.enters()
    aside(house, call)
    house.carrier.press(call, key)
    house.world.run(6.0)
    house.carrier.hang_up(call)
    house.world.run(1.0)
    assert (last_outcome(house), [one.stage for one in promises(house)]) == (outcome, stages)


def test_the_key_calls_the_agents_phone_off(house: WaitingHouse) -> None:
    house.alice.answer_after = None
    house.world.switch.control.set_ready("alice")
    call = house.carrier.call("8000")
    house.until(lambda: house.alice.calls and house.alice.calls[-1].state == "ringing")
    aside(house, call)
    assert house.alice.calls[-1].state == "ended" and house.agent("alice") == "ready"
    house.carrier.hang_up(call)
    all_over(house)


@pytest.mark.parametrize("back", [False, True], ids=["beside", "back"])
def test_control_dies(house: WaitingHouse, back: bool) -> None:
    call = house.enters()
    place = house.line()
    house.world.run(60.0)
    aside(house, call)
    if back:
        house.carrier.press(call, "1")
        house.world.run(0.5)
    house.world.crash()
    house.world.run(2.0)
    house.world.start()
    house.world.run(3.0)
    if not back:
        house.carrier.press(call, "1")
    house.until(lambda: house.line(), 30.0)
    assert house.line() == place
