"""Real phones through the switch, as tables in Markdown. ``python -m tests.bench.phones WHAT``, where WHAT is

- ``codecs``: every pair of codecs and suites of SRTP. A cell is how long it took from the call to tones at both ends,
  in seconds; of those there are 0.7 s in it. ``--only G722``: the pairs that have it.
- ``roads``: one direction of a call through a bad network; what is in the call record, and what is heard at the end.
- ``packets``: all pairs of packet times, relayed, transcoded with keys, recorded.
- ``strangers``: what a foreign packet at the port of a call costs the media process, and what the call suffers.

It ends with 1 where somebody is not heard.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.support import tone
from tests.support.codec_phones import CODECS, SUITES, Exchange, Side, possible
from tests.support.hearing import holes_ms, level_db, packet_times_ms
from tests.support.impairment import Impairment
from tests.support.recorded_number import RECORDED, recording_switch
from tests.support.rough_call import LEVEL_DB, RoughCall, rough_call
from tests.support.rtp_flood import flooded
from tests.support.switch_process import SwitchProcess, descendants

SIDES = [Side(codec, suite) for codec in CODECS for suite in SUITES]
_SHORT = {SUITES[0]: "", SUITES[1]: " 80", SUITES[2]: " 32", SUITES[3]: " GCM"}
ROADS = {
    "nothing": Impairment(),
    "1 % lost": Impairment(loss=0.01),
    "5 % lost": Impairment(loss=0.05),
    "10 % lost": Impairment(loss=0.10),
    "0 to 30 ms late": Impairment(jitter_s=0.03),
    "0 to 60 ms late": Impairment(jitter_s=0.06),
    "5 % after the next": Impairment(reordered=0.05),
    "5 % twice": Impairment(doubled=0.05),
    "5 % lost, 0 to 60 ms late": Impairment(loss=0.05, jitter_s=0.06),
}
TIMES_MS = (10, 20, 30, 40, 60)
FLOOD = 50_000


def _row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def _head(*titles: str) -> None:
    _row(*titles)
    print("|" + "---|" * len(titles), flush=True)


# ---- codecs ----------------------------------------------------------------------------------------------------


def _title(side: Side) -> str:
    return side.codec + _SHORT[side.suite]


async def _cell(exchange: Exchange, near: Side, far: Side) -> str:
    began = time.monotonic()
    try:
        await exchange.talk(near, far)
    except AssertionError as error:
        print(f"# {near} calls {far}: {error}", file=sys.stderr, flush=True)
        return "FAILED"
    return f"{time.monotonic() - began:.1f}"


async def codecs(home: Path, only: str) -> bool:
    callers = [side for side in SIDES if possible(side, calls=True)]
    called = [side for side in SIDES if possible(side, calls=False)]
    good = True
    async with Exchange(home) as exchange:
        _head("calls \\ is called", *map(_title, called))
        for near in callers:
            cells = [await _cell(exchange, near, far) if only in f"{near} {far}" else "" for far in called]
            _row(_title(near), *cells)
            good &= "FAILED" not in cells
    return good


# ---- roads -----------------------------------------------------------------------------------------------------


async def roads(home: Path, only: str, for_s: float = 20.0) -> bool:
    good = True
    _head(
        "road", "packets", "lost", "record: lost", "late", "jitter ms", "MOS", "concealed %", "after 5 s %",
        "longest hole ms", "level dB", "phone: longest hole ms", "stalls of ours",
    )  # fmt: skip
    async with SwitchProcess(home / "switch") as switch, rough_call(switch, home, ("1001", "1002")) as call:
        for name, road in ROADS.items():
            if only not in name:
                continue
            await call.begin()
            stalled = await _stalls(switch)
            call.near.box.up.begin(road)
            await asyncio.sleep(for_s)
            heard, phone = call.heard(call.near), call.recorded(call.near)
            made_up = [100 * call.made_up(call.near, since_s) for since_s in (0.0, 5.0)]
            call.near.box.up.begin(Impairment())
            await asyncio.sleep(0.2)
            done = call.near.box.up.before
            await call.end()
            leg = (await call.quality(switch))["near"]
            found = [f"{leg['jitter_in_ms']:.1f}", leg["mos_in"], *(f"{share:.1f}" for share in made_up)]
            ends = [max(holes_ms(one), default=0) for one in (heard, phone)]
            level = f"{level_db(heard) - LEVEL_DB:+.1f}"
            stalls = int(await _stalls(switch) - stalled)
            _row(name, done.passed, done.lost, leg["lost_in"], leg["late_in"], *found, ends[0], level, ends[1], stalls)
            good &= tone.tone_seconds(phone, call.near.hz) > for_s / 2
    return good


async def _stalls(switch: SwitchProcess) -> float:
    """How often the media process had several ticks to do at once: everybody may have a hole then, on any road."""
    await asyncio.sleep(1.1)  # it tells its numbers each second
    metrics = await switch.metrics()
    return sum(metrics.get(f"softswitch_media_{name}_total", 0.0) for name in ("clock_resets", "catch_ups"))


# ---- packets ---------------------------------------------------------------------------------------------------


async def _times(switch: SwitchProcess, call: RoughCall, near_ms: int, far_ms: int, number: str) -> str:
    """The longest hole at each end; what was got, where it is not what was asked for.

    Where the machine stalled, and us with it, there is a step in our timestamps, and an asterisk; what they mostly are
    is looked at.
    """
    for end, ms in zip(call.ends, (near_ms, far_ms), strict=True):
        await end.packet_time(ms)
    await call.begin(number)
    stalls = await _stalls(switch)
    await asyncio.sleep(2.0)
    got = [packet_times_ms(end.box.went_down) for end in call.ends]
    holes = [max(holes_ms(call.recorded(end)), default=0) for end in call.ends]
    stalled = "*" if await _stalls(switch) > stalls else ""
    await call.end()
    right = [times.most_common(1)[0][0] for times in got] == [near_ms, far_ms]
    return f"{holes[1]}, {holes[0]}{stalled}" if right else f"FAILED: {got}"


async def packets(home: Path, only: str) -> bool:
    good = True
    async with (
        recording_switch(home / "switch") as switch,
        rough_call(switch, home, ("1001", "1002")) as plain,
        rough_call(switch, home, ("1003", "1004"), wide=(False, True), srtp="required") as keys,
    ):
        await switch.agent_ready("alice")
        cases: dict[str, tuple[RoughCall, str]] = {
            "PCMU, PCMU": (plain, ""),
            "PCMU with keys, G722 with keys": (keys, ""),
            "PCMU, PCMU, recorded": (plain, RECORDED),
        }
        for title, (call, number) in cases.items():
            if only not in title:
                continue
            print(f"\n{title}: longest hole in ms at the caller, at the called\n", flush=True)
            _head("caller ms \\ called ms", *map(str, TIMES_MS))
            for near_ms in TIMES_MS:
                cells = []
                for far_ms in TIMES_MS:
                    if number:
                        await switch.agent_ready("alice")
                    cells.append(await _times(switch, call, near_ms, far_ms, number))
                _row(near_ms, *cells)
                good &= not any("FAILED" in cell for cell in cells)
    return good


# ---- strangers -------------------------------------------------------------------------------------------------


def _media_process(switch: SwitchProcess) -> int:
    words = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in descendants(switch.process.pid)}
    return next(pid for pid, command in words.items() if b"softswitch.media" in command)


def _cpu_s(pid: int) -> float:
    """Of all its threads, the kernel's work for them included."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


