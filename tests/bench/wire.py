"""CPU of the switch per unit of signalling, on real sockets: sipp as caller and callee on another core.

The switch is the real process tree on a configuration of its own; what counts is the CPU time of the control process,
all its threads, from the kernel's own count. The media process, which sends 50 packets a second to each leg though
nobody listens, is reported beside it. Calls are sipp's own scenarios: INVITE, 180, 200, ACK, a second, BYE.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.report import emit, spread
from tests.support import ports
from tests.support.process import Process
from tests.support.sipp import Sipp, Tally
from tests.support.switch_process import SwitchProcess, descendants, sample_users

SCENARIOS = Path(__file__).parent / "scenarios"
RUNS = 3
IDLE_T1 = "50ms"
IDLE_S = 9.0  # 64 * IDLE_T1 is over, and a quiet call's messages are pressed
HELD_RATE = 100
UNCOUNTED = 0.1  # of the units of a run, to warm up
BRIDGED = """
dialplan: bridged
numbers: ["7000"]
language: en
start: phone
steps:
  phone: {dial: {user: "2000"}}
"""
TAKEN = """
dialplan: taken
numbers: ["7001"]
language: en
start: taken
steps:
  taken: {answer: {}, next: wait}
  wait: {collect: {say: {pause: 1s}, save: nothing, timeout: 60s, tries: 1}, next: bye, failed: bye}  # in silence
  bye: {hangup: normal}
"""
MEDIA_NOTE = "control process only; media_us is the media process, which nobody asked for sound"


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds and resident octets."""

    control_s: float
    media_s: float
    resident: int


class Server:
    """A switch whose processes are watched; sipp may use the cores that it does not."""

    def __init__(self, switch: SwitchProcess, callee: int, second: int) -> None:
        self.switch = switch
        self.callee = callee
        self.second = second  # the port of a second carrier
        self.control, self.media = (self._pid(word) for word in ("softswitch.app", "softswitch.media"))
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:  # control has a core of its own; media, whose packets nobody asked for, is with sipp
            os.sched_setaffinity(self.control, cores[:1])
            for pid in (self.media, 0):
                os.sched_setaffinity(pid, cores[1:])

    def _pid(self, word: str) -> int:
        tree = descendants(self.switch.process.pid)
        return next(pid for pid in tree if word in Path(f"/proc/{pid}/cmdline").read_bytes().decode())

    def spent(self) -> Spent:
        return Spent(cpu_s(self.control), cpu_s(self.media), resident(self.control))


def cpu_s(pid: int) -> float:
    """Of all threads, in the kernel's nanoseconds."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def server(directory: Path, t1: str = "500ms", calls: int = 20_000) -> AsyncIterator[Server]:
    plans = directory / "plans"
    plans.mkdir(parents=True)
    for name, text in (("bridged", BRIDGED), ("taken", TAKEN)):
        (plans / f"{name}.yaml").write_text(text)
    callee = ports.free_port()
    users = sample_users() | {"2000": {"password": "a-long-password", "contact": f"sip:2000@127.0.0.1:{callee}"}}
    settings = {
        "sip": {"digest": ["MD5"], "t1": t1},
        "limits": {"calls": calls},
        "log": {"level": "warning"},
        "media": {"ports": "20000-29999"},  # as the sample configuration; more than tests may claim in a row
    }
    second = ports.free_port()
    at = f"{ports.LOOPBACK}:{second}"
    trunks = {"second": {"address": at, "transport": "udp", "sources": [at], "prefix": "8"}}
    switch = SwitchProcess(directory / "switch", users=users, dialplans=plans, settings=settings, trunks=trunks)
    async with switch:
        yield Server(switch, callee, second)


# ---- sipp ------------------------------------------------------------------------------------------------------


async def sipp(directory: Path, at: str, port: int, *words: object, stat_s: int = 1) -> Sipp:
    """One of sipp's own scenarios, or one of ours, on ``port``."""
    binary = shutil.which("sipp")
    assert binary, "sipp is not installed"
    claimed = ports.claim(16)
    stem = directory / f"sipp-{port}-{time.monotonic_ns()}"
    # fmt: off
    argv = [
        binary, at, "-i", ports.LOOPBACK, "-p", port, "-cp", claimed[-1], "-mi", ports.LOOPBACK, "-mp", claimed[0],
        "-nostdin", "-skip_rlimit", "-timer_resol", 5, "-trace_stat", "-stf", f"{stem}.csv", "-fd", stat_s, *words,
    ]
    # fmt: on
    process = await Process.start([str(word) for word in argv if word != ""], Path(f"{stem}.screen"), cwd=directory)
    return Sipp(process, port, stem, claimed)


async def burst(one: Server, directory: Path, scenario: Sequence[object], count: int, rate: float) -> Tally:
    """``count`` units, ``rate`` a second, and what became of them."""
    at = f"{one.switch.host}:{one.switch.sip_port}"
    words = (*scenario, "-m", count, "-r", rate, "-l", 20_000)
    async with await sipp(directory, at, one.switch.trunk_port, *words) as callers:
        return await callers.done(count / rate + 90)


def uac(number: str, talk_s: float = 1.0) -> list[object]:
    return ["-sn", "uac", "-s", number, "-d", round(talk_s * 1000)]


@asynccontextmanager
async def callees(one: Server, directory: Path) -> AsyncIterator[None]:
    async with await sipp(directory, "", one.callee, "-sn", "uas"):
        yield


# ---- what is measured ------------------------------------------------------------------------------------------


