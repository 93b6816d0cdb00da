"""SIP over WebSocket (RFC 7118) for real: what comes in, what goes out, and who is let go."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from softswitch.net import connections, websocket
from softswitch.net.admission import Admission
from softswitch.net.http import HttpListener
from softswitch.net.network import SipNetwork
from softswitch.net.websocket import WebSocketDoor
from softswitch.sip.flow import ListeningPoint
from softswitch.sip.message import Limits, Request
from softswitch.sip.response import respond
from tests.real.test_network import HOST, Ear, options
from tests.support.ports import free_port

pytestmark = pytest.mark.real


@contextlib.asynccontextmanager
async def listening(origins: Collection[str] = ()) -> AsyncIterator[tuple[SipNetwork, Ear, str]]:
    ear, port = Ear(), free_port()
    network = SipNetwork(ear.upcalls, Limits(max_bytes=4000))
    await network.listen([])
    point = ListeningPoint("ws", (HOST, port))
    door = WebSocketDoor(ear.upcalls, network.connections, network.limits, point, origins)
    app = web.Application()
    app.router.add_get("/sip", door.handle)
    app.on_shutdown.append(door.shut)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    listener = HttpListener((HOST, port), runner.server, ear.upcalls, network.connections)
    try:
        yield network, ear, f"http://{HOST}:{port}/sip"
    finally:
        await listener.close()
        await runner.cleanup()
        await network.close()


@contextlib.asynccontextmanager
async def connected(url: str, **headers: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=("sip",), headers=headers) as socket,
    ):
        yield socket


@pytest.mark.parametrize("text", [True, False])
async def test_5_one_websocket_message_is_one_sip_message(text: bool) -> None:
    async with listening() as (network, ear, url), connected(url) as socket:
        await (socket.send_str(options("WS").decode()) if text else socket.send_bytes(options("WS")))
        await ear.until(lambda: ear.messages)
        message, flow = ear.messages[0]
        assert isinstance(message, Request)
        assert flow.transport == "ws"
        network.send(respond(message, 200), flow)
        assert (await socket.receive_str(timeout=5)).startswith("SIP/2.0 200 OK\r\n")
        network.send(respond(message, 200, body=b"\xff"), flow)
        assert (await socket.receive_bytes(timeout=5)).endswith(b"\xff")  # no text: octets
        await socket.close()
        await ear.until(lambda: ear.failed == [flow])
        network.send(respond(message, 200), flow)
        assert ear.failed == [flow, flow]  # nobody can open a WebSocket to it


async def test_what_is_no_message_is_reported_and_the_next_one_heard() -> None:
    async with listening() as (_, ear, url), connected(url) as socket:
        await socket.send_str("BYE")
        await socket.send_str(options("WS").decode())
        await ear.until(lambda: ear.messages)
        assert len(ear.malformed) == 1


async def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async with listening() as (_, ear, url), connected(url) as socket:
        await socket.send_str(options("WS", body=b"x" * 5000).decode())
        message = await socket.receive(timeout=5)
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        await ear.until(lambda: ear.failed)
        assert not ear.messages


async def test_who_connects_and_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SILENT_LIMIT_S", 0.1)
    monkeypatch.setattr(connections, "SWEEP_S", 0.05)
    async with listening() as (_, ear, url), connected(url) as silent, connected(url) as speaking:
        await speaking.send_str(options("WS").decode())
        await silent.send_str("\r\n\r\n")  # a keep-alive is no word
        assert await silent.receive_str(timeout=5) == "\r\n"
        await ear.until(lambda: ear.let_go)
        assert ear.let_go == [("ws", "silent")]
        await speaking.send_str(options("WS", 2).decode())
        await ear.until(lambda: len(ear.messages) == 2)


async def test_who_may_not_be_heard_now_waits() -> None:
    async with listening() as (network, ear, url), connected(url) as socket:
        ear.open = False
        await socket.send_str(options("WS").decode())
        await ear.until_true(lambda: len(network.connections) == 2)  # that of HTTP, and the WebSocket on it
        assert not ear.messages
        ear.open = True
        await ear.until(lambda: ear.messages)


async def test_connections_are_counted_with_those_of_tcp() -> None:
    async with listening() as (network, ear, url):
        network.connections.admission = Admission(2)
        async with connected(url) as first:
            await first.send_str(options("WS").decode())
            await ear.until(lambda: ear.messages)
            with pytest.raises(aiohttp.ClientError):
                async with connected(url):
                    pass
            assert set(ear.let_go) == {("http", "full")}
        await ear.until(lambda: ear.failed)
        await ear.until_true(lambda: len(network.connections.admission) == 0)


@pytest.mark.parametrize(
    ("origins", "origin", "welcome"),
    [
        ((), "https://elsewhere.example", False),
        (("https://phone.example",), "https://phone.example", True),
        (("https://phone.example",), "http://phone.example", False),
        (("*",), "https://elsewhere.example", True),
        ((), "null", False),
        ((), "http://[", False),
    ],
)
async def test_whose_pages_may_connect(origins: tuple[str, ...], origin: str, welcome: bool) -> None:
    async with listening(origins) as (_, _, url):
        expected = contextlib.nullcontext() if welcome else pytest.raises(aiohttp.WSServerHandshakeError, match="403")
        with expected:
            async with connected(url, Origin=origin):
                pass
