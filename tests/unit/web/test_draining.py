"""Taking the switch out of service over HTTP: who may, what is said, and that probes are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.fake_control import NOON, FakeControl
from tests.support.web_client import Client, client_of

PATH = "/api/v1/drain"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with client_of(FakeControl()) as made:
        yield made


async def ask(client: Client, method: str, path: str, body: Any = None, role: str = "ops") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.request(method, path, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def gauge(client: Client) -> str:
    async with client.get("/metrics", headers={"Authorization": "Bearer ops"}) as answer:
        return next(line for line in (await answer.text()).splitlines() if line.startswith("softswitch_draining"))


async def test_it_is_ordered_shown_and_taken_back(client: Client) -> None:
    assert await gauge(client) == "softswitch_draining 0.0"
    status, told = await ask(client, "POST", PATH, {"within_s": 60})
    assert status == 202 and told["drain"] == {
        "draining": True, "by": "api my-ops", "since": NOON.timestamp(), "until": NOON.timestamp() + 60,
        "calls": 3, "waiting": 2, "unwritten": 0, "refused": 7,
    }  # fmt: skip
    assert (await ask(client, "GET", PATH, role="agent"))[1] == told
    status, ready = await ask(client, "GET", "/readyz")
    assert (status, ready["ready"], ready["draining"], set(ready["parts"].values())) == (503, False, True, {True})
    assert await gauge(client) == "softswitch_draining 1.0"
    status, told = await ask(client, "DELETE", PATH, role="admin")
    assert (status, told["drain"]["draining"], told["drain"]["calls"]) == (200, False, 3)
    assert await ask(client, "GET", "/readyz") == (
        200, {"ready": True, "parts": {"sip": True, "media": True, "store": True}, "draining": False},
    )  # fmt: skip


async def test_without_a_limit_it_takes_as_long_as_it_takes(client: Client) -> None:
    _, told = await ask(client, "POST", PATH)
    assert told["drain"]["until"] == 0.0


@pytest.mark.parametrize(
    ("method", "body", "role", "status", "said"),
    [
        ("POST", {"within_s": 0}, "ops", 400, "within_s"),
        ("POST", {"within_s": 604801}, "ops", 400, "within_s"),
        ("POST", {"within": "5m"}, "ops", 400, "within"),
        ("POST", {}, "supervisor", 403, "roles that may: ops, admin"),
        ("DELETE", None, "agent", 403, "the role agent may not do this"),
        ("DELETE", None, "ops", 409, "nothing to take back"),
    ],
)
async def test_what_cannot_be_is_refused(
    client: Client, method: str, body: Any, role: str, status: int, said: str
) -> None:
    answer, problem = await ask(client, method, PATH, body, role)
    assert answer == status
    assert said in str(problem)
