"""People meet, park and page with the nth effect failing, every third n; and with datagrams lost, late and doubled."""

from __future__ import annotations

import contextlib
import logging
import random
from collections.abc import Callable

import pytest

from softswitch.switch.event import UnitFailed
from tests.simnet.house import plans
from tests.simnet.meeting_house import MeetingHouse
from tests.simnet.phone import Call, SimPhone
from tests.simnet.storm import remains
from tests.simnet.test_nth_effect import hang_up, step, survived
from tests.simnet.transfer_house import TransferHouse
from tests.simnet.world import Weather

PLANS = """
dialplan: room
numbers: ["8000"]
language: en
start: room
steps:
  room: {conference: {room: team, moderator: "{{ caller.number == '1004' }}", wait_for_moderator: 10m, leave: "#"}}
---
dialplan: park
numbers: ["70"]
language: en
start: park
steps:
  park: {park: {slot: "71", for: 2m}, timeout: bye, full: bye}
  bye: {hangup: normal}
---
dialplan: take
numbers: ["*71"]
language: en
start: take
steps:
  take: {retrieve: "71", empty: bye}
  bye: {hangup: normal}
---
dialplan: page
numbers: ["80"]
language: en
start: page
steps:
  page: {page: {users: ["1001", "1002", "1003"], max: 20s, ring: 3s}, failed: bye}
  bye: {hangup: normal}
"""


def house() -> MeetingHouse:
    found = [plans(text) for text in PLANS.split("---")]
    return MeetingHouse(plans={name: plan for one in found for name, plan in one.items()}, probe_s=0.0)


def press(house: TransferHouse, call: Call, digits: str) -> None:
    with contextlib.suppress(StopIteration):  # no stream
        house.world.press(call.rtp, digits)
    house.world.run(1.0)


def meeting_life(house: TransferHouse) -> bool:
    member, moderator = house.bob.call("8000"), house.desk.call("8000")
    states = house.world.switch.control.calls
    went = step(house, lambda: [call.state for call in states()] == ["conference"] * 2)
    press(house, member, "*6")
    press(house, moderator, "*7*5")
    press(house, member, "#")
    went &= step(house, lambda: member.state == "ended") and moderator.state == "talking"
    hang_up(house)
    house.world.run(5)
    return went


def parking_life(house: TransferHouse) -> bool:
    parked = house.carrier.call("70")
    states = house.world.switch.control.calls
    went = step(house, lambda: "parked" in [call.state for call in states()])
    taken = house.bob.call("*71")
    went &= step(house, lambda: [call.state for call in states()] == ["talking"])
    house.world.run(1)
    went &= parked.state == taken.state == "talking"
    hang_up(house)
    house.world.run(5)
    return went


def paging_life(house: TransferHouse) -> bool:
    call = house.desk.call("80")
    went = step(house, lambda: len(house.alice.talking) == len(house.bob.talking) == len(house.carl.talking) == 1)
    press(house, call, "#")
    went &= step(house, lambda: not (house.alice.talking or house.bob.talking or house.carl.talking))
    hang_up(house)
    house.world.run(5)
    return went


EVERY = 3
LIVES = {"meeting": meeting_life, "parking": parking_life, "paging": paging_life}


@pytest.mark.parametrize("live", LIVES)
def test_a_life_without_failures(live: str) -> None:
    made = house()
    assert LIVES[live](made)
    made.world.run(70)
    assert not remains(made.world) and not made.world.facts(UnitFailed)


@pytest.mark.parametrize("live", LIVES)
def test_whichever_effect_fails(live: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    nth, wrong = 1, []
    while True:
        reached, told = survived(LIVES[live], nth, nth % 2 == 0, house)
        if not reached:
            break
        if told:
            wrong.append(told)
        nth += EVERY  # odd: by turns before and after the effect
    assert nth > 40  # so many effects has a life
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_leaves_nothing(seed: int) -> None:
    """Everybody calls, presses, transfers and hangs up at random, on a bad line, and control is killed in between."""
    made, dice = house(), random.Random(seed)
    made.world.weather = Weather(loss=0.05, late=0.05, twice=0.05)
    phones: list[SimPhone] = [made.alice, made.bob, made.carl, made.desk, made.carrier]

    def act() -> None:
        phone = dice.choice(phones)
        talking = phone.talking
        does: list[Callable[[], object]] = [lambda: phone.call(dice.choice(["8000", "70", "*71", "80", "1002"]))]
        if talking:
            call = dice.choice(talking)
            digits = dice.choice(["*6", "*5", "*7", "*8", "#", "*2"])
            does += [lambda: phone.hang_up(call), lambda: press(made, call, digits)]
            if phone is not made.carrier:
                does.append(lambda: phone.refer(call, dice.choice(["70", "8000", "1003", "*71"])))  # type: ignore[attr-defined]
        dice.choice(does)()

    for turn in range(120):
        act()
        made.world.run(dice.uniform(0.0, 2.0))
        if turn % 40 == 39:
            made.kill(away_s=0.5)
    for _ in range(4):  # some are still on their way
        hang_up(made)
        made.world.run(40)
    made.world.run(400)
    assert not remains(made.world) and not made.world.facts(UnitFailed)
    assert not any(phone.agent.legs for phone in phones)
