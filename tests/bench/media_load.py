"""The other ends of many streams, in a process of its own: sends every 20 ms, counts what comes back. Numpy, sendmmsg.

``python -m tests.bench.media_load FIRST_PORT PORTS STREAMS SECONDS KIND``: stream i goes from socket ``i // PORTS`` to
the port ``FIRST_PORT + 2 * (i % PORTS)``. ``KIND`` is PCMU, G722, or srtp, which is PCMU under the keys of
``tests.bench.media``; what comes back is counted, and not opened. Prints its sockets' ports at first, and sends after a
line on its standard input; at the end the least and the mean packets per second that a stream was sent.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, codec, g711
from softswitch.media.address import NAME, sockaddr, sources_of
from softswitch.media.mmsg import CALLS, Inbox, Outbox, address_of
from softswitch.rtp.packet import HEADER, write_headers
from softswitch.rtp.srtp import ROOM, Srtps
from softswitch.sdp.crypto import Srtp
from tests.bench.media import SUITE, key

HOST = "127.0.0.1"
_SETTLE_S = 2.0  # not counted
_BATCH = 512


class Load:
    def __init__(self, first: int, ports: int, streams: int, kind: str) -> None:
        self.ports, self.streams = ports, streams
        self.sockets = [_socket() for _ in range(-(-streams // ports))]
        self.counts = np.zeros((len(self.sockets), ports), np.int64)
        self._first = first
        self._outbox, self._inbox = Outbox(streams), Inbox(_BATCH, 2048)
        self._packets = np.zeros((streams, HEADER + FRAME + ROOM), np.uint8)
        self._payloads = _payloads(kind, streams)
        self._type = 9 if kind == "G722" else 0
        self._keys = Srtps(streams)
        for number in range(streams) if kind == "srtp" else ():
            self._keys.agree(number, Srtp(SUITE, key(number, "in"), key(number, "out")))
        names = [sockaddr(socket.AF_INET, (HOST, first + 2 * (i % ports))).ljust(NAME, b"\0") for i in range(streams)]
        self._names = np.frombuffer(b"".join(names), np.uint8)
        at = np.arange(streams, dtype=np.uint64)
        self._outbox.address(address_of(self._names) + at * np.uint64(NAME), np.full(streams, 16))
        self._poll = select.epoll()
        self._by_fd = {sock.fileno(): index for index, sock in enumerate(self.sockets)}
        for fd in self._by_fd:
            self._poll.register(fd, select.EPOLLIN)

    def send(self, tick: int) -> None:
        ssrc = np.arange(self.streams)
        kind = np.full(self.streams, self._type)
        self._packets[:, HEADER : HEADER + FRAME] = self._payloads
        write_headers(self._packets, kind, ssrc * 0 + tick % 65536, ssrc * 0 + tick * FRAME, ssrc)
        lengths = np.full(self.streams, HEADER + FRAME)
        self._keys.protect(self._packets, lengths, ssrc)
        starts = address_of(self._packets) + ssrc.astype(np.uint64) * np.uint64(self._packets.shape[1])
        self._outbox.fill(starts, HEADER, starts + np.uint64(HEADER), lengths - HEADER)
        assert CALLS is not None
        for index, sock in enumerate(self.sockets):
            first = index * self.ports
            self._outbox.send(CALLS, sock.fileno(), first, min(self.ports, self.streams - first))

    def listen(self, until: float) -> None:
        assert CALLS is not None
        while (left := until - time.monotonic()) > 0:
            for fd, _ in self._poll.poll(left):
                got = self._inbox.read(CALLS, fd, 0, _BATCH)
                self._inbox.lengths(got)
                self._count(self._by_fd[fd], sources_of(self._inbox.names[:got]).port)

    def _count(self, index: int, ports: npt.NDArray[Any]) -> None:
        places = (ports.astype(np.int64) - self._first) // 2
        ours = (places >= 0) & (places < self.ports)  # others measure here too
        self.counts[index] += np.bincount(places[ours], minlength=self.ports)


def _payloads(kind: str, streams: int) -> npt.NDArray[np.uint8]:
    """A frame of noise for each stream, which it says again and again."""
    pcm = np.random.default_rng(1).integers(-4000, 4000, (streams, FRAME)).astype(np.int16)
    if kind != "G722":
        return g711.encode(pcm, g711.MU)
    coder = codec.make("G722", 8000)
    wide = np.repeat(pcm, coder.rate // 8000, axis=1)
    return np.stack([np.frombuffer(coder.encode(frame), np.uint8) for frame in wide])


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 21)
    made.bind((HOST, 0))
    return made


def main() -> None:
    first, ports, streams, seconds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    load = Load(first, ports, streams, sys.argv[5])
    print(*[sock.getsockname()[1] for sock in load.sockets], flush=True)
    sys.stdin.readline()
    began, counted_from = time.monotonic(), 0.0
    for tick in range(round((seconds + _SETTLE_S) * 50)):
        load.send(tick)
        if tick == round(_SETTLE_S * 50):
            load.counts[:] = 0
            counted_from = time.monotonic()
        load.listen(began + (tick + 1) * 0.02)
    rates = load.counts.reshape(-1)[:streams] / (time.monotonic() - counted_from)
    print(rates.min(), rates.mean(), flush=True)


if __name__ == "__main__":
    main()
