"""Leave the line, come back, hang up, call again, be told and talk, with the nth effect failing, for every n."""

from __future__ import annotations

import contextlib
import logging

import pytest

from tests.simnet.storm import remains
from tests.simnet.test_nth_effect import SETTLED_S, hang_up, step, survived
from tests.simnet.transfer_house import TransferHouse
from tests.simnet.waiting_house import WaitingHouse, telling


def make() -> TransferHouse:
    return WaitingHouse(telling("connected"), told=frozenset({"orders"}), probe_s=0.0)


def life(house: TransferHouse) -> bool:
    """Whether all of it went as it should."""
    assert isinstance(house, WaitingHouse)
    control, carrier, alice = house.world.switch.control, house.carrier, house.alice
    control.set_paused("alice", "break")
    first = carrier.call("8000")
    went = step(house, lambda: first.state == "talking" and house.line())
    for key in "01":
        with contextlib.suppress(StopIteration):  # no stream
            carrier.press(first, key)
        house.world.run(2.0)
    went &= bool(house.line())
    if first.state != "ended":
        carrier.hang_up(first)
    house.world.run(2.0)
    second = carrier.call("8000")
    went &= step(house, lambda: second.state == "talking" and house.line())
    control.set_ready("alice")
    went &= step(house, lambda: alice.talking and house.agent("alice") == "talking")
    house.world.run(2.0)
    went &= second.state == "talking"
    hang_up(house)
    house.world.run(15.0)  # the wrap-up is 10 s
    return went and house.agent("alice") == "ready"


def test_a_life_without_failures() -> None:
    house = make()
    assert life(house)
    house.world.run(SETTLED_S)
    assert not remains(house.world) and len(house.world.switch.redials._places) == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whichever_effect_fails(after: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    nth, wrong, reached = 1, [], True
    while reached:
        reached, told = survived(life, nth, after, make)
        wrong += [told] if reached and told else []
        nth += 2 if after else 4  # what is lost after the work does more harm
    assert nth > 60  # so many effects has a life
    assert not wrong, "\n".join(wrong)
