"""All SIP listeners together: which of them sends what."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from softswitch.net.tcp import TcpListener
from softswitch.net.udp import UdpListener
from softswitch.sip.flow import Address, Flow, ListeningPoint
from softswitch.sip.message import Limits, Message, ParseError, parse, render


class SipNetwork:
    """The driver's ``Network`` port on real sockets."""

    def __init__(
        self,
        on_message: Callable[[Message, Flow], None],
        on_malformed: Callable[[ParseError, Flow], None],
        on_failed: Callable[[Flow], None],
        limits: Limits | None = None,
    ) -> None:
        self._on_message = on_message
        self._on_malformed = on_malformed
        self._on_failed = on_failed
        self._limits = limits or Limits()
        self._udp: dict[Address, UdpListener] = {}
        self._tcp: dict[Address, TcpListener] = {}
        self._connections = itertools.count(1)

    async def listen(self, listeners: Iterable[ListeningPoint]) -> None:
        """Bind all of them; raises ``OSError`` that names the one that is taken."""
        for point in listeners:
            transport, address = point.transport, point.local
            try:
                if transport == "udp":
                    await self._listen_udp(address)
                else:
                    await self._listen_tcp(address)
            except OSError as error:
                where = f"{transport}:{address[0]}:{address[1]}"
                raise OSError(f"cannot listen on {where}: {error.strerror or error}") from error

    def send(self, message: Message, flow: Flow) -> None:
        data = render(message)
        if flow.transport == "udp":
            udp = self._udp.get(flow.local)
            if udp is not None:
                udp.send(data, flow.remote)
                return
        elif (tcp := self._tcp.get(flow.local)) is not None:
            tcp.send(data, flow)
            return
        self._on_failed(flow)

    @property
    def drops(self) -> int:
        """Datagrams that did not fit into an outbox."""
        return sum(udp.drops for udp in self._udp.values())

    async def close(self) -> None:
        for udp in self._udp.values():
            await udp.close()
        for tcp in self._tcp.values():
            await tcp.close()

    async def _listen_udp(self, address: Address) -> None:
        listener: UdpListener

        def arrived(data: bytes, remote: Address) -> None:
            flow = Flow("udp", listener.local, remote)
            if not data.strip(b"\r\n\0"):
                return  # a keep-alive (RFC 5626 section 4.4.1): nothing is said
            try:
                message = parse(data, self._limits)
            except ParseError as error:
                self._on_malformed(error, flow)
                return
            self._on_message(message, flow)

        listener = await UdpListener.bind(address, arrived)
        self._udp[listener.local] = listener

    async def _listen_tcp(self, address: Address) -> None:
        listener = await TcpListener.bind(
            address, self._on_message, self._on_malformed, self._on_failed, self._limits, self._connections
        )
        self._tcp[listener.local] = listener
