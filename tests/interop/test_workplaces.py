"""Agents at real phones (PJSIP): several of one agent, several agents at once, desks, and a phone that falls asleep."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess, queue

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

HZ = {"1001": 600, "1002": 900, "1003": 1600, "1004": 2100, "1005": 2700}  # what each phone says; music is at 1300
NUMBERS = {"alone": "7100", "everybody": "7101", "desk": "7102", "service": "7103"}
PROBE_S = 2.0
FOUND_OUT_S = PROBE_S + 4.0 + PROBE_S + 4.0 + 3.0  # asked, silent, asked again, silent; and some time to spare
AGENTS = {
    "alice": {"users": ["1001", "1002"], "skills": {"alone": 5, "everybody": 5}},
    "bob": {"user": "1004", "skills": {"everybody": 5, "service": 5}},
    "dana": {"number": "501", "pin": "7362", "skills": {"desk": 5}},
}
Phones = dict[str, Phone]


def plan(name: str, number: str) -> str:
    steps = f"queue: {{queue: {name}, failed: bye}}\n  bye: {{hangup: normal}}"
    return f'dialplan: {name}\nnumbers: ["{number}"]\nstart: queue\nsteps:\n  {steps}\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    plans = home / "plans"
    plans.mkdir()
    for name, number in NUMBERS.items():
        (plans / f"{name}.yaml").write_text(plan(name, number))
    queues = {name: queue(name, wrap_up="0s", record=False) for name in NUMBERS}
    queues["everybody"]["strategy"] = "ring-all"
    users = {user: {"password": f"sample-{user}", "language": "en"} for user in HZ}
    users["1005"]["password"] = "sample-1004"
    async with SwitchProcess(home, users=users, agents=AGENTS, queues=queues, dialplans=plans,
                             settings={"sip": {"probe": f"{PROBE_S}s"}}) as switch:  # fmt: skip
        yield switch


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phones(switch: SwitchProcess, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Phones]:
    """1003 is the caller's, 1005 a desk."""
    home = tmp_path_factory.mktemp("phones")
    made = {
        user: await Phone.start(user, f"sample-{min(user, '1004')}", *switch.sip, directory=home,
                                play=tone.tone_wav(home / f"{user}.wav", hz),
                                auto_answer=None if user == "1003" else 180)
        for user, hz in HZ.items()
    }  # fmt: skip
    for phone in made.values():
        await phone.registered()
    for agent in ("alice", "bob"):
        await switch.agent_ready(agent)
    yield made
    for phone in made.values():
        await phone.quit()


async def talk(one: Phone, other: Phone) -> None:
    await asyncio.gather(one.hears(HZ[other.user], for_s=0.3), other.hears(HZ[one.user], for_s=0.3))


async def two_over(phones: list[Phone]) -> None:
    """The calls of two of them have ended."""
    waiting = [asyncio.create_task(phone.wait("disconnected")) for phone in phones]
    for count, ended in enumerate(asyncio.as_completed(waiting), 1):
        await ended
        if count == 2:
            break
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def hung_up(switch: SwitchProcess, caller: Phone, *agents: str) -> None:
    await caller.hangup()
    await caller.wait("disconnected")
    for agent in agents:
        await switch.agent_is(agent, "ready")


async def sits(switch: SwitchProcess, agent: str, user: str) -> dict[str, Any]:
    def so(agents: list[dict[str, Any]]) -> dict[str, Any] | None:
        return next((one for one in agents if one["agent"] == agent and one["user"] == user), None)

    return dict(await switch.eventually("/api/v1/agents", so, what=f"{agent} at {user!r}"))


async def reachable(switch: SwitchProcess, agent: str, wanted: bool, timeout_s: float) -> None:
    def so(agents: list[dict[str, Any]]) -> bool:
        return any(one["agent"] == agent and one["reachable"] is wanted for one in agents)

    await switch.eventually("/api/v1/agents", so, timeout_s, f"{agent} reachable: {wanted}")


async def test_both_phones_of_an_agent_ring_and_the_one_that_answers_talks(
    switch: SwitchProcess, phones: Phones
) -> None:
    caller, desk, mobile = phones["1003"], phones["1001"], phones["1002"]
    await caller.call(NUMBERS["alone"])
    await asyncio.gather(desk.wait("ringing"), mobile.wait("ringing"))
    await mobile.answer()
    await talk(caller, mobile)
    assert (await desk.wait("disconnected")).history[-1] == "disconnected" and "confirmed" not in desk.current.history
    await hung_up(switch, caller, "alice")


