"""All connections, whatever carries them: found by number, counted by host, let go when their time is up."""

from __future__ import annotations

import asyncio
import itertools
import resource
from collections import defaultdict
from typing import Protocol

from softswitch.net.admission import Admission
from softswitch.sip.flow import Flow
from softswitch.sip.source import source_of

MAX_SHARE = 2  # connections may take one in so many of the files that we may open
MAX_UNFINISHED = 1000  # messages of which a part has come: each may hold as much memory as a message may be long
SWEEP_S = 1.0
_LAST_TURNS = 10


class AnyConnection(Protocol):
    flow: Flow
    spoken: bool
    unfinished_since: float | None

    @property
    def expires_at(self) -> float: ...

    @property
    def excuse(self) -> str: ...

    def send(self, data: bytes) -> None: ...

    def let_go(self, reason: str) -> None: ...

    def close(self) -> None: ...


class Connections:
    """One registry for TCP, TLS, HTTP and WebSocket. It is their ``Watcher``."""

    def __init__(self, most: int | None = None) -> None:
        self.admission = Admission(most or resource.getrlimit(resource.RLIMIT_NOFILE)[0] // MAX_SHARE)
        self._numbers = itertools.count(1)
        self._by_number: dict[int, AnyConnection] = {}
        self._silent: defaultdict[str, dict[AnyConnection, None]] = defaultdict(dict)  # by host, the oldest first
        self._unfinished: dict[AnyConnection, None] = {}  # the one that has been at it longest first
        self._timer: asyncio.TimerHandle | None = None

    def number(self) -> int:
        return next(self._numbers)

    def get(self, number: int) -> AnyConnection | None:
        return self._by_number.get(number)

    def admits(self, host: str) -> bool:
        """Where a host has all it may have, its oldest connection that never said a word gives way to a new one."""
        if self.admission.admits(host):
            return True
        silent = self._silent.get(source_of(host))
        if not silent:
            return False
        oldest = next(iter(silent))
        self._no_longer_silent(oldest)  # it is gone only in a moment, and another may ask before
        oldest.let_go("full")
        return True

    def __len__(self) -> int:
        return len(self._by_number)

    # ---- Watcher -----------------------------------------------------------------------------------------------

    def opened(self, connection: AnyConnection) -> bool:
        self._by_number[connection.flow.connection] = connection
        if not connection.spoken:
            self._silent[source_of(connection.flow.remote[0])][connection] = None
        return True

    def changed(self, connection: AnyConnection) -> None:
        if connection.spoken:
            self._no_longer_silent(connection)
        self._unfinished.pop(connection, None)
        if connection.unfinished_since is not None:
            self._unfinished[connection] = None
            if len(self._unfinished) > MAX_UNFINISHED:
                next(iter(self._unfinished)).let_go("slow")

    def closed(self, connection: AnyConnection) -> None:
        self._by_number.pop(connection.flow.connection, None)
        self._unfinished.pop(connection, None)
        self._no_longer_silent(connection)

    def _no_longer_silent(self, connection: AnyConnection) -> None:
        host = source_of(connection.flow.remote[0])
        if host in self._silent:
            self._silent[host].pop(connection, None)
            if not self._silent[host]:
                del self._silent[host]

    # ---- time --------------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Let go whose time is up, now and every ``SWEEP_S``."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [one for one in self._by_number.values() if one.expires_at <= now]:
            connection.let_go(connection.excuse)
        self._timer = loop.call_later(SWEEP_S, self.sweep)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._by_number.values()):
            connection.close()
        for _ in range(_LAST_TURNS):  # the loop tells each that it is gone
            if not self._by_number:
                break
            await asyncio.sleep(0)
