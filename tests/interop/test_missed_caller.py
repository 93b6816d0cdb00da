"""The missed caller: lost in the queue, called back when an agent is free, whatever happens to the switch meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.phone import Phone
from tests.support.switch_process import RING_S, SwitchProcess
from tests.support.trunk import Trunk

pytestmark = [pytest.mark.interop]

NUMBER = "+8613800138000"
Tones = dict[int, Path]


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[SwitchProcess]:
    async with SwitchProcess(tmp_path / "switch") as switch:
        yield switch


@pytest.fixture
async def trunk(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> AsyncIterator[Trunk]:
    async with await Trunk.of(switch, tmp_path, play=tones[400]) as trunk:
        yield trunk


@pytest.fixture
async def alice(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> AsyncIterator[Phone]:
    async with await Phone.start("1001", "sample-1001", *switch.sip, directory=tmp_path, play=tones[1000]) as alice:
        await alice.registered()
        yield alice


async def lose_a_caller(switch: SwitchProcess, trunk: Trunk) -> None:
    """The only agent pauses; a customer calls, chooses orders, waits, and hangs up."""
    await switch.set_agent("alice", "logged_in")
    await switch.set_agent("alice", "paused", "tea")
    call = await trunk.phone.call("8000", caller=NUMBER)
    await call.wait("confirmed")
    for _ in range(2):  # the language, then orders
        await trunk.phone.hears_something()
        await call.dtmf("1")
    await switch.eventually("/api/v1/calls", lambda calls: any(c["state"] == "queued" for c in calls))
    await call.hangup()
    await switch.promise_of(NUMBER, "recorded", "due")


async def keep(switch: SwitchProcess, trunk: Trunk, alice: Phone, dial: int) -> None:
    """The agent's phone rings, then the number is dialled (its ``dial``-th time); they talk; the promise is kept."""
    await alice.wait("ringing", 30)
    await alice.answer()
    customer = await trunk.rings(dial, 30)
    assert customer.local.partition("@")[0].endswith("13800138000"), customer.local
    await customer.answer(180)
    await customer.answer(200)
    await customer.wait("confirmed")
    await alice.hears(400)
    await trunk.phone.hears(1000)
    await switch.promise_of(NUMBER, "kept")


async def test_a_lost_caller_is_called_back(switch: SwitchProcess, trunk: Trunk, alice: Phone) -> None:
    await lose_a_caller(switch, trunk)
    assert not alice.calls
    await switch.agent_ready("alice")
    await keep(switch, trunk, alice, 1)
    await alice.hangup()
    await trunk.dialled[0].wait("disconnected")
    record = await switch.record_of(lambda r: r["kind"] == "callback")
    assert (record["agent"], record["queue"]) == ("alice", "orders")
    await switch.agent_is("alice", "ready")
    assert len(trunk.dialled) == 1


async def test_a_busy_customer_is_tried_again(switch: SwitchProcess, trunk: Trunk, alice: Phone) -> None:
    await lose_a_caller(switch, trunk)
    await switch.agent_ready("alice")
    await alice.wait("ringing")
    await alice.answer()
    await (await trunk.rings(1)).answer(486)
    await alice.wait("disconnected", 20)
    await keep(switch, trunk, alice, 2)
    trunk.assert_dialled_with_care(RING_S)


async def test_a_customer_who_calls_again_is_not_called_back(switch: SwitchProcess, trunk: Trunk, alice: Phone) -> None:
    await lose_a_caller(switch, trunk)
    call = await trunk.phone.call("8000", caller=NUMBER)
    await call.wait("confirmed")
    for _ in range(2):
        await trunk.phone.hears_something()
        await call.dtmf("1")
    await switch.eventually("/api/v1/calls", lambda calls: any(c["state"] == "queued" for c in calls))
    await switch.agent_ready("alice")
    await alice.wait("ringing")
    await alice.answer()
    await alice.hears(400)
    await switch.promise_of(NUMBER, "withdrawn")
    await call.hangup()
    await switch.agent_is("alice", "ready")
    assert not trunk.dialled


async def reach(moment: str, switch: SwitchProcess, trunk: Trunk, alice: Phone) -> None:
    """Let the callback go on until the moment at which the switch is to die."""
    if moment == "recorded":
        return
    await switch.agent_ready("alice")
    await alice.wait("ringing", 15)
    if moment == "agent rings":
        return
    await alice.answer()
    customer = await trunk.rings(1)
    if moment == "invite sent":
        return
    await customer.answer(180)
    if moment == "customer rings":
        return
    await customer.answer(200)
    await alice.hears(400)
    await switch.promise_of(NUMBER, "kept")


MOMENTS = ("recorded", "agent rings", "invite sent", "customer rings", "talking")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_kill_9_loses_no_promise_and_dials_none_twice(
    switch: SwitchProcess, trunk: Trunk, alice: Phone, moment: str
) -> None:
    await lose_a_caller(switch, trunk)
    await reach(moment, switch, trunk, alice)
    dialled = len(trunk.dialled)
    await switch.kill9()
    if alice.calls:
        await alice.hangup()  # silence: the agent hangs up; the customer's telephone goes on ringing
    if moment == "talking":
        await trunk.dialled[0].hangup()
    await switch.restart()
    await alice.register()
    await switch.agent_ready("alice")
    if moment == "talking":
        await asyncio.sleep(3)  # that nothing happens cannot be awaited
        assert len(trunk.dialled) == dialled
    else:
        await keep(switch, trunk, alice, dialled + 1)
    promises = await switch.api("GET", "/api/v1/promises?all=1")
    assert [(promise["number"], promise["state"]) for promise in promises] == [(NUMBER, "kept")]
    trunk.assert_dialled_with_care(RING_S)
