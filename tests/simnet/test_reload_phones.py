"""Phones change hands by a reload while they ring and talk: one phone has one call, whoever it is that works there."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.acd.audit import Repaired
from softswitch.switch.auditing import EVERY_S
from softswitch.switch.event import UnitFailed
from softswitch.switch.staff import StaffChange
from tests.simnet.test_reload_staff import AGENTS, Place

RENAMED = AGENTS.replace("alice: {", "alicia: {auto_login: true, ")
SWAPPED = "agents:\n  alice: {user: '1002', skills: {orders: 5}}\n  bob: {user: '1001', skills: {orders: 5}}\n"
DESKS = AGENTS + "  dana: {number: '501', pin: '7362', skills: {orders: 5}}\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("state", ["reserved", "talking"])
@pytest.mark.parametrize(("agents", "successor"), [(RENAMED, "alicia"), (SWAPPED, "bob")])
def test_a_phone_that_another_agent_is_given_rings_for_him_when_it_is_free(
    place: Place, state: str, agents: str, successor: str
) -> None:
    house, world = place.house, place.world
    house.alice.answer_after = 5.0
    first = place.caller()
    world.run_until(lambda: house.agent("alice") == state)
    if successor == "bob":  # who alone is free for the next caller
        world.switch.control.set_paused("alice", "after this one")
    second = place.caller("1")
    place.reload(agents=agents)
    third = place.caller("1")
    world.run(10)
    assert [call.state for call in house.alice.calls] == ["talking"]
    assert (first.state, place.waiting("orders")) == ("talking", 2)
    assert world.switch.acd.agent(successor).engaged
    house.alice.hang_up(house.alice.calls[0])
    world.run_until(lambda: house.agent(successor) == "talking")
    assert [call.state for call in house.alice.calls] == ["ended", "talking"]
    assert (second.state, third.state) == ("talking", "talking")
    assert not world.facts(UnitFailed)


def test_whoever_sat_at_a_phone_that_is_somebodys_own_now_is_offered_nothing(place: Place) -> None:
    house, world = place.house, place.world
    place.reload(agents=DESKS)
    world.switch.control.set_paused("alice", "lunch")
    world.switch.control.log_in("dana", phone="1004")
    assert world.switch.acd.agent("dana").reachable
    outcome = place.reload(agents=DESKS + "  erik: {user: '1004', skills: {service: 1}}\n")
    assert outcome.staff.agents == (StaffChange("erik", "added"),)
    assert not world.switch.acd.agent("dana").reachable
    place.caller()
    world.run(2 * EVERY_S + 5)
    assert house.agent("dana") == "ready" and not house.desk.calls
    assert not world.facts(Repaired) and not world.facts(UnitFailed)
