"""sipp as a crowd of callers, as a room of agents, and as the far end of a trunk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ports
from tests.support.phone import Phone
from tests.support.sipp import Sipp
from tests.support.switch_process import SwitchProcess, queue, sample_users

pytestmark = pytest.mark.interop

AGENTS = 60
RATE = 20  # calls a second
SECONDS = 30
TALKS_S = 1.0


@pytest.mark.alone
async def test_twenty_calls_a_second_through_dialplan_and_queue(tmp_path: Path) -> None:
    room = ports.free_port()
    numbers = [str(2001 + n) for n in range(AGENTS)]
    switch = SwitchProcess(
        tmp_path / "switch",
        users=sample_users() | {n: {"password": n * 2, "contact": f"sip:{n}@127.0.0.1:{room}"} for n in numbers},
        agents={f"agent-{n}": {"user": n, "skills": {"orders": 5}, "auto_login": True} for n in numbers},
        queues={"orders": queue("orders", wrap_up="0s", max_waiting=500), "service": queue("orders")},
        rtp_ports=1600,
    )
    async with switch, await Sipp.callee(tmp_path, talks_s=TALKS_S, port=room) as agents:
        callers = await Sipp.caller(
            switch.sip,
            tmp_path,
            numbers=[f"+861380013{n:04}" for n in range(RATE * SECONDS)],
            calls=RATE * SECONDS,
            rate=RATE,
            port=switch.trunk_port,
        )
        async with callers:
            made = await callers.done(SECONDS + 60)
        taken = await agents.finish()
        assert (made.successful, made.failed) == (RATE * SECONDS, 0), made
        assert (taken.successful, taken.failed) == (RATE * SECONDS, 0), taken
        await switch.eventually("/api/v1/calls", lambda calls: not calls, 15, "no call is left")
        await switch.eventually("/api/v1/agents", lambda found: all(a["state"] == "ready" for a in found), 10)


async def test_a_registered_user_calls_from_sipp(tmp_path: Path) -> None:
    room = ports.free_port()
    users = sample_users()
    users["1001"]["contact"] = f"sip:1001@127.0.0.1:{room}"
    agents = {"alice": {"user": "1001", "skills": {"orders": 5}, "auto_login": True}}
    async with (
        SwitchProcess(tmp_path / "switch", users=users, agents=agents) as switch,
        await Sipp.callee(tmp_path, talks_s=0.3, port=room) as alice,
    ):
        callers = await Sipp.caller(switch.sip, tmp_path, scenario="caller_user", numbers=[("1004", "sample-1004")])
        async with callers:
            made = await callers.done(30)
        taken = await alice.finish()
    assert (made.successful, made.failed) == (1, 0), made
    assert (taken.successful, taken.failed) == (1, 0), taken


@pytest.mark.parametrize(
    ("scenario", "statuses"),
    [("callee", (200,)), ("callee_busy", (486,)), ("callee_silent", (408, 480, 487))],
)
async def test_a_phone_dials_out_through_the_trunk(tmp_path: Path, scenario: str, statuses: tuple[int, ...]) -> None:
    switch = SwitchProcess(tmp_path / "switch", trunks={"carrier": {"ring": "2s"}})
    far = await Sipp.callee(tmp_path, scenario=scenario, talks_s=0.5, port=switch.trunk_port, calls=1)
    async with switch, far, await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path) as caller:
        await caller.registered()
        call = await caller.call("913800138000")
        if scenario == "callee":
            await call.wait("confirmed")
        await call.wait("disconnected", 20)
        taken = await far.done(20)
        assert (taken.successful, taken.failed) == (1, 0), taken
        assert call.status in statuses
