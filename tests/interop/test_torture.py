"""The torture messages of RFC 4475 and RFC 5118 on real sockets, judged as their rows say; the next OPTIONS works."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.switch_process import SwitchProcess
from tests.torture.manifest import Row, rows

ROWS = rows()
ANSWER_S = 5.0

pytestmark = [
    pytest.mark.interop,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not ROWS, reason="the torture messages are not here"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    async with SwitchProcess(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


def probe(name: str, transport: str) -> bytes:
    return (
        f"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:9;branch=z9hG4bK{name};rport\r\n"
        f"From: <sip:probe@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: after-{name}\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def verdicts(answers: bytes) -> set[str]:
    statuses = re.findall(rb"(?:\A|\r\n)SIP/2\.0 ([1-6]\d\d) ", answers)
    return {"accept" if status[:1] == b"1" else status.decode() for status in statuses}


def judge(row: Row, found: set[str], wanted: frozenset[str]) -> None:
    assert any(row.right(verdict, wanted) for verdict in found or {"drop"}), (found, wanted, row.note)


async def test_in_datagrams(switch: SwitchProcess) -> None:
    """One after the other from one socket; what comes before the answer to the probe is the answer to the message."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, switch.sip)
        for row in ROWS:
            await loop.sock_sendall(sock, row.data)
            await loop.sock_sendall(sock, probe(row.name, "UDP"))
            before = b""
            async with asyncio.timeout(ANSWER_S):
                while f"Call-ID: after-{row.name}\r\n".encode() not in (answer := await loop.sock_recv(sock, 65536)):
                    before += answer + b"\r\n"
            assert answer.startswith(b"SIP/2.0 200 "), row.name
            judge(row, verdicts(before), row.datagram)
    switch.assert_no_traceback()


async def test_on_streams(switch: SwitchProcess) -> None:
    for row in ROWS:
        reader, writer = await asyncio.open_connection(*switch.sip)
        writer.write(row.data)
        await writer.drain()
        await answered(switch, row.name)
        if "drop" not in row.stream:
            async with asyncio.timeout(ANSWER_S):
                judge(row, verdicts(await reader.read(65536)) or {"close"}, row.stream)
        writer.close()
    switch.assert_no_traceback()


async def answered(switch: SwitchProcess, name: str) -> None:
    reader, writer = await asyncio.open_connection(*switch.sip)
    writer.write(probe(name, "TCP"))
    async with asyncio.timeout(ANSWER_S):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 "), name
    writer.close()
