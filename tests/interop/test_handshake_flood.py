"""Connections that want TLS and do not: whoever makes them by the thousand keeps no phone waiting.

The flood comes from a process of its own. While it lasts a phone on UDP is answered within 100 ms (p95); afterwards
nothing of it is left, and a phone on TLS is let in.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.interop.test_transport import Secure
from tests.real.test_network import options
from tests.support.healthy import Healthy
from tests.support.process import eventually
from tests.support.switch_process import ROOT, descendants

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

P95_S = 0.1
FLOOD_S = 1.5
SOCKETS = 300
COUNT = 60  # measurements, each 0.02 s after the one before
SPARE = 20  # files that the switch may have open more than before


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secure]:
    async with Secure(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


@pytest.fixture(scope="module")
def healthy(switch: Secure) -> Iterator[Healthy]:
    with Healthy((switch.host, switch.udp)) as phone:
        assert phone.register() == 200
        yield phone


async def ended(switch: Secure, reason: str) -> float:
    name = f'softswitch_sip_connections_ended_total{{reason="{reason}",transport="tls"}}'
    return (await switch.metrics()).get(name, 0.0)


def files(switch: Secure) -> int:
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in descendants(switch.process.pid))


@pytest.mark.parametrize("kind", ["silent", "hello", "garbage", "whole"])
async def test_a_flood_of_handshakes(switch: Secure, healthy: Healthy, kind: str) -> None:
    before, open_before = await ended(switch, "handshake"), files(switch)
    flood = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.handshake_flood", kind, switch.tls[0], str(switch.tls[1]),
        str(FLOOD_S), str(SOCKETS), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    delays = await asyncio.to_thread(healthy.delays, COUNT, 0.02)
    said, _ = await asyncio.wait_for(flood.communicate(), 3 * FLOOD_S)
    made = int(said)
    assert made >= SOCKETS, "that was no flood"
    assert delays[int(len(delays) * 0.95) - 1] < P95_S, delays

    async def a_phone_is_let_in() -> bool:
        reader, writer = await asyncio.open_connection(*switch.tls, ssl=switch.certificates.trusting())
        writer.write(options("TLS"))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()
        return answer.startswith(b"SIP/2.0 200")

    await eventually(a_phone_is_let_in, 10, "OPTIONS over TLS is answered")
    await eventually(lambda: files(switch) < open_before + SPARE, 10, "the flood's connections are gone")
    if kind != "whole":
        assert await ended(switch, "handshake") > before
    switch.assert_no_traceback()
