"""The tools themselves: two softphones that talk to each other without a switch between them.

What these tests show is that a failing interop test is the switch's fault.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ports, tone
from tests.support.baresip import Baresip
from tests.support.phone import Phone
from tests.support.sipp import Sipp

pytestmark = [pytest.mark.interop]


async def test_two_softphones_hear_each_other(tmp_path: Path) -> None:
    low = tone.tone_wav(tmp_path / "low.wav", 400)
    high = tone.tone_wav(tmp_path / "high.wav", 1000)
    there = ports.free_port()
    callee = await Phone.peer("2", "127.0.0.1", 9, directory=tmp_path, own_port=there, auto_answer=180, play=high)
    caller = await Phone.peer("1", "127.0.0.1", there, directory=tmp_path, play=low)
    async with callee, caller:
        call = await caller.call("8000", caller="+8613800138000")
        await caller.wait("ringing")
        other = await callee.wait("ringing")
        assert "+8613800138000" in other.remote
        await callee.answer()
        await caller.wait("confirmed")
        await callee.hears(400)
        await caller.hears(1000)
        await call.dtmf("5")
        await callee.until(lambda: callee.current.digits == "5", 5, "digit")
        await call.hold()
        await callee.current.wait_media("remote_hold")
        held = await callee.listen(1.2)
        assert tone.tone_seconds(held, 400) < 0.6
        await call.resume()
        await callee.hears(400)
        await callee.hangup()
        await caller.wait("disconnected")
    tone.heard(callee.record, 400, 1.0)
    tone.not_heard(callee.record, 1000)


async def test_a_softphone_that_is_busy(tmp_path: Path) -> None:
    there = ports.free_port()
    callee = await Phone.peer("2", "127.0.0.1", 9, directory=tmp_path, own_port=there, auto_answer=486)
    caller = await Phone.peer("1", "127.0.0.1", there, directory=tmp_path)
    async with callee, caller:
        await caller.call("8000")
        await caller.wait("disconnected")
        assert caller.last_status == 486


async def test_sipp_calls_sipp(tmp_path: Path) -> None:
    async with await Sipp.callee(tmp_path, scenario="callee_info", talks_s=0.5) as callee:
        numbers = [f"+8613800138{n:03}" for n in range(20)]
        at = ("127.0.0.1", callee.port)
        caller = await Sipp.caller(at, tmp_path, numbers=numbers, calls=20, rate=20)
        async with caller:
            made = await caller.done(20)
        taken = await callee.finish()
    assert (made.successful, made.failed) == (20, 0), made
    assert (taken.successful, taken.failed) == (20, 0), taken


@pytest.mark.parametrize(("scenario", "status"), [("callee_busy", 486), ("callee_silent", 487)])
async def test_sipp_that_cannot_be_reached(tmp_path: Path, scenario: str, status: int) -> None:
    async with await Sipp.callee(tmp_path, scenario=scenario, calls=1) as callee:
        caller = await Phone.peer("1", "127.0.0.1", callee.port, directory=tmp_path)
        async with caller:
            call = await caller.call("8000")
            if scenario == "callee_silent":
                await call.wait("ringing")
                await call.hangup()
            await call.wait("disconnected")
            assert caller.last_status == status
        taken = await callee.done(10)
    assert (taken.successful, taken.failed) == (1, 0), taken


@pytest.mark.parametrize("scenario", ["callee", "callee_waits"])
async def test_sipp_answers_a_softphone(tmp_path: Path, scenario: str) -> None:
    async with await Sipp.callee(tmp_path, scenario=scenario, talks_s=0.3, calls=1) as callee:
        caller = await Phone.peer("1", "127.0.0.1", callee.port, directory=tmp_path)
        async with caller:
            call = await caller.call("8000")
            await call.wait("confirmed")
            if scenario == "callee_waits":
                await call.hangup()
            await call.wait("disconnected")
        taken = await callee.done(10)
    assert (taken.successful, taken.failed) == (1, 0), taken


async def test_a_softphone_and_baresip_hear_each_other(tmp_path: Path) -> None:
    low = tone.tone_wav(tmp_path / "low.wav", 400, seconds=30)
    high = tone.tone_wav(tmp_path / "high.wav", 1000)
    async with await Baresip.start("1003", "x", ("127.0.0.1", ports.free_port()), tmp_path, low) as callee:
        caller = await Phone.peer("1", "127.0.0.1", callee.port, directory=tmp_path, play=high)
        async with caller:
            await caller.call("1003")
            await caller.wait("confirmed")
            await callee.wait("CALL_ESTABLISHED")
            await caller.hears(400)
            await caller.hangup()
            await callee.wait("CALL_CLOSED")
    tone.heard(callee.heard(), 1000, 0.5)
