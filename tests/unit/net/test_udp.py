"""What is sent while the socket takes nothing waits its turn, up to a limit."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.net import udp
from softswitch.net.udp import Arrivals, UdpListener

PEER = ("192.0.2.1", 5060)


class Transport:
    """Of a socket that takes everything, and says that there is no room when the test says so."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def get_extra_info(self, name: str) -> object:
        return ("192.0.2.2", 5060)

    def sendto(self, data: bytes, remote: tuple[str, int]) -> None:
        self.sent.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
def room() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@pytest.fixture
async def listener(transport: Transport, room: asyncio.Event) -> UdpListener:
    return UdpListener(transport, room)  # type: ignore[arg-type]


async def test_a_datagram_is_sent_at_once(listener: UdpListener, transport: Transport) -> None:
    listener.send(b"1", PEER)
    assert transport.sent == [b"1"]


async def test_what_comes_while_there_is_no_room_waits_in_its_order(
    listener: UdpListener, transport: Transport, room: asyncio.Event
) -> None:
    room.clear()
    for data in (b"1", b"2", b"3"):
        listener.send(data, PEER)
    assert transport.sent == []
    room.set()
    listener.send(b"4", PEER)
    await listener.close()
    assert transport.sent == [b"1", b"2", b"3", b"4"]


async def test_when_there_is_room_again_nothing_waits(
    listener: UdpListener, transport: Transport, room: asyncio.Event
) -> None:
    room.clear()
    listener.send(b"1", PEER)
    room.set()
    assert listener._drain is not None
    await listener._drain
    listener.send(b"2", PEER)
    assert transport.sent == [b"1", b"2"]


async def test_beyond_the_limit_the_oldest_are_dropped_and_counted(
    transport: Transport, room: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "OUTBOX_LIMIT", 2)
    listener = UdpListener(transport, room)  # type: ignore[arg-type]
    room.clear()
    for data in (b"1", b"2", b"3"):
        listener.send(data, PEER)
    room.set()
    await listener.close()
    assert transport.sent == [b"2", b"3"]
    assert listener.drops == 1


async def test_what_has_waited_for_too_long_is_dropped_and_counted(transport: Transport, room: asyncio.Event) -> None:
    """The process was stopped meanwhile, say; whatever matters is repeated, if it still does."""
    now = 100.0
    listener = UdpListener(transport, room, lambda: now)  # type: ignore[arg-type]
    room.clear()
    listener.send(b"1", PEER)
    now += udp.LATE_S
    listener.send(b"2", PEER)
    now += 0.001
    room.set()
    await listener.close()
    assert transport.sent == [b"2"]
    assert listener.drops == 1


async def test_after_the_end_nothing_is_sent(listener: UdpListener, transport: Transport) -> None:
    await listener.close()
    listener.send(b"1", PEER)
    assert transport.sent == []


async def test_an_error_of_somebody_else_costs_nothing() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    listener = await UdpListener.bind(("127.0.0.1", 0), lambda data, remote: heard.put_nowait(data))
    protocol = listener._transport.get_protocol()
    assert isinstance(protocol, asyncio.DatagramProtocol)
    protocol.error_received(ConnectionRefusedError())
    listener.send(b"1", listener.local)
    assert await asyncio.wait_for(heard.get(), 5) == b"1"
    await listener.close()


def test_a_defect_of_ours_costs_one_datagram(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[bytes] = []

    def take(data: bytes, remote: tuple[str, int]) -> None:
        if data == b"bad":
            raise RuntimeError("a defect")
        heard.append(data)

    arrivals = Arrivals()
    arrivals.put_nowait((b"early", PEER))
    arrivals.on_datagram = take
    for arrived in ((b"bad", PEER), (b"good", PEER), (None, None)):
        arrivals.put_nowait(arrived)
    assert heard == [b"good"]
    assert "a datagram was dropped" in caplog.text
