"""Three PJSIP phones, each with a tone of its own: a supervisor listens, whispers and barges in; music on hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import SwitchProcess, queue, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

Tones = dict[int, Path]
AGENT, CALLER, BOSS = "1001", "1003", "1004"
CALLER_HZ, AGENT_HZ, BOSS_HZ = 400, 1000, 700
PLAN = """
dialplan: straight
numbers: ["8000"]
language: en
start: orders
steps:
  orders: {queue: {name: orders, failed: bye}, next: bye}
  bye: {hangup: normal}
"""
STEP_S = 0.08  # jitter buffer and clock of one phone against those of another


def music(path: Path) -> None:
    """Four seconds of noise: no moment of it sounds like any other."""
    noise = np.random.default_rng(7).normal(0, 0.05, 4 * tone.RATE_HZ)
    tone.write_wav(path, noise)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    (home / "plans").mkdir()
    (home / "plans" / "straight.yaml").write_text(PLAN)
    users = sample_users()
    users[BOSS]["supervises"] = ["orders"]
    made = SwitchProcess(home, users=users, queues={"orders": queue("orders")}, dialplans=home / "plans",
                         agents={"alice": {"user": AGENT, "skills": {"orders": 5}}})  # fmt: skip
    music(home / "hold" / "hold.wav")
    async with made as switch:
        yield switch


@pytest_asyncio.fixture(loop_scope="module")
async def phones(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> AsyncIterator[tuple[Phone, Phone, Phone]]:
    """Caller, agent and supervisor; all answer at once."""
    made = [
        await Phone.start(user, f"sample-{user}", *switch.sip, directory=tmp_path, play=tones[hz], auto_answer=200)
        for user, hz in ((CALLER, CALLER_HZ), (AGENT, AGENT_HZ), (BOSS, BOSS_HZ))
    ]
    caller, agent, boss = made
    async with caller, agent, boss:
        for phone in made:
            await phone.registered()
        yield caller, agent, boss


async def talking(switch: SwitchProcess, caller: Phone, agent: Phone) -> PhoneCall:
    """The agent's end of a call from the queue."""
    await switch.agent_ready("alice")
    await caller.call("8000")
    await agent.wait("confirmed")
    await asyncio.gather(caller.hears(AGENT_HZ, for_s=0.3), agent.hears(CALLER_HZ, for_s=0.3))
    return agent.current


async def hears_no(phone: Phone, hz: float, timeout_s: float = 5.0) -> None:
    """Wait until the tone is gone."""
    async with asyncio.timeout(timeout_s):
        while tone.tone_seconds(await phone.listen(0.4), hz):
            pass


async def test_by_code_and_key(switch: SwitchProcess, phones: tuple[Phone, Phone, Phone]) -> None:
    caller, agent, boss = phones
    agents = await talking(switch, caller, agent)
    call = await boss.call(f"*31{AGENT}")
    await call.wait("confirmed")
    await asyncio.gather(boss.hears(CALLER_HZ, for_s=1.0), boss.hears(AGENT_HZ, for_s=1.0))
    tone.not_heard(agent.record, BOSS_HZ, 0.0)
    await call.dtmf("5")
    await agent.hears(BOSS_HZ)
    await agents.hold()
    await hears_no(caller, AGENT_HZ)
    await caller.hears_something()  # music
    await agents.resume()
    await agent.hears(CALLER_HZ, for_s=0.3)
    tone.not_heard(caller.record, BOSS_HZ, 0.0)  # all the time
    await call.dtmf("6")
    await asyncio.gather(caller.hears(BOSS_HZ), caller.hears(AGENT_HZ), agent.hears(BOSS_HZ))
    await call.dtmf("4")
    await asyncio.gather(hears_no(caller, BOSS_HZ), hears_no(agent, BOSS_HZ))
    await call.hangup()
    await call.wait("disconnected")
    await caller.hears(AGENT_HZ, for_s=0.3)
    call = await boss.call(f"*31{AGENT}")
    await call.wait("confirmed")
    await call.dtmf("9")  # now he is the agent
    await agents.wait("disconnected")
    await asyncio.gather(caller.hears(BOSS_HZ), boss.hears(CALLER_HZ))
    await call.hangup()
    await caller.wait("disconnected")
    record = await switch.record_of(lambda found: found["queue"] == "orders")
    first, second = (switch.directory / "var" / "recordings" / name for name in record["recording"].split(","))
    tone.heard(first, CALLER_HZ, 2.0, 0)
    tone.heard(first, AGENT_HZ, 2.0, 1)
    for channel in (0, 1):
        tone.not_heard(first, BOSS_HZ, 0.0, channel)
    tone.heard(second, BOSS_HZ, 0.4, 1)


