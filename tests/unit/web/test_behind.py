"""Surveys, webhooks and the deleting of messages, over HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from softswitch.contact.survey import Given
from softswitch.metrics import Metrics
from softswitch.web import make_app
from tests.support.fake_control import FakeControl
from tests.unit.web.test_api import FakeReader

Client = TestClient[web.Request, web.Application]


class Reader(FakeReader):
    async def answers(self, survey: str, since: float) -> Sequence[Given]:
        self.asked.append((survey, since))
        rows = [Given("quality", "recommend", agent, 0, 10, 9, 2) for agent in ("alice", "bob")]
        return [row for row in rows if survey in ("", row.survey)]


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
async def client(control: FakeControl, reader: Reader) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(control, reader, Metrics()))) as client:
        yield client


async def asked(client: Client, method: str, path: str, status: int = 200) -> Any:
    async with client.request(method, path) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def test_surveys_are_counted_together_or_by_agent(client: Client, reader: Reader) -> None:
    (one,) = (await asked(client, "GET", "/api/v1/surveys/quality?since=1d"))["surveys"]
    assert (one["count"], one["mean"], one["nps"], one["scores"]["9"]) == (4, 9.0, 100.0, 4)
    assert reader.asked[0][1] == pytest.approx(time.time() - 86400, abs=60)
    rows = (await asked(client, "GET", "/api/v1/surveys?by=agent&since=1700000000"))["surveys"]
    assert [row["agent"] for row in rows] == ["alice", "bob"] and reader.asked[-1] == ("", 1700000000.0)


@pytest.mark.parametrize("query", ["since=soon", "since=-1d", "by=queue", "since=1.2.3"])
async def test_what_is_asked_wrongly_is_told(client: Client, query: str) -> None:
    assert (await asked(client, "GET", f"/api/v1/surveys?{query}", 400))["hint"]


async def test_a_survey_that_nobody_has_answered_is_not_there(client: Client) -> None:
    assert "quality" in (await asked(client, "GET", "/api/v1/surveys/qualty", 404))["hint"]


async def test_webhooks_are_listed_and_one_that_was_given_up_is_tried_again(
    client: Client, control: FakeControl
) -> None:
    rows = (await asked(client, "GET", "/api/v1/webhooks"))["webhooks"]
    assert [(row["id"], row["state"], row["error"]) for row in rows] == [
        ("msg-1", "waiting", "status 503"),
        ("msg-0", "dead", "status 500"),
    ]
    await asked(client, "POST", "/api/v1/webhooks/msg-0/retry", 202)
    await asked(client, "POST", "/api/v1/webhooks/msg-1/retry", 404)
    assert control.done == [("retry_webhook", "msg-0")]


async def test_a_message_is_deleted(client: Client, control: FakeControl) -> None:
    await asked(client, "DELETE", "/api/v1/voicemails/vm-1", 202)
    assert "vm-1" in (await asked(client, "DELETE", "/api/v1/voicemails/vm-2", 404))["hint"]
    assert control.done == [("delete_voicemail", "vm-1")]
