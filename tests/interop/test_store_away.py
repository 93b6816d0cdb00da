"""A PostgreSQL that is away, with real phones: it is known at once; who is served meanwhile is not called again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import postgres
from tests.support.phone import Phone
from tests.support.switch_process import CALLBACK, SwitchProcess, queue
from tests.support.trunk import Trunk

pytestmark = [pytest.mark.interop]

NUMBER = "+8613800138000"
PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: orders
steps:
  orders: {queue: {name: orders, failed: bye}, next: bye}
  bye: {hangup: normal}
"""
TROUBLE = "softswitch_promise_store_trouble"


async def queued(switch: SwitchProcess, trunk: Trunk) -> Any:
    call = await trunk.phone.call("8000", caller=NUMBER)
    await call.wait("confirmed")
    await switch.eventually("/api/v1/calls", lambda calls: [one for one in calls if one["state"] == "queued"])
    return call


async def test_who_calls_in_himself_meanwhile_is_not_called_after_kill_9(
    tmp_path: Path, tones: dict[int, Path], server: postgres.Postgres
) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "shop.yaml").write_text(PLAN)
    queues = {name: queue(name, callback=CALLBACK) for name in ("orders", "service")}
    store = {"store": {"url": server.database("away")}}
    async with (
        SwitchProcess(tmp_path / "switch", dialplans=plans, queues=queues, settings=store) as switch,
        await Trunk.of(switch, tmp_path, play=tones[400]) as trunk,
        await Phone.start("1001", "sample-1001", *switch.sip, directory=tmp_path, play=tones[1000]) as alice,
    ):
        await alice.registered()
        await switch.set_agent("alice", "logged_in")
        await switch.set_agent("alice", "paused", "tea")
        await (await queued(switch, trunk)).hangup()
        await switch.promise_of(NUMBER, "recorded", "due")
        assert (await switch.metrics())[TROUBLE] == 0
        server.stop()
        try:
            await switch.eventually(
                "/api/v1/promises/why", lambda rows: [one for one in rows if one["stopped_by"] == "store is away"]
            )
            assert (await switch.metrics())[TROUBLE] == 1
            call = await queued(switch, trunk)
            await switch.set_agent("alice", "ready")
            await alice.wait("ringing", 20)
            await alice.answer()
            await alice.hears(400)
            await call.hangup()
            await alice.wait("disconnected", 20)
            await switch.kill9()
        finally:
            server.start()
        await switch.restart()
        promise = await switch.promise_of(NUMBER, "withdrawn", timeout_s=20.0)
        assert promise["outcome"] == "reached agent"
        assert (await switch.metrics())[TROUBLE] == 0 and not trunk.dialled
