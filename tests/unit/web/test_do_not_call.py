"""The do-not-call list over HTTP: who is on it, who may change it, and what a number that is none is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from softswitch.store.trouble import DatabaseAway
from tests.support.fake_barring import FILED
from tests.support.fake_control import FakeControl
from tests.support.web_client import Client, NoStore, client_of

E164 = "+8613800138000"


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
async def client(control: FakeControl) -> AsyncIterator[Client]:
    async with client_of(control) as made:
        yield made


async def ask(client: Client, method: str, path: str = "", body: Any = None, role: str = "supervisor") -> Any:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.request(method, f"/api/v1/do-not-call{path}", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_numbers_are_listed_as_people_write_them(client: Client, control: FakeControl) -> None:
    body = {"numbers": ["138 0013 8000", "0086-13800138000", "nobody", "+44 20 7946 0958"], "why": "asked us"}
    status, told = await ask(client, "PUT", body=body)
    assert (status, told["do_not_call"]["added"]) == (200, [E164, "+442079460958"])
    assert told["do_not_call"]["refused"] == [{"number": "nobody", "why": "invalid"}]
    assert (control.barring.by_number[E164].why, control.barring.by_number[E164].by) == (
        "asked us",
        "api my-supervisor",
    )
    _, told = await ask(client, "PUT", body=body | {"numbers": [E164]})
    assert told["do_not_call"] == {"added": [], "known": 1, "refused": []}


async def test_the_list_has_pages(client: Client) -> None:
    await ask(client, "PUT", body={"numbers": [f"+86138001380{number:02}" for number in range(5)]})
    _, told = await ask(client, "GET", "?limit=3")
    assert ([one["number"][-2:] for one in told["do_not_call"]], told["next"]) == (["00", "01", "02"], "3")
    _, told = await ask(client, "GET", "?limit=3&after=3")
    assert ([one["number"][-2:] for one in told["do_not_call"]], told["next"]) == (["03", "04"], "")
    assert (told["total"], told["in_file"]) == (5, 1)


async def test_one_number_is_asked_for_and_taken_out(client: Client) -> None:
    await ask(client, "PUT", body={"numbers": [E164]})
    _, told = await ask(client, "GET", "/13800138000")
    assert (told["do_not_call"]["listed"]["number"], told["do_not_call"]["in_file"]) == (E164, False)
    status, told = await ask(client, "DELETE", "/0138-0013-8000")
    assert (status, told["do_not_call"]) == (200, {"removed": E164, "in_file": False})
    status, told = await ask(client, "DELETE", "/13800138000")
    assert status == 404 and "not on the do-not-call list" in told["error"]


async def test_what_only_the_file_has_is_taken_out_there(client: Client) -> None:
    status, told = await ask(client, "DELETE", f"/{FILED}")
    assert status == 404 and "file" in told["hint"]


@pytest.mark.parametrize(
    "body",
    [{}, {"numbers": []}, {"numbers": "13800138000"}, {"numbers": [1]}, {"numbers": ["1" * 257]},
     {"numbers": ["1"] * 501}, {"numbers": ["1"], "why": "a\nb"}, {"number": "1"}],
)  # fmt: skip
async def test_a_body_that_cannot_be_used(client: Client, control: FakeControl, body: Any) -> None:
    status, told = await ask(client, "PUT", body=body)
    assert status == 400 and "numbers" in told["hint"]
    assert not control.barring.by_number


async def test_what_is_not_durable_holds_and_is_not_confirmed(control: FakeControl, monkeypatch: Any) -> None:
    async def away(self: NoStore) -> None:
        raise DatabaseAway("the disk is full")

    monkeypatch.setattr(NoStore, "settled", away)
    async with client_of(control) as client:
        status, told = await ask(client, "PUT", body={"numbers": [E164]})
        assert (status, told["error"]) == (503, "the database is away, and this is kept there")
        assert E164 in control.barring.by_number
        assert (await ask(client, "DELETE", f"/{E164}"))[0] == 503


async def test_what_is_no_number_is_not_asked_for(client: Client) -> None:
    status, told = await ask(client, "GET", "/nobody")
    assert status == 400 and "invalid" in told["error"]


@pytest.mark.parametrize(("method", "role"), [("GET", "agent"), ("GET", "ops"), ("PUT", "agent"), ("PUT", "ops")])
async def test_who_may_not(client: Client, method: str, role: str) -> None:
    assert (await ask(client, method, body={"numbers": [E164]}, role=role))[0] == 403
