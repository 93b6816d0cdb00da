"""SIP sockets for real: what arrives, what does not, and what comes back when a peer is gone."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from softswitch.core.ids import Ids
from softswitch.net import connection, connections
from softswitch.net.admission import Admission
from softswitch.net.network import SipNetwork
from softswitch.net.stream import CONNECT_TIMEOUT_S
from softswitch.net.upcalls import Upcalls
from softswitch.sip.effect import Send
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.message import Headers, Message, ParseError, Request, parse, render
from softswitch.sip.response import respond
from tests.support.ports import free_port

pytestmark = pytest.mark.real


HOST = "127.0.0.1"


def options(transport: str, number: int = 1, body: bytes = b"") -> bytes:
    return (
        f"OPTIONS sip:ping@{HOST} SIP/2.0\r\nVia: SIP/2.0/{transport} {HOST}:9;branch=z9hG4bK{number}\r\n"
        f"From: <sip:a@{HOST}>;tag=1\r\nTo: <sip:b@{HOST}>\r\nCall-ID: {number}\r\nCSeq: {number} OPTIONS\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@dataclass
class Ear:
    messages: list[tuple[Message, Flow]] = field(default_factory=list)
    malformed: list[tuple[ParseError, Flow]] = field(default_factory=list)
    failed: list[Flow] = field(default_factory=list)
    let_go: list[tuple[str, str]] = field(default_factory=list)
    open: bool = True  # whether anybody is heard
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_message(self, message: Message, flow: Flow) -> None:
        self.messages.append((message, flow))
        self.changed.set()

    def on_malformed(self, error: ParseError, flow: Flow) -> None:
        self.malformed.append((error, flow))
        self.changed.set()

    def on_let_go(self, transport: str, reason: str) -> None:
        self.let_go.append((transport, reason))
        self.changed.set()

    def on_failed(self, flow: Flow) -> None:
        self.failed.append(flow)
        self.changed.set()

    @property
    def upcalls(self) -> Upcalls:
        return Upcalls(
            self.on_message, self.on_malformed, self.on_failed, admits=lambda flow: self.open, let_go=self.on_let_go
        )

    async def until(self, condition: object) -> None:
        async with asyncio.timeout(5):
            while not condition():  # type: ignore[operator]
                self.changed.clear()
                await self.changed.wait()

    async def until_true(self, condition: Callable[[], bool]) -> None:
        """The same for what is not told."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[tuple[SipNetwork, Ear, int]]:
    ear = Ear()
    network = SipNetwork(ear.upcalls)
    port = free_port()
    await network.listen([ListeningPoint("udp", (HOST, port)), ListeningPoint("tcp", (HOST, port))])
    try:
        yield network, ear, port
    finally:
        await network.close()


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received.put_nowait(data)


@contextlib.asynccontextmanager
async def udp_peer(port: int) -> AsyncIterator[tuple[asyncio.DatagramTransport, Datagrams]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Datagrams, remote_addr=(HOST, port))
    try:
        yield transport, protocol
    finally:
        transport.close()


async def test_a_datagram_arrives_and_is_answered() -> None:
    async with listening() as (network, ear, port), udp_peer(port) as (transport, peer):
        transport.sendto(b"\r\n\r\n")  # a keep-alive is no message
        transport.sendto(options("UDP"))
        await ear.until(lambda: ear.messages)
        message, flow = ear.messages[0]
        assert isinstance(message, Request)
        assert (flow.transport, flow.remote) == ("udp", transport.get_extra_info("sockname")[:2])
        network.send(respond(message, 200), flow)
        answer = parse(await asyncio.wait_for(peer.received.get(), 5))
        assert answer.call_id == "1"
        assert not ear.malformed


async def test_noise_is_reported_and_the_next_message_is_read() -> None:
    async with listening() as (_, ear, port), udp_peer(port) as (transport, _peer):
        transport.sendto(b"\x00\xff" * 500)
        transport.sendto(options("UDP")[:60])
        transport.sendto(options("UDP", 2))
        await ear.until(lambda: ear.messages)
        assert len(ear.malformed) == 2


