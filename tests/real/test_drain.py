"""``softswitch drain`` on a switch as its operator runs it: a process tree, a store, phones, and the command itself."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.phone import Phone
from tests.support.process import Process, eventually
from tests.support.switch_process import CALLBACK, ROOT, SwitchProcess, descendants, queue
from tests.support.trunk import Trunk

pytestmark = pytest.mark.real
FIRST, SECOND, THIRD = "+8613800138000", "+8613800138001", "+8613800138002"
PLAN = """
dialplan: shop
numbers: ["7000"]
language: en
lost: {to: orders, stages: [shed]}
start: orders
steps:
  orders: {queue: {name: orders, failed: bye, timeout: bye}, next: bye}
  bye: {hangup: normal}
"""


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[SwitchProcess]:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "shop.yaml").write_text(PLAN)
    orders = queue("orders", callback=CALLBACK | {"stages": ["shed", "abandoned"]}, record=False)
    agents = {"alice": {"user": "1001", "skills": {"orders": 5}}}
    async with SwitchProcess(tmp_path / "s", dialplans=plans, queues={"orders": orders}, agents=agents) as switch:
        yield switch


@pytest.fixture
async def trunk(switch: SwitchProcess, tmp_path: Path) -> AsyncIterator[Trunk]:
    async with await Trunk.of(switch, tmp_path) as trunk:
        yield trunk


async def command(switch: SwitchProcess, name: str, *options: str) -> Process:
    argv = [sys.executable, "-m", "softswitch.cli.main", "drain", "--config", str(switch.config), *options]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return await Process.start(argv, switch.directory / f"{name}.log", cwd=switch.directory, env=environment)


def lines(process: Process) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.text().splitlines()]


async def refused(trunk: Trunk, caller: str) -> None:
    call = await trunk.phone.call("7000", caller=caller)
    await call.wait("disconnected")
    assert call.status == 503


def stages(switch: SwitchProcess) -> dict[str, str]:
    """Of each promise, as a process that comes later finds it."""
    with closing(sqlite3.connect(switch.directory / "var/softswitch.db")) as database:
        return dict(database.execute("SELECT number, stage FROM promises").fetchall())


def control(switch: SwitchProcess) -> int:
    tree = descendants(switch.process.pid)
    return next(pid for pid in tree if b"softswitch.app" in Path(f"/proc/{pid}/cmdline").read_bytes())


async def test_it_ends_when_the_last_has_been_served_and_no_crash_brings_it_back(
    switch: SwitchProcess, trunk: Trunk, tmp_path: Path
) -> None:
    host, port = switch.sip
    async with await Phone.start("1001", "sample-1001", host, port, directory=tmp_path, auto_answer=200) as alice:
        await alice.registered()
        waits = await trunk.phone.call("7000", caller=FIRST)
        await waits.wait("confirmed")
        drain = await command(switch, "drain", "--json")
        await eventually(lambda: [one["waiting"] for one in lines(drain)] == [1], what="the order is told")
        await refused(trunk, SECOND)
        assert stages(switch) == {SECOND: "shed"}, "refused before it was written down"
        status, text = await switch._request("GET", "/readyz")
        assert status == 503 and json.loads(text)["draining"]
        assert (await switch.metrics())["softswitch_draining"] == 1

        os.kill(killed := control(switch), signal.SIGKILL)
        await switch.gone(killed)
        await eventually(lambda: (switch.process.text()).count("softswitch is up") == 2, 20, "control is back")
        await refused(trunk, THIRD)
        await switch.agent_ready("alice")
        await alice.wait("confirmed")
        assert switch.process.running and drain.running and waits.state == "confirmed"
        await waits.hangup()
        assert await switch.process.wait(20) == 0
        assert await drain.wait(20) == 0, drain.text()
    told = lines(drain)
    assert told[-1]["ended"] and told[-1]["calls"] == 0
    assert {one["calls"] for one in told} == {0, 1} and all(one["draining"] for one in told)
    assert stages(switch) == {SECOND: "shed", THIRD: "shed"}


async def test_whoever_is_left_at_the_limit_is_written_down_and_the_next_start_takes_calls(
    switch: SwitchProcess, trunk: Trunk
) -> None:
    waits = await trunk.phone.call("7000", caller=FIRST)
    await waits.wait("confirmed")
    await switch.api("POST", "/api/v1/drain", {"within_s": 3600})
    await refused(trunk, THIRD)
    assert not (await switch.api("DELETE", "/api/v1/drain"))["drain"]["draining"]
    more = await trunk.phone.call("7000", caller=SECOND)
    await more.wait("confirmed")
    await more.hangup()
    drain = await command(switch, "drain", "--within", "1s")
    assert await drain.wait(20) == 0, drain.text()
    assert "1 call(s) lasted too long" in drain.text()
    assert await switch.process.wait(20) == 0
    await waits.wait("disconnected")
    assert stages(switch) == {FIRST: "abandoned", SECOND: "abandoned", THIRD: "shed"}
    await switch.start()
    again = await trunk.phone.call("7000", caller=THIRD)
    await again.wait("confirmed")
    await again.hangup()
