"""Real phones leave something behind and come back for it: a survey, a message that is heard by keys, a recording."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from softswitch.net.webhooks import signature
from tests.interop.test_process_tree import child
from tests.support import tone
from tests.support.phone import Phone
from tests.support.process import eventually
from tests.support.switch_process import WEBHOOK_SECRET, SwitchProcess, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

PLAN = """
dialplan: behind
numbers: ["7200"]
language: en
start: rate
steps:
  rate:
    survey:
      name: quality
      questions: [{id: recommend, say: "From zero to ten?", scale: 0-10}, {id: friendly, say: "Friendly?"}]
    next: tell
  tell: {emit: {hook: crm, event: rated, data: "{{ quality }}"}, next: leave}
  leave: {voicemail: {mailbox: "1001", say: "Nobody is here. Please leave a message after the tone."}, next: bye}
  bye: {hangup: normal}
"""
ECHO = """
dialplan: echo
numbers: ["7201"]
language: en
start: say
steps:
  say: {record: {save: said, silence: 1s, max: 20s}, next: again, failed: bye}
  again: {play: "{{ said }}", next: bye}
  bye: {hangup: normal}
"""
BOX = """
dialplan: box
numbers: ["7202"]
language: en
start: leave
steps:
  leave: {voicemail: "1002", next: bye}
  bye: {hangup: normal}
"""
VOICE_HZ, WORD_HZ = 700, 400


class Service:
    """A web service that is busy at first."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool, object]] = []  # id, rightly signed, what

    async def handle(self, request: web.Request) -> web.Response:
        id, at, body = request.headers["webhook-id"], request.headers["webhook-timestamp"], await request.read()
        right = request.headers["webhook-signature"] == signature(WEBHOOK_SECRET, id, int(at), body)
        self.told.append((id, right, json.loads(body)["data"]))
        return web.Response(status=503 if len(self.told) == 1 else 200)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[tuple[Service, str]]:
    service, app = Service(), web.Application()
    app.router.add_post("/hooks", service.handle)
    async with TestServer(app) as server:
        yield service, str(server.make_url("/hooks"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(
    tmp_path_factory: pytest.TempPathFactory, service: tuple[Service, str]
) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    plans = home / "plans"
    plans.mkdir()
    (plans / "behind.yaml").write_text(PLAN)
    (plans / "echo.yaml").write_text(ECHO)
    (plans / "box.yaml").write_text(BOX)
    users = sample_users()
    users["1001"] |= {"pin": "4711", "language": "en"}
    settings = {"webhooks": {"crm": {"url": service[1], "secret": WEBHOOK_SECRET}}}
    async with SwitchProcess(home, users=users, dialplans=plans, settings=settings) as switch:
        yield switch


async def phone(switch: SwitchProcess, user: str, directory: Path, play: Path | None = None) -> Phone:
    started = await Phone.start(user, f"sample-{user}", *switch.sip, directory=directory, play=play)
    await started.registered()
    return started


async def test_what_callers_leave_behind(
    switch: SwitchProcess, service: tuple[Service, str], tones: dict[int, Path], tmp_path: Path
) -> None:
    """At the same time, as each takes as long as it takes to say something."""
    await asyncio.gather(
        rates_and_leaves_a_message_which_its_owner_hears_and_deletes(switch, tones, tmp_path),
        what_is_said_until_there_is_silence_is_played_back(switch, tmp_path),
    )
    await eventually(lambda: len(service[0].told) == 2, 10.0, "a second try")
    assert service[0].told == [(service[0].told[0][0], True, {"recommend": 10, "friendly": 4})] * 2
    assert (await switch.metrics())['softswitch_webhooks_total{hook="crm",outcome="failed"}'] == 1


async def rates_and_leaves_a_message_which_its_owner_hears_and_deletes(
    switch: SwitchProcess, tones: dict[int, Path], tmp_path: Path
) -> None:
    caller, owner = await asyncio.gather(
        phone(switch, "1003", tmp_path, tones[VOICE_HZ]), phone(switch, "1001", tmp_path)
    )
    async with caller, owner:
        call = await caller.call("7200")
        await call.wait("confirmed")
        await caller.hears_something(0.3)
        await call.dtmf("10")
        await call.dtmf("4")
        given = await switch.eventually("/api/v1/surveys", lambda rows: rows if len(rows) == 2 else None)
        scores = {row["question"]: (row["mean"], row["nps"]) for row in given}
        assert scores == {"recommend": (10.0, 100.0), "friendly": (4.0, None)}
        await call.dtmf("#")  # enough of the greeting
        await switch.eventually("/api/v1/calls", lambda calls: any(one["state"] == "voicemail" for one in calls))
        await asyncio.sleep(3.0)  # real time in which something is said
        await call.dtmf("#")
        await call.wait("disconnected")
        (message,) = await switch.eventually("/api/v1/voicemails", lambda found: found or None)
        assert (message["mailbox"], message["caller"]) == ("1001", "1003") and 2.0 < message["duration_s"] < 4.5

        call = await owner.call("*97")
        await call.wait("confirmed")
        await call.dtmf("4711#")
        await owner.hears_something(0.3)
        await call.dtmf("1")
        await owner.hears_something(0.3)
        await call.dtmf("#")  # not who and when: the message
        await owner.hears(VOICE_HZ, 1.5)
        await call.dtmf("3")
        await switch.eventually("/api/v1/voicemails", lambda found: not found)
        file = switch.directory / "var/recordings" / message["file"]
        await eventually(lambda: not list(file.parent.glob(f"{file.stem}.*")), 10.0, "nothing of it is left")
        await owner.hangup()


async def what_is_said_until_there_is_silence_is_played_back(switch: SwitchProcess, tmp_path: Path) -> None:
    word = np.concatenate([np.zeros(4000), tone.tone(WORD_HZ, 2.5), np.zeros(400_000)])
    speaks = await phone(switch, "1004", tmp_path, tone.write_wav(tmp_path / "word.wav", word))
    async with speaks:
        call = await speaks.call("7201")
        await call.wait("confirmed")
        await speaks.hears(WORD_HZ, 1.0, 15.0)
        await call.wait("disconnected", 10.0)


async def test_a_message_goes_on_being_left_where_control_is_killed(
    switch: SwitchProcess, tones: dict[int, Path], tmp_path: Path
) -> None:
    async with await phone(switch, "1003", tmp_path, tones[VOICE_HZ]) as caller:
        call = await caller.call("7202")
        await call.wait("confirmed")
        await switch.eventually("/api/v1/calls", lambda calls: any(one["state"] == "voicemail" for one in calls))
        await asyncio.sleep(1.5)  # real time in which something is said
        killed = child(switch, "softswitch.app")
        os.kill(killed, signal.SIGKILL)
        await switch.gone(killed)
        await switch.becomes_ready()
        await asyncio.sleep(1.0)
        await call.dtmf("#")
        await call.wait("disconnected")
        (message,) = await switch.eventually("/api/v1/voicemails", lambda found: found or None)
    file = switch.directory / "var/recordings" / message["file"]
    (heard,), rate_hz = tone.read_wav(file)
    assert message["duration_s"] > 2.4 and tone.tone_seconds(heard, VOICE_HZ, rate_hz) > message["duration_s"] - 0.8
