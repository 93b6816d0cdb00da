"""The project's own user agent on a connection of the test: TLS, TCP or WebSocket. It has no sound.

It answers each call at once. ``up`` and ``over`` are the legs that came so far; waiting is waiting for a condition.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Iterable

import aiohttp

from softswitch.call.signal import Accept, Answered, Dial, Failed, Offered, Release, Released
from softswitch.call.user_agent import RegisterDone, UserAgent
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sdp.media import LocalMedia
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.flow import Address, Flow
from softswitch.sip.framing import StreamFramer
from softswitch.sip.message import Message, ParseError, parse, render

_RTP = ("127.0.0.1", 9)  # discard


class StreamPhone:
    """``flow`` leads to the switch, ``write`` puts octets on the connection."""

    def __init__(self, flow: Flow, write: Callable[[bytes], None]) -> None:
        self._flow = flow
        self._write = write
        self._agent = UserAgent(flow, Ids(secrets.randbits))
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Condition()
        self.up: set[str] = set()
        self.over: dict[str, str] = {}  # leg -> why
        self.registered: dict[str, int] = {}  # user -> status
        self.received: list[Message] = []

    # ---- its user ----------------------------------------------------------------------------------------------

    async def register(self, user: str, password: str) -> int:
        """Again while the switch is too busy."""
        for _ in range(10):
            self.registered.pop(user, None)
            self._run(self._agent.register(user, password, self._now))
            await self.until(lambda: user in self.registered, f"{user} registered")
            if self.registered[user] != 503:
                break
            await asyncio.sleep(0.5)
        return self.registered[user]

    def dial(self, caller: str, called: str, password: str) -> str:
        leg = self._agent.dial(caller, called, LocalMedia(_RTP), (caller, password)).id
        self._run(self._agent.tell(leg, Dial(), self._now))
        return leg

    async def call(self, caller: str, called: str, password: str) -> str:
        """The leg, answered; dialled again while the switch is too busy."""
        for _ in range(10):
            leg = self.dial(caller, called, password)
            await self.until(lambda leg=leg: leg in self.up or leg in self.over, f"answer to {leg}")  # type: ignore[misc]
            if leg in self.up:
                return leg
            assert self.over.pop(leg) == "503"
            await asyncio.sleep(0.5)
        raise AssertionError("the switch is too busy")

    def release(self, leg: str) -> None:
        self._run(self._agent.tell(leg, Release(), self._now))

    async def until(self, condition: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    async with self._changed:
                        await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"not {what} in {timeout_s} s: up {self.up}, over {self.over}") from None

    # ---- the wire and the clock --------------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def take(self, message: Message) -> None:
        self.received.append(message)
        self._run(self._agent.received(message, self._flow, self._now))
        async with self._changed:
            self._changed.notify_all()

    async def hear(self, reader: asyncio.StreamReader) -> None:
        """All that comes on a TCP connection or one of TLS."""
        framer = StreamFramer()
        while data := await reader.read(65536):
            for item in framer.feed(data):
                assert not isinstance(item, ParseError), item
                await self.take(item)

    def _run(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._agent.deadline
        self._timer = asyncio.get_running_loop().call_at(deadline, self._tick) if deadline is not None else None

    def _tick(self) -> None:
        self._run(self._agent.tick(self._now))

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(message):
                self._write(render(message))
            case RequestArrived():
                leg = self._agent.take(effect, LocalMedia(_RTP))
                self._run(self._agent.tell(leg.id, effect, self._now))
            case Offered(leg):
                self._run(self._agent.tell(leg, Accept(), self._now))
            case Answered(leg):
                self.up.add(leg)
            case Released(leg):
                self.over[leg] = "released"
            case Failed(leg, status):
                self.over[leg] = str(status)
            case RegisterDone(user, status):
                self.registered[user] = status

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


@contextlib.asynccontextmanager
async def stream_phone(switch: Address, trust: ssl.SSLContext | None) -> AsyncIterator[StreamPhone]:
    """On a TCP connection, with ``trust`` on one of TLS."""
    reader, writer = await asyncio.open_connection(*switch, ssl=trust)
    local = writer.get_extra_info("sockname")[:2]
    phone = StreamPhone(Flow("tls" if trust else "tcp", local, switch, connection=1), writer.write)
    reading = asyncio.create_task(phone.hear(reader))
    try:
        yield phone
    finally:
        phone.stop()
        reading.cancel()
        writer.close()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError, ssl.SSLError):
            await reading
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def browser_phone(
    url: str, trust: ssl.SSLContext | None = None, host: str = "df7jal23ls0d.invalid"
) -> AsyncIterator[StreamPhone]:
    """As in a browser: on a WebSocket, under a host that nobody can reach (RFC 7118 section 5)."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=("sip",), ssl=trust if trust is not None else True) as socket,
    ):
        assert socket.protocol == "sip"
        outbox: asyncio.Queue[bytes] = asyncio.Queue()
        flow = Flow("wss" if trust else "ws", ("127.0.0.1", 9), ("127.0.0.1", 5060), 1, "", (host, 5060))
        phone = StreamPhone(flow, outbox.put_nowait)

        async def write() -> None:
            while True:
                await socket.send_str((await outbox.get()).decode())

        async def read() -> None:
            async for message in socket:
                data = message.data.encode() if isinstance(message.data, str) else message.data
                if data.strip():
                    await phone.take(parse(data))

        tasks = [asyncio.create_task(write()), asyncio.create_task(read())]
        try:
            yield phone
        finally:
            phone.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