async def test_a_peer_that_is_gone_does_not_stop_the_sending_to_others() -> None:
    async with listening() as (network, _, port), udp_peer(port) as (transport, peer):
        here = transport.get_extra_info("sockname")[:2]
        nobody = Flow("udp", (HOST, port), (HOST, free_port()))
        request = parse(options("UDP"))
        for _ in range(20):  # each draws an ICMP error, which surfaces at whatever is sent next
            network.send(request, nobody)
        network.send(request, Flow("udp", (HOST, port), here))
        assert parse(await asyncio.wait_for(peer.received.get(), 5)).call_id == "1"


async def test_a_phone_asks_what_its_nat_makes_of_it() -> None:
    asked = bytes.fromhex("000100002112a442b7e7a701bc34d686fa87dfae")
    async with listening() as (_, ear, port), udp_peer(port) as (transport, peer):
        transport.sendto(asked)
        answer = await asyncio.wait_for(peer.received.get(), 5)
        assert answer[:2] == b"\x01\x01"
        mapped = int.from_bytes(answer[26:28], "big") ^ 0x2112
        assert mapped == transport.get_extra_info("sockname")[1]
        assert not ear.messages
        assert not ear.malformed


async def test_ipv6_and_ipv4_have_the_same_port_and_say_who_they_are() -> None:
    ear, port = Ear(), free_port()
    network = SipNetwork(ear.upcalls)
    points = [
        ListeningPoint(transport, (host, port), known_as)
        for transport in ("udp", "tcp")
        for host, known_as in (("0.0.0.0", ("192.0.2.1", 5060)), ("::", ("2001:db8::1", 5060)))
    ]
    await network.listen(points)
    try:
        for host in (HOST, "::1"):
            kind = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(kind, socket.SOCK_DGRAM) as datagrams:
                datagrams.sendto(options("UDP"), (host, port))
                await ear.until(lambda: ear.messages)
                _, flow = ear.messages.pop()
                assert flow.remote == (host, datagrams.getsockname()[1])
                assert flow.sent_by == (("2001:db8::1", 5060) if ":" in host else ("192.0.2.1", 5060))
            _, writer = await asyncio.open_connection(host, port)
            writer.write(options("TCP"))
            await ear.until(lambda: ear.messages)
            _, flow = ear.messages.pop()
            assert flow.remote == writer.get_extra_info("sockname")[:2]
            assert flow.sent_by[0] == ("2001:db8::1" if ":" in host else "192.0.2.1")
            writer.close()
    finally:
        await network.close()


async def test_a_stream_is_cut_into_messages_however_it_comes() -> None:
    async with listening() as (network, ear, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        data = options("TCP", 1, b"x" * 300) + b"\r\n\r\n" + options("TCP", 2)
        for start in range(0, len(data), 7):
            writer.write(data[start : start + 7])
            await writer.drain()
        await ear.until(lambda: len(ear.messages) == 2)
        assert ear.messages[0][0].body == b"x" * 300
        assert await asyncio.wait_for(reader.readexactly(2), 5) == b"\r\n"  # the keep-alive is answered
        message, flow = ear.messages[1]
        assert isinstance(message, Request)
        network.send(respond(message, 200), flow)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"SIP/2.0 200")
        writer.close()
        await ear.until(lambda: ear.failed)
        assert ear.failed[0].connection == flow.connection


