"""What is kept of a call's way through its dialplan: while it goes on, when it is over, and after a crash."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from softswitch.ivr.model import StepLeft
from softswitch.ivr.path import CallPath, Edge
from softswitch.switch import paths
from softswitch.switch.event import UnitFailed
from softswitch.switch.paths import WRITE_EVERY_S
from tests.simnet.house import House, plans
from tests.simnet.phone import Call
from tests.simnet.world import EPOCH

PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: menu
steps:
  menu:
    menu: {say: "Press 1.", keys: {1: ask, 2: menu}, timeout: 30s, tries: 9, failed: bye}
  ask: {http: {get: "https://crm.example/{{ caller.number }}", save: customer}, next: told, failed: bye}
  told: {say: "Thank you.", next: menu}
  bye: {hangup: normal}
"""


def live(house: House) -> CallPath:
    (contact,) = house.world.switch.calls.contacts
    path = house.world.switch.control.path(contact)
    assert path is not None
    return path


def stored(house: House, contact: str) -> CallPath | None:
    return asyncio.run(house.world.store.path(contact))


def counted(house: House) -> dict[tuple[str, str, str], int]:
    """In the store, and what it has not heard of yet."""
    edges = [*asyncio.run(house.world.store.edges("shop", 0)), *house.world.switch.control.edges("shop")]
    found: dict[tuple[str, str, str], int] = {}
    for edge in edges:
        found[edge.step, edge.exit, edge.to] = found.get((edge.step, edge.exit, edge.to), 0) + edge.count
    return found


def talking(house: House) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    return call


def test_a_path_is_seen_while_it_is_walked_and_kept_when_it_is_over() -> None:
    house = House(plans=plans(PLAN))
    call = talking(house)
    path = live(house)
    assert [(step.step, step.exit) for step in path.steps] == [("menu", "")]
    assert (path.over, path.version) == (False, plans(PLAN)["shop"].version)
    house.carrier.press(call, "1")
    house.world.run(2)
    path = live(house)
    assert [(step.step, step.exit, step.to) for step in path.steps] == [
        ("menu", "keys.1", "ask"), ("ask", "next", "told"), ("told", "next", "menu"), ("menu", "", ""),
    ]  # fmt: skip
    menu, ask, told, _ = path.steps
    assert 0.5 <= menu.seconds <= 1.0 and menu.at == 0.0 and any("1" in text for text in menu.inputs)
    assert any("200" in text for text in ask.inputs) and "customer" in ask.changed
    house.carrier.press(call, "7")
    house.world.run(0.5)
    here = live(house).steps[-1]
    assert (here.step, here.exit, here.inputs) == ("menu", "", ("pressed 7",)) and here.seconds > 0.5
    assert told.seconds >= 1.0 and told.at == round(menu.seconds + ask.seconds, 3)
    house.carrier.hang_up(call)
    house.world.run(1)
    ended = stored(house, path.contact)
    assert ended is not None and ended.over
    assert [(step.step, step.exit) for step in ended.steps][-1] == ("menu", "hangup")
    assert EPOCH <= ended.started_at < ended.ended_at <= EPOCH + house.world.now
    assert house.world.switch.control.path(path.contact) == ended
    assert counted(house) == {
        ("menu", "keys.1", "ask"): 1, ("ask", "next", "told"): 1, ("told", "next", "menu"): 1, ("menu", "hangup", ""): 1
    }  # fmt: skip


def test_who_is_hung_up_on_was_in_a_step() -> None:
    house = House(plans=plans(PLAN))
    talking(house)
    contact = live(house).contact
    house.world.switch.control.hang_up(contact)
    house.world.run(1)
    path = stored(house, contact)
    assert path is not None and [(step.step, step.exit) for step in path.steps] == [("menu", "ended")]


