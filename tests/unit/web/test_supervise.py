"""Supervision over HTTP: who may ask for it, and what each refusal says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.fake_control import FakeControl
from tests.support.web_client import Client, client_of


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
async def client(control: FakeControl) -> AsyncIterator[Client]:
    async with client_of(control) as made:
        yield made


async def ask(client: Client, body: Any, target: str = "1001", role: str = "supervisor") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.post(f"/api/v1/calls/{target}/supervise", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_it_is_asked_for_in_the_name_of_the_token(client: Client, control: FakeControl) -> None:
    status, call = await ask(client, {"supervisor": "1004", "mode": "barge"})
    assert status == 202 and (call["contact"], call["state"]) == ("s-1", "ringing")
    assert control.done == [("supervise", "1001", "1004", "barge", "api my-supervisor")]


@pytest.mark.parametrize(
    ("target", "supervisor", "status", "error", "hint"),
    [
        ("1001", "1003", 403, "1003 may not supervise 1001", "see `supervises` of this user in users.yaml"),
        ("1002", "1004", 409, "1002 talks to nobody", "GET /api/v1/calls lists who does"),
        ("7777", "1004", 404, "no call, user or agent '7777'", "GET /api/v1/calls lists what there is"),
    ],
)
async def test_a_refusal_says_why(
    client: Client, target: str, supervisor: str, status: int, error: str, hint: str
) -> None:
    answer = await ask(client, {"supervisor": supervisor}, target)
    assert answer == (status, {"error": error, "hint": hint})


@pytest.mark.parametrize(
    "body", [{}, {"supervisor": ""}, {"supervisor": "1004", "mode": "shout"}, {"supervisor": 4}, {"who": "1004"}, []]
)
async def test_what_cannot_be_used_is_400(client: Client, control: FakeControl, body: Any) -> None:
    status, answer = await ask(client, body)
    assert status == 400 and "for example" in answer["hint"] and control.done == []


@pytest.mark.parametrize(("role", "status"), [("agent", 403), ("ops", 403), ("supervisor", 202), ("admin", 202)])
async def test_which_tokens_may(client: Client, control: FakeControl, role: str, status: int) -> None:
    assert (await ask(client, {"supervisor": "1004"}, role=role))[0] == status
    assert len(control.done) == (status == 202)
