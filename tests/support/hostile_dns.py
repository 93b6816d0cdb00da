"""A name server that says whatever a test makes up: octets for octets, over UDP and TCP on one port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import dns.message

from tests.support import ports

Answers = Callable[[dns.message.Message, bytes], list[bytes]]  # the question, read and as it came -> what is said


class HostileDns(asyncio.DatagramProtocol):
    """``udp`` and ``tcp`` make the answers; they may be changed at any time. ``asked`` counts the questions."""

    def __init__(self, udp: Answers, tcp: Answers = lambda query, wire: []) -> None:
        self.udp, self.tcp = udp, tcp
        self.asked = 0
        self.address = (ports.LOOPBACK, ports.free_port())
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> HostileDns:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        self._server = await asyncio.start_server(self._greet, *self.address)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._transport is not None and self._server is not None
        self._transport.close()
        self._server.close()
        await self._server.wait_closed()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked += 1
        assert self._transport is not None
        for answer in self.udp(dns.message.from_wire(data), data):
            self._transport.sendto(answer, addr)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        for answer in self.tcp(dns.message.from_wire(wire), wire):
            writer.write(len(answer).to_bytes(2, "big") + answer)
        writer.close()
