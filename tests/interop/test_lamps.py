"""A PJSIP phone that watches, is told of waiting messages, and writes: RFC 3856, 3842 and 3428 on the real switch.

Its library knows no dialog-info; that lamp is a socket of our own, which speaks as phones with lamps do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.lamp import Lamp
from tests.support.phone import Phone
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

MESSAGE_BYTES = 20_000  # 1.25 s of it: who leaves sooner has left no message
PLAN = """
dialplan: mailbox
numbers: ["8100"]
language: en
start: leave
steps:
  leave: {voicemail: "1004", next: bye}
  bye: {hangup: normal}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    directory = tmp_path_factory.mktemp("switch")
    plans = directory / "plans"
    plans.mkdir()
    (plans / "mailbox.yaml").write_text(PLAN)
    async with SwitchProcess(directory, dialplans=plans) as switch:
        yield switch


async def phone(switch: SwitchProcess, user: str, directory: Path, **options: Any) -> Phone:
    started = await Phone.start(user, f"sample-{user}", *switch.sip, directory=directory, **options)
    await started.registered()
    return started


async def test_a_buddy_is_open_while_the_agent_is_ready(switch: SwitchProcess, tmp_path: Path) -> None:
    async with await phone(switch, "1001", tmp_path), await phone(switch, "1003", tmp_path, transport="tcp") as me:
        await switch.agent_ready("alice")
        await me.watch("1001")
        await me.until(lambda: bool(me.told("presence")) and me.told("presence")[-1]["open"], 10, "open presence")
        await switch.set_agent("alice", "paused", "lunch")
        await me.until(lambda: not me.told("presence")[-1]["open"], 10, "closed presence")
        await switch.set_agent("alice", "logged_out")
        await me.ask("forget", user="1001")
        await me.until(lambda: me.told("presence")[-1]["subscription"] in ("TERMINATED", "NULL"), 10, "its end")


async def test_a_phone_whose_connection_breaks_is_told_nothing_more(switch: SwitchProcess, tmp_path: Path) -> None:
    async with await phone(switch, "1003", tmp_path, transport="tcp") as me:
        await me.watch("1002")
        await me.until(lambda: bool(me.told("presence")), 10, "presence")

        async def watching() -> float:
            return (await switch.metrics())['softswitch_subscriptions{package="presence"}']

        assert await watching() == 1
        await me.process.kill()

        async def gone() -> bool:
            return await watching() == 0

        await eventually(gone, 10, "no subscription")


async def test_a_message_that_waits_is_announced_until_it_was_heard(switch: SwitchProcess, tmp_path: Path) -> None:
    async with (
        await phone(switch, "1004", tmp_path, mwi=True) as owner,
        await phone(switch, "1003", tmp_path) as caller,
    ):
        await owner.until(lambda: bool(owner.told("waiting")), 10, "summary")
        assert "Messages-Waiting: no" in owner.told("waiting")[-1]["body"]
        call = await caller.call("8100")
        await call.wait("confirmed")
        await caller.hears_something(0.1)  # the beep
        said = switch.directory / "var" / "recordings"
        await eventually(lambda: any(wav.stat().st_size > MESSAGE_BYTES for wav in said.glob("*.wav")), 10, "a message")
        await call.hangup()
        await owner.until(lambda: "Voice-Message: 1/0" in owner.told("waiting")[-1]["body"], 10, "new message")
        (message,) = await switch.api("GET", "/api/v1/voicemails")
        assert message["mailbox"] == "1004" and message["caller"] == "1003"
        wav = switch.directory / "var" / "recordings" / message["file"]
        assert wav.stat().st_size > 8000
        await switch.api("POST", f"/api/v1/voicemails/{message['id']}/heard", {})
        await owner.until(lambda: "Voice-Message: 0/1" in owner.told("waiting")[-1]["body"], 10, "heard message")


