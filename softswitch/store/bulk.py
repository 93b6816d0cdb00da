"""Many promises at once, as an import brings them: exact for each row, and quick.

``ON CONFLICT DO NOTHING`` covers both rules, the id and one open promise per number and group, also between two rows
of the same import: the first of them is taken. Nothing of them is in memory afterwards: they lie in the pool.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Float, Integer

from softswitch.callback.model import Promise
from softswitch.core.legible import legible
from softswitch.store import schema
from softswitch.store.database import Transaction
from softswitch.store.statement import Row, promise_row

AT_ONCE = 1000  # rows in one transaction: others that write wait for so many, and no longer

_COLUMNS = list(schema.promises.columns)
_NAMES = ", ".join(f'"{column.name}"' for column in _COLUMNS)
_ONE = f"INSERT INTO promises ({_NAMES}) VALUES ({', '.join(f':{c.name}' for c in _COLUMNS)}) ON CONFLICT DO NOTHING"


def _array(kind: object) -> str:
    return "float8[]" if isinstance(kind, Float) else "int[]" if isinstance(kind, Integer) else "text[]"


_MANY = (
    f"INSERT INTO promises ({_NAMES}) "
    f"SELECT * FROM unnest({', '.join(f'CAST(:{c.name} AS {_array(c.type)})' for c in _COLUMNS)}) "
    "ON CONFLICT DO NOTHING RETURNING id"
)


def pooled(promises: Sequence[Promise]) -> list[Row]:
    """As rows of the pool."""
    return [promise_row(legible(one)) | {"node": ""} for one in promises]


def insert(transaction: Transaction, rows: Sequence[Row]) -> list[bool]:
    """Which of them are in now; the others met an open promise for the same number and group, or their own id."""
    if transaction.dialect == "sqlite":
        return [transaction.change(_ONE, row) == 1 for row in rows]
    taken = {id for (id,) in transaction.ask(_MANY, {c.name: [row[c.name] for row in rows] for c in _COLUMNS})}
    answers = []
    for row in rows:
        answers.append(row["id"] in taken)
        taken.discard(row["id"])  # the same id once more was not
    return answers
