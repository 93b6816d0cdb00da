"""SIP over TCP and TLS (RFC 3261 section 18, RFC 5922): one listening address and the connections from and to it.

A connection is found again by its number (responses go back where the request came from, section 18.2.2) or by the
peer's address; where there is none, one is opened. With TLS it carries nothing before the peer has shown the
certificate of the name that was meant.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from dataclasses import replace

from softswitch.net.acceptor import Acceptor
from softswitch.net.certificate import bears
from softswitch.net.connection import Connection
from softswitch.net.connections import Connections
from softswitch.net.tls import Tls
from softswitch.net.upcalls import Upcalls
from softswitch.sip.flow import Address, Flow, ListeningPoint
from softswitch.sip.message import Limits

log = logging.getLogger("softswitch.net")

CONNECT_TIMEOUT_S = 4.0  # the handshake of TLS included
MAX_WAITING = 256  # messages for a peer to whom the connection is being made

_Place = tuple[Address, str]  # the peer's address, and the name that it has proved


class StreamListener:
    """Raises ``OSError`` where the address is taken."""

    def __init__(
        self, point: ListeningPoint, upcalls: Upcalls, connections: Connections, limits: Limits, tls: Tls | None = None
    ) -> None:
        self.point = point
        self._upcalls = upcalls
        self._connections = connections
        self._limits = limits
        self._tls = tls
        self._by_place: dict[_Place, Connection] = {}
        self._opening: dict[_Place, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        context = None if tls is None else lambda: tls.server
        self._acceptor = Acceptor(point.transport, point.local, upcalls, connections, self._connection, context)
        self.point = replace(point, local=self._acceptor.local)

    def send(self, data: bytes, flow: Flow) -> None:
        """To the peer's address, over the connection that is there or a new one."""
        place = (flow.remote, flow.host)
        connection = self._by_place.get(place)
        if connection is not None:
            connection.send(data)
        elif place not in self._opening:
            self._opening[place] = [data]
            self._start(self._connect(flow))
        elif len(self._opening[place]) < MAX_WAITING:
            self._opening[place].append(data)

    async def close(self) -> None:
        await self._acceptor.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- connections from us -----------------------------------------------------------------------------------

    async def _connect(self, flow: Flow) -> None:
        place = (flow.remote, flow.host)
        connection = self._connection(flow.remote, flow.host)
        self._connections.admission.enter(flow.remote[0])
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S) as limit:
                await self._open(connection, flow)
            # A process that was stopped meanwhile hears of both at once; what waits is of calls that are over by now.
            if self._loop.time() >= (limit.when() or 0.0):
                raise TimeoutError
        except OSError as error:  # TimeoutError and SSLError are
            log.info("no connection to %s: %s", flow.remote, str(error) or type(error).__name__)
            if not connection.made:
                self._connections.admission.leave(flow.remote[0])
            connection.let_go("handshake")
            self._opening.pop(place, None)
            self._upcalls.failed(flow)
            return
        for data in self._opening.pop(place, []):
            connection.send(data)

    async def _open(self, connection: Connection, flow: Flow) -> None:
        """Raises ``OSError`` where nobody is there, or somebody else."""
        here = self.point.local[0]
        source = None if here in ("0.0.0.0", "::") else (here, 0)
        context = self._tls.client if self._tls else None
        await self._loop.create_connection(
            lambda: connection, *flow.remote, local_addr=source,
            ssl=context, server_hostname=_name(flow) if context else None,
        )  # fmt: skip
        if not connection.usable:
            raise OSError(f"the certificate is not one of {_name(flow)}" if context else "it was closed at once")

    # ---- Watcher -----------------------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> bool:
        flow = connection.flow
        strict = connection.ours and self._tls is not None and self._tls.client.verify_mode != ssl.CERT_NONE
        if strict and not bears(connection.shown, _name(flow)):
            return False
        self._connections.opened(connection)
        self._by_place[flow.remote, flow.host] = connection
        return True

    def changed(self, connection: Connection) -> None:
        self._connections.changed(connection)

    def closed(self, connection: Connection) -> None:
        flow = connection.flow
        self._connections.closed(connection)
        self._connections.admission.leave(flow.remote[0])
        if self._by_place.get((flow.remote, flow.host)) is connection:
            del self._by_place[flow.remote, flow.host]
        if connection.ours:  # then what was sent by address, not by number, went this way
            self._upcalls.failed(replace(flow, connection=0))

    # ---- inside ------------------------------------------------------------------------------------------------

    def _connection(self, remote: Address, host: str | None = None) -> Connection:
        point, number = self.point, self._connections.number()
        flow = Flow(point.transport, point.local, remote, number, host or "", point.advertised)
        return Connection(flow, self._upcalls, self, self._limits, ours=host is not None)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _name(flow: Flow) -> str:
    """Whom we mean to reach."""
    return flow.host or flow.remote[0]
