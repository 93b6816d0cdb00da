"""The RTP ports of a process: opened once for all streams on them, drained and sent from in batches.

A turn reads a bounded number of packets from each port that has some, so that a flooded port cannot starve the others.
What comes while a port is being emptied is the next tick's: to look for it again would cost as much as to read it.
"""

from __future__ import annotations

import errno
import heapq
import itertools
import logging
import select
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.media import mmsg
from softswitch.media.address import Address, Sources, numeric, sources_of
from softswitch.media.mmsg import SO_TIMESTAMPNS
from softswitch.media.plain import PLAIN
from softswitch.rtp.packet import WIDTH

Octets = npt.NDArray[np.uint8]

log = logging.getLogger(__name__)

_TURNS = 12  # per tick
_BATCH = 4096  # packets per turn
_SHARE = 256  # of them from one port
_RECEIVE_BUFFER = 1 << 20  # octets per port: what 40 streams are sent in half a second, as the kernel counts it
_SEND_BUFFER = 1 << 20
_OLDEST_S = 5.0
_MEMINFO = 55  # SO_MEMINFO of socket(7); its last number is SK_MEMINFO_DROPS


@dataclass(frozen=True, slots=True)
class Batch:
    """One turn, in the order of arrival within each port."""

    table: Octets  # (packets, WIDTH), valid until the next turn
    lengths: npt.NDArray[np.int64]  # octets of each
    ports: npt.NDArray[np.int64]  # at which it came in, as ``Sockets.open`` numbered it
    sources: Sources
    came_s: npt.NDArray[np.float64]  # monotonic: when the kernel had them


@dataclass(slots=True)
class _Port:
    socket: socket.socket
    fd: int
    family: int
    address: Address
    users: int = 1


class Sockets:
    """UDP sockets by number; the lowest free number is given out."""

    def __init__(self, calls: mmsg.Calls | None = mmsg.CALLS) -> None:
        self._calls = calls or PLAIN
        self._poll = select.epoll()
        self._inbox = mmsg.Inbox(_BATCH, WIDTH)
        self._ports: dict[int, _Port] = {}
        self._free: list[int] = []  # numbers that were given back
        self._by_address: dict[Address, int] = {}
        self._by_fd: dict[int, int] = {}
        self._past_drops = 0
        self._warned = False
        self.send_errors = 0

    def __len__(self) -> int:
        return len(self._ports)

    def open(self, address: Address) -> int:
        """The number of this port, bound now where it was not. Raises ``OSError``."""
        known = self._by_address.get(address)
        if known is not None:
            self._ports[known].users += 1
            return known
        if not numeric(address[0]):  # a name would be looked up, and everybody would wait for it
            raise OSError(errno.EINVAL, "no numeric address")
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._size(made)
            made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            made.bind(address)
            fd = made.fileno()
            self._poll.register(fd, select.EPOLLIN)
        except OSError:
            made.close()
            raise
        number = heapq.heappop(self._free) if self._free else len(self._ports)
        self._ports[number], self._by_address[address] = _Port(made, fd, int(family), address), number
        self._by_fd[fd] = number
        return number

    def _size(self, made: socket.socket) -> None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        granted = made.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # the kernel says twice what it gives
        if granted < _RECEIVE_BUFFER and not self._warned:
            self._warned = True
            log.warning(
                "receive buffers are %d octets, not %d: a stall of half a second will lose packets; "
                "raise it with: sysctl -w net.core.rmem_max=%d",
                granted,
                _RECEIVE_BUFFER,
                _RECEIVE_BUFFER,
            )

    def close(self, number: int) -> None:
        """One user less; the socket goes with the last one."""
        port = self._ports[number]
        port.users -= 1
        if port.users:
            return
        self._past_drops += _drops(port.socket)
        del self._ports[number], self._by_address[port.address], self._by_fd[port.fd]
        heapq.heappush(self._free, number)
        self._poll.unregister(port.fd)
        port.socket.close()

    def family(self, number: int) -> int:
        return self._ports[number].family

    def drops(self) -> int:
        """Packets that found their port's buffer full."""
        return self._past_drops + sum(_drops(port.socket) for port in self._ports.values())

    def drain(self) -> Iterator[Batch]:
        """All that has arrived, in turns."""
        for _ in range(_TURNS):
            ready = [fd for fd, _ in self._poll.poll(0, len(self._ports) or 1)]
            if not ready:
                return
            counts = self._read(ready)
            yield self._batch(ready, counts)
            if max(counts) < _SHARE and sum(counts) < _BATCH:
                return  # every port was read to its end

    def _read(self, ready: list[int]) -> list[int]:
        """Into the inbox; how many packets from each."""
        count, counts = 0, []
        for fd in ready:
            got = self._inbox.read(self._calls, fd, count, min(_SHARE, _BATCH - count)) if count < _BATCH else 0
            counts.append(got)
            count += got
        return counts

    def _batch(self, ready: list[int], counts: list[int]) -> Batch:
        count = sum(counts)
        ports = np.repeat(np.array([self._by_fd[fd] for fd in ready], np.int64), counts)
        sources = sources_of(self._inbox.names[:count])
        came_s = _monotonic(self._inbox.stamps(count))
        return Batch(self._inbox.table[:count], self._inbox.lengths(count), ports, sources, came_s)

    def send(self, outbox: mmsg.Outbox, ports: npt.NDArray[np.int64]) -> None:
        """Send the first datagrams of ``outbox``, from the ports ``(n,)``, which are sorted. Never blocks."""
        if not len(ports):
            return
        starts = [0, *((ports[1:] != ports[:-1]).nonzero()[0] + 1).tolist(), len(ports)]
        for number, (first, last) in zip(ports[starts[:-1]].tolist(), itertools.pairwise(starts), strict=True):
            self.send_errors += outbox.send(self._calls, self._ports[number].fd, first, last - first)

    def send_one(self, number: int, octets: bytes, address: Address) -> None:
        """A packet that is not of the tick's batch."""
        try:
            self._ports[number].socket.sendto(octets, address)
        except OSError:
            self.send_errors += 1

    def shut(self) -> None:
        for port in self._ports.values():
            port.socket.close()
        self._poll.close()


def _drops(sock: socket.socket) -> int:
    """0 too where the system does not count them."""
    try:
        return int(struct.unpack("=9I", sock.getsockopt(socket.SOL_SOCKET, _MEMINFO, 36))[8])
    except (OSError, struct.error):
        return 0


def _monotonic(came_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The kernel's time of arrival is wall time; a packet without one, or from before the clock was set, comes now."""
    now, age = time.monotonic(), time.time() - came_s
    return now - np.where((age > 0) & (age < _OLDEST_S), age, 0.0)
