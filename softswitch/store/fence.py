"""Who writes: a node in one of its lives. What is written for a life that is over is refused (``node`` has the why).

So is what is written of a promise that is not its own. The answer to a write can be lost, though the row came through:
then the node does not know that it had the promise when it was declared dead, and others lead it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

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
    """The same, of rows of nodes whose life nobody is to end until then: ``epoch`` and ``asks`` are in a unique index,
    so that who changes them waits for us, and we for him; who renews the lease does not."""
    return "" if transaction.dialect == "sqlite" else " FOR KEY SHARE"


def held(transaction: Transaction, also: str = "") -> str:
    """A row while the life (``Me.values``) is not over. Until this transaction is, nobody declares it dead."""
    return f"SELECT 1 FROM nodes WHERE node = :node AND epoch = :epoch{also}{share(transaction)}"


def holds(transaction: Transaction, me: Me) -> bool:
    return bool(transaction.ask(held(transaction), me.values))


def others(transaction: Transaction, me: Me, promises: Collection[str]) -> set[str]:
    """Those of them that are in the store, and not ours: what we know of them is out of date.

    Until this transaction is over, nobody takes those that are ours away: no intent is committed after the word that
    the customer was served (``word.served``).
    """
    listed, until_the_end = "SELECT value FROM json_each(:ids)", ""
    if transaction.dialect != "sqlite":
        listed, until_the_end = "SELECT json_array_elements_text(CAST(:ids AS json))", "ORDER BY id FOR UPDATE"
    sql = f"""WITH there AS MATERIALIZED (SELECT id, node FROM promises WHERE id IN ({listed}) {until_the_end})
        SELECT id FROM there WHERE node <> :node"""
    ids = msgspec.json.encode(sorted(promises)).decode()
    return {id for (id,) in transaction.ask(sql, {"ids": ids, "node": me.node})}


def ensure(transaction: Transaction, me: Me) -> None:
    """Raises ``Fenced``."""
    if not holds(transaction, me):
        raise Fenced(me.node)
