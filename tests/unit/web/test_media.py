"""Media processes over HTTP: who may see and drain them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from softswitch.metrics import Metrics
from softswitch.settings.system import Token
from softswitch.web import make_app
from softswitch.web.server import StoreReader
from tests.support.fake_control import FakeControl
from tests.support.fake_media import FakeMedia

Client = TestClient[web.Request, web.Application]
TOKENS = tuple(
    Token.model_validate({"name": f"my-{role}", "role": role, "sha256": hashlib.sha256(role.encode()).hexdigest()})
    for role in ("agent", "ops")
)


class NoStore(StoreReader):
    """Nobody asks."""


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    made: Client = TestClient(TestServer(make_app(FakeControl(), NoStore(), Metrics(), TOKENS, FakeMedia())))
    await made.start_server()
    yield made
    await made.close()


async def ask(client: Client, method: str, path: str, body: Any = None, role: str = "ops") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.request(method, path, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_one_is_drained_and_taken_up_again(client: Client) -> None:
    path = "/api/v1/media/2/drain"
    assert await ask(client, "POST", path, {}) == (200, {"process": 2, "draining": True})
    _, shown = await ask(client, "GET", "/api/v1/media", role="agent")
    assert [(one["process"], one["draining"], one["streams"]) for one in shown["media"]] == [
        (1, False, 4),
        (2, True, 4),
    ]
    async with client.get("/metrics", headers={"Authorization": "Bearer ops"}) as answer:
        assert 'softswitch_media_process_draining{process="2"} 1.0' in await answer.text()
    assert await ask(client, "POST", path, {"on": False}) == (200, {"process": 2, "draining": False})


@pytest.mark.parametrize(
    ("path", "body", "role", "status", "said"),
    [
        ("3/drain", {}, "ops", 404, "no media process 3; there are 1 to 2"),
        ("2/drain", {"on": "yes"}, "ops", 400, "the body cannot be used"),
        ("2/drain", {}, "agent", 403, "the role agent may not do this"),
        ("two/drain", {}, "ops", 404, ""),
    ],
)
async def test_what_cannot_be_is_refused(
    client: Client, path: str, body: Any, role: str, status: int, said: str
) -> None:
    answer, problem = await ask(client, "POST", f"/api/v1/media/{path}", body, role)
    assert answer == status
    assert said in str(problem)
