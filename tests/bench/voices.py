"""Many telephones without signalling, in a process of their own: each sends G.711 from its own socket every 20 ms, and
notes when what arrives arrived, by the kernel's clock, and whether it goes on from what came before.

As a program it is told ``send INDEX HOST PORT``, ``mute INDEX``, ``mark`` and ``report``, a line each; it says its
ports at first, and one line of JSON for each report: for each telephone the numbers of ``Heard`` since the last mark.
``Voices`` runs it. What is sent has payload type 0; packets of any type count, but for RTCP (RFC 5761 section 4).
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, g711
from softswitch.media.mmsg import CALLS, SO_TIMESTAMPNS, Inbox
from softswitch.rtp.packet import build, parse

HOST = "127.0.0.1"
TICK_S = 0.02
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Heard:
    """What one telephone was sent since the mark."""

    packets: int
    gap_s: float  # the longest time without a packet, to the moment of the report
    sources: int  # SSRCs
    breaks: int  # sequence numbers that do not follow the one before, in one SSRC
    jumps: int  # timestamps that do not follow with their sequence number, in one SSRC


class Voices:
    """The program, as a bench or a test uses it."""

    def __init__(self, count: int, core: int | None = None) -> None:
        command = [sys.executable, "-m", "tests.bench.voices", str(count)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        if core is not None and core in os.sched_getaffinity(0):
            os.sched_setaffinity(self._process.pid, {core})
        self.ports = [int(port) for port in self._listen().split()]

    def send(self, index: int, address: tuple[str, int]) -> None:
        self._say(f"send {index} {address[0]} {address[1]}")

    def mute(self, index: int) -> None:
        self._say(f"mute {index}")

    def mark(self) -> None:
        """Count from here."""
        self._say("mark")

    def report(self) -> list[Heard]:
        self._say("report")
        return [Heard(*one) for one in json.loads(self._listen())]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _listen(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class _Phones:
    def __init__(self, count: int) -> None:
        self.sockets = [_socket() for _ in range(count)]
        self.marked = time.time()
        self._to: list[tuple[str, int] | None] = [None] * count
        self._poll = select.epoll()
        self._index = {one.fileno(): index for index, one in enumerate(self.sockets)}
        for fd in self._index:
            self._poll.register(fd, select.EPOLLIN)
        self._inbox = Inbox(_BATCH, 256)
        noise = np.random.default_rng(1).integers(-2000, 2000, FRAME).astype(np.int16)
        self._payload = g711.encode(noise, g711.MU).tobytes()
        self._heard: list[tuple[npt.NDArray[Any], ...]] = []  # (row, came, sequence, timestamp, ssrc) of each batch

    def obey(self, line: str) -> None:
        word, *rest = line.split()
        match word:
            case "send":
                self._to[int(rest[0])] = rest[1], int(rest[2])
            case "mute":
                self._to[int(rest[0])] = None
            case "mark":
                self.marked = time.time()
                self._heard.clear()
            case "report":
                print(json.dumps([astuple(one) for one in self._report()]), flush=True)

    def speak(self, tick: int) -> None:
        for index, (sock, to) in enumerate(zip(self.sockets, self._to, strict=True)):
            if to is not None:
                sock.sendto(build(0, tick, tick * FRAME, index + 1, self._payload), to)

    def listen(self, until: float) -> None:
        assert CALLS is not None
        while (left := until - time.monotonic()) > 0:
            ready = [fd for fd, _ in self._poll.poll(left, len(self.sockets))]
            count, counts = 0, []
            for fd in ready:
                counts.append(self._inbox.read(CALLS, fd, count, min(64, _BATCH - count)) if count < _BATCH else 0)
                count += counts[-1]
            if count:
                self._note(np.repeat([self._index[fd] for fd in ready], counts), count)

    def _note(self, rows: npt.NDArray[Any], count: int) -> None:
        came = self._inbox.stamps(count)
        headers = parse(self._inbox.table[:count], self._inbox.lengths(count))
        voice = headers.valid & ((headers.payload_type < 64) | (headers.payload_type > 95))
        columns = rows, came, headers.sequence, headers.timestamp, headers.ssrc
        self._heard.append(tuple(column[voice] for column in columns))

    def _report(self) -> list[Heard]:
        now, empty = time.time(), np.zeros(0)
        columns = [np.concatenate(one) for one in zip(*self._heard, strict=True)] or [empty] * 5
        found = []
        for row in range(len(self.sockets)):
            came, sequence, timestamp, ssrc = (
                column[columns[0] == row].astype(np.int64 if n else np.float64) for n, column in enumerate(columns[1:])
            )
            same = np.diff(ssrc) == 0
            steps = np.diff(sequence) % 65536
            jumps = np.diff(timestamp) % (1 << 32) != steps * FRAME
            gap = np.diff(np.concatenate(([self.marked], came, [now]))).max()
            found.append(
                Heard(
                    len(came),
                    float(gap),
                    len(set(ssrc.tolist())),
                    int((same & (steps != 1)).sum()),
                    int((same & jumps).sum()),
                )
            )
        return found


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    made.bind((HOST, 0))
    return made


def main() -> None:
    phones = _Phones(int(sys.argv[1]))
    print(*[one.getsockname()[1] for one in phones.sockets], flush=True)
    orders = select.poll()
    orders.register(0, select.POLLIN)
    os.set_blocking(0, False)
    tick, next_at, unread = 0, time.monotonic(), ""
    while True:
        while orders.poll(0):
            octets = os.read(0, 1 << 16).decode()
            if not octets:
                return
            *lines, unread = (unread + octets).split("\n")
            for line in lines:
                phones.obey(line)
        phones.speak(tick)
        tick += 1
        next_at = max(next_at + TICK_S, time.monotonic() - 0.2)
        phones.listen(next_at)


if __name__ == "__main__":
    main()
