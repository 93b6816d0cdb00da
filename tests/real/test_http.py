"""The HTTP listener's connections are counted with those of SIP: no host can take all files by the one or the other."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from softswitch.net import connections, http
from softswitch.net.admission import Admission
from softswitch.net.http import HttpListener
from softswitch.net.network import SipNetwork
from softswitch.net.tls import Tls, TlsFiles
from softswitch.sip.flow import ListeningPoint
from tests.real.test_network import HOST, Ear, options
from tests.support.certificates import Certificates, serial_of
from tests.support.ports import free_port

pytestmark = pytest.mark.real


@contextlib.asynccontextmanager
async def house(tls: Tls | None = None) -> AsyncIterator[tuple[SipNetwork, Ear, int, int]]:
    """SIP over TCP and an HTTP server that knows one page, and the ports of both."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="here")

    ear, sip_port, port = Ear(), free_port(), free_port()
    network = SipNetwork(ear.upcalls)
    await network.listen([ListeningPoint("tcp", (HOST, sip_port))])
    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    context = None if tls is None else lambda: tls.server
    listener = HttpListener((HOST, port), runner.server, ear.upcalls, network.connections, context)
    try:
        yield network, ear, sip_port, port
    finally:
        await listener.close()
        await runner.cleanup()
        await network.close()


async def ask(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has asked and stays open; the answer is read."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"here"), 5)
    return reader, writer


async def leave(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


async def test_who_has_taken_his_share_by_http_has_none_left_for_sip() -> None:
    async with house() as (network, ear, sip_port, port):
        network.connections.admission = Admission(4)  # of which one host gets two
        asked = [await ask(port) for _ in range(2)]
        reader, writer = await asyncio.open_connection(HOST, sip_port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert ear.let_go == [("tcp", "full")]
        await leave(writer, asked[0][1])
        await ear.until_true(lambda: len(network.connections.admission) == 1)
        _, again = await asyncio.open_connection(HOST, sip_port)
        again.write(options("TCP"))
        await ear.until(lambda: ear.messages)
        reader, refused = await asyncio.open_connection(HOST, port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        await leave(refused, again, asked[1][1])
        await ear.until_true(lambda: len(network.connections.admission) == len(network.connections) == 0)


async def test_who_only_holds_connections_open_gives_way_to_who_asks() -> None:
    async with house() as (network, ear, _, port):
        network.connections.admission = Admission(4)
        silent = [await asyncio.open_connection(HOST, port) for _ in range(2)]
        await ear.until_true(lambda: len(network.connections) == 2)
        with contextlib.suppress(OSError):
            (await asyncio.open_connection(HOST, port))[1].close()  # there is room in a moment
        await ear.until(lambda: ("http", "full") in ear.let_go)
        assert await asyncio.wait_for(silent[0][0].read(), 5) == b""
        await leave(*(writer for _, writer in silent))


async def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "SILENT_LIMIT_S", 0.1)
    monkeypatch.setattr(connections, "SWEEP_S", 0.05)
    async with house() as (_, ear, _, port):
        reader, writer = await ask(port)
        silent, other = await asyncio.open_connection(HOST, port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(silent.read(), 5) == b""
        assert ear.let_go == [("http", "silent")]
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")  # who has asked may ask again
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"here"), 5)
        await leave(writer, other)


async def test_over_tls_each_connection_is_shown_the_certificate_of_the_moment(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path, HOST)
    tls = Tls(TlsFiles(certificates.certificate, certificates.private_key))
    async with house(tls) as (network, ear, _, port):
        shown = []
        for _ in range(2):
            _, writer = await asyncio.open_connection(HOST, port, ssl=certificates.trusting())
            shown.append(serial_of(writer))
            await leave(writer)
            newest = certificates.renew()
            tls.follow()
            shown.append(newest)
        assert shown[2] == shown[1] != shown[0]
        _, plain = await asyncio.open_connection(HOST, port)
        plain.write(b"GET / HTTP/1.1\r\n\r\n")
        await ear.until(lambda: ("https", "handshake") in ear.let_go)
        await leave(plain)
        async with aiohttp.ClientSession() as session:
            answer = await session.get(f"https://{HOST}:{port}/", ssl=certificates.trusting())
            assert await answer.text() == "here"
        await ear.until_true(lambda: len(network.connections.admission) == 0)
