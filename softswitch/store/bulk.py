"""Many promises at once, as an import brings them: exact for each row, and quick.

``ON CONFLICT DO NOTHING`` covers both rules, the id and one open promise per number and group, also between two rows
of the same import: the first of them is taken. Nothing of them is in memory afterwards: they lie in the pool.

The rows of a list differ in few columns. PostgreSQL is given the others as one value each, which costs neither side
to write out and to read a thousand times.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Float, Integer, String

from softswitch.callback.model import Promise
from softswitch.core.legible import legible
from softswitch.store import schema
from softswitch.store.database import Transaction
from softswitch.store.statement import PROMISE_COLUMNS, promise_values, variables_json

AT_ONCE = 1000  # rows in one transaction: others that write wait for so many, and no longer
Columns = Mapping[str, Sequence[Any]]  # by name, each with a value for every row

_NAMES = ", ".join(f'"{name}"' for name in PROMISE_COLUMNS)
_TEXTS = [column.name for column in schema.promises.columns if isinstance(column.type, String)]


def _type(kind: object) -> str:
    return "float8" if isinstance(kind, Float) else "int" if isinstance(kind, Integer) else "text"


_TYPES = {column.name: _type(column.type) for column in schema.promises.columns}


def pooled(promises: Sequence[Promise]) -> Columns:
    """As rows of the pool; there is one at least."""
    columns: dict[str, Sequence[Any]] = dict(
        zip(PROMISE_COLUMNS, zip(*map(promise_values, promises), strict=True), strict=True)
    )
    columns["variables"] = [variables_json(one) for one in columns["variables"]]
    columns["node"] = [""] * len(promises)
    for name in _TEXTS:
        if not "".join(columns[name]).isprintable():
            columns[name] = legible(columns[name])
    return columns


def insert(transaction: Transaction, columns: Columns) -> list[bool]:
    """Which of them are in now; the others met an open promise for the same number and group, or their own id."""
    sqlite = transaction.dialect == "sqlite"
    taken = _into_sqlite(transaction, columns) if sqlite else _into_postgresql(transaction, columns)
    answers = []
    for id in columns["id"]:
        answers.append(id in taken)
        taken.discard(id)  # the same id once more was not
    return answers


def _into_sqlite(transaction: Transaction, columns: Columns) -> set[str]:
    """A row that is new has a higher number than all that were there; put one by one, to hear of each, they take twice
    the time."""
    ((last,),) = transaction.ask("SELECT coalesce(max(rowid), 0) FROM promises", {})
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    transaction.execute(("promises", "pool"), rows)
    return {id for (id,) in transaction.ask("SELECT id FROM promises WHERE rowid > :last", {"last": last})}


def _into_postgresql(transaction: Transaction, columns: Columns) -> set[str]:
    differ = [name for name, values in columns.items() if name == "id" or values.count(values[0]) < len(values)]
    given = {name: list(values) if name in differ else values[0] for name, values in columns.items()}
    return {id for (id,) in transaction.ask(_many(differ), given)}


def _many(differ: Collection[str]) -> str:
    """The statement; of columns that differ it is given an array, of the others a value."""
    values = (f'many."{name}"' if name in differ else f"CAST(:{name} AS {kind})" for name, kind in _TYPES.items())
    arrays = (f"CAST(:{name} AS {_TYPES[name]}[])" for name in differ)
    names = (f'"{name}"' for name in differ)
    return (
        f"INSERT INTO promises ({_NAMES}) SELECT {', '.join(values)} "
        f"FROM unnest({', '.join(arrays)}) AS many ({', '.join(names)}) "
        "ON CONFLICT DO NOTHING RETURNING id"
    )
