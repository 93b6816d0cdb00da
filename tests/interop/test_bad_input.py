"""What a hostile or broken peer sends: it is dropped and counted, nothing is raised, and the next call works."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio

from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

LARGEST_DATAGRAM = 65_507
BOTH = pytest.mark.parametrize("transport", ["udp", "tcp"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    async with SwitchProcess(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(switch: SwitchProcess, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Phone]:
    directory = tmp_path_factory.mktemp("phone")
    async with await Phone.start("1001", "sample-1001", *switch.sip, directory=directory) as phone:
        await phone.registered()
        yield phone


def request(
    method: str = "INVITE", headers: str = "", body: bytes = b"", length: str | None = None, serial: int = 0
) -> bytes:
    head = (
        f"{method} sip:8000@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKbad{serial};rport\r\n"
        f"From: <sip:1001@127.0.0.1>;tag=bad{serial}\r\n"
        "To: <sip:8000@127.0.0.1>\r\n"
        f"Call-ID: bad-{method}-{serial}\r\n"
        f"CSeq: 1 {method}\r\n"
        "Contact: <sip:1001@127.0.0.1:9>\r\n"
        "Max-Forwards: 70\r\n"
        f"{headers}"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body


async def throw(switch: SwitchProcess, transport: str, missiles: Iterable[bytes]) -> None:
    """Send them all; over TCP each on its own connection, which the switch may close at any moment."""
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            for number, missile in enumerate(missiles):
                await asyncio.get_running_loop().sock_sendto(sock, missile[:LARGEST_DATAGRAM], switch.sip)
                if number % 20 == 19:
                    await alive(switch)  # so that the socket's buffer does not drop what was to be tested
        return
    for missile in missiles:
        _, writer = await asyncio.open_connection(*switch.sip)
        try:
            writer.write(missile)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, BrokenPipeError):
            continue


async def alive(switch: SwitchProcess) -> None:
    assert await switch.api("GET", "/api/v1/agents")


async def dropped(switch: SwitchProcess) -> float:
    metrics = await switch.metrics()
    return sum(value for name, value in metrics.items() if "dropped" in name and "created" not in name)


async def assert_unhurt(switch: SwitchProcess, phone: Phone) -> None:
    """Everybody else is served as before."""
    call = await phone.call("8000")
    await call.wait("confirmed")
    await phone.hears_something(0.3)
    await call.hangup()
    await call.wait("disconnected")
    switch.assert_no_traceback()


@BOTH
async def test_random_octets(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    rng = random.Random(3261)
    before = await dropped(switch)
    end = b"\r\n\r\n"  # of a message in a stream: what is never finished is no message
    await throw(switch, transport, [rng.randbytes(rng.randrange(1, 1400)) + end for _ in range(100)])
    await assert_unhurt(switch, phone)
    assert await dropped(switch) > before


@BOTH
async def test_messages_cut_short(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    whole = request("OPTIONS", body=b"v=0\r\n")
    await throw(switch, transport, [whole[:cut] for cut in range(1, len(whole), 5)])
    await assert_unhurt(switch, phone)


@BOTH
@pytest.mark.parametrize("length", ["0", "1", "100000", "-1", "9" * 40, "many", "", "0x10", "5\r\nContent-Length: 7"])
async def test_a_content_length_that_lies(switch: SwitchProcess, transport: str, length: str) -> None:
    await throw(switch, transport, [request("OPTIONS", body=b"v=0\r\n", length=length)])
    await alive(switch)
    switch.assert_no_traceback()


@BOTH
async def test_after_the_lies_a_call_works(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    await throw(switch, transport, [request("INVITE", body=b"v=0\r\n" * 40, length="3", serial=7)])
    await assert_unhurt(switch, phone)


@BOTH
async def test_a_header_of_sixty_kilobytes(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    await throw(switch, transport, [request("OPTIONS", headers=f"X-Long: {'a' * 60_000}\r\n")])
    await throw(switch, transport, [request("OPTIONS", headers=f"Subject: {' ' * 50_000}x\r\n")])
    await throw(switch, transport, [request("OPTIONS", headers=f"Route: {'<' * 50_000}\r\n")])
    await assert_unhurt(switch, phone)


@BOTH
async def test_thousands_of_via(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    vias = "".join(f"v:SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK{n}\r\n" for n in range(1400))
    await throw(switch, transport, [request("OPTIONS", headers=vias), request("INVITE", headers=vias)])
    one_line = "v: " + ",".join("SIP/2.0/UDP a" for _ in range(4000)) + "\r\n"
    await throw(switch, transport, [request("OPTIONS", headers=one_line)])
    await assert_unhurt(switch, phone)


@BOTH
async def test_a_stream_without_end(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    await throw(switch, transport, [b"INVITE sip:8000@127.0.0.1 SIP/2.0\r\n" + b"X: y\r\n" * 100_000, b"\r\n" * 30_000])
    await assert_unhurt(switch, phone)


SDP = """\
v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio 9 RTP/AVP 0\r
"""
BROKEN = (
    "",
    "v=0",
    "garbage\x00\xff",
    SDP.replace("m=audio 9 RTP/AVP 0", "m=audio"),
    SDP.replace("m=audio 9", "m=audio 99999999"),
    SDP.replace("m=audio 9", "m=audio -1"),
    SDP.replace("AVP 0", "AVP 0 0 0 999 x"),
    SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 not.an.address.%%%"),
    SDP.replace("c=IN IP4 127.0.0.1\r\n", ""),
    SDP + "a=rtpmap:0 PCMU/0\r\n",
    SDP + "a=rtpmap:0 /\r\na=ptime:0\r\na=ptime:-20\r\na=ptime:x\r\n",
    SDP + "m=video 9 RTP/AVP 99\r\n" * 500,
    SDP * 20,
    "\u0645" * 1000,
)


async def test_broken_descriptions_of_sessions(switch: SwitchProcess, phone: Phone) -> None:
    """From the trunk's address, so that they come through to who reads them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", switch.trunk_port))
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        for serial, text in enumerate(BROKEN):
            kind = "Content-Type: application/sdp\r\n"
            invite = request("INVITE", headers=kind, body=text.encode(), serial=1000 + serial)
            await loop.sock_sendto(sock, invite, switch.sip)
            async with asyncio.timeout(10):
                while True:
                    answer = (await loop.sock_recv(sock, 65536)).decode(errors="replace")
                    if f"bad-INVITE-{1000 + serial}" in answer and not answer.startswith("SIP/2.0 1"):
                        break
            if answer.startswith("SIP/2.0 2"):  # it made sense of it after all: hang up politely
                await loop.sock_sendto(sock, goodbye(answer, serial), switch.sip)
    await assert_unhurt(switch, phone)


def goodbye(answer: str, serial: int) -> bytes:
    headers = dict(line.split(": ", 1) for line in answer.split("\r\n")[1:] if ": " in line)
    to, call_id = headers["To"], headers["Call-ID"]
    ack = request("ACK", serial=2000 + serial).decode()
    ack = ack.replace("To: <sip:8000@127.0.0.1>", f"To: {to}").replace(f"bad-ACK-{2000 + serial}", call_id)
    bye = ack.replace("CSeq: 1 ACK", "CSeq: 2 BYE").replace("ACK sip:", "BYE sip:").replace("z9hG4bKbad", "z9hG4bKbye")
    return bye.replace(f"tag=bad{2000 + serial}", f"tag=bad{1000 + serial}").encode()
