"""Of an order that was refused the log does not say that it was carried out; of one that was, who gave it."""

from __future__ import annotations

from typing import Any

import pytest
import structlog.testing
from aiohttp.test_utils import TestClient, TestServer

from softswitch.metrics import Metrics
from softswitch.web import make_app
from tests.support.fake_control import FakeControl
from tests.unit.web.test_api import FakeReader


@pytest.mark.parametrize(
    ("event", "method", "done", "refused", "body", "status"),
    [
        ("agent_state_set", "POST", "agents/alice/state", "agents/carol/state", {"state": "ready"}, 409),
        ("wrap_up_asked", "POST", "agents/alice/wrap-up", "agents/bob/wrap-up", {}, 409),
        ("wrap_up_extended", "POST", "agents/alice/wrap-up", "agents/nobody/wrap-up", {"extend_s": 30}, 404),
        ("ban_lifted", "DELETE", "bans/192.0.2.66", "bans/192.0.2.67", None, 404),
        ("call_ended", "DELETE", "calls/c-1", "calls/c-9", None, 404),
        ("recording_paused", "POST", "calls/c-1/recording", "calls/c-2/recording", {"paused": True}, 409),
        ("recording_resumed", "POST", "calls/c-1/recording", "calls/c-9/recording", {"paused": False}, 404),
        ("voicemail_marked", "POST", "voicemails/vm-1/heard", "voicemails/vm-2/heard", None, 404),
        ("voicemail_deleted_by", "DELETE", "voicemails/vm-1", "voicemails/vm-2", None, 404),
        ("webhook_retried", "POST", "webhooks/msg-0/retry", "webhooks/msg-1/retry", None, 404),
    ],
)
async def test_it_tells_what_was_done(event: str, method: str, done: str, refused: str, body: Any, status: int) -> None:
    app = make_app(FakeControl(), FakeReader(), Metrics())
    async with TestClient(TestServer(app)) as client:
        for path, answered, logged in ((refused, status, []), (done, None, [(event, "local")])):
            with structlog.testing.capture_logs() as lines:
                async with client.request(method, f"/api/v1/{path}", json=body) as answer:
                    assert answer.status == answered or (answered is None and answer.ok), await answer.text()
            assert [(line["event"], line["by"]) for line in lines] == logged


async def test_a_text_to_nobody_was_not_sent() -> None:
    async with TestClient(TestServer(make_app(FakeControl(), FakeReader(), Metrics()))) as client:
        with structlog.testing.capture_logs() as lines:
            for user, status in (("7777", 404), ("1001", 200)):
                async with client.post("/api/v1/messages", json={"to": user, "text": "hi"}) as answer:
                    assert answer.status == status
    assert [(line["event"], line["to"]) for line in lines] == [("message_sent", "1001")]
