"""A real call, seen three ways: as a ladder, as a capture, by a collector."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from softswitch.cli.main import app
from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess
from tests.unit.sip.test_hep import decode
from tests.unit.sip.test_pcap import read

pytestmark = [pytest.mark.interop]


async def test_a_call_is_seen_while_it_goes_on_and_after_it_has_ended(tmp_path: Path) -> None:
    collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    collector.bind(("127.0.0.1", 0))
    collector.setblocking(False)
    homer = {"hep": {"to": f"127.0.0.1:{collector.getsockname()[1]}", "id": 42}}
    with collector:
        async with (
            SwitchProcess(tmp_path / "switch", settings=homer) as switch,
            await Phone.start("1001", "sample-1001", *switch.sip, directory=tmp_path, auto_answer=200) as callee,
            await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path) as caller,
        ):

            async def command(*arguments: str) -> Result:
                url = f"http://127.0.0.1:{switch.http_port}"
                return await asyncio.to_thread(CliRunner().invoke, app, ["trace", "--url", url, *arguments])

            await callee.registered()
            await caller.registered()
            call = await caller.call("1001")
            await call.wait("confirmed")
            (contact,) = [one["contact"] for one in await switch.api("GET", "/api/v1/calls")]
            live = await command(contact)
            assert live.exit_code == 0 and f"{contact} (going on)" in live.stdout, live.output
            await call.hangup()
            await callee.wait("disconnected")
            over = await command("--", call.call_id)  # which may begin with a hyphen
            assert over.exit_code == 0 and f"{contact} (over)" in over.stdout, over.output
            for step in ("INVITE ---", "401 Unauthorized", "200 OK", "ACK ---", "BYE ---", "PCMU"):
                assert step in over.stdout, over.stdout
            capture = tmp_path / "call.pcap"
            assert (await command(contact, "--pcap", str(capture))).exit_code == 0
            packets = [octets for *_, octets in read(capture.read_bytes())]
            assert sum(octets.startswith(b"INVITE ") for octets in packets) == 3  # two of them by the caller
            assert not any(b"response=" in octets and b'response="xxxx' not in octets for octets in packets)
        told = [decode(data) for data in received(collector)]
    assert {one[12] for one in told} == {(42).to_bytes(4, "big")}
    assert {octets for octets in packets} <= {one[15] for one in told}
    assert any(one[15].startswith(b"REGISTER ") for one in told)
    assert contact.encode() in {one[17] for one in told}


def received(collector: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(collector.recv(65_535))
        except BlockingIOError:
            return found
