"""The engine without a network and without waiting: time is a number, packets come when the test says that they came.

All of the engine is real but its sockets and its clock, so that ten minutes of a call cost seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import socket
from collections import defaultdict
from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple
from unittest import mock

import numpy as np
import numpy.typing as npt

from softswitch.media import engine as engine_module
from softswitch.media import protocol as p
from softswitch.media.address import Address, Sources, host_of
from softswitch.media.engine import Engine, EngineSettings
from softswitch.media.mmsg import IOVEC, MMSGHDR, Calls, Outbox
from softswitch.media.schedule import TICK_S
from softswitch.media.sockets import Batch, Sockets
from softswitch.rtp.packet import HEADER, WIDTH

START_S = 1000.0
HOUSE = "192.0.2.1"  # nobody's (RFC 5737), so that no real port is taken
PEER = "192.0.2.2"
_HOST = host_of(PEER)
_MOST = 2048  # packets of a batch


class Packet(NamedTuple):
    at: float  # of our clock
    port: int  # of ours, through which it went
    octets: bytes

    @property
    def kind(self) -> int:
        return self.octets[1] & 0x7F

    @property
    def timestamp(self) -> int:
        return int.from_bytes(self.octets[4:8], "big")

    @property
    def payload(self) -> bytes:
        return self.octets[HEADER:]


class VirtualSockets(Sockets):
    """Ports by number, as the real ones; ``coming`` is a heap of what is still under way."""

    def __init__(self) -> None:
        super().__init__(Calls(lambda *_: 0, self._take))
        self.now = START_S
        self.coming: list[tuple[float, int, int, Address, bytes]] = []
        self.sent: list[Packet] = []
        self._numbers: dict[Address, int] = {}
        self._users: dict[int, int] = defaultdict(int)
        self._order = 0

    def bring(self, at: float, port: int, source: Address, octets: bytes) -> None:
        self._order += 1
        heapq.heappush(self.coming, (at, self._order, port, source, octets))

    def __len__(self) -> int:
        return len(self._users)

    def open(self, address: Address) -> int:
        number = self._numbers.setdefault(address, len(self._numbers))
        self._users[number] += 1
        return number

    def family(self, number: int) -> int:
        return socket.AF_INET

    def close(self, number: int) -> None:
        self._users[number] -= 1

    def drops(self) -> int:
        return 0

    def drain(self) -> Iterator[Batch]:
        while self.coming and self.coming[0][0] <= self.now:
            came = []
            while self.coming and self.coming[0][0] <= self.now and len(came) < _MOST:
                came.append(heapq.heappop(self.coming))
            table = np.zeros((len(came), WIDTH), np.uint8)
            for row, one in zip(table, came, strict=True):
                row[: len(one[4])] = np.frombuffer(one[4], np.uint8)
            assert _HOST is not None
            sources = Sources(
                np.full(len(came), _HOST.high, np.uint64),
                np.full(len(came), _HOST.low, np.uint64),
                np.array([one[3][1] for one in came], np.uint16),
            )
            yield Batch(
                table,
                np.array([len(one[4]) for one in came], np.int64),
                np.array([one[2] for one in came], np.int64),
                sources,
                np.array([one[0] for one in came]),
            )

    def send(self, outbox: Outbox, ports: npt.NDArray[np.int64]) -> None:
        if len(ports):
            self._ports_sent = ports.tolist()
            outbox.send(self._calls, 0, 0, len(ports))

    def _take(self, _fd: int, at: int, count: int, _flags: int) -> int:
        heads = np.frombuffer((ctypes.c_char * (count * MMSGHDR.itemsize)).from_address(at), MMSGHDR)
        for port, head in zip(self._ports_sent, heads.tolist(), strict=True):
            pieces = np.frombuffer((ctypes.c_char * (2 * IOVEC.itemsize)).from_address(head[2]), IOVEC).tolist()
            octets = b"".join(ctypes.string_at(base, size) for base, size in pieces)
            self.sent.append(Packet(self.now, port, octets))
        return count

    def send_one(self, number: int, octets: bytes, address: Address) -> None:
        self.sent.append(Packet(self.now, number, octets))

    def shut(self) -> None:
        self._poll.close()


class VirtualPlane:
    """``told`` is what the engine says, with the moment. ``stream(number)`` are the names that ``open`` gives."""

    def __init__(self, streams: int, settings: EngineSettings | None = None) -> None:
        self.told: list[tuple[float, p.Event]] = []
        self.sockets = VirtualSockets()
        self.engine = Engine(settings or EngineSettings(streams), {}, self._hear)
        self.engine._sockets.shut()
        self.engine._sockets = self.engine._sender._sockets = self.sockets
        self.ticks = 0

    def _hear(self, event: p.Event) -> None:
        self.told.append((self.now, event))

    @property
    def now(self) -> float:
        return self.sockets.now

    def open(self, number: int, **connect: object) -> str:
        """A stream whose peer sends from port ``10000 + number``; G.711 with events where ``connect`` says no other."""
        name = f"s{number}"
        fields: dict[str, object] = {
            "serial": 1, "host": PEER, "port": 10000 + number, "signalling_host": PEER, "codec": "PCMU",
            "send_type": 0, "receive_type": 0, "event_type": 101, "direction": "sendrecv", **connect,
        }  # fmt: skip
        with self._clock():
            self.engine.obey(p.Open(name, HOUSE, 20000 + 2 * number))
            self.engine.obey(p.Connect(name, **fields))  # type: ignore[arg-type]
        return name

    def obey(self, command: p.Command) -> None:
        with self._clock():
            self.engine.obey(command)

    def bring(self, number: int, at: float, octets: bytes) -> None:
        """A packet of the peer of stream ``number`` comes in at this moment."""
        self.sockets.bring(at, number, (PEER, 10000 + number), octets)

    def run(self, ticks: int) -> None:
        with self._clock():
            for _ in range(ticks):
                self.ticks += 1
                self.sockets.now = START_S + self.ticks * TICK_S
                self.engine.tick(1, at=self.now)

    def close(self) -> None:
        with self._clock():
            self.engine.close()

    @contextlib.contextmanager
    def _clock(self) -> Iterator[None]:
        clock = SimpleNamespace(monotonic=lambda: self.now, time=lambda: self.now)
        with mock.patch.object(engine_module, "time", clock):
            yield
