"""What is sent while the socket takes nothing waits its turn, up to a limit."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.net import udp
from softswitch.net.udp import UdpListener

PEER = ("192.0.2.1", 5060)


class Socket:
    """As asyncio-dgram has them: it hands a datagram over at once, and waits for room afterwards."""

    sockname = ("192.0.2.2", 5060)

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.errors = 0  # ICMP errors that surface at the next sends
        self.room = asyncio.Event()
        self.room.set()

    async def send(self, data: bytes, remote: tuple[str, int]) -> None:
        if self.errors:
            self.errors -= 1
            raise ConnectionRefusedError
        self.sent.append(data)
        await self.room.wait()

    async def recv(self) -> tuple[bytes, tuple[str, int]]:
        await asyncio.Event().wait()
        raise AssertionError

    def close(self) -> None:
        """Nothing to close."""


def opened(socket: Socket) -> UdpListener:
    return UdpListener(socket, lambda data, remote: None)  # type: ignore[arg-type]


async def test_a_datagram_is_sent_at_once() -> None:
    socket = Socket()
    listener = opened(socket)
    listener.send(b"1", PEER)
    assert socket.sent == [b"1"]
    await listener.close()


async def test_what_comes_while_there_is_no_room_waits_in_its_order() -> None:
    socket = Socket()
    listener = opened(socket)
    socket.room.clear()
    for data in (b"1", b"2", b"3"):
        listener.send(data, PEER)
    assert socket.sent == [b"1"]  # handed over; the others wait for room
    socket.room.set()
    await listener.close()
    assert socket.sent == [b"1", b"2", b"3"]
    listener.send(b"4", PEER)
    assert socket.sent[-1] == b"4"


async def test_beyond_the_limit_the_oldest_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "OUTBOX_LIMIT", 2)
    socket = Socket()
    listener = opened(socket)
    socket.room.clear()
    for data in (b"1", b"2", b"3", b"4"):
        listener.send(data, PEER)
    socket.room.set()
    await listener.close()
    assert socket.sent == [b"1", b"3", b"4"]
    assert listener.drops == 1


async def test_an_error_of_somebody_else_costs_nothing() -> None:
    socket = Socket()
    listener = opened(socket)
    socket.errors = 2
    listener.send(b"1", PEER)
    assert socket.sent == [b"1"]
    await listener.close()


async def test_a_defect_of_ours_costs_one_datagram(caplog: pytest.LogCaptureFixture) -> None:
    socket, heard = Socket(), asyncio.Event()
    arriving = [b"bad", b"good"]

    async def recv() -> tuple[bytes, tuple[str, int]]:
        if not arriving:
            await asyncio.Event().wait()
        return arriving.pop(0), PEER

    def take(data: bytes, remote: tuple[str, int]) -> None:
        if data == b"bad":
            raise RuntimeError("a defect")
        heard.set()

    socket.recv = recv  # type: ignore[method-assign]
    listener = UdpListener(socket, take)  # type: ignore[arg-type]
    await asyncio.wait_for(heard.wait(), 5)
    assert "a datagram was dropped" in caplog.text
    await listener.close()
