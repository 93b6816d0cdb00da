"""The store as others see it: facts go in and return at once, what was written can be read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Row, Select

from softswitch.call.record import CallRecord
from softswitch.callback.model import Promise
from softswitch.contact.mailbox import Message
from softswitch.core.effect import DomainEvent
from softswitch.sip.registrar import Binding
from softswitch.store import query, statement
from softswitch.store.engine import Engines, database, engines, migrate
from softswitch.store.query import StoredAgent, StoredEvent
from softswitch.store.writer import OnStored, Writer

T = TypeVar("T")
MOST_READ = 100_000  # rows, where the caller names no limit


def nobody(key: str, token: str, ok: bool) -> None:
    """The ``on_stored`` of a store that nobody listens to yet."""


class Store:
    """Facts in SQLite or PostgreSQL; see ``Store.open``."""

    def __init__(self, engines: Engines, writer: Writer) -> None:
        self._engines = engines
        self._writer = writer

    @classmethod
    async def open(cls, url: str, on_stored: OnStored = nobody) -> Store:
        """Connect to ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST/NAME`` and bring the schema up to date."""
        both = engines(url)
        try:
            await migrate(both.write)
            writer = Writer(await database(both), on_stored)
        except BaseException:
            await both.dispose()
            raise
        return cls(both, writer)

    async def close(self) -> None:
        """Write what is queued, then let the database go."""
        await self._writer.close()
        await self._engines.dispose()

    @property
    def on_stored(self) -> OnStored:
        """Told of each durable write: (key, token, ok)."""
        return self._writer.on_stored

    @on_stored.setter
    def on_stored(self, listener: OnStored) -> None:
        self._writer.on_stored = listener

    @property
    def healthy(self) -> bool:
        """Did the last transaction succeed?"""
        return self._writer.healthy

    @property
    def dropped(self) -> int:
        """Facts that were lost, because the buffer was full or the database refused them."""
        return self._writer.dropped

    # ---- facts ---------------------------------------------------------------------------------------------------

    def put_promise(self, promise: Promise, token: str) -> None:
        """Durably; then ``on_stored(promise.id, token, ok)``."""
        self._writer.put(statement.promise(promise), promise.id, token)

    def put_call(self, record: CallRecord) -> None:
        self._writer.put(statement.call(record))

    def put_binding(self, binding: Binding) -> None:
        self._writer.put(statement.binding(binding))

    def remove_binding(self, binding: Binding) -> None:
        self._writer.put(statement.no_binding(binding))

    def put_agent(self, agent: str, logged_in: bool, paused: str) -> None:
        self._writer.put(statement.agent(agent, logged_in, paused))

    def put_voicemail(self, message: Message) -> None:
        self._writer.put(statement.voicemail(message))

    def put_event(self, at: float, event: DomainEvent) -> None:
        self._writer.put(statement.event(at, event))

    # ---- reading back --------------------------------------------------------------------------------------------

    async def promises(self, open_only: bool = False, limit: int = MOST_READ) -> list[Promise]:
        """Open ones oldest first; with the closed ones, the latest first."""
        return await self._read(query.promises(open_only, limit), query.to_promise)

    async def calls(self, limit: int = 100, before: float | None = None) -> list[CallRecord]:
        """The latest first; ``before`` pages on by ``ended_at`` (Unix s)."""
        return await self._read(query.calls(limit, before), query.to_call)

    async def bindings(self) -> list[Binding]:
        return await self._read(query.bindings(), query.to_binding)

    async def agents(self) -> list[StoredAgent]:
        return await self._read(query.agents(), query.to_agent)

    async def voicemails(self, limit: int = MOST_READ) -> list[Message]:
        """The latest first."""
        return await self._read(query.voicemails(limit), query.to_voicemail)

    async def events(self, after: int = 0, limit: int = 1000) -> list[StoredEvent]:
        """In order, from the one after offset ``after``."""
        return await self._read(query.events(after, limit), query.to_event)

    async def _read(self, select: Select[Any], make: Callable[[Row[Any]], T]) -> list[T]:
        async with self._engines.read.connect() as connection:
            return [make(row) for row in await connection.execute(select)]
