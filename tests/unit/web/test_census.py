"""What lies in the pool is counted beside the scrapes, which show the last count and ask no database."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from softswitch.metrics import Metrics
from softswitch.store.promises import Lying
from softswitch.store.trouble import DatabaseAway
from softswitch.web import census, make_app
from tests.support.fake_control import FakeControl
from tests.support.process import eventually
from tests.support.web_client import Client
from tests.unit.web.test_promises import Store

LIES = 'softswitch_promises_elsewhere{campaign="welcome",queue="orders",where="pool"} 50000.0'


class Pool(Store):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked = 0
        self.fault: Exception | None = None

    async def lying(self) -> list[Lying]:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return [Lying("welcome", "", 0.0, "", 50_000)]


async def scraped(client: Client) -> str:
    async with client.get("/metrics") as answer:
        return await answer.text()


def served(pool: Pool) -> Client:
    return TestClient(TestServer(make_app(FakeControl(), pool, Metrics())))


async def test_a_scrape_shows_the_last_count_and_makes_none() -> None:
    pool = Pool()
    async with served(pool) as client:
        await eventually(lambda: pool.asked)
        for _ in range(5):
            told = await scraped(client)
        assert LIES in told and pool.asked == 1


async def test_it_is_counted_again_and_again_and_not_while_the_store_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "EVERY_S", 0.01)
    monkeypatch.setattr(census, "REST", 0.0)
    pool = Pool()
    for fault, failed in ((DatabaseAway("gone"), 0), (TypeError("ours"), 1)):
        pool.fault = None
        async with served(pool) as client:
            await eventually(lambda: pool.asked)
            assert LIES in await scraped(client)
            pool.fault, pool.asked = fault, 0
            await eventually(lambda: pool.asked)
            told = await scraped(client)
            assert LIES not in told
            assert ('softswitch_units_failed_total{where="http"}' in told) is bool(failed), "away is no defect of ours"
            pool.fault, pool.asked = None, 0
            await eventually(lambda: pool.asked)
            assert LIES in await scraped(client), "it goes on"


def test_the_longer_a_count_takes_the_rarer_it_is() -> None:
    assert census.pause_s(0.002) == 30.0
    assert census.pause_s(1.5) == 90.0
