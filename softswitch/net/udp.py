"""One UDP listener (RFC 3261 section 18) on the protocol of asyncio-dgram, without its streams.

Those put a queue and a task between the socket and whoever listens, which costs each datagram a turn of the loop. Here
what arrives is taken where it would be queued, and what is sent goes to the socket on the spot: the driver may not
wait, and hardly ever has to. While the socket has no room, what is to be sent goes through an outbox, which a task
drains. What has waited there for long is dropped: whatever is still wanted has been sent once more by then.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from asyncio_dgram.aio import Protocol

from softswitch.net.bound import bound
from softswitch.sip.flow import Address

log = logging.getLogger("softswitch.net")

OUTBOX_LIMIT = 20_000  # datagrams; beyond it the oldest are dropped, as the wire would
LATE_S = 4.0  # T2 (RFC 3261 section 17.1.2.1), the longest pause of a transaction before it repeats itself
RECEIVE_BUFFER = 4 << 20  # bytes, of which the system may grant fewer: a burst must wait somewhere
_SO_MEMINFO = 55  # Linux, sock_diag(7): what the buffer holds, and how much it may
_MEMINFO = struct.Struct("=II")

OnDatagram = Callable[[bytes, Address], None]


class Arrivals:
    """Stands where asyncio-dgram has its queue of datagrams. What comes while nobody listens is lost."""

    on_datagram: OnDatagram | None = None

    def put_nowait(self, arrived: tuple[bytes | None, Any]) -> None:
        data, remote = arrived
        if data is None or self.on_datagram is None:
            return  # the end of the socket, or just before its beginning
        try:
            self.on_datagram(data, remote[:2])
        except Exception:  # a defect of ours costs this datagram, and not all that come after it
            log.exception("a datagram was dropped")


class Errors:
    """Stands where it has its queue of errors: what ICMP says of one peer concerns nothing that is done next."""

    def put_nowait(self, error: Exception) -> None:
        """Who is not there answers nothing, and that is noticed anyway."""


class UdpListener:
    """``room`` is set while the socket takes what is sent; ``drops`` counts what the outbox had to drop."""

    def __init__(
        self, transport: asyncio.DatagramTransport, room: asyncio.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport = transport
        self._room = room
        self._clock = clock
        self._outbox: deque[tuple[float, bytes, Address]] = deque(maxlen=OUTBOX_LIMIT)  # until when, what, to whom
        self._drain: asyncio.Task[None] | None = None  # while there is something in the outbox
        self.drops = 0
        host, port = transport.get_extra_info("sockname")[:2]
        self.local: Address = (host, port)
        self._socket = transport.get_extra_info("socket")

    @classmethod
    async def bind(cls, address: Address, on_datagram: OnDatagram) -> UdpListener:
        """``on_datagram(data, remote)`` is called for every datagram. Raises ``OSError`` where the address is taken."""
        made = bound(socket.SOCK_DGRAM, address, socket.SO_RCVBUF, RECEIVE_BUFFER)
        arrivals, room = Arrivals(), asyncio.Event()
        protocol = Protocol(arrivals, Errors(), room)  # type: ignore[arg-type]  # all of a queue that it needs
        try:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: protocol, sock=made)
        except OSError:
            made.close()
            raise
        arrivals.on_datagram = on_datagram
        return cls(transport, room)

    def send(self, data: bytes, remote: Address) -> None:
        if self._transport.is_closing():
            return
        if self._drain is None:
            if self._room.is_set():
                self._transport.sendto(data, remote)
                return
            self._drain = asyncio.create_task(self._empty())
        if len(self._outbox) == OUTBOX_LIMIT:
            self.drops += 1
        self._outbox.append((self._clock() + LATE_S, data, remote))

    @property
    def backlog(self) -> float:
        """How full the receive buffer of the kernel is, 0..1; 0 where it does not say."""
        try:
            told = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            used, size = _MEMINFO.unpack(told)
        except (OSError, struct.error):
            return 0.0
        return min(1.0, used / size) if size else 0.0

    async def close(self) -> None:
        """Send what is in the outbox, then stop."""
        if self._drain is not None:
            await self._drain
        self._transport.close()

    async def _empty(self) -> None:
        """Everything in the outbox, at the pace of the socket."""
        try:
            while self._outbox and not self._transport.is_closing():
                await self._room.wait()
                until, data, remote = self._outbox.popleft()
                if self._clock() > until:
                    self.drops += 1
                else:
                    self._transport.sendto(data, remote)
        finally:
            self._drain = None
