"""A supervisor listens, whispers, barges in, holds and leaves, with the nth effect failing, for every n.

It may cost him his leg, and nobody else anything: the two whom he hears talk on.
"""

from __future__ import annotations

import contextlib
import logging

import pytest

from softswitch.switch.event import UnitFailed
from softswitch.switch.view import Refused
from tests.simnet.storm import remains
from tests.simnet.supervised_house import SupervisedHouse
from tests.simnet.test_nth_effect import Saboteur, step
from tests.simnet.transfer_house import hear_each_other, talk

PROBED_S = 120.0  # whoever was not told of the end is asked
OVER_S = 70.0


def supervise(house: SupervisedHouse, by: str) -> bool:
    """Whether all of it went as it should."""
    before = len(house.boss.calls)
    if by == "code":
        house.boss.call("*311002")
    else:
        with contextlib.suppress(Refused):  # nobody talks any more
            house.supervise("1002")
    went = step(house, lambda: len(house.boss.calls) > before and house.boss.calls[-1].state == "talking")
    for act in "56h4":
        if not house.boss.talking:
            return False
        call = house.boss.talking[-1]
        with contextlib.suppress(StopIteration):  # no stream
            house.hold(house.boss, call) if act == "h" else house.boss.press(call, act)
        house.world.run(0.5)
    for call in house.boss.talking:
        house.boss.hang_up(call)
    house.world.run(2.0)
    return went


def harm(by: str, nth: int, after: bool) -> tuple[bool, str]:
    """(whether the nth effect was reached, what is wrong)."""
    house = SupervisedHouse()
    one, other = talk(house, house.desk, house.bob)
    saboteur = Saboteur(house, nth, after)
    supervise(house, by)
    saboteur.armed = False
    where = f"{nth} {saboteur.hit} {'after' if after else 'before'}"
    house.world.run(PROBED_S)  # his phone is probed
    wrong = [] if hear_each_other(house, one, other) else ["the two do not talk any more"]
    if not wrong and not (house.hears(one, other) and house.hears(other, one)):
        wrong.append("somebody else is heard")
    if len(house.world.switch.calls.contacts) > 1:
        wrong.append("his contact is left")
    wrong += [f"{len(found)} defects" for found in [house.world.facts(UnitFailed)] if len(found) > 1]
    if not supervise(house, by):
        wrong.append("the next time fails")
    house.desk.hang_up(one)
    house.world.run(OVER_S)
    wrong += [f"left: {remains(house.world)}"] if remains(house.world) else []
    wrong += ["still known"] if house.world.switch.supervisions._live else []
    return bool(saboteur.hit), f"{where}: {'; '.join(wrong)}" if wrong else ""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("by", ["code", "command"])
def test_whichever_effect_fails(by: str, after: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    house = SupervisedHouse()
    talk(house, house.desk, house.bob)
    assert supervise(house, by)
    nth, wrong = 1, []
    while True:
        reached, told = harm(by, nth, after)
        if not reached:
            break
        if told:
            wrong.append(told)
        nth += 1
    assert nth > 25  # so many effects has it
    assert not wrong, "\n".join(wrong)
