"""The HTTP face over a fake switch: what it shows, what it commands, and what it refuses."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from softswitch.call.record import CallRecord
from softswitch.metrics import Metrics
from softswitch.settings.system import Token
from softswitch.supervisor import STOP_LIMIT_S
from softswitch.web import make_app, make_runner
from softswitch.web.access import ROLES
from tests.support.fake_control import FakeControl
from tests.support.fake_desk import StoredPromises
from tests.support.fake_media import FakeMedia

Client = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Client]]
RECORD = CallRecord("c-0", "inbound", "1", "8000", "", "", "", "", 1.0, 0.0, 0.0, 2.0, "abandoned", "caller", "", "")


class FakeReader(StoredPromises):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    async def calls(self, limit: int) -> Sequence[CallRecord]:
        self.asked.append(limit)
        return [RECORD]

    async def events(self, after: int, limit: int) -> Sequence[Any]:
        self.asked.append((after, limit))
        return [{"offset": after + 1}]


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
async def connect(control: FakeControl, reader: FakeReader) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def connector(*tokens: Token) -> Client:
        app = make_app(control, reader, Metrics(), tokens, FakeMedia())
        client = TestClient(TestServer(app))
        await client.start_server()
        clients.append(client)
        return client

    yield connector
    for client in clients:
        await client.close()


async def get(client: Client, path: str, status: int = 200) -> Any:
    async with client.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def post(client: Client, path: str, body: Any, status: int = 200) -> Any:
    async with client.post(path, json=body) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


# ---- reading ---------------------------------------------------------------------------------------------------


async def test_what_happens_now(connect: Connect) -> None:
    client = await connect()
    calls = (await get(client, "/api/v1/calls"))["calls"]
    assert (calls[0]["contact"], calls[0]["state"], calls[0]["age_s"]) == ("c-1", "queued", 12.5)
    agents = (await get(client, "/api/v1/agents"))["agents"]
    assert [agent["agent"] for agent in agents] == ["alice", "bob", "carol"]
    assert agents[1]["skills"] == {"service": 5}
    (queue,) = (await get(client, "/api/v1/queues"))["queues"]
    assert queue["waiting"] == 1
    assert queue["expected_wait"] == {"low_s": 60.5, "likely_s": 90.5, "high_s": 130.5}
    assert queue["predictions"]["counts"] == {"inside": 3, "above": 2} and queue["predictions"]["coverage"] == 0.5
    promises = (await get(client, "/api/v1/promises"))["promises"]
    assert [(promise["id"], promise["state"]) for promise in promises] == [("p-1", "due")]


async def test_a_binding_without_end_has_no_expiry(connect: Connect) -> None:
    carrier, spare = (await get(await connect(), "/api/v1/trunks"))["trunks"]
    assert (carrier["up"], carrier["calls"], carrier["servers"]) == (True, 3, ["udp:192.0.2.1:5060"])
    assert (spare["up"], spare["why"]) == (False, "not located")
    first, second = (await get(await connect(), "/api/v1/registrations"))["registrations"]
    assert (first["expires_at"], second["expires_at"]) == (1700003600.0, None)
    assert first["flow"]["remote"] == ["127.0.0.1", 7001]


@pytest.mark.parametrize("odd", ["a\udcff", "a\x00"])
async def test_text_that_is_no_utf_8_is_shown_all_the_same(
    connect: Connect, control: FakeControl, reader: FakeReader, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    call, promise, binding = control.calls()[0], control.promises()[0], control.registrations()[1]
    record = replace(RECORD, caller=odd)
    monkeypatch.setattr(control, "calls", lambda: [replace(call, caller=odd)])
    control.promise_desk().rows[:] = [replace(promise, number=odd)]
    monkeypatch.setattr(control, "registrations", lambda: [replace(binding, contact=odd, path=(odd,))])
    monkeypatch.setattr(reader, "calls", AsyncMock(return_value=[record]))
    monkeypatch.setattr(reader, "events", AsyncMock(return_value=[{"body": {odd: odd}}]))
    client = await connect()
    shown = "a\ufffd"
    assert (await get(client, "/api/v1/calls"))["calls"][0]["caller"] == shown
    (registration,) = (await get(client, "/api/v1/registrations"))["registrations"]
    assert (registration["contact"], registration["path"], registration["expires_at"]) == (shown, [shown], None)
    for path in ("/api/v1/promises", "/api/v1/promises?all=1"):
        (listed,) = (await get(client, path))["promises"]
        assert (listed["number"], listed["state"]) == (shown, "due")
    assert (await get(client, "/api/v1/records"))["records"][0]["caller"] == shown
    assert (await get(client, "/api/v1/events"))["events"] == [{"body": {shown: shown}}]


async def test_what_was_stored(connect: Connect, reader: FakeReader) -> None:
    client = await connect()
    assert (await get(client, "/api/v1/records"))["records"][0]["outcome"] == "abandoned"
    await get(client, "/api/v1/records?limit=99999999")
    assert (await get(client, "/api/v1/events?after=7"))["events"] == [{"offset": 8}]
    assert reader.asked == [100, 10_000, (7, 100)]


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=1e9", "limit=", "limit=٣", "limit=" + "9" * 400])
async def test_a_limit_that_is_no_number_is_400(connect: Connect, query: str) -> None:
    assert "is not a whole number" in (await get(await connect(), f"/api/v1/records?{query}", 400))["error"]


async def test_ready_only_with_all_parts(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    assert (await get(client, "/readyz"))["ready"] is True
    control.parts = {"sip": True, "media": False}
    assert await get(client, "/readyz", 503) == {
        "ready": False,
        "parts": {"sip": True, "media": False},
        "draining": False,
    }
    assert (await get(client, "/healthz"))["healthy"] is True


async def test_metrics_are_sampled_at_the_scrape(connect: Connect) -> None:
    client = await connect()
    async with client.get("/metrics") as answer:
        text = await answer.text()
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'softswitch_queue_waiting{queue="orders"} 1.0' in text
    assert "softswitch_media_ticks_late_total 2.0" in text
    assert "softswitch_media_streams 4.0" in text
    assert "softswitch_decision_memory_bytes 4096.0" in text


async def test_the_index_lists_the_paths(connect: Connect) -> None:
    assert "DELETE /api/v1/calls/{id}" in (await get(await connect(), "/api/v1"))["paths"]


# ---- commands --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ({"state": "ready"}, ("set_ready", "alice")),
        ({"state": "paused", "reason": "lunch"}, ("set_paused", "alice", "lunch")),
        ({"state": "paused"}, ("set_paused", "alice", "paused")),
        ({"state": "logged_in"}, ("log_in", "alice", "ready")),
        ({"state": "logged_out"}, ("log_out", "alice")),
    ],
)
async def test_an_agent_is_set(connect: Connect, control: FakeControl, body: Any, command: tuple[str, ...]) -> None:
    answer = await post(await connect(), "/api/v1/agents/alice/state", body)
    assert answer["agent"] == "alice"
    assert control.done == [command]


async def test_an_unknown_agent_is_404_with_the_near_miss(connect: Connect) -> None:
    answer = await post(await connect(), "/api/v1/agents/alcie/state", {"state": "ready"}, 404)
    assert answer == {"error": "no agent 'alcie'", "hint": "did you mean 'alice'?"}


@pytest.mark.parametrize("state", ["ready", "paused"])
async def test_who_is_logged_out_cannot_pause(connect: Connect, state: str) -> None:
    answer = await post(await connect(), "/api/v1/agents/carol/state", {"state": state}, 409)
    assert answer["error"] == "carol is logged out"


@pytest.mark.parametrize(
    ("body", "command"),
    [({}, ("ask_wrap_up", "alice")), ({"extend_s": 30}, ("extend_wrap_up", "alice", "30.0"))],
)
async def test_wrap_up_is_asked_for_and_extended(
    connect: Connect, control: FakeControl, body: Any, command: tuple[str, ...]
) -> None:
    answer = await post(await connect(), "/api/v1/agents/alice/wrap-up", body)
    assert (answer["wrap_up_s"], answer["wants"]) == (None, {"state": "paused", "reason": "tea"})
    assert control.done == [command]


@pytest.mark.parametrize(("body", "said"), [({}, "bob talks to nobody"), ({"extend_s": 1}, "bob is not in wrap-up")])
async def test_where_there_is_nothing_to_wrap_up_that_is_said(connect: Connect, body: Any, said: str) -> None:
    answer = await post(await connect(), "/api/v1/agents/bob/wrap-up", body, 409)
    assert answer["error"] == said


@pytest.mark.parametrize("by_s", [0, -5, 1e9, "long"])
async def test_a_wrap_up_is_extended_by_some_seconds(connect: Connect, control: FakeControl, by_s: Any) -> None:
    answer = await post(await connect(), "/api/v1/agents/alice/wrap-up", {"extend_s": by_s}, 400)
    assert "extend_s" in answer["error"]
    assert control.done == []


async def test_a_promise_is_withdrawn(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    await post(client, "/api/v1/promises/p-1/withdraw", {"why": "by mail"}, 202)
    async with client.post("/api/v1/promises/p-1/withdraw") as answer:
        assert answer.status == 202
    assert control.done == [
        ("withdraw", "p-1", "by mail", "api local"),
        ("withdraw", "p-1", "withdrawn by local", "api local"),
    ]
    await post(client, "/api/v1/promises/p-9/withdraw", {}, 404)


async def test_a_ban_is_seen_and_lifted(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    (ban,) = (await get(client, "/api/v1/bans"))["bans"]
    assert (ban["source"], ban["user"], ban["dropped"]) == ("192.0.2.66", "1001", 12)
    async with client.delete("/api/v1/bans/192.0.2.66") as answer:
        assert answer.status == 200
    async with client.delete("/api/v1/bans/2001:db8::%2F64") as answer:
        assert answer.status == 404
    assert control.done == [("unban", "192.0.2.66")]


async def test_a_call_is_ended(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    async with client.delete("/api/v1/calls/c-1") as answer:
        assert answer.status == 202
    async with client.delete("/api/v1/calls/c-9") as answer:
        assert answer.status == 404
    assert control.done == [("hang_up", "c-1")]


async def test_a_recording_is_paused_with_a_reason_and_goes_on(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    for path, body, status in (
        ("c-1", {"paused": True, "reason": "card number"}, 200),
        ("c-1", {"paused": True}, 200),
        ("c-1", {"paused": False, "reason": "over"}, 200),
        ("c-2", {"paused": True}, 409),  # nobody records it
        ("c-9", {"paused": True}, 404),
        ("c-1", {}, 400),
    ):
        async with client.post(f"/api/v1/calls/{path}/recording", json=body) as answer:
            assert answer.status == status
    assert [one[1:] for one in control.done] == [
        ("c-1", "card number"), ("c-1", "by local"), ("c-1", "None"), ("c-2", "by local"),
    ]  # fmt: skip


# ---- hostile requests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"ready"',
        b"\xff\xfe",
        b'{"state": "asleep"}',
        b'{"state": 1}',
        b'{"state": "ready", "more": 1}',
        b'{"state": "paused", "reason": "' + b"x" * 61 + b'"}',
        b'{"state": "paused", "reason": "a\\nb"}',
        b'{"state": "paused", "reason": "\\ud800"}',
        b'{"state": ' + b"[" * 8000,
        b'{"a":' * 2000,
    ],
)
async def test_a_body_that_makes_no_sense_is_400(connect: Connect, control: FakeControl, raw: bytes) -> None:
    client = await connect()
    async with client.post(
        "/api/v1/agents/alice/state", data=raw, headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 400
        assert "for example" in (await answer.json())["hint"]
    assert control.done == []


async def test_a_body_without_end_is_413(connect: Connect) -> None:
    client = await connect()
    headers = {"Content-Type": "application/json"}
    async with client.post("/api/v1/agents/alice/state", data=b" " * 100_000, headers=headers) as answer:
        assert answer.status == 413
        assert "error" in await answer.json()


async def test_a_form_of_a_foreign_page_is_415(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    async with client.post("/api/v1/agents/alice/state", data=json.dumps({"state": "ready"})) as answer:
        assert answer.status == 415
    assert control.done == []


async def test_without_tokens_only_this_machines_own_name_serves(connect: Connect) -> None:
    client = await connect()
    for host in ("evil.example", ":::::", "127.0.0.1:999999"):
        async with client.get("/api/v1/calls", headers={"Host": host}) as answer:
            assert answer.status == 403
    async with client.get("/api/v1/calls", headers={"Host": "localhost:8080"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("page", ["https://evil.example", "null", "http://203.0.113.5", "http://[::1", ""])
async def test_without_tokens_a_foreign_page_gives_no_order_without_a_body(connect: Connect, page: str) -> None:
    client = await connect()
    for path in ("/api/v1/promises/p-1/cancel", "/api/v1/promises/p-1/retry"):
        async with client.post(path, headers={"Origin": page}) as answer:
            assert answer.status == 403
    async with client.post("/api/v1/promises/p-1/cancel", headers={"Origin": "http://localhost:3000"}) as answer:
        assert answer.status == 202


async def test_errors_of_the_router_are_json_too(connect: Connect) -> None:
    client = await connect()
    assert "GET /api/v1 lists" in (await get(client, "/nothing", 404))["hint"]
    async with client.put("/api/v1/calls") as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]
        assert "GET" in (await answer.json())["hint"]


async def test_a_defect_of_ours_ends_one_request_and_is_counted(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    control.parts = None  # type: ignore[assignment]
    answer = await get(client, "/readyz", 500)
    assert answer == {"error": "the switch made a mistake; its log has the details"}
    control.parts = {"sip": True}
    async with client.get("/metrics") as page:
        assert 'softswitch_units_failed_total{where="http"} 1.0' in await page.text()


# ---- tokens ----------------------------------------------------------------------------------------------------


def token(role: str) -> Token:
    return Token.model_validate(
        {"name": f"my-{role}", "role": role, "sha256": hashlib.sha256(f"secret-{role}".encode()).hexdigest()}
    )


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic secret-admin", "Bearer " + "x" * 4000])
async def test_without_a_valid_token_nothing_is_told(connect: Connect, header: str) -> None:
    client = await connect(token("admin"))
    for path in ("/metrics", "/api/v1/calls", "/api/v1/records"):
        async with client.get(path, headers={"Authorization": header} if header else {}) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await get(client, "/healthz"))["healthy"] is True


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("agent", (403, 200, 403, 200, 403)),
        ("ops", (200, 200, 403, 403, 403)),
        ("supervisor", (200, 200, 200, 200, 202)),
        ("admin", (200, 200, 200, 200, 202)),
    ],
)
async def test_what_each_role_may(connect: Connect, role: str, statuses: tuple[int, ...]) -> None:
    client = await connect(*(token(known) for known in ROLES))
    headers = {"Authorization": f"Bearer secret-{role}"}
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/metrics", None),
        ("GET", "/api/v1/agents", None),
        ("GET", "/api/v1/records", None),
        ("POST", "/api/v1/agents/alice/state", {"state": "ready"}),
        ("DELETE", "/api/v1/calls/c-1", None),
    ]
    seen = []
    for method, path, body in requests:
        async with client.request(method, path, json=body, headers=headers) as answer:
            seen.append(answer.status)
    assert tuple(seen) == statuses


async def test_a_command_names_who_gave_it(connect: Connect, control: FakeControl) -> None:
    client = await connect(token("supervisor"))
    headers = {"Authorization": "Bearer secret-supervisor"}
    async with client.post("/api/v1/promises/p-1/withdraw", headers=headers) as answer:
        assert answer.status == 202
    assert control.done == [("withdraw", "p-1", "withdrawn by my-supervisor", "api my-supervisor")]


# ---- mailboxes and texts ---------------------------------------------------------------------------------------


async def test_voicemails_are_listed_and_can_be_heard(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    (message,) = (await get(client, "/api/v1/voicemails"))["voicemails"]
    assert (message["id"], message["mailbox"], message["heard"], message["duration_s"]) == ("vm-1", "1001", False, 7.5)
    assert await post(client, "/api/v1/voicemails/vm-1/heard", {}) == {"voicemail": "vm-1", "heard": True}
    assert control.done == [("voicemail_heard", "vm-1")]
    assert "vm-1" in (await post(client, "/api/v1/voicemails/vm-2/heard", {}, 404))["hint"]


async def test_a_text_is_answered_with_what_became_of_it(connect: Connect, control: FakeControl) -> None:
    client = await connect()
    delivered = await post(client, "/api/v1/messages", {"to": "1001", "text": "你好"})
    assert delivered == {"to": "1001", "delivered": True, "status": 200}
    assert (await post(client, "/api/v1/messages", {"to": "1002", "text": "hi"}))["status"] == 480
    assert control.done == [("send_text", "1001", "你好"), ("send_text", "1002", "hi")]
    await post(client, "/api/v1/messages", {"to": "7777", "text": "hi"}, 404)
    for body in ({"to": "1001"}, {"to": "1001", "text": ""}, {"to": "1001", "text": "好" * 500}):
        await post(client, "/api/v1/messages", body, 400)


async def test_no_answer_names_the_versions_behind_it(connect: Connect) -> None:
    client = await connect()
    for path in ("/healthz", "/nowhere", "/metrics"):
        assert (await client.get(path)).headers["Server"] == "softswitch"


@pytest.mark.parametrize("said", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
async def test_who_does_not_ask_is_let_go(control: FakeControl, reader: FakeReader, said: bytes) -> None:
    runner = make_runner(make_app(control, reader, Metrics()), idle_s=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    coming, going = await asyncio.open_connection(*runner.addresses[0][:2])
    going.write(said)
    try:
        async with asyncio.timeout(2.0):
            assert await coming.read() == b""
    finally:
        going.close()
        await runner.cleanup()


async def test_who_sends_half_a_request_keeps_nobody_from_ending(control: FakeControl, reader: FakeReader) -> None:
    """The supervisor kills a process that takes too long to end."""
    runner = make_runner(make_app(control, reader, Metrics()))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    coming, going = await asyncio.open_connection(*runner.addresses[0][:2])
    going.write(
        b"POST /api/v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    )
    assert (await coming.readline()).startswith(b"HTTP/1.1 100 ")
    async with asyncio.timeout(STOP_LIMIT_S / 2):
        await runner.cleanup()
    going.close()


async def test_a_body_that_cannot_be_unpacked_is_no_defect_of_ours(connect: Connect) -> None:
    client = await connect()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json", "Connection": "close"}
    answer = await client.post("/api/v1/messages", data=b"no gzip", headers=headers)
    assert answer.status == 400
    assert 'units_failed_total{where="http"}' not in await (await client.get("/metrics")).text()


async def test_a_body_that_does_not_come_is_no_defect_of_ours(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.web.body.BODY_LIMIT_S", 0.1)
    client = await connect()
    head = b"POST /api/v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"
    coming, going = await asyncio.open_connection(client.host, client.port)
    going.write(head)
    assert (await coming.readline()).startswith(b"HTTP/1.1 408 ")
    going.close()
    _, hasty = await asyncio.open_connection(client.host, client.port)
    hasty.write(head)
    await hasty.drain()
    hasty.transport.abort()
    assert 'units_failed_total{where="http"}' not in await (await client.get("/metrics")).text()
