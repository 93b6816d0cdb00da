"""A real switch tells what its agents did, and what those of the process before it had done."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from softswitch.acd.model import AgentState
from softswitch.acd.statistics import INTERVAL_S, AgentFigures, QueueFigures
from softswitch.store.store import Store
from tests.support import postgres
from tests.support.switch_process import SwitchProcess

pytestmark = pytest.mark.real


async def report(switch: SwitchProcess, *words: str) -> str:
    """By a command in another process."""
    argv = [sys.executable, "-m", "softswitch.cli.main", "report", "--config", str(switch.config), *words]
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    assert process.returncode == 0
    return told.decode()


async def alice(switch: SwitchProcess) -> dict[str, Any]:
    told = await switch.api("GET", "/api/v1/statistics?agent=alice&from=20m")
    (row,) = told["statistics"]["rows"]
    assert isinstance(row, dict)
    return row


async def nodes(switch: SwitchProcess) -> list[dict[str, Any]]:
    return list(await switch.api("GET", "/api/v1/drain?nodes=1"))


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
        lines = (await report(switch, "--queue-log", "-")).splitlines()
        said = [one.split("|")[4:] for one in lines if one.split("|")[2:4] == ["orders", "alice"]]
        assert said == [["ADDMEMBER", ""], ["PAUSE", "lunch"]]


async def test_a_report_is_of_all_nodes_of_the_database(tmp_path: Path) -> None:
    """Of the quarter of an hour that goes on, too: another node has written its part of it."""
    (tmp_path / "var").mkdir()
    start = time.time() // INTERVAL_S * INTERVAL_S
    for node, offered, longest_s in (("east", 3, 12.0), ("west", 4, 40.0)):
        store = await Store.open(f"sqlite:///{tmp_path}/var/softswitch.db", node=node)
        await store.shared.join(node, 60.0)
        figures = QueueFigures(offered=offered, answered=1, answered_in_time=1, longest_s=longest_s)
        store.put_queue_interval(start, "orders", figures)
        await store.close()
    async with SwitchProcess(tmp_path) as switch:
        (told,) = json.loads(await report(switch, "--json", "--since", "20m", "--queue", "orders"))["rows"]
    assert (told["offered"], told["answered"], told["longest_s"]) == (7, 2, 40.0)
    assert told["service_level"]["of_all"] == 1.0


async def test_two_switches_on_one_database_report_the_same(tmp_path: Path, server: postgres.Postgres) -> None:
    """Of an agent who has worked at both, one after the other; each goes on with its own part."""
    url = server.database(f"t{uuid.uuid4().hex}")
    one, other = (
        SwitchProcess(tmp_path / node, settings={"store": {"url": url}, "node": node, "zone": "UTC"})
        for node in ("east", "west")
    )
    async with one as east, other as west:
        await east.set_agent("alice", "logged_in")
        await east.set_agent("alice", "paused", "lunch")
        at_east = (await alice(east))["paused_s"]
        await east.stop()
        left = (await alice(west))["paused_s"]
        assert left >= at_east > 0.0, "what the east has counted"
        await west.set_agent("alice", "logged_in")
        await west.set_agent("alice", "paused", "tea")
        both = (await alice(west))["paused_s"]
        assert both > left, "and what goes on in the west"
        assert [(node["node"], node["alive"]) for node in await nodes(west)] == [("east", False), ("west", True)]
        await west.stop()
        await east.start()
        assert (await alice(east))["paused_s"] >= both
        assert [(node["node"], node["alive"]) for node in await nodes(east)] == [("east", True), ("west", False)]
