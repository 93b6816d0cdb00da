"""Control's end of the connection: made again whenever it breaks. A process that does not answer is ended.

Its silence is counted in waits of our own, not in time: had control itself been stopped, or been busy, for a minute,
that is one wait, and what was said meanwhile is read before the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Protocol

from softswitch.media import hung
from softswitch.media import protocol as p

log = logging.getLogger(__name__)

ASK_S = 1.0  # how often the process is asked for its numbers
_MOST_SILENCES = 3  # waits of ASK_S in a row without a word: it hangs
_FIRST_DELAY_S, _MOST_DELAY_S = 0.02, 1.0
_READ = 1 << 16


class _Silent(Exception):
    """The process is there, and says nothing."""


class LinkListener(Protocol):
    def up(self, welcome: p.Welcome) -> None:
        """The process answers."""

    def down(self) -> None:
        """The connection of the last ``up`` is gone."""

    def event(self, event: p.Event) -> None: ...


class Link:
    """One connection at a time, to the Unix socket ``path``."""

    def __init__(self, path: Path, listener: LinkListener) -> None:
        self._path, self._listener = path, listener
        self._writer: asyncio.StreamWriter | None = None  # while the process is known to be there
        self._said: list[bytes] = []  # in this turn of the loop; one call to the system carries all of it

    def send(self, command: p.Command) -> None:
        """Without a connection it is lost: what is wanted is said again when there is one."""
        if self._writer is None:
            return
        if not self._said:
            asyncio.get_running_loop().call_soon(self._flush)
        self._said.append(p.pack(command))

    def _flush(self) -> None:
        said, self._said = self._said, []
        if self._writer is not None:
            _write(self._writer, b"".join(said))

    async def run(self) -> None:
        """Stay connected until cancelled."""
        delay_s = _FIRST_DELAY_S
        while True:
            if await self._connect():
                delay_s = _FIRST_DELAY_S
            await asyncio.sleep(delay_s)
            delay_s = min(1.2 * delay_s, _MOST_DELAY_S)  # a fifth of the time that it is away

    async def _connect(self) -> bool:
        """One connection from beginning to end; False where it was refused."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._path))
        except OSError:
            return False
        asking = asyncio.create_task(self._ask(writer))
        try:
            await self._talk(reader, writer)
        except _Silent:
            hung.end(hung.process_behind(writer.get_extra_info("socket")))
        except (OSError, p.ProtocolError) as error:
            log.warning("media process: %s", error)
        finally:
            asking.cancel()
            self._flush()  # what was said in the very turn in which it ends
            writer.close()
            if self._writer is not None:
                self._writer = None
                self._listener.down()
        return True

    async def _ask(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(ASK_S)
            _write(writer, p.pack(p.AskStats()))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = p.Frames()
        writer.write(p.pack(p.Hello()))
        while True:
            octets = await self._read(reader)
            if not octets:
                return
            for event in frames.events(octets):
                self._take(event, writer)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """Raises ``_Silent``. The last wait is none: it finds what came in the very turn in which the one before ended,
        as where control is so busy that each turn of its loop takes as long as a wait."""
        for wait_s in (*[ASK_S] * _MOST_SILENCES, 0.0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    return await reader.read(_READ)
        raise _Silent

    def _take(self, event: p.Event, writer: asyncio.StreamWriter) -> None:
        if not isinstance(event, p.Welcome):
            self._listener.event(event)
            return
        if event.version != p.VERSION:
            raise p.ProtocolError(f"protocol version {event.version}; this is {p.VERSION}")
        self._writer = writer
        self._listener.up(event)


def _write(writer: asyncio.StreamWriter, octets: bytes) -> None:
    """Nothing where the connection is closed, and its reader is told only later in this turn: uvloop would raise."""
    if not writer.is_closing():
        writer.write(octets)