async def per_unit(
    name: str, one: Server, directory: Path, scenario: Sequence[object], count: int, rate: float, note: str
) -> None:
    """Median CPU of a unit over ``RUNS`` runs."""
    await burst(one, directory, scenario, round(count * UNCOUNTED), rate)
    control, media = [], []
    for _ in range(RUNS):
        await quiet(one)
        before = one.spent()
        made = await burst(one, directory, scenario, count, rate)
        await quiet(one)
        after = one.spent()
        assert made.successful >= count * 0.999, made
        control.append((after.control_s - before.control_s) / count * 1e6)
        media.append((after.media_s - before.media_s) / count * 1e6)
    middle = statistics.median(control)
    emit(name, middle, "us", RUNS, spread(control), media_us=round(statistics.median(media)), rate=rate, includes=note)


async def quiet(one: Server) -> None:
    """Until no call is left."""
    await one.switch.eventually("/api/v1/calls", lambda calls: not calls, 60, "no call is left")


async def highest_rate(one: Server, directory: Path) -> float:
    """Steps of 50 calls/s, 6 s each, until one has failures or repeats."""
    best, step = 0.0, 50.0
    tried = {}
    for rate in (100 + step * n for n in range(20)):
        await quiet(one)
        made = await burst(one, directory, uac("7000"), round(rate * 6), rate)
        tried[int(rate)] = (made.successful, made.failed, made.retransmissions)
        if made.successful < 0.999 * made.created or made.retransmissions > 0.01 * made.created:
            break
        best = rate
    note = ">= 99.9 % set up and <= 1 % repeated messages for 6 s"
    emit("sip.b2bua_calls_per_s", best, "1/s", 1, 0.0, step=step, includes=note, tried=tried)
    return best


async def idle_dialogs(one: Server, directory: Path, calls: int = 1000) -> None:
    """Resident octets of the control process for each of the two dialogs of a call that does nothing.

    An idle dialog is one whose transactions are over: what those have used is there for the next calls' then. So there
    are two waves of calls, and counted is what the second adds. T1 is short, so that both are over before the first
    legs are probed.
    """
    await burst(one, directory, uac("7000", 0.2), 200, 100)  # what is made once is made
    await quiet(one)
    empty = one.spent().resident
    async with held(one, directory, one.switch.trunk_port, calls, 70) as up:
        await asyncio.sleep(IDLE_S)
        first = one.spent().resident
        async with held(one, directory, one.second, calls, 35) as both:
            await asyncio.sleep(IDLE_S)
            second = one.spent().resident
    note = "leg, half a contact, media stream's name, its messages pressed; no transaction any more"
    emit("sip.idle_dialog_bytes", (second - first) / (2 * (both - up)), "B", 1, 0.0, calls=both - up, includes=note,
         first_wave=round((first - empty) / (2 * up)))  # fmt: skip


@asynccontextmanager
async def held(one: Server, directory: Path, port: int, calls: int, talk_s: float) -> AsyncIterator[int]:
    """So many further calls from ``port`` for ``talk_s`` each; yields how many are up, and is left when they ended."""
    at = f"{one.switch.host}:{one.switch.sip_port}"
    words = (*uac("7000", talk_s), "-m", calls, "-r", HELD_RATE, "-l", 20_000)
    async with await sipp(directory, at, port, *words) as callers:
        await asyncio.sleep(calls / HELD_RATE + 1)
        found, before = await talking(one), -1
        while found != before:  # on a busy machine a few are late, or are turned away
            await asyncio.sleep(1)
            found, before = await talking(one), found
        yield found
        await callers.done(talk_s + 60)


async def talking(one: Server) -> int:
    """Calls that are up: a figure that costs the switch no memory."""
    return int((await one.switch.metrics()).get('softswitch_calls{state="talking"}', 0))


async def come_and_gone(one: Server, directory: Path, rate: float, calls: int = 10_000) -> None:
    """Resident size after so many calls, as a multiple of the size before, which had two thousand behind it.

    With a short T1, or each look would wait half a minute for the last transaction to be forgotten.
    """
    await settled(one)
    before = one.spent().resident
    made = await burst(one, directory, uac("7000", 0.2), calls, rate)
    await settled(one)
    ratio = one.spent().resident / before
    emit("sip.resident_after_calls", ratio, "ratio", 1, 0.0, calls=made.created, failed=made.failed, rate=rate)


async def settled(one: Server) -> None:
    """Until the last transaction is forgotten (64 * ``IDLE_T1``)."""
    await quiet(one)
    await asyncio.sleep(IDLE_S)


async def run(directory: Path) -> None:
    fields = directory / "users.csv"
    fields.write_text("SEQUENTIAL\n" + "".join(
        f"{n};[authentication username={n} password=sample-{n}]\n" for n in range(1001, 1005)))  # fmt: skip
    async with server(directory / "units") as one:
        await per_unit("sip.options_us", one, directory, ["-sf", SCENARIOS / "options.xml"], 8000, 2000, MEDIA_NOTE)
        registering = ["-sf", SCENARIOS / "register.xml", "-inf", fields, "-auth_uri", "softswitch"]
        await per_unit("sip.register_us", one, directory, registering, 4000, 1000, "two requests, MD5, SQLite")
        await per_unit("sip.uas_call_us", one, directory, uac("7001"), 1000, 250, MEDIA_NOTE)
        async with callees(one, directory):
            await per_unit("sip.b2bua_call_us", one, directory, uac("7000"), 1000, 200, MEDIA_NOTE)
    async with server(directory / "rate") as one, callees(one, directory):
        best = await highest_rate(one, directory)
    async with server(directory / "idle", IDLE_T1) as one, callees(one, directory):
        await idle_dialogs(one, directory)
        await come_and_gone(one, directory, max(50.0, 0.6 * best))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))


if __name__ == "__main__":
    main()
