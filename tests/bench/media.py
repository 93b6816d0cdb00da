"""CPU of the media plane: a mixed stream's tick, and how late ticks are.

The engine runs on real UDP sockets in this process; its peers' packets are put into the sockets between the ticks, so
that only the engine's own work is measured. Lateness is measured on a real media process under load from this one.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from softswitch.audio import FRAME, g711
from softswitch.media import protocol as p
from softswitch.media.engine import Engine, EngineSettings
from softswitch.media.process import raise_file_limit
from softswitch.rtp import packet
from tests.bench.report import emit, spread

HOST = "127.0.0.1"
ROOM = 3
RUNS = 5
TICKS = 60
LATE_STREAMS = 300
LATE_S = 8.0


def noise(streams: int) -> list[bytes]:
    """One payload per stream, so that mixing has something to add."""
    pcm = np.random.default_rng(1).integers(-4000, 4000, (streams, FRAME)).astype(np.int16)
    return [row.tobytes() for row in g711.encode(pcm, g711.MU)]


class Peers:
    """All streams' peers behind one socket; what they are sent is thrown away."""

    def __init__(self, ports: list[int]) -> None:
        self.ports, self._payloads = ports, noise(len(ports))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._tick = 0

    def send(self) -> None:
        for ssrc, (port, payload) in enumerate(zip(self.ports, self._payloads, strict=True)):
            octets = packet.build(0, self._tick, self._tick * FRAME, ssrc, payload)
            self._socket.sendto(octets, (HOST, port))
        self._tick += 1

    def throw_away(self) -> None:
        try:
            while True:
                self._socket.recv(2048)
        except BlockingIOError:
            return


def free_ports(count: int) -> list[int]:
    """Even ones: the odd ones are their RTCP's."""
    held: list[socket.socket] = []
    ports: list[int] = []
    while len(ports) < count:
        held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        held[-1].bind((HOST, 0))
        ports += [port for port in [held[-1].getsockname()[1]] if port % 2 == 0]
    for one in held:
        one.close()
    return ports


def commands(peers: Peers) -> Iterator[p.Command]:
    for number, port in enumerate(peers.ports):
        name = f"s{number}"
        yield p.Open(name, HOST, port)
        yield p.Connect(name, 1, HOST, peers.port, HOST, "PCMU", 0, 0, 101, "sendrecv")
        yield p.Join(f"r{number // ROOM}", name)


def mixed(streams: int) -> None:
    """CPU microseconds per stream and tick, everything included: receive, decode, mix, encode, send."""
    failed: list[p.Event] = []
    engine = Engine(EngineSettings(streams), {}, failed.append)
    peers = Peers(free_ports(streams))
    for command in commands(peers):
        engine.obey(command)
    values = [_cpu_us(engine, peers, TICKS) / streams for _ in range(RUNS + 1)][1:]  # the first one warms up
    counters = engine.counters()
    engine.close()
    assert not failed, failed[0]
    assert counters["packets_received"] == streams * TICKS * (RUNS + 1), counters
    emit("media.mix3_stream_tick_us", statistics.median(values), "us", RUNS, spread(values), streams=streams)


def _cpu_us(engine: Engine, peers: Peers, ticks: int) -> float:
    """Mean over the ticks."""
    spent = 0.0
    for _ in range(ticks):
        peers.send()
        before = time.process_time()
        engine.tick(1)
        spent += time.process_time() - before
        peers.throw_away()
    return spent / ticks * 1e6


def lateness() -> None:
    """How late the ticks of a process with ``LATE_STREAMS`` mixed streams begin."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "media.sock"
        process = subprocess.Popen([sys.executable, "-m", "softswitch.media", "--socket", str(path)])
        try:
            _under_load(path)
        finally:
            process.terminate()
            process.wait()


def _under_load(path: Path) -> None:
    control = _connected(path)
    peers = Peers(free_ports(LATE_STREAMS))
    for command in (p.Hello(), *commands(peers)):
        control.sendall(p.pack(command))
    started, tick = time.monotonic(), 0
    while tick * 0.02 < LATE_S:
        peers.send()
        peers.throw_away()
        tick += 1
        time.sleep(max(0.0, started + tick * 0.02 - time.monotonic()))
    control.sendall(p.pack(p.AskStats()))
    stats = _stats(control)
    extra = {"streams": LATE_STREAMS, "ticks": stats.counters["ticks"], "resets": stats.counters["clock_resets"]}
    for percent in (50, 99):
        emit(f"media.tick_late_p{percent}_us", stats.gauges[f"tick_late_p{percent}_us"], "us", 1, 0.0, **extra)


def _connected(path: Path) -> socket.socket:
    control = socket.socket(socket.AF_UNIX)
    for _ in range(100):
        try:
            control.connect(str(path))
            return control
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the media process does not listen")


def _stats(control: socket.socket) -> p.Stats:
    frames = p.Frames()
    while True:
        for event in frames.events(control.recv(65536)):
            if isinstance(event, p.Stats):
                return event


def main() -> None:
    raise_file_limit()
    for streams in (100, 500, 1000):
        mixed(streams)
    lateness()


if __name__ == "__main__":
    main()
