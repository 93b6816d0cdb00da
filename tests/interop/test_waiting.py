"""PJSIP softphones wait for an agent: what is announced, the key that leaves the line, what is told before they talk.

Every recording is a tone of its own; what the agent is told is spoken, so that it cannot be taken for one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support import tone
from tests.support.phone import Phone
from tests.support.switch_process import HOLD_HZ, SwitchProcess, queue

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="function")]

THANKS, HOURS, KEPT, CONNECTED = 500, 600, 700, 800  # Hz
CALLER, AGENT = 400, 1000
TONES = (THANKS, HOURS, KEPT, CONNECTED, CALLER, AGENT, HOLD_HZ)
PLAN = """
dialplan: waiting
numbers: ["7000"]
language: en
start: line
steps:
  line: {queue: {name: orders, exit: {key: 0, to: hours}}, failed: bye}
  hours: {menu: {play: hours.wav, keys: {1: line}, timeout: 10s, tries: 3}, failed: bye}
  bye: {hangup: normal}
"""


def house(home: Path) -> SwitchProcess:
    plans, prompts = home / "plans", home / "prompts"
    plans.mkdir()
    (plans / "waiting.yaml").write_text(PLAN)
    seconds = {"thanks": (THANKS, 1.0), "hours": (HOURS, 0.8), "phrase/place_kept": (KEPT, 0.8),
               "connected": (CONNECTED, 3.0)}  # fmt: skip
    for name, (hz, for_s) in seconds.items():
        tone.tone_wav(prompts / "en" / f"{name}.wav", hz, for_s)
    announce = {"every": "3s", "gap": "1s", "position": False, "messages": ["thanks.wav"]}
    orders = queue("orders", announce=announce, tell_agent=True, tell_caller="connected.wav", record=False)
    settings = {"paths": {"prompts": str(prompts)}}
    return SwitchProcess(home / "s", dialplans=plans, queues={"orders": orders}, settings=settings)


async def test_announced_out_of_line_and_back_and_told_before_they_talk(tmp_path: Path) -> None:
    caller_wav, agent_wav = (tone.tone_wav(tmp_path / f"{hz}.wav", hz, 2.0) for hz in (CALLER, AGENT))
    async with (
        house(tmp_path) as switch,
        await Phone.start("1001", "sample-1001", *switch.sip, directory=tmp_path, play=agent_wav, auto_answer=200)
        as agent,
        await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path, play=caller_wav) as caller,
        await Phone.start("1003", "sample-1003", *switch.sip, directory=tmp_path) as later,
    ):  # fmt: skip
        await asyncio.gather(agent.registered(), caller.registered(), later.registered())
        call = await caller.call("7000")
        await call.wait("confirmed")
        for _ in range(2):  # again and again, with music between
            await caller.hears(HOLD_HZ, 0.6)
            await caller.hears(THANKS, 0.6, 12.0)
        await (await later.call("7000")).wait("confirmed")
        await later.hears(HOLD_HZ, 0.5)
        await call.dtmf("0")
        await caller.hears(HOURS, 0.5)
        await call.dtmf("1")
        await caller.hears(KEPT, 0.5)
        since = len(caller.so_far()), len(agent.so_far())
        await switch.agent_ready("alice")
        await asyncio.gather(
            caller.hears(CONNECTED, 2.5, 15.0), agent.hears_speech(0.8, TONES, 15.0), _not_yet(agent, caller, since)
        )
        await asyncio.gather(caller.hears(AGENT, 0.6, 10.0), agent.hears(CALLER, 0.6, 10.0))
        heard, told = caller.so_far()[since[0] :], agent.so_far()[since[1] :]
        assert tone.other_seconds(heard, TONES) <= 0.4, "the caller has heard what the agent is told"
        assert tone.tone_seconds(told, CONNECTED) <= 0.1, "the agent has heard what the caller is told"
        record = await _hung_up(switch, caller)
        assert (record["outcome"], record["agent"]) == ("answered", "alice")


async def _not_yet(agent: Phone, caller: Phone, since: tuple[int, int]) -> None:
    """The agent is told quickly; until the caller has heard his as well, neither hears the other."""
    await agent.hears_speech(0.8, TONES, 15.0)
    heard, told = caller.so_far()[since[0] :], agent.so_far()[since[1] :]
    assert tone.tone_seconds(heard, AGENT) <= 0.1 and tone.tone_seconds(told, CALLER) <= 0.1


async def _hung_up(switch: SwitchProcess, caller: Phone) -> dict[str, object]:
    await caller.hangup()
    found: dict[str, object] = await switch.record_of(lambda record: record["caller"] == "1004")
    return found