async def test_busy_at_one_phone_is_not_busy(switch: SwitchProcess, phones: Phones) -> None:
    caller, desk, mobile = phones["1003"], phones["1001"], phones["1002"]
    await desk.auto_answer(486)
    await caller.call(NUMBERS["alone"])
    await mobile.wait("ringing")
    await mobile.answer()
    await talk(caller, mobile)
    await hung_up(switch, caller, "alice")
    await desk.auto_answer(180)


async def test_everybody_rings_and_two_who_answer_at_once_are_one_who_talks(
    switch: SwitchProcess, phones: Phones
) -> None:
    caller, rung = phones["1003"], [phones["1001"], phones["1002"], phones["1004"]]
    for _ in range(3):
        await caller.call(NUMBERS["everybody"])
        await asyncio.gather(*(phone.wait("ringing") for phone in rung))
        await asyncio.gather(rung[0].answer(), rung[2].answer(), return_exceptions=True)  # one may be cancelled already
        await caller.wait("confirmed")
        await two_over(rung)
        (winner,) = [phone for phone in rung if not phone.current.over]
        await talk(caller, winner)
        won, lost = ("alice", "bob") if winner.user == "1001" else ("bob", "alice")
        await switch.agent_is(won, "talking")
        await switch.agent_is(lost, "ready")
        await hung_up(switch, caller, "alice", "bob")


async def test_a_supervisor_pauses_an_agent_and_moves_the_caller_who_waits_for_him(
    switch: SwitchProcess, phones: Phones
) -> None:
    caller, bob = phones["1003"], phones["1004"]
    await switch.api("POST", "/api/v1/agents/alice/force", {"state": "paused", "reason": "meeting"})
    await caller.call(NUMBERS["alone"])
    await caller.hears_something(0.5)  # music

    def waits(calls: list[dict[str, Any]]) -> str | None:
        return next((call["contact"] for call in calls if call["queue"] == "alone"), None)

    contact = await switch.eventually("/api/v1/calls", waits)
    await switch.api("POST", f"/api/v1/contacts/{contact}/move", {"queue": "service"})
    await bob.wait("ringing")
    await bob.answer()
    await talk(caller, bob)
    await hung_up(switch, caller, "bob")
    await switch.api("POST", "/api/v1/agents/alice/force", {"state": "ready"})

    def audited(events: list[dict[str, Any]]) -> bool:
        return [event["body"]["by"] for event in events if event["name"] in ("AgentForced", "ContactMoved")] == [
            "api local"
        ] * 3

    await switch.eventually("/api/v1/events?limit=10000", audited, what="three orders in the trail")


async def test_an_agent_sits_down_by_keys_and_sits_there_after_a_crash(switch: SwitchProcess, phones: Phones) -> None:
    caller, desk = phones["1003"], phones["1005"]
    await desk.call("*11")
    await desk.wait("confirmed")
    await desk.hears_something(0.3)
    await desk.dtmf("501#7362#")
    await desk.wait("disconnected", 20)
    found = await sits(switch, "dana", "1005")
    assert found["state"] == "ready" and found["reachable"]
    await switch.kill9()
    await switch.restart()
    await switch.agent_is("dana", "ready")
    await sits(switch, "dana", "1005")
    await caller.call(NUMBERS["desk"])
    await desk.wait("ringing")
    await desk.answer()
    await talk(caller, desk)
    await hung_up(switch, caller, "dana")
    await desk.call("*12")
    await desk.wait("disconnected", 20)
    await sits(switch, "dana", "")


async def test_a_phone_that_is_asleep_is_offered_nothing_and_once_awake_it_is(
    switch: SwitchProcess, phones: Phones
) -> None:
    caller, bob = phones["1003"], phones["1004"]
    calls = len(bob.calls)
    os.kill(bob.process.pid, signal.SIGSTOP)
    try:
        await reachable(switch, "bob", False, FOUND_OUT_S)
        await caller.call(NUMBERS["service"])
        await caller.wait("confirmed")
        await caller.hears_something(1.0)  # music
        await switch.agent_is("bob", "ready")  # and was not reserved in vain
    finally:
        os.kill(bob.process.pid, signal.SIGCONT)
    await reachable(switch, "bob", True, 2 * PROBE_S + 2.0)
    await bob.wait("ringing")
    assert len(bob.calls) == calls + 1  # nothing came while it slept
    await bob.answer()
    await talk(caller, bob)
    await hung_up(switch, caller, "bob")
