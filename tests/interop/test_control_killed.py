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
from tests.support.switch_process import SwitchProcess

pytestmark = pytest.mark.interop


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


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_two_phones_talk_on_and_hang_up(tmp_path: Path, tones: dict[int, Path], transport: str) -> None:
    async with (
        SwitchProcess(tmp_path / "s") as switch,
        await Phone.start(
            "1003", "sample-1003", *switch.sip, directory=tmp_path, play=tones[400], transport=transport
        ) as caller,
        await Phone.start(
            "1004", "sample-1004", *switch.sip, directory=tmp_path, play=tones[1000], auto_answer=200,
            transport=transport,
        ) as callee,
    ):  # fmt: skip
        await asyncio.gather(caller.registered(), callee.registered())
        call = await caller.call("1004")
        await asyncio.gather(caller.hears(1000), callee.hears(400))
        since = now(caller), now(callee)
        await kill_control(switch)
        await asyncio.gather(caller.hears(1000, for_s=1.0), callee.hears(400, for_s=1.0))
        assert longest_gap_s(caller, 1000, since[0]) <= 0.2
        assert longest_gap_s(callee, 400, since[1]) <= 0.2
        (shown,) = await switch.api("GET", "/api/v1/calls")
        assert shown["state"] == "talking"
        await callee.hangup()
        if transport == "tcp":  # this phone leaves it to us when it comes back; the BYE waits for it
            await caller.register()
        await call.wait("disconnected")
        record = await switch.record_of(lambda record: record["caller"] == "1003")
        assert (record["outcome"], record["ended_by"]) == ("answered", "called")
        assert len(await switch.api("GET", "/api/v1/records")) == 1
