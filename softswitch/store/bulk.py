"""Many promises at once, as an import brings them: exact for each row, and quick.

``ON CONFLICT DO NOTHING`` covers both rules, the id and one open promise per number and group, also between two rows
of the same import: the first of them is taken. Nothing of them is in memory afterwards: they lie in the pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter

from sqlalchemy import Float, Integer

from softswitch.callback.model import Promise
from softswitch.core.legible import legible
from softswitch.store import schema
from softswitch.store.database import Transaction
from softswitch.store.statement import Row, promise_row

AT_ONCE = 1000  # rows in one transaction: others that write wait for so many, and no longer

_COLUMNS = list(schema.promises.columns)
_NAMES = ", ".join(f'"{column.name}"' for column in _COLUMNS)
_texts = attrgetter(*(one.name for one in fields(Promise) if one.type == "str"))


def _array(kind: object) -> str:
    return "float8[]" if isinstance(kind, Float) else "int[]" if isinstance(kind, Integer) else "text[]"


_MANY = (
    f"INSERT INTO promises ({_NAMES}) "
    f"SELECT * FROM unnest({', '.join(f'CAST(:{c.name} AS {_array(c.type)})' for c in _COLUMNS)}) "
    "ON CONFLICT DO NOTHING RETURNING id"
)


class _Mixed(Exception):
    """Some of them are in now, and nobody knows which."""


def pooled(promises: Sequence[Promise]) -> list[Row]:
    """As rows of the pool."""
    return [_pooled(one if "".join(_texts(one)).isprintable() else legible(one)) for one in promises]


def _pooled(promise: Promise) -> Row:
    row = promise_row(promise)  # which makes the variables legible
    row["node"] = ""
    return row


def insert(transaction: Transaction, rows: Sequence[Row]) -> list[bool]:
    """Which of them are in now; the others met an open promise for the same number and group, or their own id."""
    if transaction.dialect == "sqlite":
        return _into_sqlite(transaction, rows)
    taken = {id for (id,) in transaction.ask(_MANY, {c.name: [row[c.name] for row in rows] for c in _COLUMNS})}
    answers = []
    for row in rows:
        answers.append(row["id"] in taken)
        taken.discard(row["id"])  # the same id once more was not
    return answers


def _into_sqlite(transaction: Transaction, rows: Sequence[Row]) -> list[bool]:
    """All or none of them, as nearly always, are put in half the time that it takes to hear of each."""
    try:
        with transaction.savepoint():
            new = _put(transaction, rows)
            if 0 < new < len(rows):
                raise _Mixed
            return [new > 0] * len(rows)
    except _Mixed:
        return [_put(transaction, [row]) == 1 for row in rows]


def _put(transaction: Transaction, rows: Sequence[Row]) -> int:
    """How many of them are new."""
    before = _changes(transaction)
    transaction.execute(("promises", "pool"), rows)
    return _changes(transaction) - before


def _changes(transaction: Transaction) -> int:
    ((count,),) = transaction.ask("SELECT total_changes()", {})
    return int(count)
