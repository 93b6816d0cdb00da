"""Calls through a queue, on real sockets: how soon the next one rings, and what a queue call costs.

The switch is the real process tree. ``free_to_ring``: a backlog of callers, twenty agents, no wrap-up; from an agent's
BYE to the INVITE of his next call. ``enter_to_ring``: an agent is idle when the caller's INVITE leaves. ``queue_call``
is the CPU of the control process per call, from INVITE to BYE on both legs, with the media process beside it, which
plays music to those who wait. Agents answer at once and talk for a second, so twenty of them can take twenty calls a
second at most. Caller, agent and stopwatch are one process; its own delay is in the figures.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.bench.queue_peers import Agents, Callers
from tests.bench.report import emit, spread
from tests.bench.wire import Server, Spent
from tests.support import ports
from tests.support.switch_process import SwitchProcess

AGENTS = 20
BACKLOG = 60
TALK_S = 1.0
RUNS = 3
RUN_S = 15.0
SINGLE = 150  # calls that find an idle agent, per run
STEADY_PER_S, STEADY_S, STEADY_TALK_S = 150, 5.0, 0.1  # calls that find an idle agent, fifteen of twenty at work
PLAN = """
dialplan: queued
numbers: ["7000"]
language: en
start: queue
steps:
  queue: {queue: orders, failed: bye}
  bye: {hangup: normal}
"""


class Watched(Protocol):
    """Who answers the calls: a switch, or whoever it is compared with."""

    def spent(self) -> Spent: ...


@asynccontextmanager
async def centre(directory: Path) -> AsyncIterator[tuple[Server, Agents, Callers]]:
    plans = directory / "plans"
    plans.mkdir(parents=True)
    (plans / "queued.yaml").write_text(PLAN)
    phones = ports.free_port()
    names = [f"agent{number:02}" for number in range(AGENTS)]
    users = {name: {"password": "a-long-password", "contact": f"sip:{name}@127.0.0.1:{phones}"} for name in names}
    agents = {name: {"user": name, "skills": {"orders": 5}, "auto_login": True} for name in names}
    queue = {"needs": [{"skill": "orders"}], "wrap_up": "0s", "record": False, "announce": {"every": "0s"},
             "max_waiting": 1000}  # fmt: skip
    settings = {"log": {"level": "warning"}, "limits": {"calls": 5000}, "media": {"ports": "20000-29999"}}
    switch = SwitchProcess(
        directory / "switch", users=users, agents=agents, queues={"orders": queue}, dialplans=plans, settings=settings
    )
    async with switch:
        there, here = Agents(switch.sip, TALK_S), Callers(switch.sip, "7000")
        await there.open(phones)
        await here.open(switch.trunk_port)
        try:
            yield Server(switch, phones, 0), there, here
        finally:
            there.close()
            here.close()


async def backlog(one: Watched, agents: Agents, callers: Callers) -> tuple[list[float], float, float, float]:
    """One run: the delays (ms), calls per second, CPU (us) of control and of media per call."""
    callers.going = True
    for _ in range(BACKLOG + AGENTS):
        callers.call()
        await asyncio.sleep(0.005)
    await asyncio.sleep(2 * TALK_S)
    agents.freed_ms.clear()
    before, ended, began = one.spent(), agents.ended, time.monotonic()
    await asyncio.sleep(RUN_S)
    took, after, calls = time.monotonic() - began, one.spent(), agents.ended - ended
    delays = list(agents.freed_ms)
    callers.going = False
    await callers.served.wait()
    cpu = [(late - early) / calls * 1e6 for late, early in
           ((after.control_s, before.control_s), (after.media_s, before.media_s))]  # fmt: skip
    return delays, calls / took, *cpu


async def single(agents: Agents, callers: Callers) -> list[float]:
    """One run, one call at a time: from the caller's INVITE to the agent's (ms)."""
    callers.going = False
    agents.talk_s = 0.02
    delays: list[float] = []
    for _ in range(SINGLE):
        rang: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        agents.on_ring = rang.set_result
        call = callers.call()
        delays.append((await asyncio.wait_for(rang, 5) - call.since) * 1e3)
        agents.on_ring = None
        await callers.served.wait()
    return delays


async def steady(one: Watched, agents: Agents, callers: Callers) -> tuple[float, float]:
    """One run: CPU (us) of control and of media per call, of calls that find an idle agent."""
    callers.going = False
    agents.talk_s = STEADY_TALK_S
    calls = round(STEADY_PER_S * STEADY_S)
    before, began = one.spent(), time.monotonic()
    for number in range(calls):
        callers.call()
        await asyncio.sleep(began + (number + 1) / STEADY_PER_S - time.monotonic())
    await callers.served.wait()
    after = one.spent()
    return (after.control_s - before.control_s) / calls * 1e6, (after.media_s - before.media_s) / calls * 1e6


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def tell(name: str, unit: str, values: Sequence[float], **extra: object) -> None:
    emit(name, statistics.median(values), unit, len(values), spread(values), **extra)


async def measure(one: Watched, agents: Agents, callers: Callers, area: str, process: str) -> None:
    """All figures; ``area`` begins their names, ``process`` says whose CPU they count."""
    await single(agents, callers)  # to warm up
    runs = [await single(agents, callers) for _ in range(RUNS)]
    for share in (50, 95):
        tell(f"{area}.enter_to_ring_p{share}_ms", "ms", [percentile(delays, share / 100) for delays in runs])
    costs = [await steady(one, agents, callers) for _ in range(RUNS)]
    tell(f"{area}.queue_call_us", "us", [control for control, _ in costs],
         media_us=round(statistics.median(media for _, media in costs)), rate=STEADY_PER_S,
         includes=f"{process}; an agent is idle")  # fmt: skip
    agents.talk_s = TALK_S
    waiting = [await backlog(one, agents, callers) for _ in range(RUNS)]
    for share in (50, 95):
        tell(f"{area}.free_to_ring_p{share}_ms", "ms", [percentile(delays, share / 100) for delays, *_ in waiting],
             agents=AGENTS, backlog=BACKLOG)  # fmt: skip
    tell(f"{area}.calls_per_s", "1/s", [rate for _, rate, _, _ in waiting], ideal=AGENTS / TALK_S)
    tell(f"{area}.queue_call_waited_us", "us", [control for _, _, control, _ in waiting],
         media_us=round(statistics.median(media for _, _, _, media in waiting)),
         includes=f"{process}; music for those who wait is the media process's")  # fmt: skip


async def run(directory: Path) -> None:
    async with centre(directory) as (one, agents, callers):
        await measure(one, agents, callers, "acd", "control process")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))


if __name__ == "__main__":
    main()
