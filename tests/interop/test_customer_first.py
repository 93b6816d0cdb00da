"""Customer first, with real phones: who they hear, and how soon; nobody is there, and he is told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interop.test_control_killed import kill_control
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import CALLBACK, SwitchProcess, queue
from tests.support.tone import tone_wav
from tests.support.trunk import Trunk

pytestmark = [pytest.mark.interop]

NUMBER = "+8613800138000"
HELLO_HZ, SORRY_HZ = 700, 1900
PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: orders
steps:
  orders: {queue: {name: orders, failed: bye, full: bye, timeout: bye}, next: bye}
  bye: {hangup: normal}
"""
ANSWER = {"greeting": "hello.wav", "press_1": True, "apology": "sorry.wav", "auto_answer": True}
Tones = dict[int, Path]


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[SwitchProcess]:
    tone_wav(tmp_path / "prompts" / "en" / "hello.wav", HELLO_HZ, seconds=6.0)
    tone_wav(tmp_path / "prompts" / "en" / "sorry.wav", SORRY_HZ, seconds=1.5)
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "shop.yaml").write_text(PLAN)
    callback = {**CALLBACK, "first": "customer", "retry": {"dropped": "2s", "hung_up": "2s"}, "answer": ANSWER}
    orders = queue("orders", callback=callback, announce={"every": "0s"})
    settings = {"paths": {"prompts": str(tmp_path / "prompts")}, "language": "en"}
    home, plans = tmp_path / "switch", tmp_path / "plans"
    async with SwitchProcess(home, queues={"orders": orders}, dialplans=plans, settings=settings) as switch:
        yield switch


@pytest.fixture
async def trunk(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> AsyncIterator[Trunk]:
    async with await Trunk.of(switch, tmp_path, play=tones[400]) as trunk:
        yield trunk


async def agent(switch: SwitchProcess, directory: Path, tones: Tones, obeys: bool) -> Phone:
    phone = await Phone.start("1001", "sample-1001", *switch.sip, directory=directory, play=tones[1000], obeys=obeys)
    await phone.registered()
    return phone


async def lose_a_caller(switch: SwitchProcess, trunk: Trunk) -> None:
    await switch.set_agent("alice", "logged_in")
    await switch.set_agent("alice", "paused", "tea")
    call = await trunk.phone.call("8000", caller=NUMBER)
    await switch.eventually("/api/v1/calls", lambda calls: any(c["state"] == "queued" for c in calls))
    await call.hangup()
    await switch.promise_of(NUMBER, "recorded", "due")


async def pick_up(switch: SwitchProcess, trunk: Trunk) -> PhoneCall:
    """His phone rings before any agent's does; he hears the greeting, and presses 1."""
    await switch.set_agent("alice", "ready")
    customer = await trunk.rings(1, 30)
    await customer.answer(200)
    await customer.wait("confirmed")
    await trunk.phone.hears(HELLO_HZ)
    await switch.promise_of(NUMBER, "answered")
    await customer.dtmf("1")
    return customer


async def test_who_presses_1_talks_to_an_agent_whose_phone_answers_by_itself(
    switch: SwitchProcess, trunk: Trunk, tmp_path: Path, tones: Tones
) -> None:
    async with await agent(switch, tmp_path, tones, obeys=True) as alice:
        await lose_a_caller(switch, trunk)
        customer = await pick_up(switch, trunk)
        await switch.promise_of(NUMBER, "kept")
        assert [call.began_at > customer.began_at for call in alice.calls] == [True]
        await alice.hears(400)
        await trunk.phone.hears(1000)
        await customer.hangup()
        record = await switch.record_of(lambda r: r["kind"] == "callback")
        assert (record["agent"], record["queue"], record["outcome"]) == ("alice", "orders", "answered")
        assert record["connected_at"] - record["answered_at"] < 5.0
        await switch.agent_is("alice", "ready")
    assert len(trunk.dialled) == 1


async def test_no_agent_in_time_is_an_apology_and_another_call(
    switch: SwitchProcess, trunk: Trunk, tmp_path: Path, tones: Tones
) -> None:
    async with await agent(switch, tmp_path, tones, obeys=False) as alice:
        await lose_a_caller(switch, trunk)
        customer = await pick_up(switch, trunk)
        pressed_at = asyncio.get_running_loop().time()
        await alice.wait("ringing")
        await trunk.phone.hears(SORRY_HZ)
        assert 1.5 < asyncio.get_running_loop().time() - pressed_at < 6.0
        await customer.wait("disconnected")
        record = await switch.record_of(lambda r: r["kind"] == "callback")
        assert record["outcome"] == "not served"
        # The abandon limit allows no second one: this time an agent is on the line first.
        await alice.until(lambda: len(alice.calls) == 2, 20, "the agent is rung once more")
        await alice.answer()
        again = await trunk.rings(2, 30)
        assert again.call_id != customer.call_id
        await again.answer(200)
        await trunk.phone.hears(HELLO_HZ)
        await again.dtmf("1")
        await alice.hears(400)
        await switch.promise_of(NUMBER, "kept")
    trunk.assert_dialled_with_care(0.0)


async def test_control_is_killed_while_he_is_greeted(
    switch: SwitchProcess, trunk: Trunk, tmp_path: Path, tones: Tones
) -> None:
    async with await agent(switch, tmp_path, tones, obeys=True) as alice:
        await lose_a_caller(switch, trunk)
        await switch.set_agent("alice", "ready")
        customer = await trunk.rings(1, 30)
        await customer.answer(200)
        await trunk.phone.hears(HELLO_HZ, for_s=0.3)
        await kill_control(switch)
        await trunk.phone.hears(HELLO_HZ)  # once more, from its beginning
        await customer.dtmf("1")
        await switch.promise_of(NUMBER, "kept")
        await alice.hears(400)
        await trunk.phone.hears(1000)
        assert not customer.over and len(trunk.dialled) == 1
