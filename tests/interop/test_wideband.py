"""HD voice through a recorded call: a PJSIP phone with G.722 and a baresip with Opus hear each other above 4 kHz.

A supervisor with G.711 listens: he hears their lower band, and nothing that is folded down from the upper one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from softswitch.media import sidecar
from tests.support import tone
from tests.support.baresip import Baresip
from tests.support.phone import Phone
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess, queue, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio]

CALLER, AGENT, BOSS = "1001", "1003", "1004"
CALLER_HZ, AGENT_HZ = (600, 6000), (900, 5200)  # each says a low and a high tone
# PJSIP's G.722 says half of it, until something that it hears is too loud for it once, and all of it from then on. Both
# voices are to be found side by side either way.
CALLER_LEVEL, AGENT_LEVEL = 0.28, 0.2
WIDE_HZ = 16000
PLAN = """
dialplan: straight
numbers: ["8000"]
language: en
start: orders
steps:
  orders: {queue: {name: orders}, failed: bye}
  bye: {hangup: normal}
"""


def voice(path: Path, level: float, *tones_hz: int) -> Path:
    """A minute: baresip plays its file once."""
    low, high = (tone.tone(hz, 60.0, WIDE_HZ, level) for hz in tones_hz)
    return tone.write_wav(path, low + high, WIDE_HZ)


def seconds(wav: Path, hz: float, channel: int = 0) -> float:
    samples, rate_hz = tone.read_wav(wav)
    return tone.tone_seconds(samples[channel], hz, rate_hz)


async def hears(wav: Callable[[], Path], hz: float) -> None:
    await eventually(lambda: seconds(wav(), hz) >= 0.5, 8.0, f"{hz} Hz in {wav().name}")


async def test_the_upper_band_goes_through_a_recorded_call(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "straight.yaml").write_text(PLAN)
    users = sample_users()
    users[AGENT]["codecs"], users[BOSS]["supervises"] = ["opus"], ["orders"]
    agents = {"alice": {"user": AGENT, "skills": {"orders": 5}}}
    made = SwitchProcess(
        tmp_path / "switch",
        users=users,
        agents=agents,
        queues={"orders": queue("orders")},
        dialplans=tmp_path / "plans",
    )
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(made)
        agent = await stack.enter_async_context(
            await Baresip.start(
                AGENT, f"sample-{AGENT}", switch.sip, tmp_path, voice(tmp_path / "agent.wav", AGENT_LEVEL, *AGENT_HZ),
                codecs="opus/48000/2",
            )
        )  # fmt: skip
        caller, boss = [
            await stack.enter_async_context(
                await Phone.start(user, f"sample-{user}", *switch.sip, directory=tmp_path, play=play, wide=wide)
            )
            for user, play, wide in (
                (CALLER, voice(tmp_path / "caller.wav", CALLER_LEVEL, *CALLER_HZ), True),
                (BOSS, None, False),
            )
        ]
        await agent.registered()
        for phone in (caller, boss):
            await phone.registered()
        await switch.agent_ready("alice")
        call = await caller.call("8000")
        await call.wait("confirmed")
        for hz in AGENT_HZ:
            await hears(lambda: caller.record, hz)
        for hz in CALLER_HZ:
            await hears(agent.heard, hz)
        assert await caller.ask("codec", call=call.number) == "G722/16000"
        listening = await boss.call(f"*31{AGENT}")
        await listening.wait("confirmed")
        for hz in (CALLER_HZ[0], AGENT_HZ[0]):
            await hears(lambda: boss.record, hz)
        for hz in (CALLER_HZ[1], AGENT_HZ[1]):
            tone.not_heard(boss.record, 8000 - hz)

        async def wide() -> bool:
            return (await switch.metrics())["softswitch_media_rooms_wide"] == 1

        await eventually(wide, 5.0, "one wide room")
        await call.hangup()
        record = await switch.record_of(lambda found: found["queue"] == "orders")
        kept = switch.directory / "var" / "recordings" / record["recording"]
        await eventually(lambda: sidecar.finished(kept).exists(), 5.0, "the end of the recording")
    assert sidecar.load(sidecar.finished(kept)).rate_hz == WIDE_HZ
    for channel, tones_hz in enumerate((CALLER_HZ, AGENT_HZ)):
        for hz in tones_hz:
            assert seconds(kept, hz, channel) >= 0.8
