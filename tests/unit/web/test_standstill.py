"""Why nothing is dialled, over HTTP: what stops a queue or campaign, and what its promises wait for, by reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from softswitch.callback import waits
from softswitch.callback.model import PromiseState
from softswitch.callback.waits import Wait
from softswitch.metrics import Metrics
from softswitch.store.promises import Lying
from softswitch.store.trouble import DatabaseAway
from softswitch.web import make_app
from tests.support.fake_control import FakeControl
from tests.support.fake_desk import NOW, FakeDesk
from tests.support.web_client import TOKENS, Client
from tests.unit.web.test_promises import Store, promise

S = PromiseState


class House:
    def __init__(self) -> None:
        self.control, self.store = FakeControl(), Store([])
        self.control.desk = self.desk = FakeDesk(self.control.done, [])
        self.client: Client = TestClient(TestServer(make_app(self.control, self.store, Metrics(), TOKENS)))

    async def ask(self, query: str = "", status: int = 200) -> Any:
        headers = {"Authorization": "Bearer supervisor"}
        async with self.client.get(f"/api/v1/promises/why{query}", headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def one(self, of: str) -> dict[str, Any]:
        (row,) = (await self.ask(f"?of={of}"))["why"]
        assert row["of"] == of
        return dict(row)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    await house.client.start_server()
    yield house
    await house.client.close()


def brief(row: dict[str, Any]) -> list[tuple[str, str, int, float]]:
    return [(one["why"], one["outcome"], one["promises"], one["until"]) for one in row["waits"]]


async def test_what_stops_it_and_what_to_do(house: House) -> None:
    house.desk.stands["orders"] = Wait(waits.OUTSIDE_HOURS, NOW + 60.0)
    orders, welcome = (await house.ask())["why"]
    assert (orders["of"], orders["stopped_by"], orders["until"]) == ("orders", waits.OUTSIDE_HOURS, NOW + 60.0)
    assert "window" in orders["remedy"]
    assert (welcome["of"], welcome["queue"], welcome["stopped_by"], welcome["remedy"]) == ("welcome", "orders", "", "")
    ready, logged_in = orders["agents_ready"], orders["agents_logged_in"]
    (queue,) = [view for view in house.control.queues() if view.queue == "orders"]
    assert (ready, logged_in) == (queue.agents_ready, queue.agents_logged_in)


async def test_promises_are_counted_by_reason_and_an_attempt_by_what_came_of_it(house: House) -> None:
    failed = [promise(n, S.RETRY_AT, outcome="failed") for n in (1, 2, 3)]
    house.desk.rows[:] = [*failed, promise(4, S.RETRY_AT, outcome="busy"), promise(5, S.DUE, outcome="busy")]
    house.desk.rows.append(promise(6, S.DIALLING))
    house.desk.waits = {one.id: Wait(waits.PAUSE, NOW + n) for n, one in enumerate(house.desk.rows[:4], 10)}
    house.desk.waits |= {"p-5": Wait(waits.NO_AGENT), "p-6": Wait(waits.WORDS[S.DIALLING])}
    row = await house.one("orders")
    assert brief(row) == [
        (waits.PAUSE, "failed", 3, NOW + 10.0),
        (waits.PAUSE, "busy", 1, NOW + 13.0),
        (waits.NO_AGENT, "", 1, 0.0),
        (waits.WORDS[S.DIALLING], "", 1, 0.0),
    ]
    assert row["dialled"] == 1 and row["open"] == 6


async def test_the_pool_and_other_nodes_are_in_it(house: House) -> None:
    house.store.lies = [
        Lying("welcome", "", 0.0, "", 900),
        Lying("welcome", "", NOW + 5.0, "", 80),
        Lying("welcome", "", NOW + 9.0, "failed", 70),
        Lying("orders", "b", 0.0, "", 7),
        Lying("gone", "", 0.0, "", 2),
    ]
    house.desk.stands |= {"welcome": Wait(waits.PAUSED), "gone": Wait(waits.NO_POLICY)}
    orders, welcome, gone = (await house.ask())["why"]
    assert brief(welcome) == [
        (waits.PAUSED, "", 900, 0.0),
        (waits.NOT_YET, "", 80, NOW + 5.0),
        (waits.PAUSE, "failed", 70, NOW + 9.0),
    ]
    assert brief(orders) == [("at node b", "", 7, 0.0)]
    assert gone["of"] == "gone" and gone["stopped_by"] == waits.NO_POLICY, "it is configured no more"
    assert await house.one("gone") == gone


async def test_a_trunk_that_refuses_is_named(house: House) -> None:
    refuses = Wait(waits.TRUNK_REFUSES, NOW + 30.0, "carrier")
    house.desk.rows[:] = [promise(1, S.DUE), promise(2, S.DUE)]
    house.desk.waits, house.desk.stands = {"p-1": refuses, "p-2": Wait(waits.OTHERS_FIRST)}, {"orders": refuses}
    row = await house.one("orders")
    assert (row["stopped_by"], row["trunk"]) == (waits.TRUNK_REFUSES, "carrier")
    named = {one["why"]: one["trunk"] for one in row["waits"]}
    assert named == {waits.TRUNK_REFUSES: "carrier", waits.OTHERS_FIRST: ""}


async def test_what_has_ended_within_the_hour(house: House) -> None:
    barred = [promise(n, S.WITHDRAWN, outcome="do-not-call", updated_at=NOW - 3600.0) for n in (1, 2)]
    house.desk.rows[:] = [*barred, promise(3, S.KEPT, updated_at=NOW - 3601.0)]
    row = await house.one("orders")
    assert row["ended"] == [{"state": "withdrawn", "outcome": "do-not-call", "promises": 2}]
    assert row["open"] == 0 and row["waits"] == []


async def test_a_store_that_does_not_answer_hides_no_reason(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> list[Lying]:
        raise DatabaseAway(OSError("gone"))

    monkeypatch.setattr(house.store, "lying", away)
    house.desk.stands["orders"] = Wait(waits.STORE_AWAY)
    told = await house.ask()
    assert told["pool_known"] is False and told["why"][0]["stopped_by"] == waits.STORE_AWAY
    assert "disk" in told["why"][0]["remedy"]


async def test_a_name_that_is_misspelt(house: House) -> None:
    told = await house.ask("?of=welcom", status=404)
    assert "welcom" in told["error"] and "welcome" in told["hint"]
    assert "orders" in (await house.ask("?of=xyz", status=404))["hint"]
