"""One stream connection of SIP, TCP or TLS (RFC 3261 section 18.3): octets in, messages out, and how long it may stay.

A stream that cannot be framed is closed: there is no way back into step. A peer may be idle for long once it has said
something, but a message must be whole soon after its first octet, and who says nothing at all is let go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from softswitch.net.acceptor import Accepted
from softswitch.net.certificate import names
from softswitch.net.upcalls import Upcalls
from softswitch.sip.flow import Flow
from softswitch.sip.framing import PONG, StreamFramer
from softswitch.sip.message import Limits, Message, ParseError

IDLE_LIMIT_S = 900.0  # a phone that keeps its connection sends a keep-alive far more often
SILENT_LIMIT_S = 10.0  # who has never sent a message by then does not want to
MESSAGE_LIMIT_S = 10.0  # from the first octet of a message to its last
HOLD_S = 0.2  # who may not be heard now is asked again after so long
HELD_LIMIT_S = 10.0
AT_ONCE = 20  # messages of one connection, then it is others' turn
WRITE_LIMIT = 1 << 20  # bytes unsent: the peer does not read, let it go


class Watcher(Protocol):
    """Who keeps the connections, and hears how they are doing."""

    def opened(self, connection: Connection) -> bool:
        """False: it must not be."""

    def changed(self, connection: Connection) -> None:
        """It has spoken for the first time, or has begun or finished a message."""

    def closed(self, connection: Connection) -> None: ...


class Connection(Accepted):
    """``expires_at`` (seconds of the loop's clock) and ``excuse`` say when and why it is to be let go."""

    def __init__(self, flow: Flow, upcalls: Upcalls, watcher: Watcher, limits: Limits, ours: bool = False) -> None:
        super().__init__(flow, upcalls)
        self.ours = ours  # we opened it
        self.spoken = ours  # a whole message has come; of one that we opened we ask none
        self.unfinished_since: float | None = None
        self._watcher = watcher
        self._framer = StreamFramer(limits)
        self._waiting: deque[Message | ParseError] = deque()  # whole, and not handed on yet
        self._held_since: float | None = None
        self._clock = asyncio.get_running_loop().time
        self._heard_at = self._clock()

    @property
    def expires_at(self) -> float:
        if not self.spoken:
            return self._heard_at + SILENT_LIMIT_S
        if self.unfinished_since is not None:
            return self.unfinished_since + MESSAGE_LIMIT_S
        return self._heard_at + IDLE_LIMIT_S

    @property
    def excuse(self) -> str:
        """Closed list, for metrics."""
        if not self.spoken:
            return "silent"
        return "idle" if self.unfinished_since is None else "slow"

    def send(self, data: bytes) -> None:
        if self._transport is None:
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > WRITE_LIMIT:
            self.let_go("backlog")

    # ---- asyncio -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._watcher.opened(self):
            self.let_go("handshake")
        elif shown := self.shown:
            self.flow = replace(self.flow, names=names(shown))

    @property
    def shown(self) -> Mapping[str, Any]:
        """The peer's certificate, as ``ssl`` gives it; empty where there is none that was asked for."""
        over_tls = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
        return (over_tls.getpeercert() or {}) if over_tls is not None else {}

    def data_received(self, data: bytes) -> None:
        if self._framer.broken:
            return
        items = self._framer.feed(data)
        self._note(bool(items))
        self._waiting.extend(items)
        self._deliver()
        if pongs := self._framer.take_pongs():
            self.send(PONG * pongs)  # RFC 5626 section 4.4.1

    def _deliver(self) -> None:
        """Hand on what has come. Who may not be heard now is not read from, and has to wait: on a stream nothing that
        was dropped comes again. Who has sent many waits, too, until others have been heard."""
        for _ in range(AT_ONCE):
            if not self._waiting or not self.usable:
                break
            if not self._upcalls.admits(self.flow):
                self._hold()
                return
            item = self._waiting.popleft()
            if isinstance(item, ParseError):
                self._upcalls.malformed(item, self.flow)
            else:
                self._upcalls.message(item, self.flow)
        self._held_since = None
        if self._waiting and self.usable:
            self._go_on_after(0.0)
        elif self._framer.broken:
            self.close()

    def _hold(self) -> None:
        assert self._transport is not None
        now = self._clock()
        if self._held_since is None:
            self._held_since = now
        if now > self._held_since + HELD_LIMIT_S:
            self.let_go("held")
            return
        self._go_on_after(HOLD_S)

    def _go_on_after(self, wait_s: float) -> None:
        assert self._transport is not None
        self._transport.pause_reading()
        asyncio.get_running_loop().call_later(wait_s, self._go_on)

    def _go_on(self) -> None:
        self._deliver()
        if self._transport is not None and self.usable and not self._waiting:
            self._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._watcher.closed(self)
        self._upcalls.failed(self.flow)

    def _note(self, whole: bool) -> None:
        """A message has come, or a part of one."""
        before = (self.spoken, self.unfinished_since)
        now = self._clock()
        if self.spoken or whole:
            self._heard_at = now
            self.spoken = True
        if not self._framer.unfinished:
            self.unfinished_since = None
        elif whole or self.unfinished_since is None:
            self.unfinished_since = now
        if before != (self.spoken, self.unfinished_since):
            self._watcher.changed(self)
