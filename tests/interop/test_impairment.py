"""Real phones on bad networks: what is lost, late, out of order, doubled or from elsewhere, and what is still heard.

The boxes between phones and switch (``tests.support.middlebox``) are seeded and count what they do, so that the numbers
of the call record can be held against it. Several calls go on at a time; each direction has a trouble of its own.
``python -m tests.bench.phones roads`` measures each alone, and longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.hearing import holes_ms, level_db
from tests.support.impairment import Impairment, jitter_ms
from tests.support.process import eventually
from tests.support.rough_call import LEVEL_DB, End, RoughCall, rough_call
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

ADAPTED_S = 2.0  # by then the depth fits the jitter
ALIKE = 0.03  # share of the frames: a machine with other work stalls now and then


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    async with SwitchProcess(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(
    switch: SwitchProcess, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[RoughCall, RoughCall]]:
    home = tmp_path_factory.mktemp("phones")
    async with (
        rough_call(switch, home, ("1001", "1002")) as one,
        rough_call(switch, home, ("1003", "1004"), nat=True) as two,
    ):
        yield one, two


async def talk(calls: tuple[RoughCall, RoughCall], roads: list[Impairment], for_s: float) -> None:
    """Both calls at once, each direction with its impairment, for so long."""
    await asyncio.gather(*(call.begin() for call in calls))
    for end, road in zip(ends(calls), roads, strict=True):
        end.box.up.begin(road)
    await asyncio.sleep(for_s)  # it is real time that is heard
    for end in ends(calls):
        end.box.up.begin(Impairment())
    await asyncio.sleep(0.1)  # what is on its way arrives


async def hang_up(calls: tuple[RoughCall, RoughCall]) -> None:
    """After all that was sent to the switch was read: it reads once in a tick, and a call may end before the next."""
    for end in ends(calls):
        end.box.up.begin(Impairment(loss=1.0))
    await asyncio.sleep(0.2)  # ten ticks
    await asyncio.gather(*(call.end() for call in calls))
    for end in ends(calls):
        end.box.up.begin(Impairment())


def ends(calls: tuple[RoughCall, RoughCall]) -> list[End]:
    return [end for call in calls for end in call.ends]


def even(samples: tone.Samples) -> bool:
    """Each second is within 3 dB of what was said."""
    seconds = samples[: len(samples) // tone.RATE_HZ * tone.RATE_HZ].reshape(-1, tone.RATE_HZ)
    return all(abs(level_db(second) - LEVEL_DB) < 3 for second in seconds)


async def test_what_is_lost_is_concealed_and_in_the_record(
    switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]
) -> None:
    await talk(calls, [Impairment(loss=share) for share in (0.01, 0.05, 0.10, 0.0)], 6.0)
    lost = [end.box.up.before.lost for end in ends(calls)]
    heard = [call.heard(end) for call in calls for end in call.ends]
    made_up = [call.made_up(end) for call in calls for end in call.ends]
    await asyncio.gather(*(call.end() for call in calls))
    found = [leg for call in calls for leg in (await call.quality(switch)).values()]
    assert [leg["lost_in"] for leg in found] == lost
    scores = [leg["mos_in"] for leg in found]
    assert scores[3] > scores[0] > scores[1] > scores[2] and scores[3] > 4.3 and scores[2] < 3.8
    for end, count, made in zip(ends(calls), lost, made_up, strict=True):
        share = count / end.box.up.before.passed
        assert share / 2 <= made <= share * 1.5 + ALIKE
    holes = [max(holes_ms(one), default=0) for one in heard]
    assert holes[1] <= max(60, holes[3])
    assert all(map(even, heard))


async def test_what_is_late_doubled_or_out_of_order_is_heard_as_it_was_said(
    switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]
) -> None:
    before = await switch.metrics()
    roads = [Impairment(jitter_s=0.06), Impairment(reordered=0.05), Impairment(doubled=0.05), Impairment()]
    await talk(calls, roads, 5.0)
    done = [end.box.up.before for end in ends(calls)]
    made_up = [call.made_up(end, ADAPTED_S) for call in calls for end in call.ends]
    heard = [call.heard(end) for call in calls for end in call.ends]
    await hang_up(calls)
    said = jitter_ms((one.at, int.from_bytes(one.octets[4:8], "big")) for one in calls[0].near.box.arrived_up)
    jitter, reordered, doubled, clean = [leg for call in calls for leg in (await call.quality(switch)).values()]
    assert max(made_up) <= made_up[3] + ALIKE and all(map(even, heard))
    assert jitter["jitter_in_ms"] == pytest.approx(said, abs=0.2) and jitter["mos_in"] > 4.2
    assert [leg["lost_in"] for leg in (jitter, reordered, doubled, clean)] == [0, 0, 0, 0]
    assert clean["jitter_in_ms"] < 5 and {leg["mos_in"] for leg in (reordered, doubled, clean)} <= {4.4, 4.41}
    assert done[1].reordered and done[2].doubled
    after: dict[str, float] = {}

    def counted(name: str) -> float:
        full = f"softswitch_media_jitter_{name}_total"  # the first is told a second after the start
        return after.get(full, 0.0) - before.get(full, 0.0)

    async def told() -> bool:  # the media process tells its counters once a second
        after.update(await switch.metrics())
        return counted("reordered") >= done[1].reordered and counted("duplicate") >= done[2].doubled

    await eventually(told, 5.0, "what came late or twice in the metrics")
    assert counted("duplicate") == done[2].doubled


async def new_source(switch: SwitchProcess, call: RoughCall) -> None:
    """A phone that begins with another SSRC goes on being heard."""
    await call.begin()
    call.near.box.other_source = 5_000_000
    await call.both_heard(1.0)
    heard = call.heard(call.near)
    await call.end()
    call.near.box.other_source = 0
    assert max(holes_ms(heard), default=0) <= 60 and even(heard)
    near = (await call.quality(switch))["near"]
    assert near["lost_in"] == 0 and near["mos_in"] > 4.3

    async def told() -> bool:  # the media process tells its counters once a second
        return (await switch.metrics())["softswitch_media_jitter_source_change_total"] == 1

    await eventually(told, 5.0, "the new source in the metrics")


async def forgetful_nat(switch: SwitchProcess, call: RoughCall) -> None:
    """Who sends from another port may be anybody; the call is shown as silent until the phone says where it is."""
    await call.begin()
    call.near.box.rebind()

    async def told(kind: str) -> float:
        return (await switch.metrics()).get(f'softswitch_stream_events_total{{what="{kind}"}}', 0)

    await eventually(lambda: told("one_way"), 12.0, "one way", 0.2)
    for end in call.ends:
        end.box.forget()
    assert tone.tone_seconds(await call.far.phone.listen(0.6), call.near.hz) == 0
    assert call.far.box.went_down and not call.near.box.went_down
    await call.near.phone.ask("renew", call=call.call.number)
    await call.both_heard()
    await eventually(lambda: told("resumed"), 5.0, "it is heard again", 0.2)
    await call.end()
    events = (await call.quality(switch))["near"]["events"]
    assert events[:3] == ["first_packet", "latched", "one_way"] and events.count("resumed") == 1, events


async def test_a_new_source_is_followed_and_a_new_port_only_after_a_reinvite(
    switch: SwitchProcess, calls: tuple[RoughCall, RoughCall]
) -> None:
    one, two = calls
    await asyncio.gather(new_source(switch, one), forgetful_nat(switch, two))
