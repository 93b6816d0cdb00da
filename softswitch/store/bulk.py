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


def pooled(promises: Sequence[Promise]) -> list[Row]:
    """As rows of the pool."""
    return [_pooled(one if "".join(_texts(one)).isprintable() else legible(one)) for one in promises]


def _pooled(promise: Promise) -> Row:
    row = promise_row(promise)  # which makes the variables legible
    row["node"] = ""
    return row


def insert(transaction: Transaction, rows: Sequence[Row]) -> list[bool]:
    """Which of them are in now; the others met an open promise for the same number and group, or their own id."""
    taken = _into_sqlite(transaction, rows) if transaction.dialect == "sqlite" else _into_postgresql(transaction, rows)
    answers = []
    for row in rows:
        answers.append(row["id"] in taken)
        taken.discard(row["id"])  # the same id once more was not
    return answers


def _into_sqlite(transaction: Transaction, rows: Sequence[Row]) -> set[str]:
    """A row that is new has a higher number than all that were there; put one by one, to hear of each, they take twice
    the time."""
    ((last,),) = transaction.ask("SELECT coalesce(max(rowid), 0) FROM promises", {})
    transaction.execute(("promises", "pool"), rows)
    return {id for (id,) in transaction.ask("SELECT id FROM promises WHERE rowid > :last", {"last": last})}


def _into_postgresql(transaction: Transaction, rows: Sequence[Row]) -> set[str]:
    return {id for (id,) in transaction.ask(_MANY, {c.name: [row[c.name] for row in rows] for c in _COLUMNS})}
