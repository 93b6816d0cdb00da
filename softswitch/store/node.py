"""Nodes on one database: whose a promise is, until when, and why two dials of one promise never overlap.

A promise belongs to one node (``node``) or lies in the pool (""). Each node has one row with an **epoch** and a lease,
which it renews for all its promises at once. Times of leases are the database's own: clocks of nodes do not matter.

1. An attempt begins with the commit of its intent. A commit of promises holds the row of its node FOR KEY SHARE and
   fails where the epoch is another one (``holds``). The epoch is part of a key: who moves it on waits for that commit,
   or that commit for him; a renewal does neither.
2. A node is declared dead by moving its epoch on, and only after its lease is over (``bury``). From then on no intent
   of that epoch commits. While one is being committed its node is not declared dead, so whoever reads afterwards sees
   it; should the node hang in it, the database undoes it (``engine``). No commit of a promise that is others' is taken.
3. Its promises go to the pool after that (``sweep``), an attempt in flight as UNCERTAIN for ``quiet_s`` from that
   moment. That is the dead node's own word: its longest ring, and the 32 s that an INVITE may be on its way.
4. A node counts its lease by its own monotonic clock from before it asked for it, and less ``MARGIN_S``. Later than
   that it lets no INVITE leave (the ledger), so the last one left before the lease was over and is silent by (3).
5. So the next attempt, whoever makes it, begins when the one before is over. Within a node the ledger sees to it.
6. That a customer was served is written without a lease (``word.served``): the row is kept, and nobody's from then on,
   so that by (2) the intent of whoever leads it is refused. It comes before that intent's commit or after it: (2) holds
   the rows that it commits.

What remains: a process that is stopped between its look at the clock and the sending of the INVITE, for longer than
lease and quiet together; and a machine whose monotonic clock stands still meanwhile (a paused virtual machine).

On SQLite one process has the file, so there is nobody else to declare dead; the statements are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, literal_column, select

from softswitch.callback.model import Promise
from softswitch.store import schema
from softswitch.store.database import Transaction
from softswitch.store.fence import Fenced, Me, lock, share
from softswitch.store.pool import COLUMNS, to_promise

LEASE_S = 10.0
GONE_S = 7 * 86_400.0  # a machine may be away for a week, and what is said of it is still wanted
MARGIN_S = 1.0  # for clocks that do not run alike
AT_ONCE = 1000  # promises in one transaction


_CLOCKS = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "CAST(extract(epoch FROM statement_timestamp()) AS float8)",
}


def clock(transaction: Transaction) -> str:
    """The database's own, in Unix seconds, when the statement began: one moment, by which an index can be searched."""
    return _CLOCKS[transaction.dialect]


def join(transaction: Transaction, node: str, quiet_s: float, lease_s: float = LEASE_S) -> Me:
    """A new life: whatever a former one has under way does not commit any more, not even of before it was forgotten:
    its first epoch is the time, by tens of seconds."""
    now = clock(transaction)
    sql = f"""INSERT INTO nodes (node, epoch, lease_until, quiet_s, seen_at)
        VALUES (:node, CAST({now} / 10 AS integer), {now} + :lease_s, :quiet_s, {now})
        ON CONFLICT (node) DO UPDATE SET epoch = nodes.epoch + 1, lease_until = excluded.lease_until,
            quiet_s = excluded.quiet_s, seen_at = excluded.seen_at, asks = 0
        RETURNING epoch"""
    ((epoch,),) = transaction.ask(sql, {"node": node, "lease_s": lease_s, "quiet_s": quiet_s})
    return Me(node, epoch)


def inherit(transaction: Transaction, me: Me, alone: bool) -> None:
    """Phones, agents, webhooks and calls of before there were nodes are the first one's; alone, we have all."""
    theirs = "node <> :node" if alone else "node = ''"
    for table, which in (("bindings", ""), ("agents", ""), ("deliveries", ""), ("paths", "AND NOT ended")):
        transaction.change(f"UPDATE {table} SET node = :node WHERE {theirs} {which}", {"node": me.node})


def renew(transaction: Transaction, me: Me, quiet_s: float, lease_s: float = LEASE_S) -> bool:
    """False: it was declared dead. An attempt may be older than the shorter ring of now."""
    now = clock(transaction)
    sql = f"""UPDATE nodes SET lease_until = {now} + :lease_s, seen_at = {now},
        quiet_s = CASE WHEN quiet_s < :quiet_s THEN :quiet_s ELSE quiet_s END
        WHERE node = :node AND epoch = :epoch"""
    return transaction.change(sql, me.values | {"lease_s": lease_s, "quiet_s": quiet_s}) == 1


def leave(transaction: Transaction, me: Me) -> None:
    """At its end: nobody has to wait until the lease is over."""
    sql = f"""UPDATE nodes SET lease_until = 0, epoch = epoch + 1, seen_at = {clock(transaction)}
        WHERE node = :node AND epoch = :epoch"""
    transaction.change(sql, me.values)


def bury(transaction: Transaction, me: Me, alone: bool = False) -> list[Me]:
    """Declare dead whose lease is over (``alone``: everybody else); all that are dead."""
    over = "" if alone else f"AND lease_until < {clock(transaction)}"
    # One that hangs in the midst of an intent is passed over until the database has ended that (``engine``).
    sql = f"""WITH gone AS MATERIALIZED (
            SELECT node AS name FROM nodes WHERE lease_until > 0 AND node <> :node {over}{lock(transaction)})
        UPDATE nodes SET lease_until = 0, epoch = epoch + 1 FROM gone WHERE node = gone.name"""
    transaction.change(sql, {"node": me.node})
    return [Me(*row) for row in transaction.ask("SELECT node, epoch FROM nodes WHERE lease_until = 0", {})]


