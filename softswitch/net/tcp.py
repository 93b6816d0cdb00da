"""SIP over TCP (RFC 3261 section 18.3): connections in and out, framed by Content-Length.

A connection is found again by its id (responses go back where the request came from, section 18.2.2) or by the peer's
address; where there is none, one is opened. A stream that cannot be framed is closed: there is no way back into step.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
from collections import Counter
from collections.abc import Callable, Iterator

from softswitch.sip.flow import Address, Flow
from softswitch.sip.framing import PONG, StreamFramer
from softswitch.sip.message import Limits, Message, ParseError

CONNECT_TIMEOUT_S = 4.0
IDLE_LIMIT_S = 900.0  # a phone that keeps its connection sends a keep-alive far more often
SILENT_LIMIT_S = 10.0  # who has never sent a message by then does not want to
MAX_PER_HOST = 500  # a whole office behind one NAT, but not one stranger with all our files
MAX_SHARE = 2  # connections may take one in so many of the files that we may open
WRITE_LIMIT = 1 << 20  # bytes unsent: the peer does not read, let it go


class TcpListener:
    """One listening address and every connection that belongs to it."""

    def __init__(
        self,
        local: Address,
        on_message: Callable[[Message, Flow], None],
        on_malformed: Callable[[ParseError, Flow], None],
        on_failed: Callable[[Flow], None],
        limits: Limits,
        ids: Iterator[int],
    ) -> None:
        self.local = local
        self._on_message = on_message
        self._on_malformed = on_malformed
        self._on_failed = on_failed
        self._limits = limits
        self._ids = ids
        self._server: asyncio.Server | None = None
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._by_remote: dict[Address, int] = {}
        self._per_host: Counter[str] = Counter()
        self._most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // MAX_SHARE
        self._opening: dict[Address, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def bind(
        cls,
        address: Address,
        on_message: Callable[[Message, Flow], None],
        on_malformed: Callable[[ParseError, Flow], None],
        on_failed: Callable[[Flow], None],
        limits: Limits,
        ids: Iterator[int] | None = None,
    ) -> TcpListener:
        """Raises ``OSError`` where the address is taken."""
        listener = cls(address, on_message, on_malformed, on_failed, limits, ids or itertools.count(1))
        listener._server = await asyncio.start_server(listener._accepted, *address)
        listener.local = listener._server.sockets[0].getsockname()[:2]
        return listener

    def send(self, data: bytes, flow: Flow) -> None:
        writer = self._writers.get(flow.connection) or self._writers.get(self._by_remote.get(flow.remote, 0))
        if writer is not None:
            writer.write(data)
            if writer.transport.get_write_buffer_size() > WRITE_LIMIT:
                writer.transport.abort()
        elif flow.remote in self._opening:
            self._opening[flow.remote].append(data)
        else:
            self._opening[flow.remote] = [data]
            self._start(self._connect(flow))

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("peername")[0]
        if len(self._writers) >= self._most or self._per_host[host] >= MAX_PER_HOST:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)

    async def _connect(self, flow: Flow) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(*flow.remote)
        except OSError:  # TimeoutError is one
            self._opening.pop(flow.remote, None)
            self._on_failed(flow)
            return
        for data in self._opening.pop(flow.remote, []):
            writer.write(data)
        await self._serve(reader, writer, flow.remote)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, remote: Address | None = None
    ) -> None:
        number = next(self._ids)
        peer: Address = remote or writer.get_extra_info("peername")[:2]
        flow = Flow("tcp", self.local, peer, number)
        self._writers[number] = writer
        self._per_host[peer[0]] += 1
        self._by_remote[peer] = number
        try:
            await self._read(reader, writer, flow)
        except (OSError, asyncio.IncompleteReadError):
            pass  # it broke; what is said about that is said below
        finally:
            del self._writers[number]
            self._per_host -= Counter((peer[0],))  # what comes to nothing is dropped
            if self._by_remote.get(peer) == number:
                del self._by_remote[peer]
            writer.close()
            self._on_failed(flow)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: Flow) -> None:
        framer = StreamFramer(self._limits)
        loop = asyncio.get_running_loop()
        spoken, until = False, loop.time() + SILENT_LIMIT_S
        while True:
            async with asyncio.timeout_at(until):
                data = await reader.read(65536)
            if not data:
                return
            items = framer.feed(data)
            spoken = spoken or bool(items)
            if spoken:
                until = loop.time() + IDLE_LIMIT_S
            for item in items:
                if isinstance(item, ParseError):
                    self._on_malformed(item, flow)
                else:
                    self._on_message(item, flow)
            if pongs := framer.take_pongs():
                writer.write(PONG * pongs)  # RFC 5626 section 4.4.1
            if framer.broken:
                return
