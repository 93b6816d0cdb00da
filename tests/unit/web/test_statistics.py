"""Statistics over HTTP: which intervals are added up, whose, by which clock, and what each refusal says."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from softswitch.acd.model import AgentState
from softswitch.acd.statistics import AgentFigures, QueueFigures
from softswitch.ivr.moment import past
from softswitch.metrics import Metrics
from softswitch.settings.system import Token
from softswitch.web import make_app
from tests.support.fake_control import NOON, FakeControl
from tests.support.memory import Memory

Client = TestClient[web.Request, web.Application]
ROLES = ("agent", "ops", "supervisor")
TOKENS = tuple(
    Token.model_validate({"name": f"my-{role}", "role": role, "sha256": hashlib.sha256(role.encode()).hexdigest()})
    for role in ROLES
)
NOW = NOON.timestamp()  # 12:00 in Berlin
HOUR = 3600.0
DAY = 24 * HOUR


def counted(**counts: float) -> QueueFigures:
    return QueueFigures(**counts)  # type: ignore[arg-type]


def talked(seconds: float) -> AgentFigures:
    figures = AgentFigures(answered=1)
    figures.seconds.update({AgentState.TALKING: seconds, AgentState.READY: 3 * seconds})
    return figures


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
async def client(store: Memory) -> AsyncIterator[Client]:
    control = FakeControl()
    for start, queue, figures in (
        (NOW - 13 * HOUR, "orders", counted(offered=1000)),  # yesterday
        (NOW - 12 * HOUR, "orders", counted(offered=3, answered=2, answered_in_time=1, waited_answered_s=50.0)),
        (NOW - 2 * HOUR, "service", counted(offered=7, abandoned=1)),
        (NOW - 900, "orders", counted(offered=500)),  # an older state of what is in memory
    ):
        store.put_queue_interval(start, queue, figures)
    control.counted.queues[NOW - 900, "orders"] = counted(offered=2, answered=2, answered_in_time=2, longest_s=9.0)
    store.put_agent_interval(NOW - 2 * HOUR, "alice", talked(100.0))
    control.counted.agents[NOW - 900, "alice"] = talked(20.0)
    control.counted.agents[NOW - 900, "bob"] = talked(4.0)
    made: Client = TestClient(TestServer(make_app(control, store, Metrics(), TOKENS)))
    await made.start_server()
    yield made
    await made.close()


async def ask(client: Client, query: str = "", role: str = "supervisor") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.get(f"/api/v1/statistics{query}", headers=headers) as answer:
        told = await answer.json()
        return answer.status, told.get("statistics", told)


async def rows(client: Client, query: str, *keys: str) -> list[tuple[Any, ...]]:
    status, told = await ask(client, query)
    assert status == 200, told
    return [tuple(row[key] for key in keys) for row in told["rows"]]


async def test_the_queues_of_today(client: Client) -> None:
    status, told = await ask(client)
    assert (status, told["from"], told["to"]) == (200, "2026-03-30T00:00:00+02:00", "2026-03-30T12:00:00+02:00")
    orders, service = told["rows"]
    assert (orders["queue"], orders["offered"], orders["answered"], orders["asa_s"]) == ("orders", 5, 4, 12.5)
    assert orders["service_level"] == {"of_answered": 0.75, "of_ended": 0.75, "without_quick": 0.75, "of_all": 0.75}
    assert (service["queue"], service["offered"], service["abandonment"], service["asa_s"]) == ("service", 7, 1, None)
    assert (told["total"]["offered"], told["total"]["longest_s"]) == (12, 9.0)


async def test_another_span_and_other_rows(client: Client) -> None:
    assert await rows(client, "?from=yesterday", "queue", "offered") == [("orders", 1005), ("service", 7)]
    assert await rows(client, "?from=yesterday&to=today", "queue", "offered") == [("orders", 1000)]
    assert await rows(client, "?by=interval&from=10:07", "interval", "offered") == [
        ("2026-03-30T10:00:00+02:00", 7), ("2026-03-30T11:45:00+02:00", 2),
    ]  # fmt: skip
    assert await rows(client, "?by=interval&queue=orders", "interval", "offered") == [
        ("2026-03-30T00:00:00+02:00", 3), ("2026-03-30T11:45:00+02:00", 2),
    ]  # fmt: skip
    assert await rows(client, "?by=agent", "agent", "answered", "talk_s", "occupancy") == [
        ("alice", 2, 120.0, 0.25), ("bob", 1, 4.0, 0.25),
    ]  # fmt: skip
    assert await rows(client, "?agent=bob", "agent", "aht_s") == [("bob", 4.0)]
    assert await rows(client, "?agent=alice&by=interval&from=2h", "talk_s") == [(100.0,), (20.0,)]
    assert await rows(client, "?queue=orders&to=9:00&from=8:00", "queue") == []


async def test_what_other_nodes_have_counted_is_in_it_up_to_what_goes_on(client: Client, store: Memory) -> None:
    there = store.elsewhere
    there.queues[NOW - 2 * HOUR, "orders"] = counted(offered=10, answered=1, waited_answered_s=50.0)
    there.queues[NOW - 900, "orders"] = counted(offered=20, answered=5, longest_s=30.0)
    there.queues[NOW - 900, "far"] = counted(offered=40)
    there.agents[NOW - 900, "alice"] = talked(40.0)
    assert await rows(client, "", "queue", "offered", "answered", "asa_s", "longest_s") == [
        ("far", 40, 0, None, 0.0), ("orders", 35, 10, 10.0, 30.0), ("service", 7, 0, None, 0.0),
    ]  # fmt: skip
    assert await rows(client, "?by=interval&from=1h", "offered") == [(62,)]
    assert await rows(client, "?by=agent", "agent", "answered", "talk_s") == [("alice", 3, 160.0), ("bob", 1, 4.0)]
    assert await rows(client, "?queue=far", "queue", "offered") == [("far", 40)]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?by=day", 400, "one of queue, agent, interval"),
        ("?queue=orders&by=agent", 400, "one kind at a time"),
        ("?agent=alice&queue=orders", 400, "one kind at a time"),
        ("?from=soon", 400, "'soon' is not a moment in Europe/Berlin"),
        ("?from=now&to=9:00", 400, "`to` comes after `from`"),
        ("?from=2026-01-01&by=interval", 400, "at most 32 days"),
        ("?from=1900-01-01", 400, "at most 3660 days"),
        ("?from=99999999999999999999d", 400, "not a moment"),
        ("?queue=order", 404, "did you mean 'orders'"),
        ("?agent=alicia", 404, "nothing is known of agent 'alicia'"),
    ],
)
async def test_what_is_refused(client: Client, query: str, status: int, said: str) -> None:
    found, told = await ask(client, query)
    assert found == status and said in told["error"] + told.get("hint", "")


async def test_who_may_see_them(client: Client) -> None:
    assert [(await ask(client, role=role))[0] for role in ROLES] == [403, 403, 200]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("today", "2026-03-29T00:00:00+01:00"),  # the day on which the clock goes from 2 to 3
        ("yesterday", "2026-03-28T00:00:00+01:00"),
        ("2:30", "2026-03-29T03:00:00+02:00"),
        ("3:00", "2026-03-29T03:00:00+02:00"),
        ("2h30m", "2026-03-29T09:30:00+02:00"),
        ("2026-03-28", "2026-03-28T00:00:00+01:00"),
        ("2026-03-28T10:30:00", "2026-03-28T10:30:00+01:00"),
        ("2026-03-28 10:30:42", "2026-03-28T10:30:42+01:00"),
        ("2026-03-28T10:30:00Z", "2026-03-28T10:30:00+00:00"),
        ("2025-10-26T02:15", "2025-10-26T02:15:00+02:00"),
    ],
)
def test_moments(text: str, meant: str) -> None:
    now = datetime.fromisoformat("2026-03-29T12:00:00+02:00").timestamp()
    assert past(text, now, "Europe/Berlin") == datetime.fromisoformat(meant).timestamp()


@pytest.mark.parametrize("text", ["", "24:00", "-1h", "2026-02-30", "9999999d", "nan", "1e9", "tomorrow"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="is not a moment in Asia/Shanghai"):
        past(text, NOW, "Asia/Shanghai")
