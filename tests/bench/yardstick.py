"""What a call costs us and Kamailio on this machine, in turns: ``python -m tests.bench.yardstick [RATE]``.

Microseconds of a shared machine say little by themselves. A stateful proxy that everybody knows, under the same calls
of the same sipp in the same minutes, says how fast the machine is: what counts is the ratio. Kamailio forks no children
here, so that it is one process on one core, as our control process is; it proxies, and we are a user agent on both
sides with media, records and a dialplan, so the ratio is never 1. Needs the Debian packages kamailio and sip-tester.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench import wire
from tests.bench.command import numbers
from tests.bench.report import emit, spread
from tests.support import ports
from tests.support.process import Process, eventually

CONFIGURATION = wire.SCENARIOS / "kamailio.cfg"
MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules/"
BOUND = Path("/proc/net/udp")
TURNS = 3
SECONDS = 6


@asynccontextmanager
async def proxy(directory: Path, callee: int) -> AsyncIterator[tuple[Process, int]]:
    binary = shutil.which("kamailio")
    assert binary, "kamailio is not installed: apt-get install kamailio"
    port = ports.free_port()
    text = CONFIGURATION.read_text().replace("CALLEE", str(callee)).replace("PORT", str(port))
    written = directory / "kamailio.cfg"
    written.write_text(text.replace('"MODULES"', f'"{MODULES}"'))
    # -D: it stays in the foreground and forks no children; -E: its log goes to stderr.
    argv = [binary, "-f", str(written), "-D", "-E", "-P", str(directory / "kamailio.pid"), "-Y", str(directory)]
    process = await Process.start(argv, directory / "kamailio.log", cwd=directory)
    os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:1])
    try:
        await eventually(lambda: f":{port:04X} " in BOUND.read_text(), 10, "Kamailio listens")
        yield process, port
    finally:
        await process.stop()


async def proxied_us(directory: Path, process: Process, port: int, rate: float) -> float:
    count = round(rate * SECONDS)
    before = wire.cpu_s(process.pid)
    words = (*wire.uac("7000"), "-m", count, "-r", rate, "-l", 20_000)
    async with await wire.sipp(directory, f"{ports.LOOPBACK}:{port}", ports.free_port(), *words) as callers:
        made = await callers.done(SECONDS + 90)
    assert made.successful >= count * 0.999, made
    return (wire.cpu_s(process.pid) - before) / count * 1e6


async def ours_us(directory: Path, one: wire.Server, rate: float) -> float:
    count = round(rate * SECONDS)
    await wire.quiet(one)
    before = one.spent()
    made = await wire.burst(one, directory, wire.uac("7000"), count, rate)
    await wire.quiet(one)
    assert made.successful >= count * 0.999, made
    return (one.spent().control_s - before.control_s) / count * 1e6


async def run(directory: Path, rate: float) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    async with (
        wire.server(directory / "units") as one,
        wire.callees(one, directory),
        proxy(directory, one.callee) as (process, port),
    ):
        await ours_us(directory, one, rate)  # to warm up
        for _ in range(TURNS):
            theirs.append(await proxied_us(directory, process, port, rate))
            ours.append(await ours_us(directory, one, rate))
    for name, values in (("kamailio_call_us", theirs), ("b2bua_call_us", ours)):
        emit(f"sip.yardstick.{name}", statistics.median(values), "us", TURNS, spread(values), rate=rate)
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    emit("sip.yardstick.ratio", statistics.median(ratios), "ratio", TURNS, spread(ratios), rate=rate)


def main() -> None:
    (rate,) = numbers(__doc__, rate=200.0)
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory), rate))


if __name__ == "__main__":
    main()
