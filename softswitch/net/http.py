"""The HTTP listener's connections, of WebSockets too: counted with those of SIP, and the silent ones let go.

What is spoken over them is not known here: each has a protocol of the HTTP server's behind it.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Callable

from softswitch.net.acceptor import Accepted, Acceptor
from softswitch.net.connection import SILENT_LIMIT_S
from softswitch.net.connections import Connections
from softswitch.net.upcalls import Upcalls
from softswitch.sip.flow import Address, Flow


class HttpConnection(Accepted):
    """Stands between the socket and the server's ``inner``, to see when it begins, speaks and ends."""

    unfinished_since: float | None = None  # the server has its own limits on what is half way
    excuse = "silent"

    def __init__(self, flow: Flow, inner: asyncio.Protocol, upcalls: Upcalls, connections: Connections) -> None:
        super().__init__(flow, upcalls)
        self.spoken = False
        self._inner = inner
        self._connections = connections
        self._since = asyncio.get_running_loop().time()

    @property
    def expires_at(self) -> float:
        return math.inf if self.spoken else self._since + SILENT_LIMIT_S

    def send(self, data: bytes) -> None:
        """No SIP goes over HTTP, but by a WebSocket, which has a flow of its own."""
        self._upcalls.failed(self.flow)

    # ---- asyncio -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.opened(self)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self.spoken:
            self.spoken = True
            self._connections.changed(self)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._connections.closed(self)
        self._connections.admission.leave(self.flow.remote[0])
        self._inner.connection_lost(error)


class HttpListener:
    """``serve()`` is a new protocol of the HTTP server. Raises ``OSError`` where the address is taken."""

    def __init__(
        self,
        local: Address,
        serve: Callable[[], asyncio.Protocol],
        upcalls: Upcalls,
        connections: Connections,
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        transport = "http" if context is None else "https"

        def connection(remote: Address) -> HttpConnection:
            flow = Flow(transport, local, remote, connections.number())
            return HttpConnection(flow, serve(), upcalls, connections)

        self._acceptor = Acceptor(transport, local, upcalls, connections, connection, context)

    async def close(self) -> None:
        await self._acceptor.close()
