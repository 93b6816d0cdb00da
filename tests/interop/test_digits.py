"""PJSIP softphones press keys in all three forms: into a step that collects them, and to each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from softswitch.audio import FRAME, dtmf
from tests.support import tone
from tests.support.impairment import Impairment
from tests.support.phone import Phone, PhoneCall
from tests.support.rough_call import RoughCall, rough_call
from tests.support.switch_process import SwitchProcess, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

# Who calls 7000 types an extension, and is connected with that.
PLAN = """
dialplan: keys
numbers: ["7000"]
language: en
start: ask
steps:
  ask: {collect: {say: "Which extension?", save: typed, min: 4, max: 4, timeout: 4s}, next: which?, failed: bye}
  which?:
    when:
      - {if: typed == "1003", then: by-events}
      - {if: typed == "1004", then: by-info}
      - {if: typed == "1002", then: by-tones}
    else: bye
  by-events: {dial: {user: "1003"}}
  by-info: {dial: {user: "1004"}}
  by-tones: {dial: {user: "1002"}}
  bye: {hangup: normal}
"""
PRESSED = "15#9907"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    plans = home / "plans"
    plans.mkdir()
    (plans / "keys.yaml").write_text(PLAN)
    users = sample_users()
    users["1002"]["digits"] = "tone"
    users["1004"]["digits"] = "info"
    async with SwitchProcess(home, users=users, dialplans=plans) as switch:
        yield switch


async def phone(switch: SwitchProcess, user: str, directory: Path, answers: int | None = None) -> Phone:
    started = await Phone.start(user, f"sample-{user}", *switch.sip, directory=directory, auto_answer=answers)
    await started.registered()
    return started


def heard_as_tones(record: Path) -> str:
    samples = np.rint(tone.read_wav(record)[0][0] * 32767).astype(np.int16)
    detector = dtmf.Detector(1)
    detector.listen(0)
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, 1, FRAME)
    return "".join(key.digit for frame in frames for key in detector.hear(frame))


async def press(call: PhoneCall, form: str, digits: str) -> None:
    if form == "tone":
        await call.tones(digits)
    else:
        await call.dtmf(digits, info=form == "info")


@pytest.mark.parametrize(
    ("caller", "form", "called", "way"),
    [
        ("1001", "event", "1004", "info"),
        ("1001", "info", "1002", "tone"),
        ("1002", "tone", "1003", "event"),
    ],
)
async def test_keys_are_collected_and_passed_on(
    switch: SwitchProcess, tmp_path: Path, caller: str, form: str, called: str, way: str
) -> None:
    left = await phone(switch, caller, tmp_path)
    right = await phone(switch, called, tmp_path, answers=200)
    async with left, right:
        call = await left.call("7000")
        await call.wait("confirmed")
        await left.hears_something(0.3)
        await press(call, form, called)
        await right.wait("confirmed", 12)
        await press(call, form, PRESSED)
        if way == "tone":
            await right._sound(lambda: heard_as_tones(right.record) == PRESSED, 8, f"tones {PRESSED}")
        else:
            await right.until(lambda: right.current.digits == PRESSED, 8, f"keys {PRESSED}")
        await left.hangup()
        await right.wait("disconnected")
    assert (heard_as_tones(right.record) if way == "tone" else right.current.digits) == PRESSED


async def test_keys_on_networks_that_lose_packets(switch: SwitchProcess, tmp_path: Path) -> None:
    """Two calls at a time, each phone on a bad network: events to events both ways, INFO to tones and events to INFO.
    SIP itself is spared: what it repeats is tested elsewhere."""
    async with (
        rough_call(switch, tmp_path, ("1001", "1003")) as events,
        rough_call(switch, tmp_path, ("1004", "1002")) as others,
    ):
        await asyncio.gather(events.begin(), others.begin())
        for call, loss in ((events, 0.03), (others, 0.01)):
            for end in call.ends:
                end.box.up.begin(Impairment(loss=loss, doubled=0.02))
                end.box.down.begin(Impairment(loss=loss, doubled=0.02))
        await asyncio.gather(to_each_other(events, "event"), to_each_other(others, "info"))
        assert sum(end.box.up.done.lost + end.box.down.done.lost for call in (events, others) for end in call.ends) > 0
        await asyncio.gather(events.end(), others.end())


async def to_each_other(call: RoughCall, near: str) -> None:
    """The near phone presses, then the far one, by events."""
    other = call.far.phone
    await press(call.call, near, PRESSED)
    if near == "info":
        await other._sound(lambda: PRESSED in heard_as_tones(other.record), 20, f"tones {PRESSED}")
    else:
        await other.until(lambda: len(other.current.digits) >= len(PRESSED), 20, f"keys {PRESSED}")
        assert other.current.digits == PRESSED
    await press(other.current, "event", PRESSED)
    await call.near.phone.until(lambda: len(call.call.digits) >= len(PRESSED), 20, f"keys {PRESSED}")
    assert call.call.digits == PRESSED
