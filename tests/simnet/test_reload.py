"""Dialplans are exchanged under calls that go on: each ends on the version that it began with."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from softswitch.contact.event import ContactFinished
from softswitch.contact.mailbox import MailboxRules
from softswitch.core.errors import ConfigError
from softswitch.ivr.load import load_plans
from softswitch.reload import Reloader
from softswitch.settings import load
from softswitch.store.shelf import PlanShelf
from softswitch.switch.dialplans import LOOK_EVERY_S, Changes, Release
from softswitch.switch.event import Reloaded, ReloadRefused, UnitFailed
from tests.simnet.house import House, plans
from tests.simnet.phone import Call
from tests.simnet.world import World

CALLERS = 200
SHOP = """
dialplan: shop
numbers: ["8000"]
language: en
start: menu
steps:
  menu:
    menu: {say: "SAYING", keys: {1: told}, timeout: 60s, tries: 2, failed: bye}
  told: {say: "TOLD", next: bye}
  bye: {hangup: normal}
"""


def shop(version: int, **instead: str) -> str:
    text = SHOP.replace("SAYING", f"Press 1, it is {version}.").replace("TOLD", f"It was {version}.")
    for old, new in instead.items():
        text = text.replace(old, new)
    return text


def reload(world: World, text: str) -> Changes:
    """As the app does when all is right."""
    found = plans(text)
    world.shelf.add(found)
    now = world.switch.dialplans
    return now.exchange(Release(found, now.release.facts), "test")


def said(house: House, call: Call) -> list[str]:
    stream = house.world.media.stream_of(call.rtp)
    return [prompt.text for name, prompt in house.world.media.said if name == stream]


def refused(world: World, home: Path, text: str) -> list[str]:
    """What the operator is told of a dialplan that is not right."""
    (home / "config").mkdir()
    (home / "dialplans").mkdir()
    (home / "config" / "softswitch.yaml").write_text("{}")
    settings = load(home / "config", {})
    (home / "dialplans" / "shop.yaml").write_text(text)
    reloader = Reloader(home / "config", settings, world.switch, PlanShelf(home / "var", lambda texts: {}))
    with pytest.raises(ConfigError) as told:
        asyncio.run(reloader.reload("admin"))
    return [str(problem).removeprefix(f"{home}/") for problem in told.value.problems]


def test_two_hundred_calls_end_on_their_own_version(tmp_path: Path) -> None:
    house = House(plans=plans(shop(0)))
    world = house.world
    calls: list[tuple[int, Call]] = []
    for version in range(4):
        if version:
            changes = reload(world, shop(version))
            (change,) = changes.plans
            assert (change.what, change.changed, change.calls) == ("changed", ("menu", "told"), len(calls))
        for _ in range(CALLERS // 4):
            calls.append((version, house.carrier.call("8000")))
            world.run(0.02)
        world.run_until(lambda: all(call.state == "talking" for _, call in calls))
    (view,) = world.switch.control.dialplans()
    assert (view.calls, sorted(view.former.values())) == (CALLERS // 4, [CALLERS // 4] * 3)
    assert len(world.shelf.kept) == 4
    release = world.switch.dialplans.release
    assert refused(world, tmp_path, shop(9, **{"next: bye": "next: by"})) == [
        "dialplans/shop.yaml:9:28: steps.told.next: there is no step 'by'; did you mean 'bye'?",
    ]
    assert world.switch.dialplans.release is release, "a broken file changes nothing"
    (change,) = reload(world, shop(9)).plans
    assert change.calls == CALLERS
    world.run(3)
    heard: Counter[tuple[int, str]] = Counter()
    for _, call in calls:
        house.carrier.press(call, "1")
    world.run(0.5)
    for version, call in calls:
        heard[version, said(house, call)[-1]] += 1
    assert heard == {(version, f"It was {version}."): CALLERS // 4 for version in range(4)}
    world.run_until(lambda: all(call.state == "ended" for _, call in calls))
    world.run(40)
    finished = world.facts(ContactFinished)
    assert [fact.record.ended_by for fact in finished] == ["us"] * CALLERS
    assert not world.facts(UnitFailed)
    assert [fact.calls_on_former for fact in world.facts(Reloaded)] == [50, 100, 150, 200]
    assert [(fact.by, fact.errors) for fact in world.facts(ReloadRefused)] == [("admin", 1)]
    world.run(LOOK_EVERY_S)
    assert len(world.shelf.kept) == 1, "what no call needs is not kept"
    assert world.switch.control.dialplans()[0].former == {}


def test_the_summary_names_what_is_different() -> None:
    house = House(plans=plans(shop(1)))
    text = shop(1, **{'["8000"]': '["8000", "8001"]', "next: bye": "next: more"}) + "  more: {say: More., next: bye}\n"
    (change,) = reload(house.world, text).plans
    assert (change.added, change.removed, change.changed, change.head) == (("more",), (), ("told",), ("numbers",))
    assert house.world.switch.dialplans.route("8001") is not None
    (change,) = reload(house.world, shop(1)).plans
    assert (change.added, change.removed, change.changed, change.head) == ((), ("more",), ("told",), ("numbers",))
    assert not reload(house.world, shop(1))
    (change,) = reload(house.world, shop(1, **{"next: bye": "done: true, next: bye"}) + "lost: {after: 3s}\n").plans
    assert (change.changed, change.head) == (("told",), ("lost",))
    reload(house.world, shop(1))
    (change,) = reload(house.world, shop(1) + "# what is only a remark is another version all the same\n").plans
    assert (change.added, change.removed, change.changed, change.head) == ((), (), (), ())


def test_a_plan_that_is_gone_serves_its_calls() -> None:
    house = House(plans=plans(shop(1)))
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    now = house.world.switch.dialplans
    changes = now.exchange(Release({}, now.release.facts), "test")
    assert [(change.what, change.calls) for change in changes.plans] == [("removed", 1)]
    (view,) = house.world.switch.control.dialplans()
    assert (view.dialplan, view.version, list(view.former.values())) == ("shop", "", [1])
    other = house.carrier.call("8000")
    house.world.run_until(lambda: other.state == "ended")
    house.world.run(3)
    house.carrier.press(call, "1")
    house.world.run(0.2)
    assert said(house, call)[-1] == "It was 1."


def crashed(house: House, configured: str) -> None:
    """kill -9; the next process begins with what is written now."""
    world = house.world
    world.crash()
    world.run(1)
    world.configuration = replace(world.configuration, plans=plans(configured))
    world.start()
    world.run(0.2)


def test_after_a_crash_each_goes_on_with_its_own_version() -> None:
    house = House(plans=plans(shop(1)))
    world = house.world
    old = house.carrier.call("8000")
    world.run_until(lambda: old.state == "talking")
    world.run(2)
    reload(world, shop(2))
    new = house.carrier.call("8000")
    world.run_until(lambda: new.state == "talking")
    world.run(2)
    crashed(house, shop(2))
    assert [said(house, call)[-1] for call in (old, new)] == ["Press 1, it is 1.", "Press 1, it is 2."]
    (view,) = world.switch.control.dialplans()
    assert (view.calls, list(view.former.values())) == (1, [1])
    crashed(house, shop(3))
    assert [said(house, call)[-1] for call in (old, new)] == ["Press 1, it is 1.", "Press 1, it is 2."]
    for call, last in ((old, "It was 1."), (new, "It was 2.")):
        house.carrier.press(call, "1")
        world.run(0.2)
        assert said(house, call)[-1] == last
    world.run(60)
    assert {version for _, version in world.shelf.kept} == {plans(shop(3))["shop"].version}


def test_who_hears_a_mailbox_goes_on_with_the_own_version_too() -> None:
    """The plan waits meanwhile, and another script leads the caller."""
    listen = {'menu: {say: "Press 1, it is 1.", keys: {1: told}, timeout: 60s, tries: 2, failed: bye}':
              'mailbox: {mailbox: "1001", next: told, failed: told}'}  # fmt: skip
    house = House(plans=plans(shop(1, **listen)), mailboxes=MailboxRules(frozenset({"1001"}), {"1001": "4711"}))
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    (change,) = reload(house.world, shop(2)).plans
    (view,) = house.world.switch.control.dialplans()
    assert change.calls == 1 and list(view.former.values()) == [1]
    house.world.run(2 * LOOK_EVERY_S)
    crashed(house, shop(2))
    house.world.run_until(lambda: "It was 1." in said(house, call), 120)
    assert not house.world.facts(UnitFailed)


def test_where_its_text_is_lost_a_call_goes_on_in_the_step_of_that_name() -> None:
    house = House(plans=plans(shop(1)))
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(2)
    house.world.shelf.kept.clear()
    crashed(house, shop(2))
    assert said(house, call)[-1] == "Press 1, it is 2."


def test_a_version_is_looked_for_once_whatever_the_number_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(plans=plans(shop(1)))
    calls = [house.carrier.call("8000") for _ in range(5)]
    house.world.run_until(lambda: all(call.state == "talking" for call in calls))
    house.world.run(2)
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(house.world.shelf, "plan", lambda *version: asked.append(version))
    crashed(house, shop(2))
    assert [said(house, call)[-1] for call in calls] == ["Press 1, it is 2."] * 5
    assert asked == [("shop", plans(shop(1))["shop"].version)]


def test_where_its_text_and_its_step_are_lost_a_call_ends_in_order() -> None:
    house = House(plans=plans(shop(1)))
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(2)
    house.world.shelf.kept.clear()
    crashed(house, shop(2, **{"start: menu": "start: question", "  menu:\n    menu:": "  question:\n    menu:"}))
    house.world.run_until(lambda: call.state == "ended")


MAIN = """
dialplan: shop
numbers: ["8000"]
language: en
start: ask
steps:
  ask: {flow: who, next: bye, failed: bye}
  bye: {hangup: normal}
"""
FLOW = "flow: who\nstart: hello\nsteps:\n  hello: {say: WORDS, next: back}\n  back: {return: next}\n"


def test_a_step_of_a_flow_is_named_with_it() -> None:
    house = House()
    for words in ("Hello.", "Good evening."):
        found, problems = load_plans({"shop.yaml": MAIN, "who.yaml": FLOW.replace("WORDS", words)})
        assert not problems
        now = house.world.switch.dialplans
        (change,) = now.exchange(Release(found, now.release.facts), "test").plans
    assert (change.added, change.changed, change.head) == ((), ("who/hello",), ())
    (view,) = house.world.switch.control.dialplans()
    assert view.flows == ["who"]
