"""CPU of the media plane per stream and tick, and how late ticks are: a real process under load from another one.

    python -m tests.bench.media [--only ROW ...] [--streams N] [--seconds S] [--runs N] [--realtime]

Each row is driven at the load of its goal, which is ``--streams`` where that is given. The cost is the process's own
CPU time, kernel included, between two questions for its numbers; its load comes from ``media_load`` on another core.
``kept``: no stream was sent less than 49.9 packets per second meanwhile. ``late_p99_us`` is of that very time.

What else the machine did stands beside: load average, CPU that the hypervisor gave to others, and how much of the
process's core other processes took. ``--realtime`` gives the process and its load SCHED_RR, as ``media.realtime`` does:
on a machine with other work that is as near as one comes to a quiet core.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from softswitch.media import protocol as p
from softswitch.process import raise_file_limit
from tests.bench.report import emit, spread
from tests.support.ports import claim

HOST = "127.0.0.1"
SUITE, KEY_OCTETS = "AES_CM_128_HMAC_SHA1_80", 30
ENOUGH = 49.9  # packets per second
_PER_PORT = 48  # streams
_SETTLE_S = 3.0
_TICK_US = 20_000
_HZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Row:
    """``streams``: the goal; ``room``: members of each, 0 for one room of all."""

    name: str
    streams: int
    room: int = 3
    recorded: bool = False
    secured: bool = False
    codec: str = "PCMU"

    @property
    def ports(self) -> int:
        return -(-self.streams // _PER_PORT)


ROWS = (
    Row("mix3", 1500),
    Row("mix3_half", 750),  # how late are ticks at half of the goal
    Row("mix3_recorded", 1200, recorded=True),
    Row("relay", 2500, room=2),
    Row("room", 1000, room=0),
    Row("srtp3", 900, secured=True),
    Row("g722_3", 300, codec="G722"),
)


@dataclass(frozen=True, slots=True)
class Found:
    cost_us: float  # per stream and tick
    least: float  # packets per second of the stream that got fewest
    late_us: float
    drops: float
    steal: float  # percent of all cores, like the next
    others: float


class Process:
    """A media process on the first core, and its control connection."""

    def __init__(self, directory: Path, realtime: bool = False) -> None:
        path = directory / "media.sock"
        command = [sys.executable, "-m", "softswitch.media", "--socket", str(path), "--streams", "4096"]
        command += ["--log-level", "error", *(["--realtime"] if realtime else [])]
        self._process = subprocess.Popen(command)
        self.core = _pin(self._process.pid, 0)
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


def _pin(pid: int, number: int) -> int:
    """To one of our cores, where there are several; which it is."""
    cores = sorted(os.sched_getaffinity(0))
    core = cores[number % len(cores)]
    if len(cores) > 1:
        os.sched_setaffinity(pid, {core})
    return core


def _connected(path: Path) -> socket.socket:
    control = socket.socket(socket.AF_UNIX)
    for _ in range(200):
        with contextlib.suppress(OSError):
            control.connect(str(path))
            return control
        time.sleep(0.05)
    raise TimeoutError("the media process does not listen")


def key(number: int, way: str) -> bytes:
    """The master key and salt of a stream; ``way``: "in" to the process, or "out" of it."""
    return hashlib.sha256(f"{number} {way}".encode()).digest()[:KEY_OCTETS]


def setup(row: Row, first: int, peers: list[int], records: Path) -> Iterator[p.Command]:
    room, kind = row.room or row.streams, 9 if row.codec == "G722" else 0
    for number in range(row.streams):
        name, peer = f"s{number}", peers[number // row.ports]
        keys = p.Keys(SUITE, key(number, "out"), key(number, "in")) if row.secured else None
        yield p.Open(name, HOST, first + 2 * (number % row.ports))
        yield p.Connect(name, 1, HOST, peer, HOST, row.codec, kind, kind, 101, "sendrecv", keys)
        yield p.Latch(name, 1, HOST, peer)
        yield p.Join(f"r{number // room}", name)
    for number in range(0, row.streams if row.recorded else 0, 2):  # every voice is on a channel of one
        yield p.Record(f"rec{number}", str(records / f"{number}.wav"), f"s{number}", f"s{number + 1}")


def measure(row: Row, seconds: float, runs: int, realtime: bool) -> None:
    """Print the cost of a stream-tick of this kind, the streams of a core, and how late ticks were."""
    found = [_run(row, seconds, realtime) for _ in range(runs)]
    costs, late = [one.cost_us for one in found], [one.late_us for one in found]
    cost, least = statistics.median(costs), min(one.least for one in found)
    extra = {
        "load": row.streams, "seconds": seconds, "least_packets_per_s": round(least, 2), "kept": least >= ENOUGH,
        "receive_drops": sum(one.drops for one in found), "realtime": realtime,
        "load_average": round(os.getloadavg()[0], 2), "steal_percent": round(max(one.steal for one in found), 1),
        "others_percent": round(max(one.others for one in found), 1),
    }  # fmt: skip
    emit(f"media.{row.name}_stream_tick_us", cost, "us", runs, spread(costs), **extra)
    emit(f"media.{row.name}_streams", _TICK_US / cost, "streams", runs, spread(costs), **extra)
    emit(f"media.{row.name}_late_p99_us", statistics.median(late), "us", runs, spread(late), **extra)


def _run(row: Row, seconds: float, realtime: bool) -> Found:
    with tempfile.TemporaryDirectory() as directory:
        process = Process(Path(directory), realtime)
        try:
            return _loaded(process, row, seconds, realtime, Path(directory))
        finally:
            process.end()


def _loaded(process: Process, row: Row, seconds: float, realtime: bool, directory: Path) -> Found:
    claimed = claim(2 * row.ports)
    kind = "srtp" if row.secured else row.codec
    arguments = [str(one) for one in (claimed.start, row.ports, row.streams, seconds, kind)]
    load = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.media_load", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert load.stdin is not None and load.stdout is not None
    try:
        _pin(load.pid, 1)
        if realtime:
            os.sched_setscheduler(load.pid, os.SCHED_RR, os.sched_param(1))
        peers = [int(port) for port in load.stdout.readline().split()]
        process.say(*setup(row, claimed.start, peers, directory))
        process.stats()
        load.stdin.write("\n")
        load.stdin.flush()
        time.sleep(_SETTLE_S)
        before, machine, began = process.stats(), _jiffies(process.core), time.monotonic()
        time.sleep(seconds - 1.5)
        after, spent_s = process.stats(), time.monotonic() - began
        steal, busy_s = ((new - old) / _HZ for new, old in zip(_jiffies(process.core), machine, strict=True))
        least, _ = (float(rate) for rate in load.stdout.readline().split())
    finally:
        load.kill()
        load.wait()
    cpu_s = after.counters["cpu_seconds"] - before.counters["cpu_seconds"]
    return Found(
        cpu_s * 1e6 / (spent_s * 50) / row.streams,
        least,
        after.gauges["tick_late_p99_us"],
        after.counters["receive_drops"],
        100 * steal / spent_s,
        100 * max(0.0, busy_s - cpu_s) / spent_s,
    )


def _jiffies(core: int) -> tuple[int, int]:
    """Of one core: what the hypervisor gave to others, and what anybody here used."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *numbers = line.split()
        if name == f"cpu{core}":
            user, nice, system, _, _, irq, softirq, steal = map(int, numbers[:8])
            return steal, user + nice + system + irq + softirq
    return 0, 0


def idle() -> None:
    with tempfile.TemporaryDirectory() as directory:
        process = Process(Path(directory))
        try:
            time.sleep(1.0)
            before, began = process.stats(), time.monotonic()
            time.sleep(8.0)
            spent = process.stats().counters["cpu_seconds"] - before.counters["cpu_seconds"]
            emit("media.idle_core_percent", 100 * spent / (time.monotonic() - began), "%", 1, 0.0)
        finally:
            process.end()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench media")
    parser.add_argument("--only", nargs="*", choices=[*(row.name for row in ROWS), "idle"], help="rows; else all")
    parser.add_argument("--streams", type=int, help="the load; else that of each row's goal")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--realtime", action="store_true", help="SCHED_RR for the process and its load")
    given = parser.parse_args(argv)
    raise_file_limit()
    for row in ROWS:
        if not given.only or row.name in given.only:
            chosen = replace(row, streams=given.streams or row.streams)
            measure(chosen, given.seconds, given.runs, given.realtime)
    if not given.only or "idle" in given.only:
        idle()


if __name__ == "__main__":
    main()
