"""The process tree: media dies and comes back under a call; everything is restarted on the same PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.phone import Phone
from tests.support.process import Process
from tests.support.switch_process import ROOT, SwitchProcess, descendants

pytestmark = pytest.mark.interop


def child(switch: SwitchProcess, name: str) -> int:
    """The pid of the switch's process that runs the module ``name``, or calls itself so."""
    for pid in descendants(switch.process.pid):
        process = Path(f"/proc/{pid}")
        if name.encode() in process.joinpath("cmdline").read_bytes().split(b"\0"):
            return pid
        if name == process.joinpath("comm").read_text().strip():
            return pid
    raise AssertionError(f"no {name} below {switch.process.pid}")


async def test_a_call_goes_on_after_its_media_process_was_killed(tmp_path: Path, tones: dict[int, Path]) -> None:
    async with (
        SwitchProcess(tmp_path / "s", settings={"media": {"processes": 2}}) as switch,
        await Phone.start("1003", "sample-1003", *switch.sip, directory=tmp_path, play=tones[400]) as caller,
        await Phone.start(
            "1004", "sample-1004", *switch.sip, directory=tmp_path, play=tones[1000], auto_answer=200
        ) as callee,
    ):
        await caller.registered()
        await callee.registered()
        await caller.call("1004")
        await asyncio.gather(caller.hears(1000), callee.hears(400))
        media = await switch.api("GET", "/api/v1/media")
        assert sorted(one["streams"] for one in media) == [0, 2]  # the two legs of a contact are together
        busy = max(media, key=lambda one: int(one["streams"]))["process"]
        await switch.api("POST", f"/api/v1/media/{busy}/drain", {"on": True})
        name, other = f"media-{busy}", child(switch, f"media-{3 - busy}")
        killed = child(switch, name)
        os.kill(killed, signal.SIGKILL)
        await asyncio.gather(caller.hears(1000, for_s=2.0), callee.hears(400, for_s=2.0))
        assert child(switch, name) != killed
        assert child(switch, f"media-{3 - busy}") == other
        metrics = await switch.metrics()
        assert metrics[f'softswitch_media_process_draining{{process="{busy}"}}'] == 1
        assert metrics['softswitch_ready{part="media"}'] == 1
        assert sum(value for name, value in metrics.items() if "media_restart" in name and "created" not in name) == 1
        await caller.hangup()
        await callee.wait("disconnected")


async def test_on_postgresql_what_was_set_outlives_kill_9(tmp_path: Path, server: postgres.Postgres) -> None:
    url = server.database("switch")
    switch = SwitchProcess(tmp_path / "s", settings={"store": {"url": url}})
    async with switch, await Phone.start("1001", "sample-1001", *switch.sip, directory=tmp_path) as alice:
        await alice.registered()
        await switch.agent_ready("alice")
        await switch.set_agent("alice", "paused", "tea")
        await switch.agent_is("alice", "paused")
        await switch.eventually("/api/v1/registrations", lambda found: str(alice.port) in str(found))
        call = await alice.call("8000")
        await call.wait("confirmed")
        await call.hangup()
        await switch.record_of(lambda record: record["caller"] == "1001")
        await switch.kill9()
        await switch.restart()
        agent = await switch.agent_is("alice", "paused")
        assert (agent["reason"], agent["reachable"]) == ("tea", True)
        await switch.record_of(lambda record: record["caller"] == "1001")


async def test_a_second_switch_on_the_same_directory_is_turned_away(tmp_path: Path) -> None:
    async with SwitchProcess(tmp_path / "s") as switch:
        argv = [sys.executable, "-m", "softswitch.cli.main", "run", "--config", str(switch.config)]
        second = await Process.start(argv, tmp_path / "second.log", cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
        assert await second.wait(30) == 1
        assert "another switch runs on" in second.text()
        assert (await switch.metrics())['softswitch_ready{part="media"}'] == 1.0
        os.kill(child(switch, "softswitch.app"), signal.SIGKILL)  # and a control that is restarted finds its media
        await switch.becomes_ready()
