"""A PJSIP softphone is lost before it reaches a queue, and keys in another number: the promise is listed with both."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.test_process_tree import child
from tests.support import tone
from tests.support.phone import PhoneCall
from tests.support.switch_process import SwitchProcess, queue
from tests.support.trunk import Trunk

pytestmark = [pytest.mark.interop]

NUMBER, OTHER = "+8613800138000", "+8613900001111"
WELCOME, WHICH, ENTER, READ, THANKS = 500, 600, 700, 800, 900  # Hz
DIGITS = {"1": 1000, "3": 1150, "9": 1300, "0": 1450}  # those of the number, Hz
PLAN = """
dialplan: shop
numbers: ["7000", "7001", "7002"]
language: en
lost: {to: orders, after: 500ms}
start: number?
steps:
  number?: {when: [{if: 'called == "7001"', then: ask}, {if: 'called == "7002"', then: slow}], else: ringing}
  slow: {wait: 8s, next: language}
  ringing: {wait: 2s, next: language}
  language: {menu: {play: welcome.wav, keys: {1: orders}, timeout: 30s, tries: 1}, failed: bye}
  orders: {queue: {name: orders}, failed: bye}
  ask: {callback: {queue: orders, ask: true}, next: promised, failed: bye}
  promised: {play: thanks.wav, next: bye}
  bye: {hangup: normal}
"""
CALLBACK = {
    "trunk": "carrier",
    "window": {"hours": "00:00-24:00"},
    "stages": ["early-cancel", "ivr", "keyed", "accepted-offer", "abandoned"],
}


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[SwitchProcess]:
    plans, prompts = tmp_path / "plans", tmp_path / "prompts"
    plans.mkdir()
    (plans / "shop.yaml").write_text(PLAN)
    sounds = {"welcome": WELCOME, "thanks": THANKS, "phrase/keyed_which": WHICH, "phrase/keyed_number": ENTER,
              "phrase/keyed_right.1": READ, "phrase/keyed_right.2": READ}  # fmt: skip
    for name, hz in sounds.items():
        tone.tone_wav(prompts / "en" / f"{name}.wav", hz, 2.0)
    for digit, hz in DIGITS.items():
        tone.tone_wav(prompts / "en" / "digits" / f"{digit}.wav", hz, 1.0)
    orders = queue("orders", callback=CALLBACK, record=False)
    settings = {"paths": {"prompts": str(prompts)}}
    async with SwitchProcess(tmp_path / "s", dialplans=plans, queues={"orders": orders}, settings=settings) as switch:
        yield switch


@pytest.fixture
async def trunk(switch: SwitchProcess, tmp_path: Path) -> AsyncIterator[Trunk]:
    async with await Trunk.of(switch, tmp_path, play=tone.tone_wav(tmp_path / "caller.wav", 400, 2.0)) as trunk:
        yield trunk


async def calls(trunk: Trunk, number: str, caller: str = NUMBER) -> PhoneCall:
    call = await trunk.phone.call(number, caller=caller)
    await call.wait("confirmed")
    return call


async def lost(switch: SwitchProcess, number: str) -> dict[str, Any]:
    promise = await switch.promise_of(number, "recorded", "due")
    return {key: promise[key] for key in ("queue", "stage", "step", "losses")}


async def test_cancelled_while_it_rings_then_hung_up_in_the_menu(switch: SwitchProcess, trunk: Trunk) -> None:
    call = await trunk.phone.call("7000", caller=NUMBER)
    await asyncio.sleep(1.0)  # what is measured: longer than `after`, shorter than the dialplan needs to answer
    await call.hangup()
    await call.wait("disconnected")
    assert call.status == 487
    assert await lost(switch, NUMBER) == {"queue": "orders", "stage": "early-cancel", "step": "ringing", "losses": 1}
    call = await calls(trunk, "7000")
    await trunk.phone.hears(WELCOME)
    await call.hangup()
    await switch.eventually(
        "/api/v1/promises", lambda found: [one["losses"] for one in found] == [2], what="a second loss"
    )
    assert await lost(switch, NUMBER) == {"queue": "orders", "stage": "ivr", "step": "language", "losses": 2}


async def test_who_is_not_answered_yet_when_control_dies_rings_on(switch: SwitchProcess, trunk: Trunk) -> None:
    call = await trunk.phone.call("7002", caller=NUMBER)
    await switch.eventually("/api/v1/calls", lambda calls: [one["step"] for one in calls] == ["slow"])
    assert not call.reached("confirmed")
    os.kill(child(switch, "softswitch.app"), signal.SIGKILL)
    await call.wait("confirmed", 30)
    await trunk.phone.hears(WELCOME, timeout_s=15)
    metrics = await switch.metrics()
    assert metrics['softswitch_contacts_resumed_total{outcome="again"}'] == 1
    await call.hangup()
    assert await lost(switch, NUMBER) == {"queue": "orders", "stage": "ivr", "step": "language", "losses": 1}


async def test_another_number_is_keyed_in_read_back_and_confirmed(switch: SwitchProcess, trunk: Trunk) -> None:
    call = await calls(trunk, "7001")
    await trunk.phone.hears(WHICH)
    await call.dtmf("2")
    await trunk.phone.hears(ENTER)
    await call.dtmf("139")
    await call.dtmf("*")
    await trunk.phone.hears(ENTER)
    await call.dtmf("13900001111#")
    for hz in (READ, *DIGITS.values()):  # in the order in which they first come
        await trunk.phone.hears(hz, for_s=0.4)
    assert await switch.api("GET", "/api/v1/promises") == []
    await call.dtmf("1")
    await trunk.phone.hears(THANKS)
    assert await lost(switch, OTHER) == {"queue": "orders", "stage": "keyed", "step": "ask", "losses": 1}
    await call.wait("disconnected")


async def test_a_withheld_caller_keys_one_in_at_once(switch: SwitchProcess, trunk: Trunk) -> None:
    call = await calls(trunk, "7001", "anonymous")
    await trunk.phone.hears(ENTER)
    await call.dtmf("13900001111#")
    await trunk.phone.hears(READ)
    await call.dtmf("1")
    await trunk.phone.hears(THANKS)
    assert (await lost(switch, OTHER))["stage"] == "keyed"
