"""Engines for one database, one that writes and one that reads, and the schema brought up to date.

Facts go to SQLite by another way (``sqlite``); there the engine that writes is for the schema alone.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from softswitch.store.database import PATIENCE_S, Database
from softswitch.store.postgresql import Postgresql
from softswitch.store.sqlite import Sqlite, prepare

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
LONGEST_IDLE_S = 2 * PATIENCE_S  # between two statements of a transaction
MIGRATION_LOCK = 0x50F7  # PostgreSQL advisory lock: two processes must not migrate at once


@dataclass(frozen=True, slots=True)
class Engines:
    write: AsyncEngine
    read: AsyncEngine
    hasty: AsyncEngine | None = None  # of PostgreSQL, for ``Database.each``

    async def dispose(self) -> None:
        for engine in (self.write, self.read, self.hasty):
            if engine is not None:
                await engine.dispose()


def engines(address: str, name: str = "") -> Engines:
    """Engines for ``sqlite:///path`` or ``postgresql://user:password@host/name``. Nothing is connected yet.

    ``name`` is that of its connections, where the database has names for them."""
    url = make_url(address)
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        raise ValueError(f"{backend!r} is no database that we know; write sqlite:///PATH or postgresql://HOST/NAME")
    url = url.set(drivername=DRIVERS[backend])
    return _sqlite(url) if backend == "sqlite" else _postgresql(url, name)


async def database(both: Engines) -> Database:
    """Where facts go. The schema is up to date."""
    if both.hasty is not None:
        return Postgresql(both.write, both.hasty)
    await both.write.dispose()  # and its thread; nothing else is written by it
    return Sqlite(str(both.write.url.database))


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema to the newest revision; a database that is there already only answers one query."""
    if engine.dialect.name == "postgresql":  # of a large table it takes minutes, or another process is at it
        engine = create_async_engine(engine.url, poolclass=NullPool, connect_args={"timeout": PATIENCE_S})
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        await connection.run_sync(upgrade)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations on this connection, in its transaction."""
    command.upgrade(migrations(connection), revision)


def migrations(connection: Connection) -> Config:
    """As alembic's commands want them."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _sqlite(url: URL) -> Engines:
    if url.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file: two engines would see two databases in memory")
    _private(Path(str(url.database)))
    write = create_async_engine(url, pool_size=1, max_overflow=0, connect_args={"timeout": PATIENCE_S})
    read = create_async_engine(url, pool_size=2, max_overflow=2, connect_args={"timeout": PATIENCE_S})
    _begin_with(write, "BEGIN IMMEDIATE")
    _begin_with(read, "BEGIN")
    return Engines(write, read)


def _private(path: Path) -> None:
    """Numbers of customers are in it, and what is on its way to others: a new file is for its owner alone, and SQLite
    makes those beside it alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError, PermissionError):  # whether it can be written is found out soon enough
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _begin_with(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        prepare(connection)

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgresql(url: URL, name: str) -> Engines:
    patience: dict[str, Any] = {"timeout": PATIENCE_S, "command_timeout": PATIENCE_S}
    # A node that is stopped or cut off in the midst of a transaction holds what it has locked no longer than this.
    settings = {"idle_in_transaction_session_timeout": str(LONGEST_IDLE_S * 1000)}
    patience["server_settings"] = settings | ({"application_name": name} if name else {})
    # A connection that died while idle is found by the ping, not by a promise.
    # One for the writer, one for what it does not do in passing: a round of the node does not wait for an import.
    write = create_async_engine(url, pool_size=3, max_overflow=0, pool_pre_ping=True, connect_args=patience)
    read = create_async_engine(url, pool_size=2, max_overflow=2, pool_pre_ping=True, connect_args=patience)
    # No ping here, which takes as long as a claim: one that fails is asked for again.
    settings = patience["server_settings"] | {"synchronous_commit": "off"}
    hasty = create_async_engine(url, pool_size=2, max_overflow=0, isolation_level="AUTOCOMMIT",
                                connect_args=patience | {"server_settings": settings})  # fmt: skip
    return Engines(write, read, hasty)
