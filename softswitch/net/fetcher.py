"""HTTP requests of dialplans: allowed hosts only, bounded in time and size, and every end of them is an answer."""

from __future__ import annotations

import asyncio
import json as json_codec
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from softswitch.ivr.model import Fetch

MAX_BODY = 1 << 20  # bytes
Done = Callable[[str, int, int, Any, str], None]  # contact, request, status, body, error


class HttpFetcher:
    """The driver's ``Fetcher`` port. ``on_done`` is called once for every ``fetch``."""

    def __init__(self, allowed_hosts: Collection[str], on_done: Done) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._on_done = on_done
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def fetch(self, contact: str, request: int, order: Fetch) -> None:
        task = asyncio.create_task(self._fetch(contact, request, order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, contact: str, request: int, order: Fetch) -> None:
        status, body, error = 0, None, ""
        try:
            self._check(order.url)
            async with asyncio.timeout(order.timeout_s):
                status, body = await self._exchange(order)
        except TimeoutError:
            error = f"no answer within {order.timeout_s:g} s"
        except (aiohttp.ClientError, ValueError, OSError, RecursionError) as failure:
            status, error = 0, str(failure) or type(failure).__name__
        self._on_done(contact, request, status, body, error)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname not in self._allowed:
            raise ValueError(f"host {parts.hostname!r} is not in http_step.allowed_hosts")

    async def _exchange(self, order: Fetch) -> tuple[int, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.request(
            order.method, order.url, headers=dict(order.headers), json=order.json, allow_redirects=False
        ) as response:
            data = bytearray()
            async for piece in response.content.iter_any():
                data += piece
                if len(data) > MAX_BODY:
                    raise ValueError(f"the answer is larger than {MAX_BODY} bytes")
            if response.content_type == "application/json" and data:
                return response.status, json_codec.loads(data)
            return response.status, data.decode(errors="replace")
