"""kill -9 of control under real phones: they talk on, hear no gap, and a new control ends their calls in order."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import groupby
from pathlib import Path

import pytest

from tests.interop.test_process_tree import child
from tests.support import tone
from tests.support.phone import Phone
from tests.support.switch_process import HOLD_HZ, SwitchProcess, queue

pytestmark = [pytest.mark.interop, pytest.mark.alone]

ORDERS = """
dialplan: orders
numbers: ["8000"]
language: en
start: wait
steps:
  wait: {queue: {name: orders, failed: bye, full: bye, timeout: bye}, next: bye}
  bye: {hangup: normal}
"""


def longest_gap_s(phone: Phone, hz: float, since: int) -> float:
    """For how long the tone was away at most, since that sample of its recording."""
    samples, rate_hz = tone.read_wav(phone.record)
    shares = tone.tone_shares(samples[0][since:], hz, rate_hz)
    return max((len(list(run)) for there, run in groupby(shares > tone.PRESENT) if not there), default=0) * 0.1


def now(phone: Phone) -> int:
    """The number of samples that it has recorded."""
    return tone.read_wav(phone.record)[0].shape[1]


async def kill_control(switch: SwitchProcess) -> None:
    """And wait until there is another one."""
    killed = child(switch, "softswitch.app")
    os.kill(killed, signal.SIGKILL)
    await switch.gone(killed)
    await switch.becomes_ready()


async def test_two_phones_talk_on_and_hang_up(tmp_path: Path, tones: dict[int, Path]) -> None:
    async with (
        SwitchProcess(tmp_path / "s") as switch,
        await Phone.start("1003", "sample-1003", *switch.sip, directory=tmp_path, play=tones[400]) as caller,
        await Phone.start(
            "1004", "sample-1004", *switch.sip, directory=tmp_path, play=tones[1000], auto_answer=200, transport="tcp"
        ) as callee,
    ):
        await asyncio.gather(caller.registered(), callee.registered())
        await caller.call("1004")
        await asyncio.gather(caller.hears(1000), callee.hears(400))
        since = now(caller), now(callee)
        await kill_control(switch)
        await asyncio.gather(caller.hears(1000, for_s=1.0), callee.hears(400, for_s=1.0))
        assert longest_gap_s(caller, 1000, since[0]) <= 0.2
        assert longest_gap_s(callee, 400, since[1]) <= 0.2
        (shown,) = await switch.api("GET", "/api/v1/calls")
        assert shown["state"] == "talking"
        await caller.hangup()
        await callee.register()  # its connection ended with the former control; the BYE has waited for the new one
        await callee.wait("disconnected")
        record = await switch.record_of(lambda record: record["caller"] == "1003")
        assert (record["outcome"], record["ended_by"]) == ("answered", "caller")
        assert len(await switch.api("GET", "/api/v1/records")) == 1


async def test_agent_and_customer_talk_on_in_one_recording_and_one_record(
    tmp_path: Path, tones: dict[int, Path]
) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "orders.yaml").write_text(ORDERS)
    queues = {"orders": queue("orders", wrap_up="1s", announce={"position": False})}
    async with (
        SwitchProcess(tmp_path / "s", dialplans=plans, queues=queues) as switch,
        await Phone.start("1001", "sample-1001", *switch.sip, directory=tmp_path, play=tones[1000], auto_answer=200)
        as agent,
        await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path, play=tones[400]) as caller,
        await Phone.start("1003", "sample-1003", *switch.sip, directory=tmp_path, play=tones[700]) as waiting,
    ):  # fmt: skip
        await asyncio.gather(agent.registered(), caller.registered(), waiting.registered())
        await switch.agent_ready("alice")
        await caller.call("8000")
        await asyncio.gather(agent.hears(400), caller.hears(1000))
        await waiting.call("8000")
        await waiting.hears(HOLD_HZ)
        since = {phone: now(phone) for phone in (agent, caller, waiting)}
        await kill_control(switch)
        busy = await switch.agent_is("alice", "talking")
        await asyncio.gather(caller.hears(1000), agent.hears(400), waiting.hears(HOLD_HZ))
        for phone, hz in ((agent, 400), (caller, 1000), (waiting, HOLD_HZ)):
            assert longest_gap_s(phone, hz, since[phone]) <= 0.2, phone.user
        await caller.hangup()
        await agent.hears(700)  # who waited is next, after the wrap-up
        await waiting.hangup()
        record = await switch.record_of(lambda record: record["caller"] == "1004")
        assert (record["contact"], record["agent"], record["outcome"]) == (busy["contact"], "alice", "answered")
        assert 0 <= record["connected_at"] - record["started_at"] < 1.0
        home = switch.directory / "var" / "recordings"
        await switch.record_of(lambda record: record["caller"] == "1003")
        assert {path.name for path in home.glob("*.wav")} == {f"{one['contact']}.wav" for one in await records(switch)}
        lasted_s = record["ended_at"] - record["connected_at"]
        for channel, hz in ((0, 400), (1, 1000)):
            tone.heard(home / record["recording"], hz, lasted_s - 0.8, channel)


async def records(switch: SwitchProcess) -> list[dict[str, object]]:
    found: list[dict[str, object]] = await switch.api("GET", "/api/v1/records")
    assert len(found) == 2
    return found
