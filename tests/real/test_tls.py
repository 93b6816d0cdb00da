"""TLS for real: who is believed, what happens to connections when the certificate is replaced, and slow handshakes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softswitch.net import acceptor
from softswitch.net.network import SipNetwork
from softswitch.net.tls import Tls, TlsFiles
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.message import Request, parse
from softswitch.sip.response import respond
from tests.real.test_network import HOST, Ear, options
from tests.support.certificates import Certificates, serial_of
from tests.support.ports import free_port

pytestmark = pytest.mark.real


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path, HOST, "pbx.example.com")


def files(one: Certificates, **changes: object) -> TlsFiles:
    return TlsFiles(one.certificate, one.private_key, **{"ca": one.ca, **changes})  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def listening(tls: Tls) -> AsyncIterator[tuple[SipNetwork, Ear, int]]:
    ear = Ear()
    network = SipNetwork(ear.upcalls, tls=tls)
    port = free_port()
    await network.listen([ListeningPoint("tls", (HOST, port))])
    try:
        yield network, ear, port
    finally:
        await network.close()


async def test_a_request_comes_and_is_answered(certificates: Certificates) -> None:
    async with listening(Tls(files(certificates))) as (network, ear, port):
        reader, writer = await asyncio.open_connection(HOST, port, ssl=certificates.trusting())
        writer.write(options("TLS"))
        await ear.until(lambda: ear.messages)
        message, flow = ear.messages[0]
        assert isinstance(message, Request)
        assert flow.transport == "tls"
        network.send(respond(message, 200), flow)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"SIP/2.0 200")
        writer.close()
        await writer.wait_closed()


async def test_handshakes_are_spread_over_time_and_none_is_lost(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "HANDSHAKES_AT_ONCE", 1)
    monkeypatch.setattr(acceptor, "HANDSHAKE_PAUSE_S", 0.05)
    loop = asyncio.get_running_loop()
    async with listening(Tls(files(certificates))) as (network, _, port):
        began = loop.time()
        trust = certificates.trusting()
        made = await asyncio.gather(*(asyncio.open_connection(HOST, port, ssl=trust) for _ in range(4)))
        assert loop.time() - began >= 3 * 0.05
        assert len(network.connections) == 4
        for _, writer in made:
            writer.close()
            await writer.wait_closed()


async def test_versions_before_1_2_are_not_spoken(certificates: Certificates) -> None:
    old = certificates.trusting()
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with listening(Tls(files(certificates))) as (_, ear, port):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(HOST, port, ssl=old)
        await ear.until(lambda: ear.let_go == [("tls", "handshake")])


async def test_who_must_show_a_certificate_and_has_none_is_not_heard(certificates: Certificates) -> None:
    async with listening(Tls(files(certificates, client_certificates="required"))) as (_, ear, port):
        with contextlib.suppress(ssl.SSLError, ConnectionError):  # with TLS 1.3 it learns that when it reads
            reader, writer = await asyncio.open_connection(HOST, port, ssl=certificates.trusting())
            writer.write(options("TLS"))
            await asyncio.wait_for(reader.read(), 5)
            writer.close()
        await ear.until(lambda: ear.let_go == [("tls", "handshake")])
        known = certificates.trusting()
        known.load_cert_chain(certificates.certificate, certificates.private_key)
        _, writer = await asyncio.open_connection(HOST, port, ssl=known)
        writer.write(options("TLS"))
        await ear.until(lambda: ear.messages)
        writer.close()
        await writer.wait_closed()


async def test_who_shows_a_certificate_is_known_by_its_names(certificates: Certificates) -> None:
    async with listening(Tls(files(certificates, client_certificates="optional"))) as (_, ear, port):
        known, nobody = certificates.trusting(), certificates.trusting()
        known.load_cert_chain(certificates.certificate, certificates.private_key)
        for context, names in ((nobody, frozenset()), (known, frozenset({"pbx.example.com"}))):
            ear.messages.clear()
            _, writer = await asyncio.open_connection(HOST, port, ssl=context)
            writer.write(options("TLS"))
            await ear.until(lambda: ear.messages)
            assert ear.messages[0][1].names == names
            writer.close()
            await writer.wait_closed()


async def test_a_new_certificate_is_for_new_connections_and_a_broken_one_for_nobody(
    certificates: Certificates,
) -> None:
    told: list[bool] = []
    tls = Tls(files(certificates), told.append)
    async with listening(tls) as (_, ear, port):

        async def connect() -> tuple[int, asyncio.StreamWriter]:
            _, writer = await asyncio.open_connection(HOST, port, ssl=certificates.trusting())
            return serial_of(writer), writer

        first = certificates.serial
        shown, old = await connect()
        assert shown == first
        second = certificates.renew()
        tls.follow()
        shown, new = await connect()
        assert shown == second != first
        certificates.private_key.write_text("no key")
        tls.follow()
        tls.follow()  # said once
        shown, third = await connect()
        assert shown == second
        assert told == [True, False]
        for number, writer in enumerate((old, new, third)):
            writer.write(options("TLS", number))
        await ear.until(lambda: len(ear.messages) == 3)
        for writer in (old, new, third):
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize(("host", "believed"), [("pbx.example.com", True), ("", True), ("other.example.com", False)])
async def test_a_peer_is_believed_by_the_name_in_its_certificate(
    certificates: Certificates, host: str, believed: bool
) -> None:
    tls = Tls(files(certificates))
    async with listening(tls) as (network, ear, port), listening(tls) as (_, peer, peer_port):
        flow = Flow("tls", (HOST, port), (HOST, peer_port), host=host)
        network.send(parse(options("TLS")), flow)
        await (peer.until(lambda: peer.messages) if believed else ear.until(lambda: flow in ear.failed))
        assert bool(peer.messages) is believed


async def test_a_peer_that_somebody_else_has_signed_is_not_believed(certificates: Certificates, tmp_path: Path) -> None:
    stranger = Certificates(tmp_path / "stranger", HOST)
    async with (
        listening(Tls(files(certificates))) as (network, ear, port),
        listening(Tls(files(stranger))) as (_, peer, peer_port),
    ):
        flow = Flow("tls", (HOST, port), (HOST, peer_port))
        network.send(parse(options("TLS")), flow)
        await ear.until(lambda: flow in ear.failed)
        assert not peer.messages


async def test_who_does_not_finish_the_handshake_is_let_go(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "HANDSHAKE_LIMIT_S", 0.2)
    async with listening(Tls(files(certificates))) as (network, ear, port):
        silent, writer = await asyncio.open_connection(HOST, port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(silent.read(), 5) == b""
        await ear.until(lambda: ear.let_go == [("tls", "handshake")])
        assert len(network.connections.admission) == 0
        writer.close()
