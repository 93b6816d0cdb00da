"""Facts into an SQLite file, by a thread of its own: it is given a batch, and says when the disk has it.

The thread does nothing but this, so that a batch costs the loop two wake-ups however many statements it has. WAL with
synchronous FULL: a commit has reached the disk when it returns. A claim does without (NORMAL): the next commit has the
whole log reach the disk, and it. The driver's own idea of when to begin is switched off
(``isolation_level=None``); a transaction that writes begins IMMEDIATE, or it would fail at once, with "database is
locked", where it has to wait.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from softswitch.store.checkpoint import MOST_PAGES, Checkpoints
from softswitch.store.database import PATIENCE_S, Fact, Refused, T, Transaction, commit
from softswitch.store.statement import Name, Row, texts

CACHE_KIB = 32_768  # a connection: the upper levels of the indices of a million promises


def prepare(connection: Any) -> None:
    """``connection`` is one of ``sqlite3``, or of what is like it."""
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={MOST_PAGES}")


class Sqlite:
    """A ``Database``. The file has its tables already."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._texts = texts()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._first: deque[Callable[[], None]] = deque()  # what the thread is to do
        self._then: deque[Callable[[], None]] = deque()
        self._checkpoints = Checkpoints(partial(connect, path))
        self._connection: sqlite3.Connection | None = None  # the thread's

    async def commit(self, batch: Sequence[Fact]) -> Refused:
        return await self._in_thread(partial(commit, self._begin, batch))

    async def run(self, work: Callable[[Transaction], T]) -> T:
        def run() -> T:
            with self._begin() as transaction:
                return work(transaction)

        return await self._in_thread(run)

    async def each(self, work: Callable[[Transaction], T]) -> T:
        def run() -> T:
            with self._begin("NORMAL") as transaction:
                return work(transaction)

        return await self._in_thread(run, self._first)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._end)
        self._thread.shutdown()

    # ---- the thread ----------------------------------------------------------------------------------------------

    async def _in_thread(self, work: Callable[[], T], line: deque[Callable[[], None]] | None = None) -> T:
        answer: Future[T] = Future()
        (self._then if line is None else line).append(partial(self._answer, answer, work))
        self._thread.submit(self._next)
        return await asyncio.wrap_future(answer)

    def _next(self) -> None:
        (self._first or self._then).popleft()()

    def _answer(self, answer: Future[T], work: Callable[[], T]) -> None:
        if answer.set_running_or_notify_cancel():
            try:
                answer.set_result(self._do(work))
            except BaseException as error:
                answer.set_exception(error)

    def _do(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except BaseException:
            self._disconnect()  # the next one may find the file that this one has lost
            raise

    @contextmanager
    def _begin(self, synchronous: str = "FULL") -> Iterator[_Transaction]:
        if self._connection is None:
            self._connection = connect(self._path)
        connection = self._connection
        before = connection.total_changes
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield _Transaction(connection, self._texts)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        self._checkpoints.committed(connection.total_changes - before)

    def _end(self) -> None:
        self._checkpoints.close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connect(path: str, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """Raises ``sqlite3.Error``."""
    connection = sqlite3.connect(path, timeout=PATIENCE_S, factory=factory)
    prepare(connection)
    return connection


class _Transaction:
    dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection, texts: Mapping[Name, str]) -> None:
        self._connection, self._texts = connection, texts

    def execute(self, name: Name, rows: Sequence[Row]) -> None:
        self._connection.executemany(self._texts[name], rows)

    def ask(self, sql: str, values: Row) -> Sequence[Sequence[Any]]:
        return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, values: Row) -> int:
        return self._connection.execute(sql, values).rowcount

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self._connection.execute("SAVEPOINT fact")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO fact")
            raise
        finally:
            self._connection.execute("RELEASE fact")

    def ping(self) -> None:
        """It has begun: the file is there, and can be locked."""
