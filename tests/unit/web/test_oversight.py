"""Desks, forced states and those who wait, over HTTP: who may, and what a refusal says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog

from tests.support.fake_control import FakeControl
from tests.support.web_client import Client, client_of


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
async def client(control: FakeControl) -> AsyncIterator[Client]:
    async with client_of(control) as made:
        yield made


async def ask(client: Client, path: str, body: Any, role: str = "supervisor") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.post(f"/api/v1/{path}", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("path", "body", "done"),
    [
        ("agents/carol/login", {"phone": "1003"}, ("log_in", "carol", "ready", "1003")),
        ("agents/carol/login", {"ready": False}, ("log_in", "carol", "paused")),
        ("agents/bob/force", {"state": "logged-out"}, ("force", "bob", "logged-out", "", "api my-supervisor")),
        ("contacts/c-1/move", {"queue": "service"}, ("move", "c-1", "service", "api my-supervisor")),
        ("contacts/c-1/priority", {"priority_s": -60}, ("reprioritise", "c-1", "-60", "api my-supervisor")),
    ],
)
async def test_it_is_done_in_the_name_of_the_token(
    client: Client, control: FakeControl, path: str, body: Any, done: tuple[str, ...]
) -> None:
    status, answer = await ask(client, path, body)
    assert status == 200 and control.done == [done]
    assert answer["agent" if path.startswith("agents") else "contact"] in path


@pytest.mark.parametrize(
    ("path", "body", "status", "error", "hint"),
    [
        ("agents/carol/login", {"phone": "1001"}, 409, "alice sits at 1001", ""),
        ("agents/caro/login", {"phone": "1003"}, 404, "no agent 'caro'", "did you mean 'carol'?"),
        ("agents/caro/force", {"state": "ready"}, 404, "no agent 'caro'", "did you mean 'carol'?"),
        ("agents/bob/force", {"state": "away"}, 400, "the body cannot be used", ""),
        ("contacts/c-1/move", {"queue": "sales"}, 409, "queues.yaml has no queue", "GET /api/v1/queues"),
        ("contacts/c-7/move", {"queue": "service"}, 404, "no call 'c-7'", "did you mean 'c-1'?"),
        ("contacts/c-1/priority", {"priority_s": 1e9}, 400, "the body cannot be used", ""),
    ],
)
async def test_a_refusal_says_why(
    client: Client, control: FakeControl, path: str, body: Any, status: int, error: str, hint: str
) -> None:
    told, answer = await ask(client, path, body)
    assert told == status and answer["error"].startswith(error) and hint in answer.get("hint", "")
    assert not control.done


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("agent", "agents/carol/login", 200),
        ("ops", "agents/carol/login", 403),
        ("agent", "agents/bob/force", 403),
        ("agent", "contacts/c-1/move", 403),
        ("ops", "contacts/c-1/priority", 403),
        ("admin", "agents/bob/force", 200),
        ("admin", "contacts/c-1/priority", 200),
        ("", "agents/bob/force", 401),
    ],
)
async def test_what_a_role_may(client: Client, role: str, path: str, status: int) -> None:
    bodies = {"login": {}, "force": {"state": "ready"}, "move": {"queue": "service"}, "priority": {"priority_s": 60}}
    assert (await ask(client, path, bodies[path.rpartition("/")[2]], role))[0] == status


@pytest.mark.parametrize(
    ("path", "body", "role"),
    [
        ("agents/bob/force", {"state": "logged-out"}, "supervisor"),
        ("agents/bob/state", {"state": "logged_out"}, "agent"),
    ],
)
async def test_who_was_removed_and_is_gone_with_the_order_is_not_found(
    client: Client, control: FakeControl, monkeypatch: pytest.MonkeyPatch, path: str, body: Any, role: str
) -> None:
    monkeypatch.setattr(control, "agents", lambda: [])
    status, said = await ask(client, path, body, role)
    assert (status, said["error"]) == (404, "no agent 'bob'"), said
    assert control.done


async def test_what_was_refused_is_not_logged_as_done(client: Client) -> None:
    with structlog.testing.capture_logs() as logged:
        assert (await ask(client, "agents/carol/login", {"phone": "1001"}))[0] == 409
        assert (await ask(client, "agents/nobody/state", {"state": "ready"}))[0] == 404
        assert (await ask(client, "agents/carol/login", {"phone": "1003"}))[0] == 200
    assert [(one["event"], one["phone"]) for one in logged if "agent" in one] == [("agent_logged_in", "1003")]
