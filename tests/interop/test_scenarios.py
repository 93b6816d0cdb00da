"""What the public runs against a switch: sipp's own scenarios, and the usual ones, each a ladder of one side.

The switch is as it comes: sipp knows MD5 alone, looks at the first challenge only, and signs a URI without a user.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import ports
from tests.support.process import eventually
from tests.support.scenario import write
from tests.support.sipp import Sipp, Tally
from tests.support.switch_process import SwitchProcess, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

ANSWERED = "7100"
PLAN = f"""\
dialplan: scenarios
numbers: ["{ANSWERED}", "service"]
start: answer
steps:
  answer: {{answer: {{}}, next: wait}}
  wait: {{collect: {{say: {{digits: "12345"}}, save: key, min: 2, max: 2, timeout: 30s}}, next: bye, failed: bye}}
  bye: {{hangup: normal}}
"""
THROUGH = """\
dialplan: through-{number}
numbers: ["{number}"]
start: dial
steps:
  dial: {{dial: {{user: "{number}", ring: 1s}}}}
"""
OPENED = ["> INVITE sdp", "< 100?", "< 180?", "< 200", "> ACK"]
# Whoever is called at each number: each test has one of its own, so that it hears nothing of the calls of others.
ROOMS = {str(number): ports.free_port() for number in (7001, 7003, *range(7010, 7030))}
CLOSED = ["> BYE", "< 200"]
CALLER = [*OPENED, *CLOSED]
HEARS_BYE = [*OPENED, "< BYE", "> 200"]
TAKEN = ["< INVITE", "> 180", "> 200 sdp", "< ACK"]
LEFT = ["< BYE", "> 200"]
CALLEE = [*TAKEN, *LEFT]
REFUSED = ["> INVITE sdp", "< 100?", "< 180?"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    plans = home / "plans"
    plans.mkdir()
    (plans / "answer.yaml").write_text(PLAN)
    users = sample_users()
    for number, port in ROOMS.items():
        (plans / f"{number}.yaml").write_text(THROUGH.format(number=number))
        users[number] = {"password": f"secret-{number}", "contact": f"sip:{number}@127.0.0.1:{port}"}
    async with SwitchProcess(home, users=users, dialplans=plans) as switch:
        yield switch


async def play(
    switch: SwitchProcess, directory: Path, called: str, caller: Sequence[str] | str, callee: Sequence[str] | str = ""
) -> None:
    """Both sides play their ladder, or sipp's own scenario of that name, to the end."""
    room = await _callee(called, directory, callee) if callee else None
    try:
        made = await _made(switch, directory, called, caller)
        assert (made.successful, made.failed) == (1, 0), made
        if room is not None and not isinstance(callee, str):
            taken = await room.done(10)
            assert (taken.successful, taken.failed) == (1, 0), taken
        await switch.eventually("/api/v1/calls", lambda calls: not calls, 5, "no call is left")
    finally:
        if room is not None:
            await room.__aexit__()


async def _callee(called: str, directory: Path, ladder: Sequence[str] | str) -> Sipp:
    scenario = ladder if isinstance(ladder, str) else str(write(directory, "callee", ladder, caller=False))
    return await Sipp.callee(directory, scenario=scenario, port=ROOMS[called], calls=1)


async def _made(switch: SwitchProcess, directory: Path, called: str, ladder: Sequence[str] | str) -> Tally:
    scenario = ladder if isinstance(ladder, str) else str(write(directory, "caller", ladder, caller=True))
    caller = await Sipp.caller(
        switch.sip,
        directory,
        scenario=scenario,
        numbers=["13800138000"],
        called=called,
        port=switch.trunk_port,
        pause_s=0.1,
    )
    async with caller:
        return await caller.done(20)


@pytest.mark.parametrize(("scenario", "called", "callee"), [
    ("uac", "service", ""), ("regexp", ANSWERED, ""), ("uac", "7001", "uas"),
])  # fmt: skip
async def test_the_scenarios_that_sipp_brings(
    switch: SwitchProcess, tmp_path: Path, scenario: str, called: str, callee: str
) -> None:
    await play(switch, tmp_path, called, scenario, callee)


async def test_a_user_whose_phone_knows_md5_alone_and_signs_no_user(switch: SwitchProcess, tmp_path: Path) -> None:
    caller = await Sipp.caller(
        switch.sip, tmp_path, scenario="caller_user", numbers=[("1004", "sample-1004")], called=ANSWERED, auth_uri=None
    )
    async with caller:
        made = await caller.done(20)
    assert (made.successful, made.failed) == (1, 0), made


