"""CPU of the media plane per stream and tick, and how late ticks are: a real process under load from another one.

What is measured is the process's own CPU time, kernel included, between two questions for its numbers; its load comes
from ``media_load`` on another core. A figure of streams is how many of this cost fill a core (20,000 us / cost); the
load that it was measured at, and the least packets per second that any stream was sent meanwhile, are beside it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from softswitch.media import protocol as p
from softswitch.process import raise_file_limit
from tests.bench.report import emit, spread
from tests.support.ports import claim

HOST = "127.0.0.1"
PORTS = 32
SECONDS = 6.0
RUNS = 3
_TICK_US = 20_000


class Process:
    """A media process on the first core, and its control connection."""

    def __init__(self, directory: Path) -> None:
        path = directory / "media.sock"
        command = [sys.executable, "-m", "softswitch.media", "--socket", str(path), "--streams", "4096"]
        self._process = subprocess.Popen([*command, "--log-level", "error"])
        _pin(self._process.pid, 0)
        self.control = _connected(path)
        self.frames = p.Frames()
        self.say(p.Hello())

    def say(self, *commands: p.Command) -> None:
        for command in commands:
            self.control.sendall(p.pack(command))

    def stats(self) -> p.Stats:
        self.say(p.AskStats())
        while True:
            for event in self.frames.events(self.control.recv(1 << 16)):
                assert not isinstance(event, p.OpenFailed), event
                if isinstance(event, p.Stats):
                    return event

    def end(self) -> None:
        self.control.close()
        self._process.terminate()
        self._process.wait()


def _pin(pid: int, core: int) -> None:
    """Where there are several cores."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(pid, {cores[core % len(cores)]})


def _connected(path: Path) -> socket.socket:
    control = socket.socket(socket.AF_UNIX)
    for _ in range(200):
        with contextlib.suppress(OSError):
            control.connect(str(path))
            return control
        time.sleep(0.05)
    raise TimeoutError("the media process does not listen")


def setup(streams: int, first: int, peers: list[int], room: int, records: Path | None) -> Iterator[p.Command]:
    for number in range(streams):
        name, peer = f"s{number}", peers[number // PORTS]
        yield p.Open(name, HOST, first + 2 * (number % PORTS))
        yield p.Connect(name, 1, HOST, peer, HOST, "PCMU", 0, 0, 101, "sendrecv")
        yield p.Latch(name, 1, HOST, peer)
        yield p.Join(f"r{number // room}", name)
        if records is not None and number % room == 0:
            yield p.Record(f"rec{number}", str(records / f"{number}.wav"), name, None)


def measure(name: str, streams: int, room: int, recorded: bool = False) -> None:
    """Print the cost of a stream-tick of this kind and the streams of a core; lateness with it."""
    costs, least, late, drops = [], [], [], 0.0
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as directory:
            process = Process(Path(directory))
            try:
                cost, slowest, stats = _run(process, streams, room, Path(directory) if recorded else None)
            finally:
                process.end()
        costs.append(cost)
        least.append(slowest)
        late.append(stats.gauges["tick_late_p99_us"])
        drops += stats.counters["receive_drops"]
    cost = statistics.median(costs)
    extra = {"load": streams, "least_packets_per_s": round(min(least), 2), "receive_drops": drops}
    emit(f"media.{name}_stream_tick_us", cost, "us", RUNS, spread(costs), **extra)
    emit(f"media.{name}_streams", _TICK_US / cost, "streams", RUNS, spread(costs), **extra)
    if name == "mix3":
        emit("media.tick_late_p99_us", statistics.median(late), "us", RUNS, spread(late), load=streams)


def _run(process: Process, streams: int, room: int, records: Path | None) -> tuple[float, float, p.Stats]:
    claimed = claim(2 * PORTS)
    arguments = [str(one) for one in (claimed.start, PORTS, streams, SECONDS)]
    load = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.media_load", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert load.stdin is not None and load.stdout is not None
    try:
        _pin(load.pid, 1)
        peers = [int(port) for port in load.stdout.readline().split()]
        process.say(*setup(streams, claimed.start, peers, room, records))
        process.stats()
        load.stdin.write("\n")
        load.stdin.flush()
        time.sleep(3.0)
        before, began = process.stats(), time.monotonic()
        time.sleep(SECONDS - 1.5)
        after, ticks = process.stats(), (time.monotonic() - began) * 50
        least, _ = (float(rate) for rate in load.stdout.readline().split())
    finally:
        load.kill()
        load.wait()
    spent = after.counters["cpu_seconds"] - before.counters["cpu_seconds"]
    return spent * 1e6 / ticks / streams, least, after


def idle() -> None:
    with tempfile.TemporaryDirectory() as directory:
        process = Process(Path(directory))
        try:
            time.sleep(1.0)
            before, began = process.stats(), time.monotonic()
            time.sleep(4.0)
            spent = process.stats().counters["cpu_seconds"] - before.counters["cpu_seconds"]
            emit("media.idle_core_percent", 100 * spent / (time.monotonic() - began), "%", 1, 0.0)
        finally:
            process.end()


def main() -> None:
    raise_file_limit()
    measure("mix3", 600, 3)
    measure("mix3_recorded", 600, 3, recorded=True)
    measure("relay", 600, 2)
    measure("room", 600, 600)
    idle()


if __name__ == "__main__":
    main()
