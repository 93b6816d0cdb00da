"""Phones on TLS and on WebSockets, with the switch as its operator starts it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import aiohttp
import pytest

from softswitch.sip.flow import Flow
from tests.support import tone
from tests.support.baresip import Baresip
from tests.support.certificates import Certificates, serial_of
from tests.support.phone import Phone
from tests.support.ports import LOOPBACK, free_port
from tests.support.stream_phone import StreamPhone, browser_phone, stream_phone
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop]

WAITING_ROOM = """
dialplan: waiting-room
numbers: ["8000"]
language: en
start: in
steps:
  in: {queue: {name: orders}, failed: out}
  out: {hangup: normal}
"""
CALLS = 100


class Secure(SwitchProcess):
    """With a TLS listener and HTTPS beside the plain ones."""

    def __init__(self, directory: Path, **options: object) -> None:
        self.certificates = Certificates(directory / "tls", LOOPBACK)
        self.tls = (LOOPBACK, free_port())
        self.udp = free_port()
        sip = {
            "listen": [f"udp:{LOOPBACK}:{self.udp}", f"tls:{LOOPBACK}:{self.tls[1]}"],
            "tls": {**self.certificates.settings, "ca": str(self.certificates.ca)},
        }
        super().__init__(directory, settings={"sip": sip}, **options)  # type: ignore[arg-type]


async def test_pjsip_and_baresip_talk_over_tls(tmp_path: Path, tones: dict[int, Path]) -> None:
    long = tone.tone_wav(tmp_path / "long.wav", 700, seconds=30)  # it plays its file once
    async with Secure(tmp_path / "switch") as switch:
        ca = switch.certificates.ca
        async with (
            await Baresip.start("1003", "sample-1003", switch.tls, tmp_path, long, "tls", ca) as callee,
            await Phone.start(
                "1004", "sample-1004", *switch.tls, directory=tmp_path, play=tones[1000], transport="tls", ca=ca
            ) as caller,
        ):
            await callee.registered()
            await caller.registered()
            found = await switch.eventually("/api/v1/registrations", lambda found: len(found) == 2 and found)
            assert {binding["flow"]["transport"] for binding in found} == {"tls"}
            await caller.call("1003")
            await caller.wait("confirmed")
            await callee.wait("CALL_ESTABLISHED")
            await caller.hears(700)
            await caller.hangup()
            await callee.wait("CALL_CLOSED")


async def test_a_certificate_is_replaced_under_a_hundred_calls(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "room.yaml").write_text(WAITING_ROOM)
    async with Secure(tmp_path / "switch", dialplans=plans) as switch, contextlib.AsyncExitStack() as stack:
        trust, first = switch.certificates.trusting(), switch.certificates.serial
        phones = [await stack.enter_async_context(stream_phone(switch.tls, trust)) for _ in range(CALLS)]
        legs = await asyncio.gather(*(phone.call("1001", "8000", "sample-1001") for phone in phones))
        second = switch.certificates.renew()
        assert await shows(switch, trust) in (first, second)
        async with asyncio.timeout(10):
            while await shows(switch, trust) != second:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert len(await switch.api("GET", "/api/v1/calls")) == CALLS
        assert not any(phone.over for phone in phones)
        for phone, leg in zip(phones, legs, strict=True):
            phone.release(leg)
        for phone, leg in zip(phones, legs, strict=True):
            await phone.until(lambda phone=phone, leg=leg: phone.over.get(leg) == "released", "released")  # type: ignore[misc]
        await switch.eventually("/api/v1/calls", lambda calls: calls == [])
        metrics = await switch.metrics()
        assert metrics['softswitch_certificate_changes_total{of="sip",result="in_use"}'] >= 1


async def shows(switch: Secure, trust: ssl.SSLContext) -> int:
    """The certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection(*switch.tls, ssl=trust)
    try:
        return serial_of(writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_phone_in_a_browser_calls_and_is_called(tmp_path: Path) -> None:
    async with (
        SwitchProcess(tmp_path / "switch") as switch,
        await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path, auto_answer=200) as other,
        browser_phone(f"http://{LOOPBACK}:{switch.http_port}/sip") as browser,
    ):
        await other.registered()
        assert await browser.register("1003", "sample-1003") == 200
        leg = await browser.call("1003", "1004", "sample-1003")
        await other.wait("confirmed")
        browser.release(leg)
        await other.wait("disconnected")
        await other.call("1003")  # goes to a host that does not exist, over the connection that does
        await other.wait("confirmed")
        assert len(browser.up) == 2
        await other.hangup()
        await browser.until(lambda: len(browser.over) == 2, "released")


async def test_a_browser_that_is_gone_is_registered_no_more(tmp_path: Path) -> None:
    async with SwitchProcess(tmp_path / "switch") as switch:
        url = f"http://{LOOPBACK}:{switch.http_port}/sip"
        async with browser_phone(url) as browser:
            assert await browser.register("1003", "sample-1003") == 200
            await switch.eventually("/api/v1/registrations", lambda found: len(found) == 1)
        await switch.eventually("/api/v1/registrations", lambda found: found == [])
        async with aiohttp.ClientSession() as session:
            for headers, status in (
                ({"Sec-WebSocket-Protocol": "chat"}, 400),
                ({"Sec-WebSocket-Protocol": "sip", "Origin": "https://elsewhere.example"}, 403),
            ):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(url, headers=headers)
                assert refused.value.status == status
            async with session.get(url) as answer:
                assert answer.status == 426
            async with session.ws_connect(
                url, protocols=("sip",), headers={"Origin": f"http://{LOOPBACK}:{switch.http_port}"}
            ) as socket:
                await socket.send_str("\r\n\r\n")
                assert (await socket.receive_str(timeout=5)) == "\r\n"


async def test_a_secure_websocket(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "tls", LOOPBACK)
    switch = SwitchProcess(tmp_path / "switch", settings={"http": {"tls": certificates.settings}})
    trust = certificates.trusting()
    switch.trust = trust
    async with switch, browser_phone(f"https://{LOOPBACK}:{switch.http_port}/sip", trust) as browser:
        assert await browser.register("1003", "sample-1003") == 200
        assert str(browser.received[-1].via).startswith("SIP/2.0/WSS df7jal23ls0d.invalid")


async def test_a_phone_on_tcp_stays_registered_over_an_orderly_restart(tmp_path: Path) -> None:
    """Its connection ends with the switch; it is asked anew where it listens."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.readline())
        writer.close()

    listener = await asyncio.start_server(listen, LOOPBACK, 0)
    async with listener, SwitchProcess(tmp_path / "switch") as switch:
        reader, writer = await asyncio.open_connection(*switch.sip)
        phone = StreamPhone(Flow("tcp", listener.sockets[0].getsockname(), switch.sip, connection=1), writer.write)
        hearing = asyncio.create_task(phone.hear(reader))
        assert await phone.register("1003", "sample-1003") == 200
        await switch.restart()
        async with asyncio.timeout(10):
            assert (await heard.get()).startswith(b"OPTIONS sip:1003@")
        phone.stop()
        hearing.cancel()
        writer.close()
