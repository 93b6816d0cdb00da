"""The ACD with PJSIP softphones: what becomes of an offer that fails, wrap-up, relaxation, another queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess, queue

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

HZ = {"1001": 600, "1002": 900, "1003": 1600}  # what each phone says; hold music is at 1300
RING_S, RELAX_S, WRAP_UP_S = 2.0, 2.0, 2.0
KEPT_S = 3.0
NUMBERS = {"orders": "7100", "experts": "7101", "resting": "7102", "service": "7103", "regulars": "7104"}


def plan(name: str, number: str) -> str:
    queue = f"{{name: orders, prefer: {{agent: bob, for: {KEPT_S}s}}}}" if name == "regulars" else name
    steps = f"queue: {{queue: {queue}, failed: bye}}\n  bye: {{hangup: normal}}"
    return f'dialplan: {name}\nnumbers: ["{number}"]\nstart: queue\nsteps:\n  {steps}\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    plans = home / "plans"
    plans.mkdir()
    for name, number in NUMBERS.items():
        (plans / f"{name}.yaml").write_text(plan(name, number))
    patient = {"ring_timeout": f"{RING_S}s", "wrap_up": "0s", "max_misses": 1, "record": False}
    expert = {"needs": [{"skill": "orders", "level": 4}], "relax": {"after": f"{RELAX_S}s", "needs": []}}
    queues = {
        "orders": queue("orders", **patient),
        "experts": queue("orders", **patient | expert),
        "resting": queue("orders", **patient | {"wrap_up": f"{WRAP_UP_S}s"}),
        "service": queue("service", **patient),
    }
    agents = {
        "alice": {"user": "1001", "skills": {"orders": 5}},
        "bob": {"user": "1002", "skills": {"orders": 3, "service": 3}},
    }
    async with SwitchProcess(home, agents=agents, queues=queues, dialplans=plans) as switch:
        yield switch


@asynccontextmanager
async def phones(switch: SwitchProcess, directory: Path, *agents: str) -> AsyncIterator[list[Phone]]:
    """Registered: the caller 1003, then 1001 and 1002 as long as there are ``agents``, who become ready in turn."""
    users = ["1003", "1001", "1002"]
    made = [
        await Phone.start(user, f"sample-{user}", *switch.sip, directory=directory, play=tone.tone_wav(
            directory / f"{user}.wav", HZ[user]), auto_answer=180 if user != "1003" else None)
        for user in users
    ]  # fmt: skip
    async with made[0], made[1], made[2]:
        for one in made:
            await one.registered()
        for agent in ("alice", "bob"):
            await switch.set_agent(agent, "logged_out")
        for agent in agents:
            await switch.agent_ready(agent)
        yield made
        for agent in ("alice", "bob"):
            await switch.set_agent(agent, "logged_out")


async def talk(caller: Phone, agent: Phone) -> None:
    await asyncio.gather(caller.hears(HZ[agent.user], for_s=0.3), agent.hears(HZ[caller.user], for_s=0.3))


async def test_who_does_not_answer_is_paused_and_the_caller_goes_to_the_next(
    switch: SwitchProcess, tmp_path: Path
) -> None:
    async with phones(switch, tmp_path, "alice", "bob") as (caller, alice, bob):
        await caller.call(NUMBERS["orders"])
        await alice.wait("ringing")
        began = time.monotonic()
        await bob.wait("ringing")
        assert RING_S - 0.2 <= time.monotonic() - began <= RING_S + 3
        await alice.wait("disconnected")
        assert "confirmed" not in alice.current.history
        assert (await switch.agent_is("alice", "paused"))["reason"] == "no answer"
        await bob.answer()
        await talk(caller, bob)
        await caller.hangup()
        await bob.wait("disconnected")
        await switch.agent_is("bob", "ready")
        record = await switch.record_of(lambda found: found["queue"] == "orders")
        assert (record["agent"], record["outcome"]) == ("bob", "answered")


@pytest.mark.parametrize("status", [486, 603])
async def test_who_is_busy_or_declines_is_passed_over_at_once_and_stays_ready(
    switch: SwitchProcess, tmp_path: Path, status: int
) -> None:
    async with phones(switch, tmp_path, "alice", "bob") as (caller, alice, bob):
        await alice.auto_answer(status)
        began = time.monotonic()
        await caller.call(NUMBERS["orders"])
        await bob.wait("ringing")
        assert time.monotonic() - began < RING_S, "nobody waited for the ring timeout"
        assert [call.status for call in alice.calls] == [status]
        await switch.agent_is("alice", "ready")
        await bob.answer()
        await talk(caller, bob)
        await bob.hangup()
        await caller.wait("disconnected")


async def test_an_unregistered_phone_is_offered_nothing_until_it_registers(
    switch: SwitchProcess, tmp_path: Path
) -> None:
    async with phones(switch, tmp_path, "alice") as (caller, alice, _bob):
        await alice.ask("register", on=False)
        await switch.eventually("/api/v1/agents", lambda found: not next(
            one for one in found if one["agent"] == "alice")["reachable"])  # fmt: skip
        await caller.call(NUMBERS["orders"])
        await caller.wait("confirmed")
        await caller.hears_something(1.0)  # music
        assert not alice.calls
        await alice.register()
        await alice.wait("ringing")
        await alice.answer()
        await talk(caller, alice)
        await caller.hangup()
        await alice.wait("disconnected")


async def test_nobody_is_rung_in_wrap_up(switch: SwitchProcess, tmp_path: Path) -> None:
    async with phones(switch, tmp_path, "alice") as (caller, alice, _bob):
        await caller.call(NUMBERS["resting"])
        await alice.wait("ringing")
        await alice.answer()
        await talk(caller, alice)
        await caller.hangup()
        await alice.wait("disconnected")
        ended = time.monotonic()
        await caller.call(NUMBERS["resting"])
        await switch.agent_is("alice", "wrap_up")
        await alice.until(lambda: len(alice.calls) == 2, 10, "the next call")
        assert time.monotonic() - ended >= WRAP_UP_S - 0.2
        await caller.hangup()
        await alice.wait("disconnected")


async def test_a_beginner_is_rung_when_the_caller_has_waited_for_so_long(switch: SwitchProcess, tmp_path: Path) -> None:
    async with phones(switch, tmp_path, "bob") as (caller, _alice, bob):
        began = time.monotonic()
        await caller.call(NUMBERS["experts"])
        await bob.wait("ringing")
        assert time.monotonic() - began >= RELAX_S
        await bob.answer()
        await talk(caller, bob)
        await bob.hangup()
        await caller.wait("disconnected")


async def test_the_preferred_agent_is_rung_first_and_anybody_when_he_was_waited_for(
    switch: SwitchProcess, tmp_path: Path
) -> None:
    async with phones(switch, tmp_path, "alice", "bob") as (caller, alice, bob):
        call = await caller.call(NUMBERS["regulars"])
        await bob.wait("ringing")
        assert not alice.calls, "she has been idle for longer"
        await call.hangup()
        await bob.wait("disconnected")
        await switch.set_agent("bob", "paused")
        await switch.agent_is("bob", "paused")
        began = time.monotonic()
        await caller.call(NUMBERS["regulars"])
        await alice.wait("ringing")
        assert time.monotonic() - began >= KEPT_S - 0.2
        await alice.answer()
        await talk(caller, alice)
        await caller.hangup()
        await alice.wait("disconnected")


async def test_an_agent_sends_the_caller_to_another_queue_and_the_contact_stays_the_same(
    switch: SwitchProcess, tmp_path: Path
) -> None:
    async with phones(switch, tmp_path, "alice") as (caller, alice, bob):
        await caller.call(NUMBERS["orders"])
        await alice.wait("ringing")
        await alice.answer()
        await talk(caller, alice)
        (contact,) = {call["contact"] for call in await switch.api("GET", "/api/v1/calls")}
        await switch.agent_ready("bob")
        await alice.current.transfer(NUMBERS["service"])
        await bob.wait("ringing")
        await bob.answer()
        await talk(caller, bob)
        assert {call["contact"] for call in await switch.api("GET", "/api/v1/calls")} == {contact}
        await switch.agent_is("alice", "ready")
        await caller.hangup()
        await bob.wait("disconnected")
        record = await switch.record_of(lambda found: found["contact"] == contact)
        assert (record["queue"], record["agent"]) == ("service", "bob")
