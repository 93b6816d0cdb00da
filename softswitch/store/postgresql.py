"""Facts into PostgreSQL, over connections of an engine of SQLAlchemy's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import UpdateBase

from softswitch.store.database import Fact, Refused, T, Transaction, commit
from softswitch.store.statement import Name, Row, statements
from softswitch.store.trouble import gave_way


class Postgresql:
    """A ``Database``; the engines stay their maker's. ``hasty`` commits each statement, not waiting for the disk."""

    def __init__(self, engine: AsyncEngine, hasty: AsyncEngine) -> None:
        self._engine, self._hasty = engine, hasty
        self._statements = statements("postgresql")

    async def commit(self, batch: Sequence[Fact]) -> Refused:
        async with self._engine.connect() as connection:
            try:
                return await connection.run_sync(self._commit, batch)
            except Exception as error:
                if not gave_way(error):
                    raise
            return await connection.run_sync(self._commit, batch)

    def _commit(self, connection: Connection, batch: Sequence[Fact]) -> Refused:
        return commit(lambda: self._begin(connection), batch)

    async def run(self, work: Callable[[Transaction], T]) -> T:
        def run(waiting: Connection) -> T:
            with self._begin(waiting) as transaction:
                return work(transaction)

        async with self._engine.connect() as connection:
            return await connection.run_sync(run)

    async def each(self, work: Callable[[Transaction], T]) -> T:
        async with self._hasty.connect() as connection:
            return await connection.run_sync(lambda waiting: work(_Transaction(waiting, self._statements)))

    async def close(self) -> None:
        """Nothing is kept open but the engine."""

    @contextmanager
    def _begin(self, connection: Connection) -> Iterator[_Transaction]:
        with connection.begin():
            yield _Transaction(connection, self._statements)


class _Transaction:
    dialect = "postgresql"

    def __init__(self, connection: Connection, statements: Mapping[Name, UpdateBase | TextClause]) -> None:
        self._connection, self._statements = connection, statements

    def execute(self, name: Name, rows: Sequence[Row]) -> None:
        self._connection.execute(self._statements[name], rows)

    def ask(self, sql: str, values: Row) -> Sequence[Sequence[Any]]:
        return self._connection.execute(text(sql), values).fetchall()

    def change(self, sql: str, values: Row) -> int:
        return self._connection.execute(text(sql), values).rowcount

    def savepoint(self) -> AbstractContextManager[object]:
        return self._connection.begin_nested()

    def ping(self) -> None:
        self._connection.execute(select(1))
