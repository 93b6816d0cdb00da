"""Files are edited under a switch that works: SIGHUP, the command and the API, heard by real phones."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.interop.test_control_killed import kill_control
from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess
from tests.support.tone import tone_wav

pytestmark = pytest.mark.interop

PLAN = """
dialplan: sound
numbers: ["8000"]
language: en
start: ask
steps:
  ask: {menu: {play: TONE.wav, keys: {1: again}, timeout: 60s, tries: 3, failed: bye}}
  again: {play: TONE.wav, next: ask}
  bye: {hangup: normal}
"""


async def command(switch: SwitchProcess, *words: str) -> tuple[int, str]:
    """``softswitch WORDS``: how it ends, and what it says."""
    argv = [sys.executable, "-m", "softswitch.cli.main", *words, "--config", str(switch.config)]
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_a_new_call_hears_the_new_plan_and_the_old_call_the_old_one(tmp_path: Path) -> None:
    for hz in (400, 1000):
        tone_wav(tmp_path / "prompts" / "en" / f"{hz}.wav", hz, seconds=4.0)
    plans = tmp_path / "plans"
    plans.mkdir()
    plan = plans / "sound.yaml"
    plan.write_text(PLAN.replace("TONE", "400"))
    paths = {"prompts": str(tmp_path / "prompts")}
    async with (
        SwitchProcess(tmp_path / "s", dialplans=plans, settings={"paths": paths}) as switch,
        await Phone.start("1003", "sample-1003", *switch.sip, directory=tmp_path) as old,
        await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path) as new,
    ):
        await asyncio.gather(old.registered(), new.registered())
        await old.call("8000")
        await old.hears(400)
        first = (await switch.api("GET", "/api/v1/dialplans"))[0]["version"]

        plan.write_text(PLAN.replace("TONE", "1000"))
        os.kill(switch.process.pid, signal.SIGHUP)
        shown = await switch.eventually("/api/v1/dialplans", lambda all: all[0]["former"] and all[0], what="reloaded")
        assert shown["former"] == {first: 1}
        await new.call("8000")
        await new.hears(1000)
        await old.dtmf("1")
        await old.hears(400)

        plan.write_text(PLAN.replace("TONE", "400").replace("next: ask", "next: ask me"))
        status, said = await command(switch, "reload")
        assert status == 1 and f"{plan}:8:26: steps.again.next: there is no step" in said, said
        agents = switch.config / "agents.yaml"
        right = agents.read_text()
        agents.write_text("agents: {alice: {}}\n")
        await kill_control(switch)  # mistakes that are only written cost no call, neither going on nor new
        await asyncio.gather(old.hears(400), new.hears(1000))
        assert [one["agent"] for one in await switch.api("GET", "/api/v1/agents")] == ["alice", "bob"]
        agents.write_text(right)
        shown = await switch.api("GET", "/api/v1/dialplans")
        assert (shown[0]["calls"], shown[0]["former"]) == (1, {first: 1})

        plan.write_text(PLAN.replace("TONE", "400"))
        status, said = await command(switch, "reload")
        assert status == 0 and "sound changed" in said and "2 call(s) go on by former versions" not in said, said
        assert "\n  changed: ask, again" in said and "1 call(s) go on by former versions" in said, said
