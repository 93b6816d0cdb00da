"""A call of a real phone becomes a transcript that passes, and is counted in the picture of its dialplan."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from softswitch.cli.main import app
from tests.support.phone import Phone
from tests.support.ports import free_port
from tests.support.switch_process import SwitchProcess
from tests.support.tone import tone_wav

pytestmark = [pytest.mark.interop]

PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: menu
steps:
  menu:
    menu: {play: 400.wav, keys: {1: orders, 2: ask}, timeout: 20s, tries: 2}
    failed: bye
  orders: {queue: orders, failed: bye}
  ask:
    collect: {play: 800.wav, save: order, min: 4, max: 4, timeout: 20s, tries: 1}
    next: look
    failed: bye
  look: {http: {get: "http://127.0.0.1:PORT/orders/{{ order }}", timeout: 1s, save: found}, next: bye, failed: sorry}
  sorry: {play: 1200.wav, next: orders}
  bye: {hangup: normal}
"""


async def test_a_real_call_is_written_down_played_again_and_drawn(tmp_path: Path) -> None:
    for hz in (400, 800, 1200):
        tone_wav(tmp_path / "prompts" / "en" / f"{hz}.wav", hz, seconds=0.5)
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "shop.yaml").write_text(PLAN.replace("PORT", str(port := free_port())))  # where nobody answers
    settings = {"paths": {"prompts": str(tmp_path / "prompts")}}
    async with (
        SwitchProcess(tmp_path / "s", dialplans=plans, settings=settings) as switch,
        await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path) as caller,
    ):

        async def command(*arguments: str) -> Result:
            words = [*arguments, "--config", str(switch.config)]
            return await asyncio.to_thread(CliRunner().invoke, app, words)

        await caller.registered()
        call = await caller.call("8000")
        await caller.hears(400, for_s=0.3)
        await caller.dtmf("2")
        await caller.hears(800, for_s=0.3)
        await caller.dtmf("2468")
        await caller.hears(1200, for_s=0.3)
        await switch.eventually("/api/v1/calls", lambda calls: calls and calls[0]["queue"] == "orders")
        await call.hangup()
        record = await switch.record_of(lambda one: one["caller"] == "1004")
        written = await command("test", "--record", record["contact"])
        assert written.exit_code == 0, written.output
        lines = [line.strip() for line in written.stdout.splitlines() if not line.strip().startswith("waits")]
        assert [line for line in lines[3:] if line] == [
            "hears 400.wav", "presses 2", "hears 800.wav", f"http GET http://127.0.0.1:{port}/orders/2468 is away",
            "presses 2468", "hears 1200.wav", "enters queue orders", "hangs up",
        ]  # fmt: skip
        (plans / "shop.calls").write_text(written.stdout)
        played = await command("test")
        assert played.exit_code == 0 and "1 calls, all as written" in played.stdout, played.output
        drawn = await command("graph", "--calls")
        assert drawn.exit_code == 0 and ">2 · 1<" in drawn.stdout and ">1 hung up<" in drawn.stdout, drawn.output
