"""SIP over WebSocket (RFC 7118): a handler for the HTTP listener, and the connection that it serves.

One WebSocket message is one SIP message (section 5); the subprotocol ``sip`` has to be offered (section 4.1). A browser
cannot be reached otherwise than over the connection that it opened, so that a connection which ends takes with it
whatever was registered over it. The page that a browser's phone comes from must be one of ours, or one that the admin
named: any other could use the port of somebody who has it open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from aiohttp import WSCloseCode, WSMsgType, web

from softswitch.net.acceptor import Attached
from softswitch.net.connection import HELD_LIMIT_S, HOLD_S, IDLE_LIMIT_S, SILENT_LIMIT_S, WRITE_LIMIT
from softswitch.net.connections import Connections
from softswitch.net.upcalls import Upcalls
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.framing import PONG
from softswitch.sip.message import Limits, ParseError, parse

SUBPROTOCOL = "sip"
HEARTBEAT_S = 30.0  # a ping of WebSocket; who does not answer in half that time is gone


class WebSocketConnection(Attached):
    """Messages are written by a task, because whoever sends may not wait."""

    unfinished_since: float | None = None  # HTTP has its own limits on what is half way

    def __init__(self, flow: Flow, upcalls: Upcalls, socket: web.WebSocketResponse, request: web.Request) -> None:
        super().__init__(flow, upcalls, request.transport)
        self.spoken = False
        self._socket = socket
        self._clock = asyncio.get_running_loop().time
        self._heard_at = self._clock()
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._unsent = 0  # bytes
        self._writer = asyncio.create_task(self._write())

    @property
    def expires_at(self) -> float:
        return self._heard_at + (IDLE_LIMIT_S if self.spoken else SILENT_LIMIT_S)

    @property
    def excuse(self) -> str:
        return "idle" if self.spoken else "silent"

    def send(self, data: bytes) -> None:
        self._unsent += len(data)
        self._outbox.put_nowait(data)
        if self._unsent > WRITE_LIMIT:
            self.let_go("backlog")

    def close(self) -> None:
        self._writer.cancel()
        super().close()

    def heard(self, whole: bool) -> None:
        self.spoken = self.spoken or whole
        if self.spoken:
            self._heard_at = self._clock()

    async def _write(self) -> None:
        while True:
            data = await self._outbox.get()
            try:
                await self._socket.send_str(data.decode("utf-8"))
            except UnicodeDecodeError:  # section 5: what is no text goes as octets
                await self._socket.send_bytes(data)
            except (ConnectionError, RuntimeError):
                return  # it is closing; the reader says so
            self._unsent -= len(data)


class WebSocketDoor:
    """``handle`` is the handler of the route; ``point`` says what our end is called."""

    def __init__(
        self,
        upcalls: Upcalls,
        connections: Connections,
        limits: Limits,
        point: ListeningPoint,
        origins: Collection[str] = (),
    ) -> None:
        self._upcalls = upcalls
        self._connections = connections
        self._limits = limits
        self._point = point
        self._origins = frozenset(origins)
        self._open: dict[WebSocketConnection, web.WebSocketResponse] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        remote = request.transport.get_extra_info("peername")[:2] if request.transport is not None else ("", 0)
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), heartbeat=HEARTBEAT_S, max_msg_size=self._limits.max_bytes, compress=False
        )
        await socket.prepare(request)
        number, point = self._connections.number(), self._point
        flow = Flow(point.transport, point.local, remote, number, "", point.advertised)
        connection = WebSocketConnection(flow, self._upcalls, socket, request)
        self._connections.opened(connection)
        self._open[connection] = socket
        try:
            await self._read(connection, socket)
        finally:
            del self._open[connection]
            connection.close()
            self._connections.closed(connection)
            self._upcalls.failed(flow)
        return socket

    async def shut(self, _: web.Application) -> None:
        """Before the HTTP server stops, which waits for its handlers."""
        for socket in list(self._open.values()):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def _refusal(self, request: web.Request) -> web.Response | None:
        offered = [name.strip().lower() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if not web.WebSocketResponse(protocols=(SUBPROTOCOL,)).can_prepare(request):
            return web.Response(status=426, text="This is for WebSockets.\n", headers={"Upgrade": "websocket"})
        if SUBPROTOCOL not in offered:
            return web.Response(status=400, text="The subprotocol must be sip (RFC 7118).\n")
        if not self._welcome(request):
            return web.Response(status=403, text="Not from this page; see sip.websocket.origins.\n")
        return None

    def _welcome(self, request: web.Request) -> bool:
        """Only browsers send Origin, and only they can be made to come by a page that their user did not mean."""
        origin = request.headers.get("Origin")
        if origin is None or "*" in self._origins or origin in self._origins:
            return True
        return origin.partition("://")[2].lower() == request.host.lower()

    async def _read(self, connection: WebSocketConnection, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if not await self._heard(connection):
                return
            if message.type is WSMsgType.TEXT:
                self._take(message.data.encode("utf-8", "surrogateescape"), connection)
            elif message.type is WSMsgType.BINARY:
                self._take(message.data, connection)

    async def _heard(self, connection: WebSocketConnection) -> bool:
        """Wait until it may be heard; False where that takes too long."""
        for _ in range(round(HELD_LIMIT_S / HOLD_S)):
            if self._upcalls.admits(connection.flow):
                return True
            await asyncio.sleep(HOLD_S)
        connection.let_go("held")
        return False

    def _take(self, data: bytes, connection: WebSocketConnection) -> None:
        if not data.strip(b"\r\n"):
            connection.heard(False)
            if data == PONG * 2:  # section 6, RFC 5626 section 4.4.1
                connection.send(PONG)
            return
        connection.heard(True)
        self._connections.changed(connection)
        try:
            message = parse(data, self._limits)
        except ParseError as error:
            self._upcalls.malformed(error, connection.flow)
            return
        self._upcalls.message(message, connection.flow)
