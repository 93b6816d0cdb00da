"""A list of very many promises: whatever else the switch has to do comes between two small pieces of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from softswitch.callback.model import Promise
from softswitch.callback.waits import Wait
from softswitch.callback.wanted import Place, Wanted
from softswitch.metrics import Metrics
from softswitch.web import make_app
from softswitch.web.promises import AT_ONCE
from tests.support.fake_control import FakeControl
from tests.support.fake_desk import FakeDesk
from tests.support.web_client import TOKENS, Client
from tests.unit.web.test_promises import Store, get, promise

IN_MEMORY, STORED = 3 * AT_ONCE, 4 * AT_ONCE + 7


class Turns:
    """Counts those of the loop; and what was done within each."""

    def __init__(self) -> None:
        self.turn = 0
        self.done: Counter[int] = Counter()

    async def go(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


class Desk(FakeDesk):
    turns: Turns

    def wait(self, id: str) -> Wait | None:
        self.turns.done[self.turns.turn] += 1
        return None


class Asked(Store):
    def __init__(self, stored: list[Promise]) -> None:
        super().__init__(stored)
        self.limits: list[int] = []

    async def promise_page(self, wanted: Wanted, after: Place | None, limit: int) -> list[Promise]:
        self.limits.append(limit)
        return await super().promise_page(wanted, after, limit)


@pytest.fixture
async def house() -> AsyncIterator[tuple[Client, Desk, Asked]]:
    control, store = FakeControl(), Asked([promise(2 * n) for n in range(STORED)])
    desk = Desk(control.done, [promise(2 * n + 1) for n in range(IN_MEMORY)])
    control.desk, desk.turns = desk, Turns()
    client: Client = TestClient(TestServer(make_app(control, store, Metrics(), TOKENS)))
    await client.start_server()
    counting = asyncio.create_task(desk.turns.go())
    yield client, desk, store
    counting.cancel()
    await client.close()


@pytest.mark.parametrize("order", ["oldest", "newest"])
async def test_a_long_page_is_made_in_pieces(house: tuple[Client, Desk, Asked], order: str) -> None:
    client, desk, store = house
    page: Any = await get(client, f"?state=open&limit=10000&order={order}")
    numbers = sorted([*range(0, 2 * STORED, 2), *range(1, 2 * IN_MEMORY, 2)], reverse=order == "newest")
    assert [row["id"] for row in page["promises"]] == [f"p-{n}" for n in numbers] and page["next"] == ""
    assert max(store.limits) == AT_ONCE
    assert sum(desk.turns.done.values()) == len(numbers) and max(desk.turns.done.values()) <= AT_ONCE


async def test_pages_of_what_memory_and_store_have_join(house: tuple[Client, Desk, Asked]) -> None:
    client, _, _ = house
    seen: list[str] = []
    after = ""
    while True:
        page = await get(client, f"?state=open&limit={AT_ONCE + 100}&after={after}")
        seen += [row["id"] for row in page["promises"]]
        if not (after := page["next"]):
            break
    assert seen == [f"p-{n}" for n in sorted([*range(0, 2 * STORED, 2), *range(1, 2 * IN_MEMORY, 2)])]
