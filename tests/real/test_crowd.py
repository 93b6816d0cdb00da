"""2,000 connections that do nothing and 200 that send octet by octet: who behaves does not notice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.process import raise_file_limit
from tests.real.test_network import HOST, options, udp_peer
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.real, pytest.mark.alone]

IDLE, SLOW = 2000, 200
ASKED = 200
P95_S = 0.1


@contextlib.contextmanager
def crowd(port: int, count: int) -> Iterator[list[socket.socket]]:
    sockets = [socket.create_connection((HOST, port), timeout=10) for _ in range(count)]
    try:
        for one in sockets:
            one.setblocking(False)
        yield sockets
    finally:
        for one in sockets:
            one.close()


def alive(one: socket.socket) -> bool:
    """Whether the switch has kept the connection."""
    try:
        return bool(one.recv(1))
    except BlockingIOError:
        return True
    except OSError:
        return False


async def dribble(sockets: list[socket.socket]) -> None:
    """One octet each, again and again."""
    loop = asyncio.get_running_loop()
    for octet in options("TCP", 1, b"x" * 500):
        for one in sockets:
            with contextlib.suppress(OSError):
                await loop.sock_sendall(one, bytes([octet]))
        await asyncio.sleep(0.02)


async def over_tcp(port: int) -> list[float]:
    """How long each answer took, in seconds."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection(HOST, port)
    took = []
    for number in range(ASKED):
        began = loop.time()
        writer.write(options("TCP", 10_000 + number))
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        took.append(loop.time() - began)
        await asyncio.sleep(0.005)
    writer.close()
    await writer.wait_closed()
    return took


async def over_udp(port: int) -> list[float]:
    loop = asyncio.get_running_loop()
    took = []
    async with udp_peer(port) as (transport, peer):
        for number in range(ASKED):
            began = loop.time()
            transport.sendto(options("UDP", 20_000 + number))
            await asyncio.wait_for(peer.received.get(), 5)
            took.append(loop.time() - began)
            await asyncio.sleep(0.005)
    return took


async def test_idle_and_slow_connections_hurt_nobody(tmp_path: Path) -> None:
    raise_file_limit()
    async with SwitchProcess(tmp_path / "switch") as switch:
        port = switch.sip_port
        with crowd(port, IDLE) as idle, crowd(port, SLOW) as slow:
            dribbling = asyncio.create_task(dribble(slow))
            took = await asyncio.gather(over_udp(port), over_tcp(port))
            dribbling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await dribbling
            assert sum(map(alive, idle)) > 200  # as many as the limit on open files leaves to one host
        for each in took:
            assert statistics.quantiles(each, n=20)[-1] < P95_S
