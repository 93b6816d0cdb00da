"""Who writes: a node in one of its lives. What is written for a life that is over is refused (``node`` has the why)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softswitch.store.database import Transaction


class Fenced(Exception):
    """This node was declared dead; its promises are others' by now."""


@dataclass(frozen=True, slots=True)
class Me:
    """A node in one of its lives."""

    node: str
    epoch: int

    @property
    def values(self) -> dict[str, object]:
        return {"node": self.node, "epoch": self.epoch}


def lock(transaction: Transaction) -> str:
    """What to write behind a SELECT whose rows are to be ours until the end; SQLite has one writer at a time."""
    return "" if transaction.dialect == "sqlite" else " FOR UPDATE SKIP LOCKED"


def share(transaction: Transaction) -> str:
    """The same, of rows that nobody is to change until the end."""
    return "" if transaction.dialect == "sqlite" else " FOR SHARE"


def holds(transaction: Transaction, me: Me) -> bool:
    """Until this transaction is over, nobody declares it dead."""
    sql = f"SELECT 1 FROM nodes WHERE node = :node AND epoch = :epoch{share(transaction)}"
    return bool(transaction.ask(sql, me.values))


def ensure(transaction: Transaction, me: Me) -> None:
    """Raises ``Fenced``."""
    if not holds(transaction, me):
        raise Fenced(me.node)
