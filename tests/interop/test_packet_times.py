"""Phones that would have other packet times than 20 ms get them, and hear no gap: relayed, transcoded, recorded.

``python -m tests.bench.phones packets`` has all pairs of packet times.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.hearing import holes_ms, packet_times_ms
from tests.support.recorded_number import RECORDED, recording_switch
from tests.support.rough_call import RoughCall, rough_call
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

FOR_S = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    async with recording_switch(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(
    switch: SwitchProcess, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[RoughCall, RoughCall]]:
    """One of mu-law in the clear, one of mu-law and G.722 with keys."""
    home = tmp_path_factory.mktemp("phones")
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(rough_call(switch, home, ("1001", "1002")))
        keys = rough_call(switch, home, ("1003", "1004"), wide=(False, True), srtp="required")
        yield plain, await stack.enter_async_context(keys)


async def talk(call: RoughCall, times_ms: tuple[int, int], number: str = "") -> None:
    """Each end gets packets of its time; what is heard has no gap."""
    for end, ms in zip(call.ends, times_ms, strict=True):
        await end.packet_time(ms)
    await call.begin(number)
    await asyncio.sleep(FOR_S)  # it is real time that is heard
    got = [packet_times_ms(end.box.went_down) for end in call.ends]
    sent = [packet_times_ms(end.box.went_up) for end in call.ends]
    for ms, times in zip(times_ms * 2, got + sent, strict=True):
        assert set(times) == {ms} and times[ms] >= 0.8 * FOR_S * 1000 / ms, (times_ms, got, sent)
    for end in call.ends:
        heard = call.recorded(end)
        assert tone.tone_seconds(heard, end.hz) >= FOR_S - 0.5
        assert max(holes_ms(heard), default=0) <= 40  # the phone's own buffer


async def test_two_phones_each_get_what_they_ask_for(calls: tuple[RoughCall, RoughCall]) -> None:
    plain, keys = calls
    await asyncio.gather(talk(plain, (20, 30)), talk(keys, (60, 10)))
    assert [holes_ms(plain.heard(end)) for end in plain.ends] == [[], []]
    await asyncio.gather(plain.end(), keys.end())
    await asyncio.gather(talk(plain, (40, 60)), talk(keys, (30, 20)))
    assert [holes_ms(plain.heard(end)) for end in plain.ends] == [[], []]
    await asyncio.gather(plain.end(), keys.end())


async def test_of_a_recorded_call_too(switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]) -> None:
    call, _ = calls
    await switch.agent_ready("alice")
    await talk(call, (60, 30), RECORDED)
    assert [holes_ms(call.heard(end)) for end in call.ends] == [[], []]
    await call.end()
    file = Path(switch.directory / "var/recordings" / (await call.record(switch))["recording"])
    (customer, agent), rate_hz = tone.read_wav(file)
    for channel, end in ((customer, call.near), (agent, call.far)):
        assert tone.tone_seconds(channel, end.hz, rate_hz) >= FOR_S
        assert holes_ms(channel) == []
