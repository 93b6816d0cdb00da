"""A real switch tells what its agents did, and what those of the process before it had done."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from softswitch.acd.model import AgentState
from softswitch.acd.statistics import INTERVAL_S, AgentFigures
from softswitch.store.store import Store
from tests.support.switch_process import SwitchProcess

pytestmark = pytest.mark.real


async def exported(switch: SwitchProcess) -> list[str]:
    """By a command in another process."""
    argv = [sys.executable, "-m", "softswitch.cli.main", "report", "--config", str(switch.config), "--queue-log", "-"]
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    assert process.returncode == 0
    return told.decode().splitlines()


async def alice(switch: SwitchProcess) -> dict[str, Any]:
    told = await switch.api("GET", "/api/v1/statistics?agent=alice&from=20m")
    (row,) = told["statistics"]["rows"]
    assert isinstance(row, dict)
    return row


async def test_a_switch_goes_on_with_what_another_has_counted(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    store = await Store.open(f"sqlite:///{tmp_path}/var/softswitch.db")
    former = AgentFigures(answered=7)
    former.seconds[AgentState.PAUSED] = 100.0
    store.put_agent_interval(time.time() // INTERVAL_S * INTERVAL_S, "alice", former)
    await store.close()
    async with SwitchProcess(tmp_path, settings={"statistics": {"queue_log": True}, "zone": "UTC"}) as switch:
        await switch.set_agent("alice", "logged_in")
        await switch.set_agent("alice", "paused", "lunch")
        now = await alice(switch)
        assert now["answered"] == 7 and 100.0 < now["paused_s"] < 160.0
        said = [one.split("|")[4:] for one in await exported(switch) if one.split("|")[2:4] == ["orders", "alice"]]
        assert said == [["ADDMEMBER", ""], ["PAUSE", "lunch"]]
