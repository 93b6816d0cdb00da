"""A client of the HTTP API over a control that is none, with a token for each role: the role's name."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from softswitch.metrics import Metrics
from softswitch.settings.system import Token
from softswitch.web import make_app
from softswitch.web.server import StoreReader
from tests.support.fake_control import FakeControl

Client = TestClient[web.Request, web.Application]
TOKENS = tuple(
    Token.model_validate({"name": f"my-{role}", "role": role, "sha256": hashlib.sha256(role.encode()).hexdigest()})
    for role in ("agent", "ops", "supervisor", "admin")
)


class NoStore(StoreReader):
    """Nobody asks."""


@asynccontextmanager
async def client_of(control: FakeControl) -> AsyncIterator[Client]:
    made: Client = TestClient(TestServer(make_app(control, NoStore(), Metrics(), TOKENS)))
    await made.start_server()
    yield made
    await made.close()
