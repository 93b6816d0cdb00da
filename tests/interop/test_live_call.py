"""A call that goes on: while strangers shoot at its ports, and while its phones change what they agreed on.

Each phone says a tone with a pause twice a second, so that a recording can be laid beside what was really said.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import numpy as np
import pytest
import pytest_asyncio

from softswitch.rtp import packet
from tests.support import tone
from tests.support.hearing import packet_times_ms, rises_s, said_rises_s
from tests.support.middlebox import Passed
from tests.support.process import eventually
from tests.support.recorded_number import RECORDED, recording_switch
from tests.support.rough_call import BEAT_S, End, RoughCall, rough_call
from tests.support.rtp_flood import flooded
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

LONG_TAG, SHORT_TAG = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
FLOOD = 30_000  # packets
FLOOD_HZ = 2000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    async with recording_switch(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(
    switch: SwitchProcess, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[RoughCall, RoughCall]]:
    """In the clear, and with keys."""
    home = tmp_path_factory.mktemp("phones")
    async with AsyncExitStack() as stack:
        plain = rough_call(switch, home, ("1001", "1002"), beats=True)
        keys = rough_call(switch, home, ("1003", "1004"), beats=True, srtp="required")
        yield await stack.enter_async_context(plain), await stack.enter_async_context(keys)


async def renew(call: RoughCall, end: End, move: bool = False) -> None:
    """That end offers again what it would have by now; both are heard after that."""
    answered = end.box.answers
    await end.phone.ask("renew", call=end.phone.current.number, move=move)
    await eventually(lambda: end.box.answers > answered, 5.0, "an answer to its offer")
    await call.both_heard(0.4)


async def passing(end: End, packets: int = 8) -> tuple[list[Passed], list[Passed]]:
    """What passes next, up and down."""
    up, down = len(end.box.went_up), len(end.box.went_down)

    def enough() -> bool:
        return len(end.box.went_up) >= up + packets and len(end.box.went_down) >= down + packets

    await eventually(enough, 5.0, "packets")
    return end.box.went_up[up:], end.box.went_down[down:]


async def payload_types(end: End) -> set[int]:
    return {one.octets[1] & 0x7F for way in await passing(end) for one in way}


async def sizes(end: End) -> list[set[int]]:
    """Of what passes next, up and down."""
    return [{len(one.octets) for one in way} for way in await passing(end)]


async def test_a_call_goes_on_while_its_phones_agree_on_something_else(
    switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]
) -> None:
    """Codec, port and packet time of either side; and the recording lies as it was said all the time."""
    call, _ = calls
    near, far = call.ends
    await switch.agent_ready("alice")
    await call.begin(RECORDED)
    assert await payload_types(near) == {0}
    await near.phone.ask("codecs", wanted=["PCMA/8000/1"])
    await renew(call, near)
    assert await payload_types(near) == {8} and await payload_types(far) == {0}
    before = near.box.outer
    await renew(call, near, move=True)
    assert near.box.outer != before
    await near.packet_time(40)
    await renew(call, near)
    assert [set(packet_times_ms(way)) for way in await passing(near)] == [{40}, {40}]
    await far.phone.ask("codecs", wanted=["PCMA/8000/1"])
    await renew(call, far, move=True)
    assert await payload_types(far) == {8}
    await call.end()
    file = switch.directory / "var/recordings" / (await call.record(switch))["recording"]
    (customer, agent), rate_hz = tone.read_wav(file)
    late = [
        lateness_s(rises_s(channel, rate_hz), said_rises_s(end.box.went_up))
        for channel, end in ((customer, near), (agent, far))
    ]
    for one in late:
        assert len(one) >= 4 and np.ptp(one) < 0.1, late  # of which a busy machine takes its share
    apart = abs(np.median(late[0]) - np.median(late[1]))
    assert min(apart, BEAT_S - apart) < 0.03, late


def lateness_s(recorded_s: tone.Samples, said_s: tone.Samples) -> tone.Samples:
    """By how much each beat lies later in the recording than it was said, but for a constant that nobody knows."""
    pairs = (recorded_s[:, None] - said_s[None, :]).ravel()
    places, counts = np.unique(np.rint(pairs / 0.02), return_counts=True)
    usual = 0.02 * places[counts.argmax()]
    return np.asarray(pairs[np.abs(pairs - usual) < 0.1])


async def test_a_secured_call_goes_on_with_other_keys_and_after_a_hold(
    switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]
) -> None:
    _, call = calls
    near, far = call.ends
    await call.begin()
    await near.phone.ask("srtp", srtp="required", suites=[SHORT_TAG])
    await renew(call, near, move=True)
    assert await sizes(near) == [{12 + 160 + 4}] * 2 and await sizes(far) == [{12 + 160 + 10}] * 2
    await far.phone.ask("srtp", srtp="required", suites=[SHORT_TAG])
    await renew(call, far, move=True)
    assert await sizes(far) == [{12 + 160 + 4}] * 2
    await near.phone.hold()
    assert tone.tone_seconds((await far.phone.listen(0.8))[3000:], near.hz) <= 0.1
    await near.phone.resume()
    await call.both_heard(0.4)
    await near.phone.ask("srtp", srtp="required", suites=[LONG_TAG])
    await renew(call, near, move=True)
    await call.end()
    assert (await call.quality(switch))["near"]["mos_in"] > 4.0


async def test_strangers_are_not_heard_and_change_nothing(
    switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]
) -> None:
    """From anywhere, and from the phone's own host; as the phone itself, but with the wrong seal."""
    plain, keys = calls
    await plain.near.packet_time(20)  # as the other end: so it is relayed
    await asyncio.gather(plain.begin(), keys.begin())
    before = await switch.metrics()
    port, box = plain.near.box.to, keys.near.box
    await passing(keys.near)
    flood = [asyncio.create_task(flooded(source, port, FLOOD // 2, 8000)) for source in ("127.0.0.5", "127.0.0.1")]
    for number in range(200):
        head = bytearray(box.went_up[-1].octets[: packet.HEADER])
        head[2:4] = (int.from_bytes(head[2:4], "big") + 1 + number % 5 & 0xFFFF).to_bytes(2, "big")
        box.inject(bytes(head) + bytes(170))
        await asyncio.sleep(0.005)
    done = await asyncio.gather(*flood)
    assert [one["sent"] for one in done] == [FLOOD // 2] * 2 and not any(one["answered"] for one in done)
    await asyncio.gather(plain.both_heard(), keys.both_heard())
    for end in plain.ends:
        heard = plain.heard(end)
        assert tone.tone_seconds(heard, FLOOD_HZ) == 0 and tone.tone_seconds(heard, end.hz) > 1.5
    await asyncio.gather(plain.end(), keys.end())
    assert (await keys.quality(switch))["near"]["lost_in"] <= 5

    async def counted() -> bool:
        now = await switch.metrics()
        names = {"strangers": FLOOD, "srtp_refused": 200}
        return all(
            now[f"softswitch_media_{name}_total"] - before.get(f"softswitch_media_{name}_total", 0) >= count * 0.99
            for name, count in names.items()
        )

    await eventually(counted, 5.0, "the strangers in the metrics")


async def test_a_port_without_a_stream_never_answers(switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]) -> None:
    call, _ = calls
    await call.begin()
    port = call.near.box.to
    await call.end()
    await call.quality(switch)  # by then its stream is closed
    assert (await flooded("127.0.0.1", port, 500, 2000))["answered"] == 0