CALLS = {
    "offerless": (["> INVITE", "< 100?", "< 180?", "< 200 ~ m=audio", "> ACK sdp", *CLOSED], CALLEE),
    "held by the caller": (
        [*OPENED, "> INVITE hold", "< 100?", "< 200 ~ a=recvonly", "> ACK", "> INVITE sdp", "< 100?",
         "< 200 ~ a=sendrecv", "> ACK", "> INVITE", "< 100?", "< 200 ~ m=audio", "> ACK sdp", *CLOSED],
        CALLEE,
    ),
    "held by the called": (
        HEARS_BYE,
        [*TAKEN, "> INVITE hold", "< 100?", "< 200 ~ a=recvonly", "> ACK", "> INVITE sdp", "< 100?",
         "< 200 ~ a=sendrecv", "> ACK", "> BYE", "< 200"],
    ),
    "within the dialog": (
        [*OPENED, "> UPDATE sdp", "< 200 ~ m=audio", "> UPDATE", "< 200", "> INFO digit", "< 200",
         "> OPTIONS", "< 200 ~ Allow:", *CLOSED],
        CALLEE,
    ),
    "100rel is required of us": (
        ["> INVITE sdp; Require: 100rel", "< 100?", "< 180 ~ RSeq: *([0-9]+)", "> PRACK; RAck: [$part] 1 INVITE",
         "< 200", "< 200", "> ACK", *CLOSED],
        CALLEE,
    ),
    "100rel is required by the called, who speaks before it answers": (
        ["> INVITE sdp", "< 100?", "< 183 ~ Content-Type: application/sdp", "< 200", "> ACK", *CLOSED],
        ["< INVITE", "> 183 sdp; Require: 100rel; RSeq: 7", "< PRACK ~ RAck: *7 1 INVITE", "> 200",
         "> 200/INVITE sdp", "< ACK", *LEFT],
    ),
    "too short a session timer": (
        ["> INVITE sdp; Supported: timer; Session-Expires: 30", "< 100?", "< 422 ~ Min-SE: *90", "> ACK",
         "> INVITE sdp; Supported: timer; Session-Expires: 90|refresher=uac", "< 100?", "< 180?",
         "< 200 ~ Session-Expires: *90;refresher=uac", "> ACK", "> UPDATE; Session-Expires: 90", "< 200", *CLOSED],
        CALLEE,
    ),
    "the called wants a longer session timer": (
        CALLER,
        ["< INVITE", "> 422; Min-SE: 3600", "< ACK", "< INVITE ~ Session-Expires: *3600", "> 180", "> 200 sdp", "< ACK",
         *LEFT],
    ),
    "busy": ([*REFUSED, "< 486", "> ACK"], ["< INVITE", "> 486", "< ACK"]),
    "nobody home": ([*REFUSED, "< 480", "> ACK"], ["< INVITE", "> 404", "< ACK"]),
    "no answer": ([*REFUSED, "< 480", "> ACK"], ["< INVITE", "> 180", "< CANCEL", "> 200"]),
    "sent on": ([*REFUSED, "< 480", "> ACK"], ["< INVITE", "> 302; Contact: <sip:1@127.0.0.1:9>", "< ACK"]),
    "by way of a proxy": (
        ["> INVITE sdp; Record-Route: <sip:[local_ip]:[local_port]|lr>", "< 100?", "< 180?", "< 200 ~ Record-Route:",
         "> ACK", "< BYE ~ Route:", "> 200"],
        [*TAKEN, "> BYE", "< 200"],
    ),
    "unknown headers, compact ones, names": (
        ["> INVITE sdp; k: timer, foo; s: Grüße; X-Odd: \"; P-Asserted-Identity: <tel:+8613800138000>", "< 100?",
         "< 180?", "< 200", "> ACK", *CLOSED],
        CALLEE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_of_the_usual_kind(switch: SwitchProcess, tmp_path: Path, name: str) -> None:
    caller, callee = CALLS[name]
    await play(switch, tmp_path, str(7010 + list(CALLS).index(name)), caller, callee)


async def test_a_third_party_controls_the_call(switch: SwitchProcess, tmp_path: Path) -> None:
    """sipp as controller: its call to us has no offer, the answer comes from its other call."""
    far, twin = ports.free_port(), ports.free_port()
    async with (
        await Sipp.callee(tmp_path, scenario="3pcc-A", port=ROOMS["7003"], calls=1),
        await Sipp.callee(tmp_path, scenario="3pcc-B", port=far, calls=1),
        await Sipp.start("3pcc-C-B", tmp_path, None, [f"127.0.0.1:{far}", "-3pcc", f"127.0.0.1:{twin}", "-m", 1]),
    ):
        await eventually(lambda: ports.listening(twin), 10, "the controller that is connected to listens")
        words = [f"{switch.host}:{switch.sip_port}", "-s", "7003", "-3pcc", f"127.0.0.1:{twin}", "-m", 1]
        async with await Sipp.start("3pcc-C-A", tmp_path, switch.trunk_port, words) as controller:
            made = await controller.done(20)
    assert (made.successful, made.failed) == (1, 0), made


@pytest.mark.parametrize("by_the_trunk", [False, True])
async def test_who_registers_without_a_password_is_asked_for_it(
    switch: SwitchProcess, tmp_path: Path, by_the_trunk: bool
) -> None:
    """sipp's branchc: a REGISTER without credentials, for which it wants 200. Its calls are not begun.

    Whoever could register so would have the calls of others. A trunk's address vouches for calls, not for phones.
    """
    words = [f"{switch.host}:{switch.sip_port}", "-m", 3, "-r", 30]
    port = switch.trunk_port if by_the_trunk else None
    async with await Sipp.start("branchc", tmp_path, port, words) as client:
        made = await client.done(20)
    assert (made.created, made.successful, made.failed) == (3, 0, 3)
    assert "received 'SIP/2.0 401 Unauthorized" in made.complaints
    assert [one["aor"] for one in await switch.api("GET", "/api/v1/registrations")].count("ua1") == 0
    assert await switch.api("GET", "/api/v1/calls") == []
