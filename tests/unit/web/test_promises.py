"""Promises over HTTP: memory is laid over the store, pages join, one tells its history, orders are given by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.standstill import ABANDON_LIMIT
from softswitch.callback.waits import Wait
from softswitch.metrics import Metrics
from softswitch.web import make_app
from softswitch.web.promises import MOST_LIKE
from softswitch.web.server import StoreReader
from tests.support.fake_control import FakeControl
from tests.support.fake_desk import NOW, FakeDesk, StoredPromises
from tests.support.web_client import TOKENS, Client

S = PromiseState


def promise(number: int, state: PromiseState = S.RECORDED, **more: Any) -> Promise:
    one = Promise(f"p-{number}", f"+86138{number:08d}", "orders", "abandoned", state, "c", NOW - 1000.0 + number)
    return replace(one, **more)


class Store(StoredPromises, StoreReader):
    """Only promises are asked for."""


@pytest.fixture
def control() -> FakeControl:
    control = FakeControl()
    control.desk = FakeDesk(control.done, [])
    return control


@pytest.fixture
def store() -> Store:
    return Store([])


@pytest.fixture
async def client(control: FakeControl, store: Store) -> AsyncIterator[Client]:
    made: Client = TestClient(TestServer(make_app(control, store, Metrics(), TOKENS)))
    await made.start_server()
    yield made
    await made.close()


async def get(client: Client, query: str, status: int = 200, role: str = "supervisor") -> Any:
    async with client.get(f"/api/v1/promises{query}", headers={"Authorization": f"Bearer {role}"}) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def post(client: Client, path: str, body: Any, status: int, role: str = "supervisor") -> Any:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.post(f"/api/v1/promises/{path}", json=body, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def listed(client: Client, query: str) -> list[str]:
    return [one["id"] for one in (await get(client, query))["promises"]]


async def test_what_memory_says_goes_before_what_the_store_says(
    client: Client, control: FakeControl, store: Store
) -> None:
    store.stored[:] = [promise(1), promise(2), promise(3, S.KEPT), promise(4)]
    control.promise_desk().rows[:] = [promise(1, S.SEEKING), promise(2, S.KEPT), promise(5)]
    assert await listed(client, "?state=open") == ["p-1", "p-4", "p-5"]
    assert await listed(client, "?state=seeking") == ["p-1"]
    assert await listed(client, "?state=recorded") == ["p-4", "p-5"]
    assert await listed(client, "?state=kept&order=oldest") == ["p-2", "p-3"]
    assert await listed(client, "?all=1") == ["p-5", "p-4", "p-3", "p-2", "p-1"]
    assert await listed(client, "") == ["p-1", "p-2", "p-5"], "without a wish, what is in memory"


@pytest.mark.parametrize("order", ["oldest", "newest"])
async def test_pages_join_without_a_gap_and_without_a_double(
    client: Client, control: FakeControl, store: Store, order: str
) -> None:
    store.stored[:] = [promise(n) for n in range(1, 12)]
    control.promise_desk().rows[:] = [promise(n, S.DUE if n % 3 else S.KEPT) for n in range(2, 9)]
    control.promise_desk().rows.append(promise(12))
    whole = await listed(client, f"?state=open&order={order}")
    assert sorted(whole) == sorted(f"p-{n}" for n in range(1, 13) if n not in (3, 6))
    seen: list[str] = []
    after = ""
    for _ in range(20):
        page = await get(client, f"?state=open&order={order}&limit=2&after={after}")
        seen += [one["id"] for one in page["promises"]]
        after = page["next"]
        if not after:
            break
    assert seen == whole


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?queue=service", ["p-2"]),
        ("?campaign=welcome", ["p-3"]),
        ("?stage=shed", ["p-4"]),
        ("?number=138-0000%200001", ["p-1"]),
        ("?number=%2B8613800000001", ["p-1"]),
        ("?since=2027-01-15T08:30&until=2027-01-15T09:00", ["p-1", "p-2", "p-3", "p-4"]),
        ("?since=1h&due=1", ["p-1", "p-2", "p-3"]),
        ("?until=2h", []),
        ("?until=1969-12-31", []),
    ],
)
async def test_what_is_asked_for(client: Client, store: Store, query: str, found: list[str]) -> None:
    store.stored[:] = [
        promise(1),
        promise(2, queue="service"),
        promise(3, campaign="welcome"),
        promise(4, stage="shed", not_before=NOW + 60),
    ]
    assert await listed(client, query) == found


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("?state=keept", "state='keept' is not understood"),
        ("?order=up", "order='up' is not understood"),
        ("?number=withheld", "number='withheld' is no number"),
        ("?since=soon", "'soon' is not a moment"),
        ("?since=2h&until=3h", "since='2h' is not before until='3h'"),
        ("?after=nowhere", "after='nowhere' is no place in a list"),
        ("?limit=-1", "limit='-1' is not a whole number, 0 or more"),
        ("?campain=welcome", "there is no parameter 'campain'"),
        ("?stage=abandonned", "there is no stage 'abandonned'"),
        ("?stage=abandoned%20shed", "there is no stage 'abandoned shed'"),
    ],
)
async def test_what_is_not_understood_is_said(client: Client, query: str, error: str) -> None:
    told = await get(client, query, 400)
    assert told["error"].startswith(error) and told["hint"]


async def test_each_row_says_how_old_it_is_and_why_it_waits(client: Client, control: FakeControl, store: Store) -> None:
    control.promise_desk().rows[:] = [promise(1, S.DUE), promise(4, S.KEPT)]
    control.promise_desk().waits = {"p-1": Wait("outside hours", NOW + 60)}
    store.stored[:] = [promise(2, node="b"), promise(3)]
    rows = (await get(client, "?all=1&order=oldest"))["promises"]
    assert [(row["age_s"], row["waits"], row["waits_until"]) for row in rows] == [
        (999.0, "outside hours", NOW + 60),
        (998.0, "at node b", 0.0),
        (997.0, "in the pool, for whoever has room", 0.0),
        (996.0, "", 0.0),
    ]


async def test_one_in_the_pool_waits_for_its_time_and_for_what_stops_its_list(
    client: Client, control: FakeControl, store: Store
) -> None:
    control.promise_desk().rows[:], control.promise_desk().waits = [], {}
    control.promise_desk().stands = {"welcome": Wait("outside hours", NOW + 60), "rare": Wait(ABANDON_LIMIT)}
    store.stored[:] = [
        promise(1, campaign="welcome"),
        promise(2, campaign="rare"),
        promise(3, campaign="welcome", not_before=NOW + 90),
        promise(4, campaign="welcome", not_before=NOW),
    ]
    rows = (await get(client, "?state=open"))["promises"]
    assert [(row["waits"], row["waits_until"]) for row in rows] == [
        ("outside hours", NOW + 60),
        ("in the pool, for whoever has room", 0.0),
        ("its time has not come", NOW + 90),
        ("outside hours", NOW + 60),
    ]
    control.promise_desk().rests = {"p-3": Wait("number was dialled often enough lately", NOW + 3600)}
    assert (await get(client, "/p-3"))["promise"]["waits"] == "number was dialled often enough lately"
    store.stored[:] = [promise(3, node="b", not_before=NOW + 90)]
    assert (await get(client, "/p-3"))["promise"]["waits"] == "at node b"


async def test_one_tells_its_history_wherever_it_is(client: Client, control: FakeControl, store: Store) -> None:
    store.stored[:] = [promise(1, S.KEPT)]
    told = (await get(client, "/p-1"))["promise"]
    assert told["state"] == "kept" and [one["state"] for one in told["history"]][-1] == "retry_at"
    assert (told["attempted"][0]["contact"], told["attempted"][0]["outcome"]) == ("c-9", "busy")
    control.promise_desk().rows[:] = [promise(1, S.DIALLING)]
    assert (await get(client, "/p-1"))["promise"]["state"] == "dialling"
    assert (await get(client, "/p-2", 404))["hint"] == "did you mean 'p-1'?"


async def test_an_unknown_id_is_not_compared_with_a_hundred_thousand(client: Client, control: FakeControl) -> None:
    looked_at = 0

    class Many(list[Promise]):
        def __iter__(self) -> Iterator[Promise]:
            nonlocal looked_at
            for looked_at in range(1, 100_001):
                yield promise(looked_at)

    control.promise_desk().rows = Many()
    await get(client, "/promise-of-nobody", 404)
    assert 0 < looked_at <= MOST_LIKE


@pytest.mark.parametrize(
    ("path", "body", "done"),
    [
        ("p-1/cancel", {"why": "wrote a mail"}, ("withdraw", "p-1", "wrote a mail", "api my-supervisor")),
        ("p-1/cancel", {}, ("withdraw", "p-1", "withdrawn by my-supervisor", "api my-supervisor")),
        ("p-1/retry", {}, ("retry", "p-1", "api my-supervisor")),
        ("p-1/promote", {"priority_s": 600}, ("promote", "p-1", "600", "api my-supervisor")),
    ],
)
async def test_an_order_is_given_in_the_name_of_the_token(
    client: Client, control: FakeControl, path: str, body: Any, done: tuple[str, ...]
) -> None:
    control.promise_desk().rows[:] = [promise(1, S.RETRY_AT)]
    with structlog.testing.capture_logs() as logs:
        assert (await post(client, path, body, 202))["promise"] == "p-1"
    assert control.done == [done] and logs[-1]["by"] == "my-supervisor"


@pytest.mark.parametrize(
    ("stored", "status", "error"),
    [
        (None, 404, "no promise 'p-1'"),
        (promise(1, S.KEPT), 409, "p-1 is kept"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_not_audited(
    client: Client, control: FakeControl, store: Store, stored: Promise | None, status: int, error: str
) -> None:
    store.stored[:] = [stored] if stored else []
    with structlog.testing.capture_logs() as logs:
        assert (await post(client, "p-1/cancel", {}, status))["error"].startswith(error)
    assert not control.done and not logs


@pytest.mark.parametrize("node", ["", "b"])
async def test_what_lies_in_the_pool_or_at_another_node_is_reached(
    client: Client, control: FakeControl, store: Store, node: str
) -> None:
    store.stored[:] = [promise(1, node=node)]
    await post(client, "p-1/promote", {"priority_s": 60}, 202)
    assert control.done == [("promote", "p-1", "60", "api my-supervisor")]


@pytest.mark.parametrize(("role", "status"), [("agent", 403), ("ops", 403), ("supervisor", 202), ("admin", 202)])
async def test_who_may(client: Client, control: FakeControl, role: str, status: int) -> None:
    control.promise_desk().rows[:] = [promise(1, S.RETRY_AT)]
    for path, body in (("cancel", {}), ("retry", {}), ("promote", {"priority_s": 1})):
        await post(client, f"p-1/{path}", body, status, role)
    await get(client, "/p-1", 403 if status == 403 else 200, role)
    await get(client, "?state=open", 403 if status == 403 else 200, role)


@pytest.mark.parametrize("body", [{}, {"priority_s": 1e12}, {"priority_s": "10m"}, {"priority_s": 1, "why": "x"}])
async def test_a_priority_is_a_number_of_seconds(client: Client, control: FakeControl, body: Any) -> None:
    control.promise_desk().rows[:] = [promise(1)]
    assert "for example" in (await post(client, "p-1/promote", body, 400))["hint"]
    assert not control.done
