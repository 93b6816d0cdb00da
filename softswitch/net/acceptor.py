"""Who connects to us, whatever is spoken then: taken if there is room for that host, handshakes of TLS paced.

SIP and HTTP share the files of one process, and so one count of connections: with a count for each, a host could take
all that HTTP has and leave SIP without a file.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import cast

from softswitch.net.bound import bound
from softswitch.net.connections import Connections
from softswitch.net.upcalls import Upcalls
from softswitch.sip.flow import Address, Flow

log = logging.getLogger("softswitch.net")

HANDSHAKE_LIMIT_S = 5.0
_BACKLOG = 1024
_AT_ONCE = 64  # connections accepted before others have their turn
# A handshake costs a millisecond or two: a flood of them, or all phones at once, must leave time for everything else.
HANDSHAKES_AT_ONCE = 4
HANDSHAKE_PAUSE_S = 0.02
_NO_FILES_PAUSE_S = 0.1


class Attached:
    """Our end of a transport, whatever is spoken over it."""

    def __init__(self, flow: Flow, upcalls: Upcalls, transport: asyncio.Transport | None = None) -> None:
        self.flow = flow
        self._upcalls = upcalls
        self._transport = transport

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def let_go(self, reason: str) -> None:
        """At once; ``reason`` is of a closed list, for metrics."""
        if self._transport is not None and self.usable:
            self._upcalls.let_go(self.flow.transport, reason)
            self._transport.abort()

    def close(self) -> None:
        """When what was written has gone out."""
        if self._transport is not None:
            self._transport.close()


class Accepted(Attached, asyncio.Protocol):
    """A connection that was accepted. When one that was made is lost, it leaves the admission itself."""

    made = False  # with TLS: the handshake is over

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # those of uvloop only look like one
        self.made = True


class Acceptor:
    """One listening socket. Raises ``OSError`` where the address is taken.

    ``connection(remote)`` is the protocol for a new one; ``context()`` is the certificate of the moment.
    """

    def __init__(
        self,
        transport: str,
        local: Address,
        upcalls: Upcalls,
        connections: Connections,
        connection: Callable[[Address], Accepted],
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._transport = transport
        self._upcalls = upcalls
        self._connections = connections
        self._connection = connection
        self._context = context
        self._greetings: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._socket = bound(socket.SOCK_STREAM, local, socket.SO_REUSEADDR, 1)
        try:
            self._socket.listen(_BACKLOG)
        except OSError:  # of two that bind at once, this is where the second fails
            self._socket.close()
            raise
        self.local: Address = self._socket.getsockname()[:2]
        self._loop.add_reader(self._socket, self._accept)

    async def close(self) -> None:
        """No more; those that were made stay."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for greeting in list(self._greetings):
            greeting.cancel()
        await asyncio.gather(*self._greetings, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE if self._context is None else HANDSHAKES_AT_ONCE):
            try:
                accepted, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:  # out of files: what waits goes on waiting
                log.warning("cannot accept a connection: %s", error)
                self._pause(_NO_FILES_PAUSE_S)
                return
            accepted.setblocking(False)
            if self._connections.admits(address[0]):
                self._connections.admission.enter(address[0])
                greeting = asyncio.create_task(self._greet(accepted, address[:2]))
                self._greetings.add(greeting)
                greeting.add_done_callback(self._greetings.discard)
            else:
                self._upcalls.let_go(self._transport, "full")
                accepted.close()
        if self._context is not None:
            self._pause(HANDSHAKE_PAUSE_S)

    def _pause(self, pause_s: float) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.call_later(pause_s, self._resume)

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)

    async def _greet(self, accepted: socket.socket, remote: Address) -> None:
        connection = self._connection(remote)
        try:
            if self._context is None:
                await self._loop.connect_accepted_socket(lambda: connection, accepted)
            else:
                await self._loop.connect_accepted_socket(
                    lambda: connection, accepted, ssl=self._context(), ssl_handshake_timeout=HANDSHAKE_LIMIT_S
                )
        except (OSError, asyncio.CancelledError) as error:
            log.debug("no connection from %s: %s", remote, error)
        finally:
            if not connection.made:  # else its end will be told
                self._connections.admission.leave(remote[0])
                accepted.close()
                self._upcalls.let_go(self._transport, "handshake")