async def test_a_lamp_shows_a_call(switch: SwitchProcess, tmp_path: Path) -> None:
    caller = await phone(switch, "1003", tmp_path)
    called = await phone(switch, "1004", tmp_path, auto_answer=180)
    async with caller, called, Lamp.of(switch, "1002", "sample-1002") as lamp:
        await lamp.subscribe("1004")
        await lamp.shows("")
        call = await caller.call("1004")
        await lamp.shows("early")
        assert "sip:1003@" in lamp.document
        await called.answer()
        await lamp.shows("confirmed")
        await call.hangup()
        await lamp.shows("", "terminated")


async def test_texts_go_both_ways(switch: SwitchProcess, tmp_path: Path) -> None:
    async with (
        await phone(switch, "1003", tmp_path) as ann,
        await phone(switch, "1004", tmp_path, transport="tcp") as bob,
    ):
        assert await ann.write("1004", "hello, 你好") == 200
        await bob.until(lambda: bool(bob.told("text")), 5, "text")
        assert bob.told("text")[0]["text"] == "hello, 你好" and "1003@" in bob.told("text")[0]["writer"]
        assert await bob.write("1003", "and hello") == 200
        await ann.until(lambda: bool(ann.told("text")), 5, "text")
        assert ann.told("text")[0]["text"] == "and hello"
        assert await ann.write("1002", "nobody there") == 480
        assert await ann.write("7777", "nobody at all") == 404
        sent = await switch.api("POST", "/api/v1/messages", {"to": "1004", "text": "from the switch"})
        assert sent == {"to": "1004", "delivered": True, "status": 200}
        await bob.until(lambda: len(bob.told("text")) == 2, 5, "text of the switch")
        assert bob.told("text")[-1]["text"] == "from the switch"


async def test_who_talk_write_to_each_other_inside_of_the_call(switch: SwitchProcess, tmp_path: Path) -> None:
    async with (
        await phone(switch, "1003", tmp_path) as ann,
        await phone(switch, "1004", tmp_path, auto_answer=200) as bob,
    ):
        call = await ann.call("1004")
        await call.wait("confirmed")
        await bob.wait("confirmed")
        await ann.ask("call_text", call=call.number, text="the number is 42")
        await bob.until(lambda: bool(bob.told("text")), 5, "text")
        assert bob.told("text")[0]["text"] == "the number is 42"
        await ann.until(lambda: bool(ann.told("text_status")), 5, "answer to its text")
        assert ann.told("text_status")[-1]["outcome"] == 202 and call.state == "confirmed"
        await call.hangup()


async def test_a_flood_of_subscriptions_and_forged_refreshes_hurt_nobody(switch: SwitchProcess, tmp_path: Path) -> None:
    async with (
        Lamp.of(switch, "1002", "sample-1002") as lamp, Lamp.of(switch, "1003", "guessed") as thief,
        await phone(switch, "1004", tmp_path) as healthy,
    ):  # fmt: skip
        await lamp.subscribe("1004")
        for number in range(300):
            thief.send(thief.request("SUBSCRIBE", "1004", {"Event": "dialog", "Call-ID": f"flood-{number}"}))
        forged = {"Call-ID": lamp.call_id, "To": lamp.to, "From": lamp.from_, "Event": "dialog", "Expires": "0"}
        assert (await thief.answer(thief.request("SUBSCRIBE", "1004", forged, cseq=99))).startswith("SIP/2.0 401")
        guessed = {**forged, "To": "<sip:1004@softswitch>;tag=guessed"}
        assert (await thief.answer(thief.request("SUBSCRIBE", "1004", guessed, cseq=99))).startswith("SIP/2.0 481")
        assert await healthy.write("1002", "still there?") in (200, 480)
        call = await healthy.call("8100")
        await call.wait("confirmed")
        await lamp.shows("confirmed")
        await call.hangup()
    metrics = await switch.metrics()
    assert not [name for name in metrics if name.startswith("softswitch_units_failed_total")]