async def strangers(home: Path, only: str) -> bool:
    _head("from", "packets/s", "us of CPU each", "answered", "concealed %", "without them %")
    good = True
    async with SwitchProcess(home / "switch") as switch, rough_call(switch, home, ("1001", "1002")) as call:
        media = _media_process(switch)
        for source in ("127.0.0.5", "127.0.0.1"):
            for rate in (10_000, 25_000, 50_000):
                await call.begin()
                used, began = _cpu_s(media), time.monotonic()
                await asyncio.sleep(4.0)
                idle = (_cpu_s(media) - used) / (time.monotonic() - began)
                calm = call.made_up(call.near)
                call.far.box.forget()
                used, began = _cpu_s(media), time.monotonic()
                done = await flooded(source, call.near.box.to, FLOOD, rate)
                cost = (_cpu_s(media) - used - idle * (time.monotonic() - began)) / FLOOD
                made_up = call.made_up(call.near)
                await call.both_heard()
                good &= tone.tone_seconds(call.heard(call.near), 2000) == 0 and not done["answered"]
                await call.end()
                share = f"{100 * made_up:.1f}", f"{100 * calm:.1f}"
                _row(source, f"{rate:,}", f"{1e6 * cost:.2f}", done["answered"], *share)
    return good


WHAT: dict[str, Callable[[Path, str], Awaitable[bool]]] = {
    "codecs": codecs, "roads": roads, "packets": packets, "strangers": strangers,
}  # fmt: skip


async def _run(what: str, only: str) -> bool:
    with tempfile.TemporaryDirectory() as home:
        return await WHAT[what](Path(home), only)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--only", default="", help="rows or tables with this in their title")
    options = parser.parse_args()
    return 0 if asyncio.run(_run(options.what, options.only)) else 1


if __name__ == "__main__":
    sys.exit(main())
