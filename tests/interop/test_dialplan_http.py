"""A PJSIP softphone in plans that ask a web server and a calendar: which way was taken is heard, tone by tone.

What the caller presses comes by RFC 4733, by SIP INFO and in-band, and is a part of the address that is asked.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web

from tests.support import tone
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import HOLD_HZ, SwitchProcess, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

FOUND, UNKNOWN, LATER, BROKEN = 600, 700, 800, 900  # Hz: what is heard on each way
PLAN = """
dialplan: fetch
numbers: ["7000"]
language: en
start: ask
steps:
  ask: {collect: {play: 400.wav, save: page, min: 1, max: 1, timeout: 10s, tries: 2}, next: fetch, failed: bye}
  fetch:
    http:
      get: "http://127.0.0.1:PORT/{{ page }}"
      headers: {X-Caller: "{{ caller.number }}"}
      timeout: 1300ms
      save: {hz: "$.answers[0].hz"}
      statuses: {404: unknown}
    next: found
    no_answer: later
    failed: broken
  found: {play: "{{ hz }}.wav", next: ask, failed: bye}
  unknown: {play: 700.wav, next: ask}
  later: {play: 800.wav, next: ask}
  broken: {play: 900.wav, next: ask}
  bye: {hangup: normal}
"""
DOOR = """
dialplan: door
numbers: ["7001"]
language: en
start: wait
steps:
  wait: {menu: {play: 400.wav, keys: {1: open?}, timeout: 10s, tries: 2}, failed: bye}
  open?: {hours: office, open: open, closed: closed}
  open: {play: 600.wav, next: wait}
  closed: {play: 700.wav, next: wait}
  bye: {hangup: normal}
"""


async def good(request: web.Request) -> web.Response:
    assert request.headers["X-Caller"] == "1002"
    return web.json_response({"answers": [{"hz": FOUND}]})


async def unknown(_: web.Request) -> web.Response:
    return web.json_response({"answers": [{"hz": FOUND}]}, status=404)


async def slow(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError("never")


async def garbage(_: web.Request) -> web.Response:
    return web.Response(body=b"\x00{]\xff", content_type="application/json")


async def huge(_: web.Request) -> web.Response:
    return web.Response(
        text=json.dumps({"answers": [{"hz": FOUND}], "rest": "x" * 300_000}), content_type="application/json"
    )


PAGES: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {
    "1": good, "2": unknown, "3": slow, "4": garbage, "5": huge
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    app = web.Application()
    for page, handle in PAGES.items():
        app.router.add_get(f"/{page}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (home / "plans").mkdir()
    (home / "plans" / "fetch.yaml").write_text(PLAN.replace("PORT", str(runner.addresses[0][1])))
    (home / "plans" / "door.yaml").write_text(DOOR)
    for hz in (400, FOUND, UNKNOWN, LATER, BROKEN):
        tone.tone_wav(home / "prompts" / "en" / f"{hz}.wav", hz, seconds=0.7)
    settings = {"paths": {"prompts": str(home / "prompts")}}
    users = sample_users()
    users["1002"]["digits"] = "tone"  # then its tones are keys too
    async with SwitchProcess(home, users=users, dialplans=home / "plans", settings=settings) as switch:
        yield switch
    await runner.cleanup()


async def press(call: PhoneCall, form: str, digit: str) -> None:
    if form == "tone":
        await call.tones(digit)
    else:
        await call.dtmf(digit, info=form == "info")


async def test_every_answer_takes_its_way(switch: SwitchProcess, tmp_path: Path) -> None:
    async with await Phone.start("1002", "sample-1002", *switch.sip, directory=tmp_path) as phone:
        await phone.registered()
        call = await phone.call("7000")
        await call.wait("confirmed")
        for page, form, hz in (
            ("1", "event", FOUND),
            ("2", "info", UNKNOWN),
            ("4", "tone", BROKEN),
            ("5", "event", BROKEN),
        ):
            await phone.hears(400, 0.2)
            await press(call, form, page)
            await phone.hears(hz, 0.4)
        assert tone.tone_seconds(phone.so_far(), HOLD_HZ) == 0, "who waits for so little hears nothing of it"
        await phone.hears(400, 0.2)
        before = len(phone.so_far())
        await press(call, "event", "3")
        await phone.hears(LATER, 0.4)
        heard = phone.so_far()[before:]
        await phone.hangup()
    asked, music, told = (first_s(heard, hz) for hz in (400, HOLD_HZ, LATER))
    assert asked < music < told
    silence_s = music - last_s(heard, 400)
    assert 0.5 <= silence_s <= 2.0, silence_s  # 0.7 s after the key, as the phone hears them
    assert 0.2 <= told - music <= 2.0, "the music stops with the time"


async def test_who_closes_is_heard_at_once(switch: SwitchProcess, tmp_path: Path) -> None:
    async with await Phone.start("1001", "sample-1001", *switch.sip, directory=tmp_path) as phone:
        await phone.registered()
        call = await phone.call("7001")
        await call.wait("confirmed")
        await phone.hears(400, 0.2)
        await call.dtmf("1")
        await phone.hears(600, 0.4)
        words = ("calendar", "close", "office", "--until", "2h", "--note", "meeting", "--config", str(switch.config))
        done = await asyncio.create_subprocess_exec(sys.executable, "-m", "softswitch.cli.main", *words)
        assert await done.wait() == 0
        await call.dtmf("1")
        await phone.hears(700, 0.4)
        await phone.hangup()
    (office,) = await switch.api("GET", "/api/v1/calendars")
    assert not office["open"] and "meeting" in office["why"] and office["overrides"][0]["by"] == "api local"


def first_s(samples: tone.Samples, hz: float) -> float:
    return float(np.argmax(tone.tone_shares(samples, hz) > tone.PRESENT)) * tone.WINDOW_S


def last_s(samples: tone.Samples, hz: float) -> float:
    """Its end."""
    return float(np.flatnonzero(tone.tone_shares(samples, hz) > tone.PRESENT)[-1] + 1) * tone.WINDOW_S
