"""Trunks on real sockets: a carrier with two servers in DNS, one of them dead; two switches that are peers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ports
from tests.support.dns_server import DnsServer
from tests.support.phone import Phone
from tests.support.sipp import Sipp
from tests.support.switch_process import SwitchProcess, sample_users

pytestmark = [pytest.mark.interop]

PLAN = """
dialplan: door
numbers: ["4001"]
language: en
start: desk
steps:
  desk: {dial: {user: "1002"}}
"""


async def test_a_carrier_found_by_srv_whose_first_server_is_dead(tmp_path: Path) -> None:
    dead, alive = ports.free_port(), ports.free_port()
    zone = {
        ("_sip._udp.carrier.test", "SRV"): [f"10 0 {dead} one.carrier.test.", f"20 0 {alive} two.carrier.test."],
        ("one.carrier.test", "A"): ["127.0.0.1"],
        ("two.carrier.test", "A"): ["127.0.0.1"],
    }
    async with DnsServer(zone, ttl_s=5) as names:
        carrier = {"address": "carrier.test", "sources": [], "answer_within": "700ms", "dead_for": "1m"}
        switch = SwitchProcess(
            tmp_path / "switch", trunks={"carrier": carrier}, settings={"dns": {"nameservers": [str(names)]}}
        )
        far = await Sipp.callee(tmp_path, talks_s=0.3, port=alive, calls=2)
        async with switch, far, await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path) as caller:
            await switch.eventually("/api/v1/trunks", lambda found: found[0]["up"], 5, "the servers are found")
            await caller.registered()
            for _ in range(2):
                call = await caller.call("913800138000")
                await call.wait("confirmed", 10)
                await call.wait("disconnected", 10)
            taken = await far.done(20)
            assert (taken.successful, taken.failed) == (2, 0), taken
            (seen,) = await switch.api("GET", "/api/v1/trunks")
            assert seen["servers"] == [f"udp:127.0.0.1:{dead}", f"udp:127.0.0.1:{alive}"]
            assert list(seen["dead_s"]) == [f"udp:127.0.0.1:{dead}"]
            assert (await switch.metrics())['softswitch_trunk_up{trunk="carrier"}'] == 1


async def test_a_trunk_registers_with_another_switch_by_tcp_and_calls_go_both_ways(tmp_path: Path) -> None:
    account = {"4001": {"password": "a-trunk-password"}}
    far = SwitchProcess(tmp_path / "far", users=sample_users() | account)
    refused = ports.free_port()
    zone = {
        ("far.test", "NAPTR"): [
            '10 10 "s" "SIP+D2T" "" _sip._tcp.far.test.',
            '20 10 "s" "SIP+D2U" "" _sip._udp.far.test.',
        ],
        ("_sip._tcp.far.test", "SRV"): [f"10 0 {refused} far.test.", f"20 0 {far.sip_port} far.test."],
        ("far.test", "A"): [far.host],
    }
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "door.yaml").write_text(PLAN)
    trunk = {
        "address": "far.test", "transport": "auto", "sources": [], "username": "4001", "password": "a-trunk-password",
        "registration": {"expires": "60s"}, "probe": "1s", "limits": {"calls": 5}, "codecs": ["PCMA"],
    }  # fmt: skip
    names = DnsServer(zone)
    settings = {"dns": {"nameservers": [str(names)]}}
    near = SwitchProcess(tmp_path / "near", trunks={"carrier": trunk}, dialplans=plans, settings=settings)
    async with (
        names,
        far,
        near,
        await Phone.start("1001", "sample-1001", *far.sip, directory=tmp_path / "a") as theirs,
        await Phone.start("1002", "sample-1002", *near.sip, directory=tmp_path / "b") as ours,
    ):
        await theirs.registered()
        await ours.registered()
        await theirs.auto_answer(200)
        await ours.auto_answer(200)
        (seen,) = await near.eventually("/api/v1/trunks", lambda found: found[0]["up"] and found, 10, "registered")
        assert seen["registered_until"] > 0
        assert seen["servers"] == [f"tcp:127.0.0.1:{refused}", f"tcp:127.0.0.1:{far.sip_port}"]
        out = await ours.call("91001")  # our phone, our trunk, their phone
        await out.wait("confirmed", 10)
        assert (await near.api("GET", "/api/v1/trunks"))[0]["calls"] == 1
        await out.hangup()
        await out.wait("disconnected", 10)
        back = await theirs.call("4001")  # their phone, the contact that we registered, our dialplan, our phone
        await back.wait("confirmed", 10)
        (call,) = await near.api("GET", "/api/v1/calls")
        assert (call["kind"], call["called"], call["caller"]) == ("inbound", "4001", "1001")
        await back.hangup()
        await near.eventually("/api/v1/calls", lambda calls: not calls, 10)
