"""The five-minute tour of the README, step by step: the sample configuration, two softphones, the commands."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import tone
from tests.support.phone import Phone
from tests.support.process import eventually
from tests.support.switch_process import ROOT, SwitchProcess, merged

pytestmark = pytest.mark.interop


class SampleSwitch(SwitchProcess):
    """``config/`` as it is, but for the ports and the place of its files."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        ours = yaml.safe_load((self.config / "softswitch.yaml").read_text())
        for file in (ROOT / "config").glob("*.yaml"):
            shutil.copy(file, self.config)
        sample = yaml.safe_load((self.config / "softswitch.yaml").read_text())
        places = {key: ours[key] for key in ("sip", "http", "media", "store", "paths")}
        self._write("softswitch", merged(sample, places))

    async def command(self, *words: str) -> Any:
        """``softswitch WORDS``; what it prints, as JSON where it lists something."""
        argv = [sys.executable, "-m", "softswitch.cli.main", *words, "--config", str(self.config)]
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, f"softswitch {' '.join(words)}:\n{printed.decode()}"
        return json.loads(printed) if "--json" in words else printed.decode()


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[SampleSwitch]:
    async with SampleSwitch(tmp_path / "s") as switch:
        yield switch


async def to_orders(caller: Phone) -> Any:
    call = await caller.call("8000")
    await call.wait("confirmed")
    for key in ("2", "1"):  # English, orders
        await caller.hears_something()
        await call.dtmf(key)
    return call


async def test_the_tour_of_the_readme(switch: SampleSwitch, tmp_path: Path, tones: dict[int, Path]) -> None:
    phones = {
        user: await Phone.start(user, f"sample-{user}", *switch.sip, directory=tmp_path, play=tones[hz])
        for user, hz in (("1001", 1000), ("1004", 400))
    }
    async with phones["1001"] as alice, phones["1004"] as caller:
        await alice.registered()
        await caller.registered()
        assert "1004" in await switch.command("registrations")

        login = await alice.call("*11")
        await switch.agent_is("alice", "ready")
        await login.wait("disconnected", 15)

        await to_orders(caller)
        await alice.wait("ringing")
        await alice.answer()
        await asyncio.gather(alice.hears(400), caller.hears(1000))
        (call,) = await switch.command("calls", "--json")
        told = await switch.command("why", call["contact"], "--json")
        assert [one["agent"] for one in told["entries"] if one["what"] == "decided"] == ["alice"]
        await caller.hangup()

        record = await switch.record_of(lambda r: r["contact"] == call["contact"])
        assert record["contact"] in str(await switch.command("records", "--json"))
        channels, _ = tone.read_wav(switch.directory / "var" / "recordings" / record["recording"])
        for channel, own, other in ((channels[0], 400, 1000), (channels[1], 1000, 400)):
            assert tone.tone_seconds(channel, own) > 0.4
            assert tone.tone_seconds(channel, other) == 0

        await switch.command("agent", "pause", "alice")
        await switch.agent_is("alice", "paused", 15)  # after her wrap-up
        lost = await to_orders(caller)
        await switch.eventually("/api/v1/queues", lambda queues: any(queue["waiting"] for queue in queues))
        await lost.hangup()
        await eventually(lambda: _has(switch, "recorded", "due"), 10, "a promise")
        assert "1004" in await switch.command("callbacks")

        await switch.command("agent", "ready", "alice")
        await alice.wait("ringing")
        await alice.answer()
        await caller.wait("ringing")
        await caller.answer()
        await asyncio.gather(alice.hears(400), caller.hears(1000))
        await eventually(lambda: _has(switch, "kept"), 10, "the promise is kept")


async def _has(switch: SampleSwitch, *states: str) -> bool:
    (promise,) = await switch.command("callbacks", "--json") or ({"state": "none"},)
    return promise["state"] in states
