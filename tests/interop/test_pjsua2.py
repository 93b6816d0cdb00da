"""PJSIP softphones on the real switch: registration, calls, hold, the sample number, the agent's day."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import HOLD_HZ, SwitchProcess, queue

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

WRAP_UP_S = 2.0
Tones = dict[int, Path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    queues = {name: queue(name, wrap_up=f"{WRAP_UP_S}s") for name in ("orders", "service")}
    async with SwitchProcess(tmp_path_factory.mktemp("switch"), queues=queues) as switch:
        yield switch


async def phone(switch: SwitchProcess, user: str, directory: Path, **options: Any) -> Phone:
    """A registered phone."""
    started = await Phone.start(user, f"sample-{user}", *switch.sip, directory=directory, **options)
    await started.registered()
    return started


async def to_orders(caller: Phone) -> PhoneCall:
    """From the sample number's greeting into the queue for orders, by keys (RFC 4733)."""
    call = await caller.call("8000")
    await call.wait("confirmed")
    await caller.hears_something()
    await call.dtmf("1")  # Mandarin
    await caller.hears_something()
    tone.not_heard(caller.record, HOLD_HZ)  # nobody waits yet
    await call.dtmf("1")  # orders
    return call


def recording(switch: SwitchProcess, record: dict[str, Any]) -> Path:
    assert record["recording"], record
    return switch.directory / "var" / "recordings" / record["recording"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_phone_registers_with_its_password(switch: SwitchProcess, tmp_path: Path, transport: str) -> None:
    async with await phone(switch, "1001", tmp_path, transport=transport):
        await switch.eventually(
            "/api/v1/registrations",
            lambda found: any(b["aor"] == "1001" and transport.upper() in str(b).upper() for b in found),
        )


async def test_a_wrong_password_is_refused(switch: SwitchProcess, tmp_path: Path) -> None:
    async with await Phone.start("1001", "guessed", *switch.sip, directory=tmp_path) as thief:
        await thief.until(lambda: bool(thief.registrations), 10, "answer to its registration")
        assert thief.registrations[-1][0] in (401, 403)
        assert not thief.registrations[-1][1]


async def test_an_unknown_user_is_refused_in_the_same_way(switch: SwitchProcess, tmp_path: Path) -> None:
    async with await Phone.start("7777", "guessed", *switch.sip, directory=tmp_path) as thief:
        await thief.until(lambda: bool(thief.registrations), 10, "answer to its registration")
        assert thief.registrations[-1][0] in (401, 403)


@pytest.mark.parametrize("who", ["caller", "callee"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_two_phones_hear_each_other_until_either_hangs_up(
    switch: SwitchProcess, tmp_path: Path, tones: Tones, who: str, transport: str
) -> None:
    caller = await phone(switch, "1003", tmp_path, play=tones[400], transport=transport)
    callee = await phone(switch, "1004", tmp_path, play=tones[1000], auto_answer=180)
    async with caller, callee:
        await caller.call("1004")
        await caller.wait("ringing")
        await callee.answer()
        await caller.wait("confirmed")
        await caller.hears(1000)
        await callee.hears(400)
        await (caller if who == "caller" else callee).hangup()
        await caller.wait("disconnected")
        await callee.wait("disconnected")
    tone.not_heard(caller.record, 400)
    tone.not_heard(callee.record, 1000)


async def test_a_call_that_is_not_taken_ends_with_the_callees_word(switch: SwitchProcess, tmp_path: Path) -> None:
    caller = await phone(switch, "1003", tmp_path)
    callee = await phone(switch, "1004", tmp_path, auto_answer=486)
    async with caller, callee:
        await caller.call("1004")
        await caller.wait("disconnected")
        assert caller.last_status == 486


async def test_a_caller_who_gives_up_stops_the_ringing(switch: SwitchProcess, tmp_path: Path) -> None:
    caller = await phone(switch, "1003", tmp_path)
    callee = await phone(switch, "1004", tmp_path, auto_answer=180)
    async with caller, callee:
        await caller.call("1004")
        await caller.wait("ringing")
        await caller.hangup()
        await callee.wait("disconnected")
        assert "confirmed" not in callee.current.history


async def test_hold_and_resume(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> None:
    caller = await phone(switch, "1003", tmp_path, play=tones[400])
    callee = await phone(switch, "1004", tmp_path, play=tones[1000], auto_answer=200)
    async with caller, callee:
        await caller.call("1004")
        await caller.wait("confirmed")
        await callee.hears(400)
        await caller.hold()
        assert tone.tone_seconds((await callee.listen(1.5))[4000:], 400) < 0.3
        assert tone.tone_seconds((await caller.listen(0.5)), 1000) < 0.3
        await caller.resume()
        await callee.hears(400)
        await caller.hears(1000)
        await callee.hold()
        await callee.resume()
        await callee.hears(400)
        await caller.hangup()
        await callee.wait("disconnected")


async def test_a_caller_reaches_the_agent_who_has_the_skill(
    switch: SwitchProcess, tmp_path: Path, tones: Tones
) -> None:
    caller = await phone(switch, "1004", tmp_path, play=tones[400])
    alice = await phone(switch, "1001", tmp_path, play=tones[1000], auto_answer=180)
    bob = await phone(switch, "1002", tmp_path, auto_answer=180)
    async with caller, alice, bob:
        await switch.agent_ready("bob")
        await switch.set_agent("alice", "logged_in")
        await switch.set_agent("alice", "paused", "tea")
        call = await to_orders(caller)
        await switch.eventually("/api/v1/calls", lambda calls: any(c["state"] == "queued" for c in calls))
        await caller.hears(HOLD_HZ, for_s=2.5)
        await switch.set_agent("alice", "ready")
        await alice.wait("ringing")
        await switch.agent_is("alice", "reserved")
        await alice.answer()
        await switch.agent_is("alice", "talking")
        await alice.hears(400, for_s=1.0)
        await caller.hears(1000, for_s=1.0)
        assert tone.tone_seconds(await caller.listen(0.5), HOLD_HZ) == 0
        await alice.hangup()
        since = time.monotonic()
        await switch.agent_is("alice", "wrap_up")
        await switch.agent_is("alice", "ready")
        assert WRAP_UP_S - 0.5 < time.monotonic() - since < WRAP_UP_S + 2.0
        await call.wait("disconnected", 20)
        assert not bob.calls, "the idle agent without the skill was rung"
        await switch.set_agent("alice", "logged_out")
        await switch.set_agent("bob", "logged_out")
    record = await switch.record_of(lambda r: r["called"] == "8000" and r["agent"] == "alice")
    assert record["queue"] == "orders"
    assert record["connected_at"] >= record["answered_at"] > 0
    wav = recording(switch, record)
    tone.heard(wav, 400, 0.8, channel=0)  # the customer is on the left
    tone.heard(wav, 1000, 0.8, channel=1)  # the agent is on the right
    tone.not_heard(wav, 1000, channel=0)
    tone.not_heard(wav, 400, channel=1)


async def test_the_caller_hangs_up_on_the_agent(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> None:
    caller = await phone(switch, "1004", tmp_path, play=tones[400])
    alice = await phone(switch, "1001", tmp_path, auto_answer=200)
    async with caller, alice:
        await switch.agent_ready("alice")
        call = await to_orders(caller)
        await alice.wait("confirmed")
        await alice.hears(400)
        await call.hangup()
        await alice.wait("disconnected")
        await switch.agent_is("alice", "wrap_up")
        await switch.agent_is("alice", "ready")
        await switch.set_agent("alice", "logged_out")


async def test_an_agent_who_does_not_pick_up_is_passed_over(
    switch: SwitchProcess, tmp_path: Path, tones: Tones
) -> None:
    caller = await phone(switch, "1004", tmp_path, play=tones[400])
    alice = await phone(switch, "1001", tmp_path, auto_answer=486)
    async with caller, alice:
        await switch.agent_ready("alice")
        call = await to_orders(caller)
        await alice.wait("disconnected")
        await alice.auto_answer(200)
        await switch.eventually("/api/v1/calls", lambda calls: any(c["state"] == "queued" for c in calls))
        await caller.hears(HOLD_HZ)
        await switch.set_agent("alice", "ready")
        await alice.wait("confirmed", 20)
        await alice.hears(400)
        await call.hangup()
        await alice.wait("disconnected")
        await switch.set_agent("alice", "logged_out")


async def test_an_agent_logs_in_and_out_from_the_phone(switch: SwitchProcess, tmp_path: Path) -> None:
    async with await phone(switch, "1001", tmp_path) as alice:
        for code, state in (("*11", "ready"), ("*14", "paused"), ("*13", "ready"), ("*12", "logged_out")):
            call = await alice.call(code)
            await switch.agent_is("alice", state)
            await call.hangup()
            await call.wait("disconnected")


async def test_what_the_called_network_plays_before_the_answer_is_heard(
    switch: SwitchProcess, tmp_path: Path, tones: dict[int, Path]
) -> None:
    """Early media (RFC 3960): 183 with a description, and sound; then an answer, or none."""
    async with (
        await Phone.peer(
            "gateway", *switch.sip, directory=tmp_path, own_port=switch.trunk_port, play=tones[1000]
        ) as gateway,
        await phone(switch, "1004", tmp_path, play=tones[400]) as caller,
    ):
        call = await caller.call("9010123456")
        await gateway.wait("ringing")
        await gateway.answer(183)
        await caller.hears(1000)
        assert call.state == "ringing" and call.status == 183
        await gateway.answer(200)
        await call.wait("confirmed")
        await gateway.hears(400)
        await call.hangup()
        await gateway.wait("disconnected")
        refused = await caller.call("9010123457")
        await gateway.wait("ringing")
        await gateway.answer(183)
        await caller.hears(1000)
        await gateway.current.hangup(404)  # an announcement, and then no such number
        await refused.wait("disconnected")
        assert refused.status == 404 and not refused.reached("confirmed")
