"""Dialplans over HTTP: who may have them read again, what is wrong with them, and which ways callers took."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from softswitch.core.errors import ConfigError, Problem
from softswitch.ivr.path import CallPath, Edge, PathStep
from softswitch.metrics import Metrics
from softswitch.settings.system import Token
from softswitch.store.promises import Lying
from softswitch.switch.dialplans import Busy, Changes, Outcome, PlanChange
from softswitch.web import make_app
from tests.support.fake_control import FakeControl

CHANGE = PlanChange("shop", "changed", "1" * 12, "2" * 12, added=("night",), calls=3)
PATH = CallPath("c-0", "shop", "ba98", 1.0, 2.0, True, 0, (PathStep("menu", "menu", 0.0, 1.0, "hangup"),))
ROLES = ("agent", "ops", "supervisor", "admin")
TOKENS = [Token(name=f"the-{role}", role=role, sha256=hashlib.sha256(role.encode()).hexdigest()) for role in ROLES]


class FakeReload:
    problems: tuple[Problem, ...] = ()
    busy = False

    def __init__(self) -> None:
        self.by: list[str] = []

    async def reload(self, by: str) -> Outcome:
        self.by.append(by)
        if self.busy:
            raise Busy("others wait")
        if self.problems:
            raise ConfigError(list(self.problems))
        return Outcome(Changes((CHANGE,)), (), 3, ("sip.realm",), ())


class FakeReader:
    """What was stored."""

    def __init__(self) -> None:
        self.hours: list[int] = []

    async def lying(self) -> list[Lying]:
        return []

    async def path(self, contact: str) -> CallPath | None:
        return PATH if contact == PATH.contact else None

    async def edges(self, plan: str, hour: int) -> list[Edge]:
        self.hours.append(hour)
        return [Edge("menu", "keys.1", "orders", 5), Edge("menu", "hangup", "", 1)] if plan == "shop" else []


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def files() -> FakeReload:
    return FakeReload()


@pytest.fixture
async def client(files: FakeReload, reader: FakeReader) -> AsyncIterator[TestClient[Any, Any]]:
    app = make_app(FakeControl(), reader, Metrics(), TOKENS, reload=files)  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client:
        yield client


async def asked(client: TestClient[Any, Any], method: str, path: str, role: str = "admin") -> tuple[int, Any]:
    async with client.request(method, path, headers={"Authorization": f"Bearer {role}"}) as answer:
        return answer.status, await answer.json()


async def test_the_dialplans(client: TestClient[Any, Any]) -> None:
    status, answer = await asked(client, "GET", "/api/v1/dialplans", "agent")
    (shop,) = answer["dialplans"]
    assert answer["configuration"] == "4" * 12
    assert status == 200 and (shop["dialplan"], shop["calls"], shop["former"]) == ("shop", 1, {"ba98": 2})


async def test_what_a_reload_has_changed(client: TestClient[Any, Any], files: FakeReload) -> None:
    status, answer = await asked(client, "POST", "/api/v1/reload")
    assert status == 200 and files.by == ["the-admin"]
    (change,) = answer["reload"]["changes"]["plans"]
    assert (change["plan"], change["added"], change["calls"]) == ("shop", ["night"], 3)
    assert answer["reload"]["needs_restart"] == ["sip.realm"]


async def test_what_is_wrong_is_told_with_its_place(client: TestClient[Any, Any], files: FakeReload) -> None:
    files.problems = (Problem("shop.yaml", 3, 7, "start", "wrong"), Problem("shop.yaml", 1, 1, "", "odd", "warning"))
    status, answer = await asked(client, "POST", "/api/v1/reload")
    assert status == 422
    assert answer["error"] == "nothing was changed: 1 error(s) in what is written"
    assert answer["hint"] == "shop.yaml:3:7: start: wrong\nshop.yaml:1:1: warning: odd"
    assert [(one["line"], one["column"]) for one in answer["problems"]] == [(3, 7), (1, 1)]


async def test_where_others_wait_already(client: TestClient[Any, Any], files: FakeReload) -> None:
    files.busy = True
    status, answer = await asked(client, "POST", "/api/v1/reload")
    assert (status, answer["error"]) == (409, "others wait")


@pytest.mark.parametrize("role", ["agent", "ops", "supervisor"])
async def test_only_an_admin_may(client: TestClient[Any, Any], files: FakeReload, role: str) -> None:
    status, answer = await asked(client, "POST", "/api/v1/reload", role)
    assert status == 403 and answer["hint"] == "roles that may: admin" and not files.by


@pytest.mark.parametrize("name", ["c-1", "leg-1", "a%2Fb@phone"])
async def test_the_path_of_a_call_that_goes_on(client: TestClient[Any, Any], name: str) -> None:
    status, answer = await asked(client, "GET", f"/api/v1/calls/{name}/path", "ops")
    path = answer["path"]
    assert (status, path["contact"], path["over"]) == (200, "c-1", False)
    assert path["steps"][0] == {
        "step": "welcome", "verb": "say", "at": 0.0, "seconds": 1.5, "exit": "next", "to": "menu",
    }  # fmt: skip


async def test_the_path_of_a_call_that_is_over(client: TestClient[Any, Any]) -> None:
    _, answer = await asked(client, "GET", "/api/v1/calls/c-0/path")
    assert (answer["path"]["over"], answer["path"]["steps"][0]["exit"]) == (True, "hangup")
    status, answer = await asked(client, "GET", "/api/v1/calls/c-9/path")
    assert status == 404 and "c-9" in answer["error"]
    status, _ = await asked(client, "GET", "/api/v1/calls/c-0/path", "agent")
    assert status == 403, "there are numbers in it"


async def test_how_many_took_which_way(client: TestClient[Any, Any], reader: FakeReader) -> None:
    _, answer = await asked(client, "GET", "/api/v1/dialplans/shop/edges")
    assert answer["edges"] == [
        {"step": "menu", "exit": "keys.1", "to": "orders", "count": 5},
        {"step": "menu", "exit": "hangup", "to": "", "count": 3},
    ]
    await asked(client, "GET", "/api/v1/dialplans/shop/edges?hours=1")
    day, hour = reader.hours
    assert hour - day in (23, 24)  # an hour may have begun meanwhile
    status, answer = await asked(client, "GET", "/api/v1/dialplans/shops/edges")
    assert status == 404 and answer["hint"] == "did you mean 'shop'?"
