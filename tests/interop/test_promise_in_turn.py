"""The offer to be called back, with real phones: kept in turn; who calls first has his place; the hours are over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.phone import Phone
from tests.support.switch_process import CALLBACK, SwitchProcess, queue
from tests.support.trunk import Trunk

pytestmark = [pytest.mark.interop]

FIRST, SECOND = "+8613800138000", "+8613900139000"
PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: orders
steps:
  orders: {queue: {name: orders, offer_callback: {after: 2s, key: 1}, failed: bye}, next: bye}
  bye: {hangup: normal}
"""
Tones = dict[int, Path]


@asynccontextmanager
async def shop(directory: Path, tones: Tones, **callback: Any) -> AsyncIterator[tuple[SwitchProcess, Trunk, Phone]]:
    """A switch whose only agent is logged in and pauses, the carrier, and the agent's phone."""
    plans = directory / "plans"
    plans.mkdir()
    (plans / "shop.yaml").write_text(PLAN)
    queues = {name: queue(name, callback=CALLBACK | callback) for name in ("orders", "service")}
    async with (
        SwitchProcess(directory / "switch", dialplans=plans, queues=queues) as switch,
        await Trunk.of(switch, directory, play=tones[400]) as trunk,
        await Phone.start("1001", "sample-1001", *switch.sip, directory=directory, play=tones[1000]) as alice,
    ):
        await alice.registered()
        await switch.set_agent("alice", "logged_in")
        await switch.set_agent("alice", "paused", "tea")
        yield switch, trunk, alice


async def takes_the_offer(switch: SwitchProcess, trunk: Trunk, number: str) -> None:
    """Waits until it is offered, presses 1, hears that he will be called, and is let go."""
    call = await trunk.phone.call("8000", caller=number)
    await call.wait("confirmed")
    promised = f"/api/v1/promises?number={number.lstrip('+')}"
    for _ in range(20):  # the key counts from when it is offered on
        await trunk.phone.hears_something()
        await call.dtmf("1")
        if await switch.api("GET", promised):
            break
    await call.wait("disconnected", 20)
    await switch.promise_of(number, "recorded", "due")


async def waits(switch: SwitchProcess, trunk: Trunk, number: str, together: int) -> Any:
    call = await trunk.phone.call("8000", caller=number)
    await call.wait("confirmed")
    await switch.eventually("/api/v1/calls", lambda calls: sum(one["state"] == "queued" for one in calls) == together)
    return call


async def test_who_takes_the_offer_is_called_in_turn(tmp_path: Path, tones: Tones) -> None:
    async with shop(tmp_path, tones) as (switch, trunk, alice):
        for number in (FIRST, SECOND):
            await takes_the_offer(switch, trunk, number)
        assert not trunk.dialled and not alice.calls
        await switch.agent_ready("alice")
        for turn, number in enumerate((FIRST, SECOND), 1):
            await alice.wait("ringing", 30)
            await alice.answer()
            customer = await trunk.rings(turn, 30)
            assert customer.local.partition("@")[0].endswith(number[3:]), customer.local
            await customer.answer(200)
            await customer.wait("confirmed")
            await alice.hears(400)
            await trunk.phone.hears(1000)
            await switch.promise_of(number, "kept")
            await customer.hangup()
            await alice.wait("disconnected", 20)
        assert len(trunk.dialled) == 2


async def test_who_calls_first_has_the_place_that_he_earned(tmp_path: Path, tones: Tones) -> None:
    async with shop(tmp_path, tones) as (switch, trunk, alice):
        await takes_the_offer(switch, trunk, FIRST)
        second = await waits(switch, trunk, SECOND, 1)
        again = await waits(switch, trunk, FIRST, 2)
        await switch.agent_ready("alice")
        await alice.wait("ringing", 20)
        assert alice.calls[-1].remote.partition("@")[0].endswith(FIRST[3:]), alice.calls[-1].remote
        await alice.answer()
        await switch.promise_of(FIRST, "withdrawn")
        await again.hangup()
        await second.hangup()
        assert not trunk.dialled


async def test_nothing_is_dialled_while_the_hours_are_over(tmp_path: Path, tones: Tones) -> None:
    hour = (datetime.now(UTC).hour + 12) % 24
    shut = {"zone": "UTC", "hours": f"{hour:02}:00-{hour:02}:30"}
    async with shop(tmp_path, tones, window=shut) as (switch, trunk, alice):
        await takes_the_offer(switch, trunk, FIRST)
        await switch.agent_ready("alice")
        call = await waits(switch, trunk, SECOND, 0)  # somebody who calls is served all the same
        await alice.wait("ringing", 20)
        await alice.answer()
        await alice.hears(400)
        await call.hangup()
        await switch.agent_is("alice", "ready")
        (promise,) = await switch.api("GET", "/api/v1/promises?state=open")
        assert promise["state"] == "recorded" and promise["waits"] == "outside hours", promise
        assert not trunk.dialled
