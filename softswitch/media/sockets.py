"""The RTP sockets: one per stream, drained in turns. Behind this class, shared ports and recvmmsg can take its place.

A turn reads at most one packet from each socket that has one, so that a batch never has two packets of a stream, and
one flooded port cannot starve the others.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.media.source import Address
from softswitch.rtp.packet import WIDTH

Octets = npt.NDArray[np.uint8]

_TURNS = 40  # per tick; as much as a stall of 800 ms leaves behind
_BATCH = 1024  # packets per turn
_RECEIVE_BUFFER = 1 << 18  # octets per socket
_SO_TIMESTAMPNS = 35  # socket(7): the moment of arrival beside each packet
_BESIDE = socket.CMSG_SPACE(16)
_NO_STAMP = bytes(16)
_OLDEST_S = 5.0


@dataclass(frozen=True, slots=True)
class Batch:
    """One turn: row, length and source of each packet; the packets are the first rows of ``table``."""

    table: Octets  # (packets, WIDTH), valid until the next turn
    rows: list[int]
    lengths: list[int]
    sources: list[Address]
    came_s: npt.NDArray[np.float64]  # monotonic: when the kernel had them


def numeric(host: str) -> str:
    """The address as ``recvfrom`` writes it; "" for a name, whose look-up would stop all audio."""
    address, percent, zone = host.partition("%")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, address)) + percent + zone
    except (OSError, ValueError):
        return ""


class Sockets:
    """UDP sockets by row."""

    def __init__(self) -> None:
        self.send_errors = 0
        self._poll = select.epoll()
        self._by_row: dict[int, socket.socket] = {}
        self._by_fd: dict[int, tuple[int, socket.socket]] = {}
        self._table: Octets = np.zeros((_BATCH, WIDTH), np.uint8)
        self._places = [memoryview(row) for row in self._table]

    def open(self, row: int, address: Address) -> None:
        """Raises ``OSError``."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            made.bind(address)
        except OSError:
            made.close()
            raise
        self._poll.register(made.fileno(), select.EPOLLIN)
        self._by_row[row] = made
        self._by_fd[made.fileno()] = (row, made)

    def close(self, row: int) -> None:
        gone = self._by_row.pop(row)
        self._poll.unregister(gone.fileno())
        del self._by_fd[gone.fileno()]
        gone.close()

    def drain(self) -> Iterator[Batch]:
        """All that has arrived, in turns."""
        for _ in range(_TURNS):
            ready = self._poll.poll(0, _BATCH)
            if not ready:
                return
            yield self._turn(ready)

    def _turn(self, ready: list[tuple[int, int]]) -> Batch:
        rows: list[int] = []
        lengths: list[int] = []
        sources: list[Address] = []
        stamps: list[bytes] = []  # struct timespec of CLOCK_REALTIME
        for fd, _ in ready:
            row, sock = self._by_fd[fd]
            try:
                length, beside, _, source = sock.recvmsg_into([self._places[len(rows)]], _BESIDE)
            except OSError:
                continue  # an ICMP answer to something that we sent, or a packet with a bad checksum
            rows.append(row)
            lengths.append(length)
            sources.append(source[:2])
            stamps.append(beside[0][2] if beside else _NO_STAMP)
        return Batch(self._table[: len(rows)], rows, lengths, sources, _monotonic(stamps))

    def send(self, row: int, packet: memoryview, address: Address) -> None:
        """Never blocks; a full buffer or an unreachable peer costs this one packet and is counted."""
        try:
            self._by_row[row].sendto(packet, address)
        except OSError:
            self.send_errors += 1


def _monotonic(stamps: list[bytes]) -> npt.NDArray[np.float64]:
    """The kernel's time of arrival is wall time; a packet without one, or from before the clock was set, comes now."""
    now, wall = time.monotonic(), time.time()
    came = np.frombuffer(b"".join(stamps), np.int64).reshape(-1, 2)
    age = wall - (came[:, 0] + came[:, 1] / 1e9)
    return now - np.where((age > 0) & (age < _OLDEST_S), age, 0.0)
