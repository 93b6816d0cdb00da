"""All SIP listeners together: which of them sends what."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.net.connections import Connections
from softswitch.net.stream import StreamListener
from softswitch.net.tls import Tls
from softswitch.net.udp import UdpListener
from softswitch.net.upcalls import Upcalls
from softswitch.sip import stun
from softswitch.sip.flow import Address, Flow, ListeningPoint
from softswitch.sip.message import Limits, Message, ParseError, parse, render

MOST_FLOWS = 4096  # remembered per UDP listener, so that a Flow is not made for each datagram


class SipNetwork:
    """The driver's ``Network`` port on real sockets. ``tls`` is needed where a listener is one of TLS."""

    def __init__(self, upcalls: Upcalls, limits: Limits | None = None, tls: Tls | None = None) -> None:
        self.upcalls = upcalls
        self.limits = limits or Limits()
        self.connections = Connections()
        self._tls = tls
        self._udp: dict[Address, UdpListener] = {}
        self._streams: dict[tuple[str, Address], StreamListener] = {}

    async def listen(self, listeners: Iterable[ListeningPoint]) -> None:
        """Bind all of them; raises ``OSError`` that names the one that is taken."""
        for point in listeners:
            try:
                await self._listen(point)
            except OSError as error:
                where = f"{point.transport}:{point.local[0]}:{point.local[1]}"
                raise OSError(f"cannot listen on {where}: {error.strerror or error}") from error
        self.connections.sweep()

    def send(self, message: Message, flow: Flow) -> None:
        data = render(message)
        if flow.transport == "udp":
            udp = self._udp.get(flow.local)
            if udp is not None:
                udp.send(data, flow.remote)
                return
        elif (connection := self.connections.get(flow.connection)) is not None:
            connection.send(data)
            return
        elif (stream := self._streams.get((flow.transport, flow.local))) is not None:
            stream.send(data, flow)
            return
        self.upcalls.failed(flow)

    @property
    def drops(self) -> int:
        """Datagrams that did not fit into an outbox, or have waited there for too long."""
        return sum(udp.drops for udp in self._udp.values())

    @property
    def backlog(self) -> float:
        """How full the fullest receive buffer is, 0..1."""
        return max((udp.backlog for udp in self._udp.values()), default=0.0)

    async def close(self) -> None:
        for udp in self._udp.values():
            await udp.close()
        for stream in self._streams.values():
            await stream.close()
        await self.connections.close()

    async def _listen(self, point: ListeningPoint) -> None:
        if point.transport == "udp":
            await self._listen_udp(point)
            return
        tls = self._tls if point.transport == "tls" else None
        if point.transport == "tls" and tls is None:
            raise OSError("there is no certificate")
        stream = StreamListener(point, self.upcalls, self.connections, self.limits, tls)
        self._streams[point.transport, stream.point.local] = stream

    async def _listen_udp(self, point: ListeningPoint) -> None:
        listener: UdpListener
        flows: dict[Address, Flow] = {}

        def arrived(data: bytes, remote: Address) -> None:
            flow = flows.get(remote)
            if flow is None:
                if len(flows) >= MOST_FLOWS:
                    flows.clear()
                flow = flows[remote] = Flow("udp", listener.local, remote, 0, "", point.advertised)
            if not self.upcalls.admits(flow):
                return
            if (said := self.upcalls.shed(data, flow)) is not None:
                if said:
                    listener.send(said, remote)
                return
            if stun.is_stun(data):
                if (reply := stun.answer(data, remote)) is not None:
                    listener.send(reply, remote)
            else:
                self._take(data, flow)

        listener = await UdpListener.bind(point.local, arrived)
        self._udp[listener.local] = listener

    def _take(self, data: bytes, flow: Flow) -> None:
        if not data.strip(b"\r\n\0"):
            return  # a keep-alive (RFC 5626 section 4.4.1): nothing is said
        try:
            message = parse(data, self.limits)
        except ParseError as error:
            self.upcalls.malformed(error, flow)
            return
        self.upcalls.message(message, flow)