async def test_by_the_api_and_to_the_end_of_the_call(switch: SwitchProcess, phones: tuple[Phone, Phone, Phone]) -> None:
    caller, agent, boss = phones
    agents = await talking(switch, caller, agent)
    (call,) = await switch.api("GET", "/api/v1/calls")
    path = f"/api/v1/calls/{call['contact']}/supervise"
    status, text = await switch._request("POST", path, {"supervisor": "1002", "mode": "barge"})
    assert status == 403 and "1002 may not supervise" in text
    supervision = await switch.api("POST", path, {"supervisor": BOSS, "mode": "whisper"})
    await boss.wait("confirmed")
    assert f"*32{AGENT}" in boss.current.remote
    await asyncio.gather(agent.hears(BOSS_HZ), boss.hears(CALLER_HZ))
    tone.not_heard(caller.record, BOSS_HZ, 0.0)
    await switch.api("POST", path, {"supervisor": BOSS, "mode": "barge"})
    await caller.hears(BOSS_HZ)
    await agents.hangup()
    await boss.wait("disconnected")
    await caller.wait("disconnected")
    record = await switch.record_of(lambda found: found["contact"] == supervision["contact"])
    assert (record["kind"], record["caller"], record["called"]) == ("supervision", BOSS, AGENT)
    recordings = switch.directory / "var" / "recordings"
    tone.heard(recordings / record["recording"], BOSS_HZ, 0.5)  # what he said to both
    tone.not_heard(recordings / record["recording"], CALLER_HZ, 0.0)
    tone.not_heard(recordings / f"{call['contact']}.wav", BOSS_HZ, 0.0, 1)
    events = await switch.api("GET", "/api/v1/events?limit=1000")
    mine = [event for event in events if event["body"].get("supervision") == supervision["contact"]]
    assert [event["name"] for event in mine] == ["SupervisionBegan", "SupervisionChanged", "SupervisionEnded"]
    assert mine[-1]["body"]["why"] == "call over"
    metrics = await switch.metrics()
    assert metrics['softswitch_supervisions_total{mode="whisper"}'] == 1
    assert metrics['softswitch_supervisions_refused_total{why="not allowed"}'] == 1


def lags_s(one: tone.Samples, other: tone.Samples) -> list[float]:
    """By how much each quarter second of ``one`` comes later in ``other``, as far as it is found there.

    Found piece by piece, because a jitter buffer that is short of packets stretches what it has.
    """
    size, found = tone.RATE_HZ // 4, []
    energy = np.sqrt(np.convolve(other**2, np.ones(size), "valid"))
    for at in range(0, len(one) - size, size):
        piece = one[at : at + size]
        likeness = np.correlate(other, piece, "valid") / np.maximum(energy * np.sqrt((piece**2).sum()), 1e-9)
        if likeness.max() > 0.7:
            found.append((int(likeness.argmax()) - at) / tone.RATE_HZ)
    return found


async def test_all_on_hold_hear_the_same_moment_of_the_music(
    phones: tuple[Phone, Phone, Phone], tmp_path: Path
) -> None:
    """Put on hold at different times, by one who talks to both; what they hear is laid by the clock of the machine."""
    first, holder, second = phones
    began: list[float] = []
    for phone in (first, second):
        call = await holder.call(phone.user)
        await phone.wait("confirmed")
        await phone.hears(AGENT_HZ)
        await call.hold()
    for phone in (first, second):
        began.append(await phone.ask("record", path=str(tmp_path / f"{phone.user}-music.wav")))
    await asyncio.sleep(2.0)  # of music
    heard = [tone.read_wav(tmp_path / f"{phone.user}-music.wav")[0][0] for phone in (first, second)]
    late = round((began[1] - began[0]) * tone.RATE_HZ)
    heard[0] = heard[0][late:]
    lags = lags_s(*heard)
    assert len(lags) >= 3 and max(map(abs, lags)) < STEP_S, lags
