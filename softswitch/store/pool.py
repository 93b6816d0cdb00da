"""The pool: promises that no node has taken, and how one takes some.

``not_before`` 0 means that a promise may be taken now, and then by its rank; the others wait for their time in an index
of their own and are moved over when it has come (``ripen``), by the database's clock. So what is claimed is the head of
an index, however many wait in the pool. A row that another node is just taking is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from softswitch.callback.model import OPEN, Promise, PromiseState
from softswitch.store import schema
from softswitch.store.database import Transaction
from softswitch.store.fence import Fenced, Me, held, lock
from softswitch.store.statement import Row

COLUMNS = [f'promises."{name}"' for name in Promise.__slots__]
Rows = Sequence[Sequence[Any]]
RIPEN_AT_ONCE = 1000


def to_promise(row: Sequence[Any]) -> Promise:
    fields = dict(zip(Promise.__slots__, row, strict=True))
    variables = msgspec.json.decode(fields["variables"], type=tuple[tuple[str, str], ...])
    return Promise(**(fields | {"state": PromiseState(fields["state"]), "variables": variables}))


def claim(transaction: Transaction, me: Me, asks: int, name: str, most: int, below: float) -> list[Promise]:
    """The first of a policy, those of a rank below that; they are the node's from now on. Raises ``Fenced`` for a life
    that is over, and where the node has given its claims up since (``asks``): one may lie in the network for longer
    than its answer is waited for, and nobody would lead what it takes then.

    One statement, as others wait for it; the limit stands in it, as PostgreSQL would plan it anew each time otherwise.
    Nobody need wait until the disk has it (``Database.each``): what is written of these promises later brings it along,
    and if the database loses it before, they lie in the pool, where no intent of ours is taken (``fence.others``).
    """
    alive, values = held(transaction, " AND asks = :asks"), me.values | {"asks": asks}
    sql = f"""WITH alive AS MATERIALIZED ({alive}),
        taken AS MATERIALIZED (
            SELECT id FROM promises
            WHERE EXISTS (SELECT 1 FROM alive) AND name = :name AND rank < :below AND {schema.POOL_READY.text}
            ORDER BY rank, id LIMIT {int(most)}{lock(transaction)})
        UPDATE promises SET node = :node FROM taken WHERE promises.id = taken.id RETURNING {", ".join(COLUMNS)}"""
    rows = transaction.ask(sql, {"name": name, "below": below} | values)
    if not rows and not transaction.ask(alive, values):
        raise Fenced(me.node)
    return sorted(map(to_promise, rows), key=lambda promise: (promise.rank, promise.id))


def ripen(transaction: Transaction, clock: str, most: int = RIPEN_AT_ONCE) -> int:
    """Those whose time has come may be taken now. How many there were."""
    sql = f"""WITH ripe AS MATERIALIZED (
            SELECT id FROM promises WHERE {schema.POOL_LATER.text} AND not_before <= {clock}
            ORDER BY not_before LIMIT :most{lock(transaction)})
        UPDATE promises SET not_before = 0 FROM ripe WHERE promises.id = ripe.id"""
    return transaction.change(sql, {"most": most})


def meet(transaction: Transaction, node: str, new: Promise) -> tuple[Promise | None, bool]:
    """The open promise for its number and group, taken where it lies in the pool; and whether it is the node's.

    Where there is none: what has become of the new one itself, if others have led it.
    """
    wait = "" if transaction.dialect == "sqlite" else " FOR UPDATE"
    wanted = {"number": new.number, "key": new.key, "id": new.id}
    sql = f"SELECT {', '.join(COLUMNS)} FROM promises WHERE"
    there = next(
        (
            to_promise(row)
            for which in (f'number = :number AND "group" = :key AND {schema.OPEN_ROW.text}', "id = :id")
            for row in transaction.ask(f"{sql} {which}{wait}", wanted)
        ),
        None,
    )
    if there is None or there.state not in OPEN:
        return there, False
    if not there.node:
        transaction.change("UPDATE promises SET node = :node WHERE id = :id", {"node": node, "id": there.id})
    return there, there.node in ("", node)


def word(transaction: Transaction, node: str, promise: str, kind: str, body: str, at: float) -> None:
    """To the node that has the promise."""
    row: Row = {"node": node, "promise": promise, "kind": kind, "body": body, "at": at}
    sql = "INSERT INTO promise_words (node, promise, kind, body, at) VALUES (:node, :promise, :kind, :body, :at)"
    transaction.change(sql, row)
