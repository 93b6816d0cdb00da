"""What a hostile or broken peer sends: it is dropped and counted, nothing is raised, and the next call works."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio

from tests.support.phone import Phone
from tests.support.process import eventually
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


async def counted(switch: SwitchProcess, before: float, more: int) -> None:
    """Wait until so many more were dropped and counted."""

    async def enough() -> bool:
        return await dropped(switch) >= before + more

    await eventually(enough, 10, f"{more} more dropped messages in the metrics")


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
    await counted(switch, before, 100)
    await assert_unhurt(switch, phone)


@BOTH
async def test_messages_cut_short(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    whole, end = request("OPTIONS", body=b"v=0\r\n"), b"\r\n\r\n"
    header, before = whole.index(end), await dropped(switch)
    if transport == "udp":
        pieces = [whole[:cut] for cut in range(1, len(whole), 5)]
    else:  # a stream is waited for: only what comes to an end is a message
        pieces = [whole[:cut] + end for cut in range(1, header, 5)]
    await throw(switch, transport, pieces)
    await counted(switch, before, len(pieces))
    await assert_unhurt(switch, phone)


@BOTH
@pytest.mark.parametrize("length", ["0", "1", "100000", "-1", "9" * 40, "many", "", "0x10", "5\r\nContent-Length: 7"])
async def test_a_content_length_that_lies(switch: SwitchProcess, transport: str, length: str) -> None:
    before = await dropped(switch)
    await throw(switch, transport, [request("OPTIONS", body=b"v=0\r\n", length=length)])
    if length not in ("0", "1"):  # less than there is: the rest of a datagram means nothing (RFC 3261 section 18.3)
        await counted(switch, before, 1)
    await alive(switch)
    switch.assert_no_traceback()


@BOTH
async def test_after_the_lies_a_call_works(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    await throw(switch, transport, [request("INVITE", body=b"v=0\r\n" * 40, length="3", serial=7)])
    await assert_unhurt(switch, phone)


@BOTH
async def test_a_header_of_sixty_kilobytes(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    before = await dropped(switch)
    await throw(switch, transport, [request("OPTIONS", headers=f"X-Long: {'a' * 60_000}\r\n")])
    await throw(switch, transport, [request("OPTIONS", headers=f"Subject: {' ' * 50_000}x\r\n")])
    await throw(switch, transport, [request("OPTIONS", headers=f"Route: {'<' * 50_000}\r\n")])
    await counted(switch, before, 3)
    await assert_unhurt(switch, phone)


@BOTH
async def test_thousands_of_via(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    before = await dropped(switch)
    vias = "".join(f"v:SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK{n}\r\n" for n in range(1400))
    await throw(switch, transport, [request("OPTIONS", headers=vias), request("INVITE", headers=vias)])
    one_line = "v: " + ",".join("SIP/2.0/UDP a" for _ in range(4000)) + "\r\n"
    await throw(switch, transport, [request("OPTIONS", headers=one_line)])
    await counted(switch, before, 3)
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
BROKEN = (  # and what is answered: 200 where sense can be made of it after all
    ("", 200),  # no offer: ours is in the answer
    ("v=0", 488),
    ("garbage\x00\xff", 400),
    (SDP.replace("m=audio 9 RTP/AVP 0", "m=audio"), 400),
    (SDP.replace("m=audio 9", "m=audio 99999999"), 400),
    (SDP.replace("m=audio 9", "m=audio -1"), 400),
    (SDP.replace("AVP 0", "AVP 0 0 0 999 x"), 200),
    (SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 not.an.address.%%%"), 488),
    (SDP.replace("c=IN IP4 127.0.0.1\r\n", ""), 400),
    (SDP + "a=rtpmap:0 PCMU/0\r\n", 488),
    (SDP + "a=rtpmap:0 /\r\na=ptime:0\r\na=ptime:-20\r\na=ptime:x\r\n", 200),
    (SDP + "m=video 9 RTP/AVP 99\r\n" * 500, 400),
    (SDP * 20, 200),
    ("\u0645" * 1000, 400),
)


@contextlib.asynccontextmanager
async def trunk(switch: SwitchProcess, transport: str) -> AsyncIterator[socket.socket]:
    """A socket with the trunk's address, whose calls come through to who reads the descriptions."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", switch.trunk_port))
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, switch.sip)
        yield sock


@BOTH
async def test_broken_descriptions_of_sessions(switch: SwitchProcess, phone: Phone, transport: str) -> None:
    loop, first = asyncio.get_running_loop(), 1000 if transport == "udp" else 3000
    async with trunk(switch, transport) as sock:
        for serial, (text, status) in enumerate(BROKEN, first):
            kind = "Content-Type: application/sdp\r\n"
            await loop.sock_sendall(sock, request("INVITE", headers=kind, body=text.encode(), serial=serial))
            answer = await final(sock, f"bad-INVITE-{serial}")
            assert answer.startswith(f"SIP/2.0 {status} "), text
            if status == 200:  # hang up politely
                await loop.sock_sendall(sock, goodbye(answer, serial))
    await assert_unhurt(switch, phone)


async def final(sock: socket.socket, call_id: str) -> str:
    """The first final response of this call; provisional ones and those of other calls are passed over."""
    found = ""
    async with asyncio.timeout(10):
        while True:
            found += (await asyncio.get_running_loop().sock_recv(sock, 65536)).decode(errors="replace")
            for piece in re.split(r"(?=SIP/2\.0 [1-6]\d\d )", found):
                if f"\r\nCall-ID: {call_id}\r\n" in piece and "\r\n\r\n" in piece and piece[8] != "1":
                    return piece


def goodbye(answer: str, serial: int) -> bytes:
    headers = dict(line.split(": ", 1) for line in answer.split("\r\n")[1:] if ": " in line)
    to, call_id = headers["To"], headers["Call-ID"]
    ack = request("ACK", serial=5000 + serial).decode()
    ack = ack.replace("To: <sip:8000@127.0.0.1>", f"To: {to}").replace(f"bad-ACK-{5000 + serial}", call_id)
    bye = ack.replace("CSeq: 1 ACK", "CSeq: 2 BYE").replace("ACK sip:", "BYE sip:").replace("z9hG4bKbad", "z9hG4bKbye")
    return bye.replace(f"tag=bad{5000 + serial}", f"tag=bad{serial}").encode()
