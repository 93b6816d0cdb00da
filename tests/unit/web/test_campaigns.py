"""Campaigns over HTTP: what is told of them, who may do what, and what a list may be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientError
from aiohttp.test_utils import TestClient, TestServer

from softswitch.metrics import Metrics
from softswitch.web import importing, make_app
from softswitch.web.importing import PIECE
from softswitch.web.server import StoreReader
from tests.support.fake_campaigns import CampaignRows
from tests.support.fake_control import FakeControl
from tests.support.web_client import TOKENS, Client

LIST = "number,name\n13800138000,Li\n13900139000,Han\n12,x\n"


class Store(CampaignRows, StoreReader):
    """Only campaigns are asked for."""


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def client(control: FakeControl, store: Store) -> AsyncIterator[Client]:
    made: Client = TestClient(TestServer(make_app(control, store, Metrics(), TOKENS)))
    await made.start_server()
    yield made
    await made.close()


async def ask(client: Client, method: str, path: str, body: Any = None, role: str = "supervisor") -> tuple[int, Any]:
    answer = await client.request(method, path, json=body, headers={"Authorization": f"Bearer {role}"})
    return answer.status, await answer.json()


async def imported(
    client: Client, file: bytes | str, query: str = "", kind: str = "text/csv", role: str = "supervisor"
) -> tuple[int, list[dict[str, Any]]]:
    headers = {"Authorization": f"Bearer {role}", "Content-Type": kind}
    answer = await client.post(f"/api/v1/campaigns/welcome/import?{query}", data=file, headers=headers)
    return answer.status, [json.loads(line) for line in (await answer.text()).splitlines()]


async def test_what_has_come_of_a_campaign_is_counted(client: Client) -> None:
    status, told = await ask(client, "GET", "/api/v1/campaigns/welcome")
    one = told["campaign"]
    assert (status, one["state"], one["promises"], one["open"]) == (200, "running", 100, 60)
    assert (one["attempts"], one["connect_rate"], one["abandon_rate"]) == (80, 0.375, 0.015)
    assert (one["by_outcome"], one["by_disposition"]) == ({"answered": 30, "busy": 10}, {"sold": 30})
    assert (one["stopped_by"], one["dispositions"]) == ("outside hours", ["sold", "call again"])
    _, told = await ask(client, "GET", "/api/v1/campaigns")
    assert [(one["campaign"], one["state"]) for one in told["campaigns"]] == [
        ("welcome", "running"), ("fixed", "paused"),
    ]  # fmt: skip


async def test_a_pause_is_written_before_it_is_answered_and_with_whose_it_is(
    client: Client, control: FakeControl, store: Store
) -> None:
    assert await ask(client, "POST", "/api/v1/campaigns/welcome/pause") == (
        200,
        {"campaign": "welcome", "paused": True},
    )
    assert [(one.campaign, one.by, paused) for one, paused in store.pauses] == [
        ("welcome", "api my-supervisor", True)
    ]  # fmt: skip
    assert control.outbound.done == [("pause", "welcome", "api my-supervisor")]
    status, told = await ask(client, "POST", "/api/v1/campaigns/fixed/resume")
    assert status == 409 and "is paused by campaigns.yaml" in told["error"]
    assert len(store.pauses) == 1
    status, told = await ask(client, "POST", "/api/v1/campaigns/welcom/pause")
    assert status == 404 and told["hint"] == "did you mean 'welcome'?"


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/api/v1/campaigns", "agent"),
        ("POST", "/api/v1/campaigns/welcome/pause", "agent"),
        ("POST", "/api/v1/campaigns/welcome/import", "ops"),
        ("POST", "/api/v1/calls/c-1/disposition", "ops"),
    ],
)
async def test_who_may_not_is_refused(client: Client, method: str, path: str, role: str) -> None:
    status, _ = await ask(client, method, path, role=role)
    assert status == 403


async def test_a_disposition_is_one_of_the_campaign_of_a_call(client: Client, control: FakeControl) -> None:
    path = "/api/v1/calls/c-1/disposition"
    status, told = await ask(client, "POST", path, {"code": "sold"}, role="agent")
    assert (status, told["disposition"]["campaign"]) == (202, "welcome")
    assert control.outbound.done == [("dispose", "c-1", "sold", "api my-agent")]
    assert (await ask(client, "POST", path, {"code": "gold"}))[0] == 409
    assert (await ask(client, "POST", path, {}))[0] == 400
    assert (await ask(client, "POST", "/api/v1/calls/c-2/disposition", {"code": "sold"}))[0] == 404


async def test_each_row_is_told_and_the_account_is_exact(client: Client, control: FakeControl, store: Store) -> None:
    status, lines = await imported(client, LIST, "consent=C-7&round=2")
    assert status == 200 and [line["kind"] for line in lines] == ["begun", "row", "row", "progress", "done"]
    assert (lines[0]["columns"], lines[0]["encoding"], lines[0]["separator"]) == (["number", "name"], "ascii", ",")
    assert [(line["line"], line["reason"]) for line in lines[1:3]] == [(3, "do-not-call"), (4, "invalid")]
    assert (lines[-1]["rows"], lines[-1]["added"]) == (3, 1)
    assert control.outbound.done == [
        ("importing", "welcome", "C-7", "2"),
        ("imported", "welcome", "3", "1", "{'do-not-call': 1, 'invalid': 1}", "api my-supervisor"),
    ]
    assert [promise.consent for promise in store.rows.values()] == ["C-7"]


async def test_a_trial_keeps_nothing(client: Client, store: Store) -> None:
    _, lines = await imported(client, LIST, "dry_run=1")
    assert (lines[-1]["trial"], lines[-1]["added"], store.rows) == (True, 1, {})


@pytest.mark.parametrize(
    ("file", "query", "kind", "status", "said"),
    [
        (b"PK\x03\x04", "", "text/csv", 400, "is a workbook or an archive"),
        (b"", "", "text/csv", 400, "the file is empty"),
        (b"name\nx\n", "", "text/csv", 400, "has no column 'number'"),
        (LIST, "", "text/plain", 415, "the body is text/plain"),
        (LIST, "", "application/json", 415, "the body is application/json"),
        (LIST, "dry-run=1", "text/csv", 400, "there is no parameter 'dry-run'"),
        (LIST, "encoding=latin-1", "text/csv", 400, "encoding='latin-1' is not read"),
        (LIST, "consent=" + "x" * 201, "text/csv", 400, "consent is too long"),
        (LIST, "round=%0a", "text/csv", 400, "round is too long or not printable"),
    ],
)  # fmt: skip
async def test_what_is_no_list_is_refused_before_anything_is_kept(
    client: Client, store: Store, file: bytes | str, query: str, kind: str, status: int, said: str
) -> None:
    answered, (told,) = await imported(client, file, query, kind)
    assert answered == status and said in told["error"] and store.rows == {}


async def test_a_database_that_goes_away_ends_it_with_what_is_there(control: FakeControl) -> None:
    store = Store(fails_after=2)
    client: Client = TestClient(TestServer(make_app(control, store, Metrics(), TOKENS)))
    await client.start_server()
    file = "number\n" + "".join(f"138{n:08d}\n" for n in range(5000))
    _, lines = await imported(client, file)
    last = lines[-1]
    assert (last["kind"], last["error"], last["added"]) == ("failed", "the database is away", len(store.rows))
    assert 0 < last["added"] < 5000 and "the same file again" in last["hint"]
    await client.close()


async def test_a_mistake_of_ours_in_the_midst_of_a_list_does_not_leave_who_sent_it_waiting(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(rows: object) -> list[bool]:
        raise TypeError("ours")

    monkeypatch.setattr(store, "import_promises", fails)
    async with asyncio.timeout(5.0):
        with pytest.raises(ClientError):
            await imported(client, LIST)
    monkeypatch.undo()
    assert (await imported(client, LIST))[1][-1]["kind"] == "done", "and the next one may begin"


async def test_a_campaign_takes_one_list_at_a_time_and_the_next_when_it_is_over(client: Client, store: Store) -> None:
    go_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"number,name\n13800138000,Li\n" + b"x" * 5000
        await go_on.wait()
        yield b"\n"

    headers = {"Authorization": "Bearer supervisor", "Content-Type": "text/csv"}
    first = await client.post("/api/v1/campaigns/welcome/import", data=slowly(), headers=headers)  # it has begun
    status, (told,) = await imported(client, LIST)
    assert status == 409 and "a list is being imported for welcome" in told["error"]
    go_on.set()
    await first.read()
    assert (await imported(client, LIST))[0] == 200


async def test_who_sends_too_little_and_then_nothing_is_no_defect(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PATIENCE_S", 0.05)

    async def endless() -> AsyncIterator[bytes]:
        yield b"number\n138"
        await asyncio.Event().wait()

    headers = {"Authorization": "Bearer supervisor", "Content-Type": "text/csv"}
    async with client.post("/api/v1/campaigns/welcome/import", data=endless(), headers=headers) as answer:
        assert answer.status == 400 and "nothing more came" in (await answer.json())["error"]
    monkeypatch.undo()  # who sends all of it may be held up
    assert (await imported(client, LIST))[0] == 200


async def test_others_have_their_turn_after_each_few_rows(client: Client) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(other())
    _, lines = await imported(client, "number\n" + "".join(f"138{n:08d}\n" for n in range(5000)))
    working.cancel()
    assert lines[-1]["added"] == 5000
    assert turns > 5000 / PIECE
