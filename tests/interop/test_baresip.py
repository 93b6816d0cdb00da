"""baresip on the real switch: registers, answers a call, and both sides hear each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ports, tone
from tests.support.baresip import Baresip
from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess, sample_users

pytestmark = [pytest.mark.interop]


async def test_baresip_answers_a_call(tmp_path: Path, tones: dict[int, Path]) -> None:
    long = tone.tone_wav(tmp_path / "long.wav", 700, seconds=30)  # it plays its file once
    nowhere = (ports.LOOPBACK, ports.free_port())
    async with await Baresip.start("1003", "sample-1003", nowhere, tmp_path, long) as callee:
        users = sample_users()
        users["1003"]["contact"] = f"sip:1003@127.0.0.1:{callee.port}"
        async with (
            SwitchProcess(tmp_path / "switch", users=users) as switch,
            await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path, play=tones[1000]) as caller,
        ):
            await caller.registered()
            await talk(caller, callee)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_baresip_registers_and_answers(tmp_path: Path, tones: dict[int, Path], transport: str) -> None:
    long = tone.tone_wav(tmp_path / "long.wav", 700, seconds=30)  # it plays its file once
    async with (
        SwitchProcess(tmp_path / "switch") as switch,
        await Baresip.start("1003", "sample-1003", switch.sip, tmp_path, long, transport) as callee,
        await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path, play=tones[1000]) as caller,
    ):
        await callee.registered()
        await caller.registered()
        await switch.eventually("/api/v1/registrations", lambda found: "1003" in str(found))
        await talk(caller, callee)


async def talk(caller: Phone, callee: Baresip) -> None:
    await caller.call("1003")
    await caller.wait("confirmed")
    await callee.wait("CALL_ESTABLISHED")
    await caller.hears(700)
    await caller.listen(0.5)
    await caller.hangup()
    await callee.wait("CALL_CLOSED")
    tone.heard(callee.heard(), 1000, 0.5)
