"""SIP messages told to a Homer (HEP version 3 over UDP), as they pass.

Nothing waits for it and nothing is kept for it: a datagram that the system does not take at once is dropped and
counted. What is secret in a message is not told.
"""

from __future__ import annotations

import asyncio
import socket

from softswitch.sip.flow import Address, Flow
from softswitch.sip.hep import Agent, encode
from softswitch.sip.secret import masked


class Homer:
    def __init__(self, connected: socket.socket, agent: Agent) -> None:
        self._socket = connected
        self._agent = agent
        self.drops = 0

    @classmethod
    async def open(cls, to: Address, agent: Agent) -> Homer:
        """Raises ``OSError`` where the name has no address."""
        found = await asyncio.get_running_loop().getaddrinfo(*to, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        connected = socket.socket(family, kind, protocol)
        connected.setblocking(False)
        try:
            connected.connect(address)
        except OSError:
            connected.close()
            raise
        return cls(connected, agent)

    def tell(self, at: float, sent: bool, flow: Flow, octets: bytes, correlation: str) -> None:
        """Of one message; never waits, never raises. ``at`` is Unix seconds."""
        try:
            self._socket.send(encode(self._agent, at, sent, flow, masked(octets), correlation))
        except OSError:  # no room, nobody listens, no way
            self.drops += 1

    def close(self) -> None:
        self._socket.close()
