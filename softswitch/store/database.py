"""How a batch of facts becomes one transaction, whatever the database: ``sqlite`` and ``postgresql`` say what it is.

A batch that fails is done again with a savepoint around each fact, so that a bad one does not sink the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy.exc import IntegrityError

from softswitch.core.legible import legible
from softswitch.store.fence import Me, holds, others
from softswitch.store.statement import Change, Name, Row
from softswitch.store.trouble import database_is_away

PATIENCE_S = 3  # for a lock, a connection, a statement: less than the ledger waits for an answer

log = structlog.get_logger()
T = TypeVar("T")


class Refusal(Enum):
    BAD = "bad"
    TAKEN = "taken"  # by another row
    FENCED = "fenced"


Refused = dict[int, Refusal]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is written together; with a token, somebody waits for it to be durable."""

    changes: Sequence[Change]
    key: str = ""
    token: str = ""
    fence: Me | None = None  # refused where that life is over
    disowns: bool = False  # promises may be nobody's afterwards, ours as well

    @property
    def awaited(self) -> bool:
        return bool(self.token)


class Transaction(Protocol):
    """What is done in it is done when it ends without an error, and not before."""

    def execute(self, name: Name, rows: Sequence[Row]) -> None: ...

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""

    def ask(self, sql: str, values: Row) -> Sequence[Sequence[Any]]:
        """The rows that a statement returns, in whose text a value is written ``:name``."""

    def change(self, sql: str, values: Row) -> int:
        """How many rows it has changed."""

    def savepoint(self) -> AbstractContextManager[object]:
        """What is done within is undone where it raises; the transaction goes on."""

    def ping(self) -> None:
        """Raises where the database does not answer."""


Begin = Callable[[], AbstractContextManager[Transaction]]


class Database(Protocol):
    """Where the writer's facts go."""

    async def commit(self, batch: Sequence[Fact]) -> Refused:
        """Write all facts in one transaction, durably. Returns those that the database refused, by index.

        Raises anything where it is away: then nothing was written.
        """

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """In a transaction of its own; ``work`` may wait. Raises what it raises, and then nothing was written."""

    async def each(self, work: Callable[[Transaction], T]) -> T:
        """The same, before others that wait, where each statement may be a transaction of its own, which takes one
        answer of the database instead of three; and where it may be lost with the machine until something else is
        written: that is durable, and all before it."""

    async def close(self) -> None: ...


def commit(begin: Begin, batch: Sequence[Fact]) -> Refused:
    """``Database.commit``, for a database that can be waited for."""
    try:
        with begin() as transaction:
            if not batch:
                transaction.ping()
            refused = _fenced(transaction, batch)
            held = (fact for index, fact in enumerate(batch) if index not in refused)
            _execute(transaction, [change for fact in held for change in fact.changes])
        return refused
    except Exception as error:
        if database_is_away(error):
            raise
    return _one_by_one(begin, batch)


def _fenced(transaction: Transaction, batch: Sequence[Fact]) -> Refused:
    """What is written for a life that is over, and of promises that are others'."""
    refused: Refused = {}
    for me in {fact.fence for fact in batch if fact.fence is not None}:
        facts = {index: fact for index, fact in enumerate(batch) if fact.fence == me}
        if not holds(transaction, me):
            refused |= dict.fromkeys(facts, Refusal.FENCED)
        elif named := {legible(fact.key) for fact in facts.values() if fact.key}:
            theirs = others(transaction, me, named)
            refused |= {index: Refusal.TAKEN for index, fact in facts.items() if legible(fact.key) in theirs}
    return refused


def _one_by_one(begin: Begin, batch: Sequence[Fact]) -> Refused:
    with begin() as transaction:
        refused = _fenced(transaction, batch)
        for index, fact in enumerate(batch):
            if index in refused:
                continue
            try:
                with transaction.savepoint():
                    _execute(transaction, fact.changes)
            except Exception as error:
                if database_is_away(error):
                    raise
                taken = isinstance(error, (IntegrityError, sqlite3.IntegrityError))
                refused[index] = Refusal.TAKEN if taken else Refusal.BAD
                if not (taken and fact.fence):  # which is no mistake: another node has that number
                    complain("store refused a row", error, table=fact.changes[0].table, key=legible(fact.key))
    return refused


def _execute(transaction: Transaction, changes: Iterable[Change]) -> None:
    for name, rows in _runs(changes):
        transaction.execute(name, rows)


def _runs(changes: Iterable[Change]) -> Iterator[tuple[Name, list[Row]]]:
    """Many rows per statement; the order holds within each table, and no fact depends on another table's."""
    for table, of_table in groupby(sorted(changes, key=lambda change: change.table), lambda change: change.table):
        for verb, run in groupby(of_table, lambda change: change.verb):
            yield (table, verb), [change.row for change in run]


def complain(event: str, error: BaseException, **what: str) -> None:
    """One line; a log that cannot be written costs no fact."""
    with suppress(Exception):
        log.error(event, error=legible(str(error)) or type(error).__name__, **what)