def test_ways_are_written_now_and_then_and_added_up() -> None:
    house = House(plans=plans(PLAN))
    for _ in range(3):
        call = talking(house)
        house.carrier.hang_up(call)
        house.world.run(WRITE_EVERY_S + 1)
        assert not house.world.switch.control.edges("shop")
    assert asyncio.run(house.world.store.edges("shop", 0)) == [Edge("menu", "hangup", "", 3)]
    hour = int((EPOCH + house.world.now) // 3600)
    assert asyncio.run(house.world.store.edges("shop", hour + 1)) == []


def test_a_caller_who_goes_round_for_hours_takes_no_more_room() -> None:
    house = House(plans=plans(PLAN), path_steps=40)
    call = talking(house)
    for _ in range(300):
        house.carrier.press(call, "2")
        house.world.run(30)
    path = live(house)
    assert (len(path.steps), path.missing, path.steps[10].missed) == (41, 260, 260)
    assert path.steps[0].at == 0.0 and path.steps[9].at < 300 < 6000 < path.steps[10].at
    house.carrier.hang_up(call)
    house.world.run(1)
    assert stored(house, path.contact) is not None
    assert not house.world.facts(UnitFailed)


def test_a_path_goes_on_after_a_crash() -> None:
    house = House(plans=plans(PLAN))
    call = talking(house)
    house.carrier.press(call, "1")
    house.world.run(2 * WRITE_EVERY_S + 1)
    before = live(house)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(1)
    path = live(house)
    assert path.contact == before.contact and path.started_at == before.started_at
    assert [step.step for step in path.steps[:3]] == ["menu", "ask", "told"]
    house.carrier.press(call, "1")
    house.world.run(2)
    house.carrier.hang_up(call)
    house.world.run(1)
    ended = stored(house, path.contact)
    assert ended is not None and ended.over
    assert [step.step for step in ended.steps[:3]] == ["menu", "ask", "told"]
    assert [step.step for step in ended.steps[-4:]] == ["menu", "ask", "told", "menu"]
    assert [step.at for step in ended.steps] == sorted(step.at for step in ended.steps)


def test_where_no_path_is_wanted_ways_are_counted_all_the_same() -> None:
    house = House(plans=plans(PLAN), path_steps=0)
    call = talking(house)
    (contact,) = house.world.switch.calls.contacts
    house.carrier.hang_up(call)
    house.world.run(1)
    assert house.world.switch.control.path(contact) is None and stored(house, contact) is None
    assert counted(house) == {("menu", "hangup", ""): 1}


def test_a_plan_that_ends_the_call_leaves_nothing_in_memory() -> None:
    house = House(plans=plans(PLAN.replace("next: menu}", "next: bye}")))
    call = talking(house)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(40)
    (contact,) = {fact.contact for fact in house.world.facts(StepLeft)}
    path = stored(house, contact)
    assert path is not None and path.over
    assert [(step.step, step.exit, step.to) for step in path.steps][-2:] == [
        ("told", "next", "bye"),
        ("bye", "end", ""),
    ]
    assert not house.world.switch.paths._walks


def test_a_call_that_did_not_outlive_the_crash_is_over() -> None:
    house = House(plans=plans(PLAN))
    call = talking(house)
    house.carrier.press(call, "1")
    house.world.run(2 * WRITE_EVERY_S + 1)
    (contact,) = house.world.switch.calls.contacts
    house.world.crash()
    house.world.journal.found.clear()
    house.world.start()
    path = stored(house, contact)
    assert path is not None and path.over and [step.step for step in path.steps][:3] == ["menu", "ask", "told"]
    assert not house.world.switch.paths._former


def test_paths_of_many_long_calls_are_written_a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "AT_ONCE", 3)
    house = House(plans=plans(PLAN))
    calls = [talking(house) for _ in range(8)]
    house.world.run(WRITE_EVERY_S)
    put: list[tuple[float, str]] = []
    monkeypatch.setattr(house.world.store, "put_path", lambda path: put.append((house.world.now, path.contact)))
    for call in calls:
        house.carrier.press(call, "2")
    house.world.run(WRITE_EVERY_S + 5)
    assert len({contact for _, contact in put}) == len(put) == 8
    assert sorted(Counter(moment for moment, _ in put).values()) == [2, 3, 3]
