"""HTTP requests of ours that go on by themselves: for dialplans and for webhooks alike.

Nothing is kept of one answer that another could see, and nobody is told which version asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import aiohttp

MAX_CONNECTIONS = 100  # to one host, so that a slow one does not starve the others


class Outgoing:
    """One session, opened with the first request, and the requests under way. Each bounds its own time."""

    def __init__(self) -> None:
        self._open: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._open is None:
            self._open = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=MAX_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": "softswitch"},
            )
        return self._open

    async def close(self) -> None:
        """What is under way is given up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._open is not None:
            await self._open.close()
