"""Paths of calls and counts of ways: memory, SQLite and PostgreSQL keep them alike, and forget what is too old."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from softswitch.ivr.path import CallPath, Edge, PathStep
from softswitch.store import statement
from softswitch.store import store as store_module
from softswitch.store.store import Store
from tests.real.test_store_contract import Kept, kept
from tests.support import facts

__all__ = ["kept"]  # a fixture

pytestmark = pytest.mark.real
STEPS = (
    PathStep("menu", "menu", 0.0, 2.5, "keys.1", "ask", ("按 1", "pressed 1"), {"digits": "1"}),
    PathStep("ask", "http", 2.5, 0.25, "failed", "", ("404 after 0.25 s",), {}, "not found", "flow", "abc"),
)


def path(number: int, ended_at: float, over: bool = True) -> CallPath:
    return CallPath(f"c-{number}", "shop", "0123456789ab", ended_at - 60, ended_at, over, number, STEPS)


async def test_a_path_is_put_by_its_contact_and_read_back(kept: Kept) -> None:
    kept.store.put_path(path(1, 1000.0, over=False))
    kept.store.put_path(path(2, 1001.0))
    kept.store.put_path(path(3, 1002.0, over=False))
    await kept.settled()
    assert await kept.store.path("c-1") == path(1, 1000.0, over=False)
    assert await kept.store.path("c-9") is None
    assert [one.contact for one in await kept.store.paths_going_on()] == ["c-3", "c-1"]
    kept.store.put_path(path(1, 2000.0))
    await kept.settled()
    assert await kept.store.path("c-1") == path(1, 2000.0)
    assert [one.contact for one in await kept.store.paths_going_on(limit=1)] == ["c-3"]


async def test_ways_are_counted_together(kept: Kept) -> None:
    for hour, plan, edge in (
        (10, "shop", Edge("menu", "keys.1", "ask", 3)),
        (10, "shop", Edge("menu", "keys.1", "ask", 4)),
        (11, "shop", Edge("menu", "keys.1", "ask", 5)),
        (11, "shop", Edge("menu", "hangup", "", 9)),
        (11, "other", Edge("menu", "hangup", "", 100)),
        (9, "shop", Edge("menu", "hangup", "", 1000)),
    ):
        kept.store.put_edge(hour, plan, edge)
    await kept.settled()
    assert await kept.store.edges("shop", 10) == [Edge("menu", "keys.1", "ask", 12), Edge("menu", "hangup", "", 9)]
    assert await kept.store.edges("shop", 11) == [Edge("menu", "hangup", "", 9), Edge("menu", "keys.1", "ask", 5)]
    assert await kept.store.edges("none", 0) == []


@dataclass
class Old:
    kept: Kept

    async def left(self) -> list[int]:
        await self.kept.settled()
        return [number for number in range(7) if await self.kept.store.path(f"c-{number}")]


async def test_what_is_too_old_is_forgotten_a_batch_at_a_time(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        kept.store.put_path(path(number, 3600.0 * number))
        kept.store.put_edge(number, "shop", Edge("menu", f"keys.{number}", "ask", 1))
    old = Old(kept)
    assert len(await old.left()) == 7
    kept.store.forget_old(3600.0 * 4)
    assert await old.left() == [4, 5, 6]
    assert [edge.exit for edge in await kept.store.edges("shop", 0)] == ["keys.4", "keys.5", "keys.6"]


async def test_a_batch_is_bounded(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "PRUNED_AT_ONCE", 2)
    kept = Kept(await Store.open(f"sqlite:///{tmp_path}/switch.db"))
    for number in range(7):
        kept.store.put_path(path(number, float(number)))
    for left in ([2, 3, 4, 5, 6], [4, 5, 6], [5, 6]):
        kept.store.forget_old(5.0)
        assert await Old(kept).left() == left
    await kept.store.close()


async def test_a_path_is_given_up_before_what_is_worth_more(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_BEFORE_PATHS", 2)
    store = await Store.open(f"sqlite:///{tmp_path}/switch.db")
    for number in range(3):
        store.put_path(path(number, float(number)))
        store.put_call(facts.call(number))
    assert store.dropped == 2
    await Kept(store).settled()
    assert await store.path("c-0") and not await store.path("c-1")
    assert len(await store.calls()) == 3
    await store.close()
