"""Reloading under way and paths being kept: what they cost who is on the phone.

``python -m tests.bench.reload``. How late a loop is that wants to run every millisecond, while a thread proves twenty
dialplans of a hundred steps each as a reload does; how long the exchange takes with 2,000 calls on former versions; and
what keeping its path costs a call, step by step and when it is over.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from softswitch.build import load_dialplans
from softswitch.ivr.model import StepLeft
from softswitch.ivr.path import Walk
from softswitch.process import spare_the_long_lived
from softswitch.reload import _yielding
from softswitch.settings import Settings, load
from softswitch.store import statement
from softswitch.switch.dialplans import Release
from tests.bench.report import emit, spread
from tests.simnet.house import House, plans
from tests.simnet.test_reload import shop

PLANS, STEPS, CALLS, RUNS = 20, 100, 2000, 5
PLAN = "dialplan: p{plan}\nnumbers: ['9{plan}']\nlanguage: en\nstart: s0\nsteps:\n  bye: {{hangup: normal}}\n"
STEP = "  s{n}: {{menu: {{say: Press 1 or 2 for {n}., keys: {{1: s{a}, 2: s{b}}}, timeout: 5s}}, failed: bye}}\n"
LEFT = StepLeft("c-1", "shop", "0" * 12, "menu", "menu", "keys.1", "ask", 2.5, ("pressed 1",), {"digits": "1"})


def written(home: Path) -> Settings:
    (home / "config").mkdir()
    (home / "dialplans").mkdir()
    (home / "config" / "softswitch.yaml").write_text("{}")
    for plan in range(PLANS):
        steps = "".join(STEP.format(n=n, a=(n + 1) % STEPS, b=(n + 7) % STEPS) for n in range(STEPS))
        (home / "dialplans" / f"{plan}.yaml").write_text(PLAN.format(plan=plan) + steps)
    return load(home / "config", {})


async def lateness(settings: Settings) -> tuple[float, list[float]]:
    """How long it takes, and how late the loop was each time, in seconds."""
    started, late = time.perf_counter(), []
    with _yielding():
        proving = asyncio.create_task(asyncio.to_thread(load_dialplans, settings))
        while not proving.done():
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            late.append(time.perf_counter() - due)
    assert (await proving).right
    return time.perf_counter() - started, sorted(late)


def exchange_ms() -> float:
    house = House(plans=plans(shop(0)))
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    contacts = house.world.switch.calls.contacts
    (one,) = contacts.values()
    contacts |= {f"c{number}": one for number in range(CALLS)}
    now = house.world.switch.dialplans
    release = Release(plans(shop(1)), now.release.facts)
    started = time.process_time()
    now.exchange(release, "bench")
    return (time.process_time() - started) * 1e3


def each_us(work: Callable[[], object], times: int = 20_000) -> float:
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times * 1e6


def step() -> None:
    WALK.enter("shop", "menu", "menu", 1.0)
    WALK.leave(LEFT, 3.5)


WALK = Walk("shop", "0" * 12, 0.0, 10)


def main() -> None:
    with TemporaryDirectory() as home:
        settings = written(Path(home))
        asyncio.run(lateness(settings))
        spare_the_long_lived()  # as control does: walking all of them would take 100 ms
        runs = [asyncio.run(lateness(settings)) for _ in range(RUNS)]
    for name, values, unit in (
        ("reload.prove_2000_steps_ms", [took * 1e3 for took, _ in runs], "ms"),
        ("reload.late_p50_ms", [late[len(late) // 2] * 1e3 for _, late in runs], "ms"),
        ("reload.late_p99_ms", [late[int(len(late) * 0.99)] * 1e3 for _, late in runs], "ms"),
        ("reload.late_max_ms", [late[-1] * 1e3 for _, late in runs], "ms"),
        ("reload.exchange_2000_calls_ms", [exchange_ms() for _ in range(RUNS)], "ms"),
        ("path.step_us", [each_us(step) for _ in range(RUNS)], "us"),
        ("path.row_us", [each_us(lambda: statement.path(WALK.path("c-1", 9.0, over=True))) for _ in range(RUNS)], "us"),
    ):
        emit(name, statistics.median(values), unit, RUNS, spread(values))


if __name__ == "__main__":
    main()