def lease(transaction: Transaction, node: str) -> float:
    """Until when it runs, in the database's Unix seconds; 0: it does not."""
    sql = f"SELECT lease_until FROM nodes WHERE node = :node AND lease_until > {clock(transaction)}"
    return max((until for (until,) in transaction.ask(sql, {"node": node})), default=0.0)


def forget(transaction: Transaction) -> int:
    """Of the nodes that were not seen for so long, those to which nothing belongs any more; how many. What agents had
    set at one goes with them to the next at which they log in, and what it has counted is kept as all that was."""
    now = clock(transaction)
    theirs = {
        "promises": schema.OWNED.text,
        "promise_words": "TRUE",
        "deliveries": "TRUE",
        "paths": "NOT ended",
        "bindings": f"expires_at > {now}",
    }
    belongs = (f"SELECT 1 FROM {table} WHERE {table}.node = nodes.node AND {which}" for table, which in theirs.items())
    none = " AND ".join(f"NOT EXISTS ({one})" for one in belongs)
    sql = f"DELETE FROM nodes WHERE lease_until = 0 AND seen_at < {now} - :gone_s AND {none}"
    return transaction.change(sql, {"gone_s": GONE_S})


@dataclass(frozen=True, slots=True)
class Seen:
    """A node, as the database knows it."""

    node: str
    seen_at: float  # Unix s, by the database's clock: when it renewed its lease last, or left
    alive: bool
    here: bool  # it is we


def seen(dialect: str) -> Select[Any]:
    """All that are not forgotten, by name."""
    node, now = schema.nodes.c, _CLOCKS[dialect]
    return select(node.node, node.seen_at, literal_column(f"lease_until >= {now}"), literal_column(now)).order_by(
        node.node
    )


def to_seen(row: Sequence[Any], node: str, alone: bool) -> Seen:
    """``node`` is ours; ``alone`` it is alive without renewals."""
    name, at, leased, asked_at = row
    here = name == node
    return Seen(name, asked_at if here and alone else at, bool(leased) or here, here)


def connections(transaction: Transaction, prefix: str, but: str) -> int:
    """How many have a name that begins so, and another one than ours: PostgreSQL ends them with their process."""
    sql = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND left(application_name, :length) = :prefix AND application_name <> :but"""
    ((count,),) = transaction.ask(sql, {"length": len(prefix), "prefix": prefix, "but": but})
    return int(count)


def sweep(transaction: Transaction, me: Me, dead: Me, most: int = AT_ONCE) -> int:
    """Promises of a dead node into the pool, the oldest first, and its words to us. How many there were."""
    still = f"SELECT quiet_s FROM nodes WHERE node = :node AND epoch = :epoch AND lease_until = 0{share(transaction)}"
    for (quiet_s,) in transaction.ask(still, dead.values):
        sql = "UPDATE promise_words SET node = :me WHERE node = :node"
        transaction.change(sql, {"me": me.node, "node": dead.node})
        return transaction.change(_given_up(transaction), {"node": dead.node, "quiet_s": quiet_s, "most": most})
    return 0  # it is back, and has taken them itself


def give_up_rest(transaction: Transaction, me: Me, after: tuple[float, str], quiet_s: float) -> int:
    """Of our own promises, those behind a place in their order: more than a node is to lead in memory."""
    behind = "AND (recorded_at > :recorded_at OR (recorded_at = :recorded_at AND id > :id))"
    values = {"node": me.node, "quiet_s": quiet_s, "most": AT_ONCE, "recorded_at": after[0], "id": after[1]}
    return transaction.change(_given_up(transaction, behind), values)


def _given_up(transaction: Transaction, behind: str = "") -> str:
    ringing = "promises.state IN ('dialling', 'answered')"
    return f"""WITH gone AS MATERIALIZED (
            SELECT id FROM promises WHERE node = :node AND {schema.OWNED.text} {behind}
            ORDER BY recorded_at, id LIMIT :most{lock(transaction)})
        UPDATE promises SET node = '',
            state = CASE WHEN {ringing} THEN 'uncertain' WHEN state = 'seeking' THEN 'due' ELSE state END,
            not_before = CASE WHEN {ringing} THEN {clock(transaction)} + :quiet_s ELSE not_before END,
            outcome = CASE WHEN promises.state = 'answered' AND outcome = '' THEN 'dropped' ELSE outcome END
        FROM gone WHERE promises.id = gone.id"""


def refuse_claims(transaction: Transaction, me: Me) -> int:
    """Those of before are done by now, or never; later ones are made with this number (``pool.claim``)."""
    sql = "UPDATE nodes SET asks = asks + 1 WHERE node = :node AND epoch = :epoch RETURNING asks"
    for (asks,) in transaction.ask(sql, me.values):
        return int(asks)
    raise Fenced(me.node)


def own(transaction: Transaction, me: Me, most: int) -> list[Promise]:
    """What it leads, the oldest first."""
    sql = f"""SELECT {", ".join(COLUMNS)} FROM promises WHERE node = :node AND {schema.OWNED.text}
        ORDER BY recorded_at, id LIMIT :most"""
    return [to_promise(row) for row in transaction.ask(sql, {"node": me.node, "most": most})]
