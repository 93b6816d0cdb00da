"""One UDP listener (RFC 3261 section 18) on asyncio-dgram.

The driver may not wait, and sending on a datagram socket hardly ever has to: the send of asyncio-dgram is run on the
spot, without a task. Where it would wait (the socket's buffer is full) the rest goes through an outbox, which a task
drains. An ICMP error of one peer surfaces in asyncio-dgram at whatever is done next on the socket; it says nothing
about the datagram at hand, so the operation is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import asyncio_dgram

from softswitch.net.bound import bound
from softswitch.sip.flow import Address

log = logging.getLogger("softswitch.net")

OUTBOX_LIMIT = 20_000  # datagrams; beyond it the oldest are dropped, as the wire would
RECEIVE_BUFFER = 4 << 20  # bytes, of which the system may grant fewer: a burst must wait somewhere
_TRIES = 3
_SO_MEMINFO = 55  # Linux, sock_diag(7): what the buffer holds, and how much it may
_MEMINFO = struct.Struct("=II")


class UdpListener:
    """``on_datagram(data, remote)`` is called for every datagram; ``drops`` counts what the outbox had to drop."""

    def __init__(self, stream: asyncio_dgram.DatagramServer, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._stream = stream
        self._on_datagram = on_datagram
        self._outbox: deque[tuple[bytes, Address]] = deque(maxlen=OUTBOX_LIMIT)
        self._drain: asyncio.Task[None] | None = None  # while there is something in the outbox
        self.drops = 0
        host, port = stream.sockname[:2]
        self.local: Address = (host, port)
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def bind(cls, address: Address, on_datagram: Callable[[bytes, Address], None]) -> UdpListener:
        """Raises ``OSError`` where the address is taken."""
        made = bound(socket.SOCK_DGRAM, address, socket.SO_RCVBUF, RECEIVE_BUFFER)
        try:
            stream: Any = await asyncio_dgram.from_socket(made)  # a server, since the socket is not connected
            return cls(stream, on_datagram)
        except OSError:
            made.close()
            raise

    def send(self, data: bytes, remote: Address) -> None:
        if self._drain is None:
            self._send_now(data, remote)
            return
        if len(self._outbox) == OUTBOX_LIMIT:
            self.drops += 1
        self._outbox.append((data, remote))

    @property
    def backlog(self) -> float:
        """How full the receive buffer of the kernel is, 0..1; 0 where it does not say."""
        try:
            told = self._stream.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            used, size = _MEMINFO.unpack(told)
        except (OSError, struct.error):
            return 0.0
        return min(1.0, used / size) if size else 0.0

    async def close(self) -> None:
        """Send what is in the outbox, then stop."""
        if self._drain is not None:
            await self._drain
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        self._stream.close()

    def _send_now(self, data: bytes, remote: Address) -> None:
        for _ in range(_TRIES):
            sending = self._stream.send(data, remote)
            try:
                room = sending.send(None)
            except (StopIteration, asyncio_dgram.TransportClosed):
                return
            except OSError:
                continue
            # This one is on its way; ``room`` is what the next one has to wait for.
            self._drain = asyncio.create_task(self._empty(sending, room))
            return

    async def _empty(self, sending: Coroutine[Any, Any, None], room: asyncio.Future[Any]) -> None:
        """Everything in the outbox, at the pace of the socket."""
        await asyncio.wait([room])
        sending.close()
        while self._outbox:
            await self._send(*self._outbox.popleft())
        self._drain = None

    async def _send(self, data: bytes, remote: Address) -> None:
        for _ in range(_TRIES):
            try:
                await self._stream.send(data, remote)
                return
            except asyncio_dgram.TransportClosed:
                return
            except OSError:
                continue

    async def _read(self) -> None:
        while True:
            try:
                received: tuple[bytes, Any] = await self._stream.recv()
                data, remote = received
            except asyncio_dgram.TransportClosed:
                return
            except OSError:
                continue  # an ICMP answer to something sent earlier
            try:
                self._on_datagram(data, (remote[0], remote[1]))
            except Exception:  # a defect of ours costs this datagram, and not all that come after it
                log.exception("a datagram was dropped")
