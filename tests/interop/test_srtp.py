"""PJSIP softphones whose media are secured (SDES, RFC 4568), in the clear and over TLS; and its RTCP."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.certificates import Certificates
from tests.support.phone import Phone
from tests.support.ports import LOOPBACK, free_port
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess, descendants

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

Tones = dict[int, Path]
WAYS = {"1001": "required", "1002": "optional", "1003": "off", "1004": "required"}


class Secure(SwitchProcess):
    """Users with and without SRTP, a TLS listener beside the plain one."""

    def __init__(self, directory: Path) -> None:
        self.certificates = Certificates(directory / "tls", LOOPBACK)
        self.tls = (LOOPBACK, free_port())
        sip_port = free_port()
        sip = {
            "listen": [f"udp:{LOOPBACK}:{sip_port}", f"tls:{LOOPBACK}:{self.tls[1]}"],
            "tls": self.certificates.settings,
        }
        users = {user: {"password": f"sample-{user}", "srtp": way} for user, way in WAYS.items()}
        super().__init__(directory, settings={"sip": sip}, users=users)
        self.sip_port = sip_port


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secure]:
    switch = Secure(tmp_path_factory.mktemp("switch"))
    async with switch:
        yield switch


async def phone(switch: Secure, user: str, directory: Path, **options: Any) -> Phone:
    at = switch.sip
    if options.get("transport") == "tls":
        at, options["ca"] = switch.tls, switch.certificates.ca
    started = await Phone.start(user, f"sample-{user}", *at, directory=directory, **options)
    await started.registered()
    return started


async def secured(switch: Secure, streams: int) -> None:
    """Wait until so many streams have keys."""

    async def so() -> Any:
        return (await switch.metrics()).get("softswitch_media_streams_secured") == streams

    await eventually(so, 5.0, f"{streams} secured streams")


def media_process(switch: Secure) -> int:
    tree = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in descendants(switch.process.pid)}
    return next(pid for pid, words in tree.items() if b"softswitch.media" in words)


@pytest.mark.parametrize(
    ("caller_is", "callee_is", "streams"),
    [
        (("1001", "required", "udp"), ("1004", "required", "tls"), 2),
        (("1002", "optional", "tls"), ("1001", "optional", "tls"), 2),
    ],
)
async def test_phones_with_and_without_keys_hear_each_other(
    switch: Secure,
    tmp_path: Path,
    tones: Tones,
    caller_is: tuple[str, str, str],
    callee_is: tuple[str, str, str],
    streams: int,
) -> None:
    (user, srtp, transport), (other, other_srtp, other_transport) = caller_is, callee_is
    caller = await phone(switch, user, tmp_path, play=tones[400], srtp=srtp, transport=transport)
    callee = await phone(
        switch, other, tmp_path, play=tones[1000], auto_answer=200, srtp=other_srtp, transport=other_transport
    )
    async with caller, callee:
        await caller.call(other)
        await caller.wait("confirmed")
        await caller.hears(1000)
        await callee.hears(400)
        await secured(switch, streams)
        if transport == "udp" and streams == 2:
            await caller.hold()
            assert tone.tone_seconds((await callee.listen(1.0))[4000:], 400) < 0.3
            await caller.resume()
            await callee.hears(400)
        await caller.hangup()
        await callee.wait("disconnected")


async def test_a_call_without_keys_is_refused_where_they_are_required(switch: Secure, tmp_path: Path) -> None:
    async with await phone(switch, "1001", tmp_path) as caller:
        await caller.call("1003")
        await caller.wait("disconnected")
        assert caller.last_status == 488


async def test_keys_are_refused_where_they_are_off(switch: Secure, tmp_path: Path) -> None:
    async with await phone(switch, "1003", tmp_path, srtp="required") as caller:
        await caller.call("1002")
        await caller.wait("disconnected")
        assert caller.last_status == 488


async def test_reports_of_both_sides_end_in_the_call_record(switch: Secure, tmp_path: Path, tones: Tones) -> None:
    """RTCP of PJSIP is read, sealed and plain, and it reads ours; the numbers are in the record and the metrics."""
    caller = await phone(switch, "1001", tmp_path, play=tones[400], srtp="required")
    callee = await phone(switch, "1002", tmp_path, play=tones[1000], auto_answer=200)
    async with caller, callee:
        call = await caller.call("1002")
        await caller.wait("confirmed")

        async def reported() -> Any:
            seen: list[Any] = [await one.ask("rtcp", call=one.current.number) for one in (caller, callee)]
            known = (await switch.metrics()).get("softswitch_media_streams_round_trip_known")
            return seen if known == 2 and all(one["round_trips"] > 0 for one in seen) else None

        seen: list[Any] = await eventually(reported, 20.0, "reports in both directions")
        assert all(one["sent_lost"] == 0 and one["round_trip_us"] < 500_000 for one in seen)
        await call.hangup()
        await callee.wait("disconnected")
    record = await switch.record_of(lambda one: one["called"] == "1002" and len(one["quality"]) == 2)
    for leg in record["quality"]:
        found = leg["quality"]
        assert found["packets_in"] > 100 and found["packets_out"] > 100 and found["reports"] >= 1
        assert 4.0 < found["mos_in"] <= 4.5 and 4.0 < found["mos_out"] <= 4.5
        assert 0 <= found["round_trip_ms"] < 500 and found["lost_in"] <= 2
    metrics = await switch.metrics()
    assert metrics['softswitch_stream_mos_count{direction="out"}'] >= 2
    assert metrics['softswitch_stream_events_total{what="first_packet"}'] >= 2
    assert metrics["softswitch_media_rtcp_malformed_total"] == 0


async def test_a_secured_call_outlives_the_media_process_and_nobody_is_shown_its_keys(
    switch: Secure, tmp_path: Path, tones: Tones
) -> None:
    caller = await phone(switch, "1001", tmp_path, play=tones[400], srtp="required")
    callee = await phone(switch, "1004", tmp_path, play=tones[1000], srtp="required", auto_answer=200)
    async with caller, callee:
        call = await caller.call("1004")
        await caller.hears(1000)
        os.kill(media_process(switch), signal.SIGKILL)
        shown = await switch.api("GET", f"/api/v1/calls/{call.call_id}/trace")
        await asyncio.gather(caller.hears(1000, for_s=2.0), callee.hears(400, for_s=2.0))  # more than buffers hold
    assert "inline:xxxx" in str(shown)
    said = switch.log.read_text() + str(shown)
    assert "inline:" not in said.replace("inline:xxxx", "")
