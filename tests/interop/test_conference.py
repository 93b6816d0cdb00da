"""Three PJSIP phones, each with a tone of its own, meet in a conference: the PIN, music, mute, and the moderator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from tests.interop.test_control_killed import kill_control
from tests.support import tone
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import SwitchProcess, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

Tones = dict[int, Path]
PEOPLE = {"1001": 400, "1003": 700, "1004": 1000}  # Hz
PLAN = """
dialplan: meeting
numbers: ["8000"]
language: en
start: room
steps:
  room:
    conference: {room: team, pin: "471", moderator_pin: "982", wait_for_moderator: true, ends_with_moderator: true,
                 tones: false}
    next: bye
  bye: {hangup: normal}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    (home / "plans").mkdir()
    (home / "plans" / "meeting.yaml").write_text(PLAN)
    noise = np.random.default_rng(7).normal(0, 0.05, 4 * tone.RATE_HZ)
    tone.write_wav(home / "hold" / "hold.wav", noise)
    media = {"processes": 2}  # the room is in both of them
    made = SwitchProcess(home, users=sample_users(), dialplans=home / "plans", settings={"media": media})
    async with made as switch:
        yield switch


@pytest_asyncio.fixture(loop_scope="module")
async def phones(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> AsyncIterator[list[Phone]]:
    made = [
        await Phone.start(user, f"sample-{user}", *switch.sip, directory=tmp_path, play=tones[hz])
        for user, hz in PEOPLE.items()
    ]
    one, two, three = made
    async with one, two, three:
        for phone in made:
            await phone.registered()
        yield made


async def comes_in(phone: Phone, pin: str) -> PhoneCall:
    call = await phone.call("8000")
    await call.wait("confirmed")
    await phone.hears_something()  # the question
    await call.dtmf(f"{pin}#")
    return call


async def hears_no(phone: Phone, hz: float, timeout_s: float = 5.0) -> None:
    """Wait until the tone is gone."""
    async with asyncio.timeout(timeout_s):
        while tone.tone_seconds(await phone.listen(0.4), hz):
            pass


async def states(switch: SwitchProcess, *wanted: str) -> None:
    await switch.eventually("/api/v1/calls", lambda calls: sorted(call["state"] for call in calls) == sorted(wanted))


async def test_three_meet_and_hear_each_other_even_without_control(switch: SwitchProcess, phones: list[Phone]) -> None:
    one, two, boss = phones
    first, second = await asyncio.gather(comes_in(one, "471"), comes_in(two, "471"))
    await states(switch, "conference", "conference")
    await asyncio.gather(one.hears_something(), two.hears_something())  # music
    last = await comes_in(boss, "982")
    hz = dict(zip(phones, PEOPLE.values(), strict=True))
    for listener in phones:
        await asyncio.gather(*(listener.hears(hz[other], for_s=0.5) for other in phones if other is not listener))
    await kill_control(switch)
    await states(switch, "conference", "conference", "conference")
    await second.dtmf("*6")
    await asyncio.gather(hears_no(one, hz[two]), hears_no(boss, hz[two]))
    await asyncio.gather(one.hears(hz[boss], for_s=0.3), two.hears(hz[one], for_s=0.3))
    await last.hangup()
    await asyncio.gather(first.wait("disconnected"), second.wait("disconnected"))
    for listener in phones:
        tone.not_heard(listener.record, hz[listener], 0.0)  # nobody heard himself
