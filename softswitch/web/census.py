"""How many open promises lie in the pool and at other nodes, counted now and then: no scrape waits for the database.

A million of them take the database a second, in which others read and write as ever. So the longer a count takes, the
rarer it is. While the database does not answer, the number is not known, and there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import structlog
from aiohttp import web

from softswitch.store.promises import Lying
from softswitch.switch.view import Control
from softswitch.web.standstill import PoolReader, ask

EVERY_S = 30.0
REST = 60.0  # times as long as the last count took: 2 % of one connection that reads, at most
Tell = Callable[[Sequence[Lying] | None, float], None]  # None: nobody knows; at (Unix s)
_log = structlog.get_logger("softswitch.web")


def pause_s(took_s: float) -> float:
    """Until the next count."""
    return max(EVERY_S, REST * took_s)


class Census:
    """``keep`` is for ``cleanup_ctx``: from the start of the application to its end."""

    def __init__(self, control: Control, reader: PoolReader, tell: Tell, failed: Callable[[], None]) -> None:
        self._control, self._reader, self._tell, self._failed = control, reader, tell, failed

    async def keep(self, _: web.Application) -> AsyncIterator[None]:
        task: asyncio.Task[Any] = asyncio.create_task(self._go_on(), name="census")
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _go_on(self) -> None:
        while True:
            began = time.monotonic()
            await self.count()
            await asyncio.sleep(pause_s(time.monotonic() - began))

    async def count(self) -> None:
        rows: Sequence[Lying] | None = None
        try:
            rows = await ask(self._reader)
        except Exception:
            self._failed()
            _log.exception("promises in the pool could not be counted")
        self._tell(rows, self._control.promise_desk().moment()[0])
