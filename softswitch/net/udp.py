"""One UDP listener (RFC 3261 section 18) on asyncio-dgram: a task that reads, a task that writes.

The writer exists because the driver may not wait: it puts datagrams into an outbox, and the task drains it. An ICMP
error of one peer surfaces in asyncio-dgram at whatever is done next on the socket; it says nothing about the datagram
at hand, so the operation is tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import asyncio_dgram

from softswitch.sip.flow import Address

OUTBOX_LIMIT = 20_000  # datagrams; beyond it the oldest are dropped, as the wire would
_TRIES = 3


class UdpListener:
    """``on_datagram(data, remote)`` is called for every datagram; ``drops`` counts what the outbox had to drop."""

    def __init__(self, stream: asyncio_dgram.DatagramServer, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._stream = stream
        self._on_datagram = on_datagram
        self._outbox: deque[tuple[bytes, Address]] = deque(maxlen=OUTBOX_LIMIT)
        self._wake = asyncio.Event()
        self.drops = 0
        host, port = stream.sockname[:2]
        self.local: Address = (host, port)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    @classmethod
    async def bind(cls, address: Address, on_datagram: Callable[[bytes, Address], None]) -> UdpListener:
        """Raises ``OSError`` where the address is taken."""
        return cls(await asyncio_dgram.bind(address), on_datagram)

    def send(self, data: bytes, remote: Address) -> None:
        if len(self._outbox) == OUTBOX_LIMIT:
            self.drops += 1
        self._outbox.append((data, remote))
        self._wake.set()

    async def close(self) -> None:
        """Send what is in the outbox, then stop."""
        await self._drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stream.close()

    async def _read(self) -> None:
        while True:
            try:
                received: tuple[bytes, Any] = await self._stream.recv()
                data, remote = received
            except asyncio_dgram.TransportClosed:
                return
            except OSError:
                continue  # an ICMP answer to something sent earlier
            self._on_datagram(data, (remote[0], remote[1]))

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._drain()

    async def _drain(self) -> None:
        while self._outbox:
            data, remote = self._outbox.popleft()
            for _ in range(_TRIES):
                try:
                    await self._stream.send(data, remote)
                    break
                except asyncio_dgram.TransportClosed:
                    return
                except OSError:
                    continue
