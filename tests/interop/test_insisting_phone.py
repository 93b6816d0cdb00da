"""A PJSIP softphone that insists on 100rel and on session timers, as caller and as called one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]
Tones = dict[int, Path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    async with SwitchProcess(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


def log_of(phone: Phone) -> str:
    """Every message that it sent and received."""
    return phone.record.with_suffix(".pjsip.log").read_text(errors="replace")


async def test_two_that_insist_talk_hold_and_resume(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> None:
    options = {"directory": tmp_path, "insists": True}
    caller = await Phone.start("1003", "sample-1003", *switch.sip, play=tones[400], **options)
    callee = await Phone.start("1004", "sample-1004", *switch.sip, play=tones[1000], auto_answer=180, **options)
    async with caller, callee:
        for phone in (caller, callee):
            await phone.registered()
        await caller.call("1004")
        await caller.wait("ringing")
        await callee.answer()
        await caller.wait("confirmed")
        await caller.hears(1000)
        await callee.hears(400)
        await caller.hold()
        await caller.resume()
        await callee.hears(400)
        await caller.hangup()
        await callee.wait("disconnected")
    for phone, expires in ((caller, "90;refresher=uac"), (callee, "1800;refresher=")):
        log = log_of(phone)
        assert "PRACK sip:" in log and "RSeq:" in log and "RAck:" in log, phone.user
        assert f"Session-Expires: {expires}" in log, phone.user
        assert " 420 " not in log and " 481 " not in log and " 500 " not in log, phone.user
