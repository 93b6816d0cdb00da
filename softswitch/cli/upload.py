"""A file to a running switch, while what it says of each row comes back: neither waits for the other."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp

from softswitch.cli.client import TOKEN_VARIABLE, Base, Failed, no_switch, refusal

PIECE = 65_536
SILENCE_S = 90.0  # of a switch that reads: longer than it waits for us

Told = dict[str, Any]


def upload(base: Base, path: str, file: Path, hear: Callable[[Told], None]) -> None:
    """``hear`` is given each line of the answer. Raises ``Failed``."""
    try:
        with file.open("rb") as octets:
            asyncio.run(_upload(base, path, octets, hear))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise no_switch(base, error) from None
    except OSError as error:
        raise Failed(f"{file}: {error.strerror or error}") from None


async def _upload(base: Base, path: str, octets: BinaryIO, hear: Callable[[Told], None]) -> None:
    headers = {"Content-Type": "text/csv"}
    if token := os.environ.get(TOKEN_VARIABLE):
        headers["Authorization"] = f"Bearer {token}"
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=SILENCE_S)
    secured = base.trust() if base.url.startswith("https:") else False
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{base}{path}", data=_pieces(octets), headers=headers, ssl=secured) as answer,
    ):
        if answer.status != 200:
            raise Failed(refusal(answer.status, await answer.read()))
        last: Told = {}
        async for line in answer.content:
            last = json.loads(line)
            hear(last)
        if last.get("kind") not in ("done", "failed"):
            raise Failed("the switch broke off; import the same file again: what is there is not added twice")


async def _pieces(octets: BinaryIO) -> AsyncIterator[bytes]:
    while piece := octets.read(PIECE):
        yield piece
