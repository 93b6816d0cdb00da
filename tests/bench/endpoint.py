"""A UDP socket of a bench's peer."""

from __future__ import annotations

import asyncio

LOOPBACK = "127.0.0.1"


class Endpoint(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, port: int) -> None:
        self.port = port
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, port))

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
