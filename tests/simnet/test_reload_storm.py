"""Calls, reloads and crashes in any order: each call hears what it began with, and the disk forgets the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from softswitch.ivr.plan import Plan
from softswitch.store.shelf import PlanShelf
from softswitch.switch.dialplans import LOOK_EVERY_S, Release
from softswitch.switch.event import CallResumed, UnitFailed
from tests.simnet.house import House, plans
from tests.simnet.phone import Call
from tests.simnet.test_reload import said, shop
from tests.simnet.world import SimShelf


class Disk(SimShelf):
    """The real shelf, opened anew by each process."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home
        self.texts: dict[str, str] = {}  # by version
        self._open()

    def _open(self) -> None:
        self._shelf = PlanShelf(self.home, lambda texts: plans(texts["shop.yaml"]))

    def write(self, text: str) -> dict[str, Plan]:
        found = plans(text)
        self.texts[found["shop"].version] = text
        return found

    def add(self, plans: Mapping[str, Plan]) -> None:
        self._open()
        name = self._shelf.write(plans, {"shop.yaml": self.texts[plans["shop"].version]})
        self._shelf.add(name, plans)

    def plan(self, name: str, version: str) -> Plan | None:
        return self._shelf.plan(name, version)

    def keep_only(self, versions: Collection[tuple[str, str]]) -> None:
        self._shelf.keep_only(versions)

    def count(self) -> int:
        return len(list(self.home.iterdir()))


class Storm:
    def __init__(self, seed: int, home: Path) -> None:
        self.random = Random(seed)
        self.disk = Disk(home)
        self.version = 0
        self.house = House(seed, plans=self.disk.write(shop(0)))
        self.world = self.house.world
        self.world.shelf = self.disk
        self.crash()
        self.calls: list[tuple[int, Call]] = []
        self.heard = 0

    def call(self) -> None:
        call = self.house.carrier.call("8000")
        self.world.run_until(lambda: call.state == "talking", 10)
        self.world.run(0.2)
        self.calls.append((self.version, call))

    def reload(self) -> None:
        self.version += 1
        found = self.disk.write(shop(self.version))
        self.disk.add(found)
        now = self.world.switch.dialplans
        now.exchange(Release(found, now.release.facts), "storm")

    def crash(self) -> None:
        """The next process begins with what is written now."""
        self.world.crash()
        self.world.run(0.5)
        self.world.configuration = replace(self.world.configuration, plans=self.disk.write(shop(self.version)))
        self.world.start()
        self.world.run(0.5)

    def press(self) -> None:
        if not self.calls:
            return
        version, call = self.calls.pop(self.random.randrange(len(self.calls)))
        assert said(self.house, call)[-1] == f"Press 1, it is {version}."
        self.house.carrier.press(call, "1")
        self.world.run(0.3)
        assert said(self.house, call)[-1] == f"It was {version}."
        self.world.run_until(lambda: call.state == "ended", 5)
        self.heard += 1

    def look(self) -> None:
        """No more is kept than there are versions that somebody needs."""
        self.world.run(LOOK_EVERY_S + 1)
        assert self.disk.count() == len({version for version, _ in self.calls} | {self.version})


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_each_call_hears_its_own_version(seed: int, tmp_path: Path) -> None:
    storm = Storm(seed, tmp_path / "dialplans")
    deeds = (storm.call, storm.call, storm.call, storm.reload, storm.reload, storm.crash, storm.press, storm.look)
    for _ in range(40):
        storm.random.choice(deeds)()
    while storm.calls:
        storm.press()
    storm.look()
    assert storm.heard > 5 and storm.world.facts(CallResumed)
    assert {fact.outcome for fact in storm.world.facts(CallResumed)} == {"resumed"}
    assert not storm.world.facts(UnitFailed)