async def test_a_stream_that_cannot_be_framed_is_closed_after_its_error() -> None:
    async with listening() as (_, ear, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(options("TCP").replace(b"Content-Length: 0", b"Content-Length: -1"))
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert ear.malformed
        writer.close()


async def test_one_connection_serves_many_sends_and_a_refused_one_is_reported() -> None:
    arrived: list[bytes] = []
    made = 0

    all_there, over = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        while data := await reader.read(65536):
            arrived.append(data)
            if b"".join(arrived).count(b"OPTIONS sip:") == 3:
                all_there.set()
        writer.close()
        await writer.wait_closed()
        over.set()

    peer_port, refused_port = free_port(), free_port()
    server = await asyncio.start_server(serve, HOST, peer_port)
    async with listening() as (network, ear, port):
        flow = Flow("tcp", (HOST, port), (HOST, peer_port))
        for number in range(3):
            network.send(parse(options("TCP", number + 1)), flow)
        refused = Flow("tcp", (HOST, port), (HOST, refused_port))
        network.send(parse(options("TCP")), refused)
        await ear.until(lambda: refused in ear.failed)
        await asyncio.wait_for(all_there.wait(), 5)
        assert made == 1
    await asyncio.wait_for(over.wait(), 5)
    server.close()
    await server.wait_closed()


class StoppedLoop:
    """The process was stopped while a connection was being made."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def time(self) -> float:
        return self._loop.time() + CONNECT_TIMEOUT_S

    def __getattr__(self, name: str) -> object:
        return getattr(self._loop, name)


async def test_over_a_connection_that_was_made_too_late_nothing_leaves() -> None:
    """What waited for it may be of a call that is over, or that others make by now."""
    read: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionResetError):
            read.put_nowait(await reader.read(65536))
        writer.close()

    server = await asyncio.start_server(serve, HOST, peer_port := free_port())
    async with listening() as (network, ear, port), server:
        flow, (stream,) = Flow("tcp", (HOST, port), (HOST, peer_port)), network._streams.values()
        loop = stream._loop
        vars(stream)["_loop"] = StoppedLoop(loop)
        network.send(parse(options("TCP", 1)), flow)
        await ear.until(lambda: flow in ear.failed)
        vars(stream)["_loop"] = loop
        assert not await asyncio.wait_for(read.get(), 5)
        network.send(parse(options("TCP", 2)), flow)
        assert parse(await asyncio.wait_for(read.get(), 5)).call_id == "2"


@pytest.mark.parametrize("takes_tcp", [True, False])
async def test_a_request_too_long_for_a_datagram_gets_there(takes_tcp: bool) -> None:
    """RFC 3261 section 18.1.1, with the transaction layer on real sockets."""
    async with listening() as (network, ear, port):
        peer, peer_port = Ear(), free_port()
        theirs = SipNetwork(peer.upcalls)
        transports = ("udp", "tcp") if takes_tcp else ("udp",)
        await theirs.listen([ListeningPoint(transport, (HOST, peer_port)) for transport in transports])
        endpoint = Endpoint(Ids(secrets.randbits), stream_to=lambda remote: Flow("tcp", (HOST, port), remote))
        text = parse(options("UDP", body=b"x" * 3000))
        request = Request(
            "OPTIONS", f"sip:{HOST}", Headers(line for line in text.headers if line[0] != "Via"), text.body
        )
        (first,) = endpoint.request(request, Flow("udp", (HOST, port), (HOST, peer_port)), "leg", 0.0)
        assert isinstance(first, Send)
        network.send(first.message, first.flow)
        if not takes_tcp:
            await ear.until(lambda: ear.failed)
            (again,) = endpoint.transport_failed(ear.failed[0], 1.0)
            assert isinstance(again, Send)
            network.send(again.message, again.flow)
        await peer.until(lambda: peer.messages)
        message, flow = peer.messages[0]
        assert flow.transport == ("tcp" if takes_tcp else "udp")
        assert message.via.transport == flow.transport.upper()
        await theirs.close()


async def test_who_connects_and_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SILENT_LIMIT_S", 0.1)
    monkeypatch.setattr(connections, "SWEEP_S", 0.05)
    async with listening() as (_, ear, port):
        silent, speaking = [await asyncio.open_connection(HOST, port) for _ in range(2)]
        speaking[1].write(options("TCP"))
        await ear.until(lambda: ear.messages)
        assert await asyncio.wait_for(silent[0].read(), 5) == b""
        speaking[1].write(options("TCP", 2))
        await ear.until(lambda: len(ear.messages) == 2)
        for _, writer in (silent, speaking):
            writer.close()


async def test_one_host_cannot_have_all_connections() -> None:
    async with listening() as (network, ear, port):
        network.connections.admission = Admission(3)  # of which one host gets two
        speaking = [await asyncio.open_connection(HOST, port) for _ in range(2)]
        for number, (_, writer) in enumerate(speaking):
            writer.write(options("TCP", number))
        await ear.until(lambda: len(ear.messages) == 2)
        refused, hung_up = await asyncio.open_connection(HOST, port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(refused.read(), 5) == b""
        assert ear.let_go == [("tcp", "full")]
        speaking[0][1].write(options("TCP", 7))
        await ear.until(lambda: len(ear.messages) == 3)
        for _, writer in (*speaking, (refused, hung_up)):
            writer.close()


async def test_a_connection_that_never_said_a_word_gives_way_to_a_new_one() -> None:
    async with listening() as (network, ear, port):
        network.connections.admission = Admission(3)
        silent = [await asyncio.open_connection(HOST, port) for _ in range(2)]
        await ear.until_true(lambda: len(network.connections) == 2)
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(options("TCP"))
        await ear.until(lambda: ear.messages)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(silent[0][0].read(), 5) == b""
        assert not silent[1][0].at_eof()
        for _, each in (*silent, (None, writer)):
            each.close()


async def test_who_may_not_be_heard_now_waits_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HOLD_S", 0.02)
    async with listening() as (network, ear, port):
        ear.open = False
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(options("TCP", 1) + options("TCP", 2))
        await ear.until_true(lambda: len(network.connections) == 1)
        await asyncio.sleep(0.05)  # it is asked for more than once
        writer.write(options("TCP", 3))
        assert not ear.messages
        ear.open = True
        await ear.until(lambda: len(ear.messages) == 3)
        assert [message.cseq.number for message, _ in ear.messages] == [1, 2, 3]
        writer.close()


async def test_who_may_not_be_heard_for_long_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HOLD_S", 0.02)
    monkeypatch.setattr(connection, "HELD_LIMIT_S", 0.05)
    async with listening() as (_, ear, port):
        ear.open = False
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(options("TCP"))
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert ear.let_go == [("tcp", "held")]
        assert not ear.messages
        writer.close()


async def test_a_message_has_to_be_whole_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MESSAGE_LIMIT_S", 0.1)
    monkeypatch.setattr(connections, "SWEEP_S", 0.05)
    async with listening() as (_, ear, port):
        slow, whole = [await asyncio.open_connection(HOST, port) for _ in range(2)]
        for _, writer in (slow, whole):
            writer.write(options("TCP"))
        slow[1].write(options("TCP", 2)[:80])
        await ear.until(lambda: ear.let_go)
        assert ear.let_go == [("tcp", "slow")]
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(slow[0].read(), 5) == b""
        whole[1].write(options("TCP", 2))
        await ear.until(lambda: len(ear.messages) == 3)
        for _, writer in (slow, whole):
            writer.close()


async def test_of_too_many_unfinished_messages_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_UNFINISHED", 2)
    async with listening() as (_, ear, port):
        slow = []
        for number in range(3):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(options("TCP", number) + b"OPTIONS")
            slow.append((reader, writer))
            await ear.until(lambda: len(ear.messages) == len(slow))
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(slow[0][0].read(), 5) == b""
        assert ear.let_go == [("tcp", "slow")]
        for _, writer in slow:
            writer.close()


async def test_an_address_that_is_taken_is_named() -> None:
    async with listening() as (_, ear, port):
        second = SipNetwork(ear.upcalls)
        with pytest.raises(OSError, match=f"cannot listen on udp:{HOST}:{port}"):
            await second.listen([ListeningPoint("udp", (HOST, port))])
        assert render(parse(options("UDP")))
