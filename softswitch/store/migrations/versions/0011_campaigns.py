"""Promises of campaigns and of several nodes: one open promise per number and group, where it was per queue; and
statistics of each node."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from softswitch.store.schema import ENDED_ROW, KEEPS, LOST, MOVED, OPEN_ROW, OWNED, POOL_LATER, POOL_READY

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIMES = ("priority_s", "expires_at", "rank")
NUMBERS = ("uncounted", "status")
ADDED = (
    "group", "campaign", "priority_s", "step", "expires_at", "consent", "variables", "disposition", "node", "name",
    "rank", "uncounted", "status",
)  # fmt: skip
LISTED: tuple[tuple[str, list[str], sa.TextClause], ...] = (  # what people ask for
    ("promises_listed_open", ["recorded_at", "id"], OPEN_ROW),
    ("promises_listed_ended", ["recorded_at", "id"], ENDED_ROW),
    ("promises_open_name", ["name", "recorded_at", "id"], OPEN_ROW),
    ("promises_ended_name", ["name", "recorded_at", "id"], ENDED_ROW),
    ("promises_listed_state", ["state", "recorded_at", "id"], MOVED),
    ("promises_listed_stage", ["stage", "recorded_at", "id"], LOST),
    ("promises_ended_number", ["number"], ENDED_ROW),
)


OF_NODES = ("bindings", "agents", "deliveries", "paths")
COUNTED = ("queue", "agent")
WAS_OPEN = sa.text("state NOT IN ('kept', 'failed', 'withdrawn', 'expired')")  # in the words of before
# Whom a version that knows no campaigns, no list of those never to be called and no other nodes would call by mistake.
NOT_ITS_OWN = """campaign <> '' OR number IN (SELECT number FROM do_not_call)
    OR id IN (SELECT promise FROM promise_words WHERE kind = 'Withdraw')"""
# Of several in one queue the one whose phone may ring, or else the oldest, is kept.
SECOND = f"""id IN (SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY number, queue ORDER BY
        CASE WHEN state IN ('dialling', 'uncertain') THEN 0 ELSE 1 END, recorded_at, id) AS place
    FROM promises WHERE {OPEN_ROW.text}) AS lying WHERE place > 1)"""


def upgrade() -> None:
    for name in ADDED:
        op.add_column("promises", _column(name))
    promises = sa.table("promises", *map(sa.column, ("queue", "group", "name", "rank", "recorded_at")))
    op.execute(promises.update().values(group=promises.c.queue, name=promises.c.queue, rank=promises.c.recorded_at))
    op.drop_index("promises_one_open", "promises")
    _one_open("group")
    _index("promises_pool", ["name", "rank", "id"], POOL_READY)
    _index("promises_pool_later", ["not_before", "name", "outcome"], POOL_LATER)
    _index("promises_node", ["node", "recorded_at"], OWNED)
    _swept("SET (autovacuum_vacuum_scale_factor = 0.01, vacuum_index_cleanup = on)")
    _history()
    _nodes()
    for what in COUNTED:
        _count(what, [sa.Column("node", sa.String, primary_key=True, server_default="")])
    op.create_table(
        "do_not_call",
        sa.Column("number", sa.String, primary_key=True),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("added_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "campaign_pauses",
        sa.Column("campaign", sa.String, primary_key=True),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "tallies",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("node", sa.String, primary_key=True),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("dropped", sa.Integer, nullable=False),
    )


def _column(name: str) -> sa.Column[str] | sa.Column[float] | sa.Column[int]:
    if name in NUMBERS:
        return sa.Column(name, sa.Integer, nullable=False, server_default="0")
    if name in TIMES:
        return sa.Column(name, sa.Float(53), nullable=False, server_default="0")
    if name == "variables":
        return sa.Column(name, sa.Text, nullable=False, server_default="[]")
    return sa.Column(name, sa.String, nullable=False, server_default="")


def downgrade() -> None:
    _end_what_it_cannot_lead()
    for what in COUNTED:
        _count(what, [])
    for table in OF_NODES:
        op.drop_column(table, "node")
    op.drop_table("promise_words")
    op.drop_table("nodes")
    op.drop_table("tallies")
    op.drop_table("campaign_pauses")
    op.drop_table("do_not_call")
    for name, _, _ in LISTED:
        op.drop_index(name, "promises")
    op.create_index("promises_recorded_at", "promises", ["recorded_at"])
    op.drop_index("calls_promise", "calls")
    op.drop_index("attempts_at", "attempts")
    op.drop_column("attempts", "status")
    op.drop_table("promise_log")
    for index in ("promises_one_open", "promises_pool", "promises_pool_later", "promises_node"):
        op.drop_index(index, "promises")
    _swept("RESET (autovacuum_vacuum_scale_factor, vacuum_index_cleanup)")
    for name in ADDED:
        op.drop_column("promises", name)
    _one_open("queue", WAS_OPEN)


def _end_what_it_cannot_lead() -> None:
    op.execute("UPDATE promises SET state = 'dialling' WHERE state = 'answered'")
    for which in (NOT_ITS_OWN, SECOND):
        op.execute(
            f"UPDATE promises SET state = 'withdrawn', outcome = 'downgrade' WHERE ({which}) AND {OPEN_ROW.text}"
        )


def _nodes() -> None:
    for table in OF_NODES:
        op.add_column(table, sa.Column("node", sa.String, nullable=False, server_default=""))
    op.create_table(
        "nodes",
        sa.Column("node", sa.String, primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Float(53), nullable=False),
        sa.Column("quiet_s", sa.Float(53), nullable=False),
        sa.Column("seen_at", sa.Float(53), nullable=False),
        sa.Column("asks", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("nodes_life", "nodes", ["node", "epoch", "asks"], unique=True)
    op.create_table(
        "promise_words",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("node", "promise", "kind")),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("promise_words_node", "promise_words", ["node", "id"])


def _count(what: str, key: list[sa.Column[str]]) -> None:
    """The intervals, with this at the end of their key; of nodes that are in it no more, added up.

    A table of its own, as SQLite does not change the key of one.
    """
    table, named = f"{what}_intervals", ("start", what, "node")
    there = [one for one in sa.inspect(op.get_bind()).get_columns(table) if one["name"] not in named]
    op.create_table(
        f"{table}_new",
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(what, sa.String, primary_key=True),
        *key,
        *(sa.Column(one["name"], one["type"], nullable=False) for one in there),
    )
    names = [one["name"] for one in there]
    figures = [f"{'max' if name == 'longest_s' else 'sum'}({name})" for name in names]
    op.execute(
        f"INSERT INTO {table}_new (start, {what}, {', '.join(names)}) "
        f"SELECT start, {what}, {', '.join(figures)} FROM {table} GROUP BY start, {what}"
    )
    op.drop_table(table)
    op.rename_table(f"{table}_new", table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {table}_new_pkey RENAME TO {table}_pkey")


def _history() -> None:
    op.create_table(
        "promise_log",
        sa.Column("promise", sa.String, primary_key=True),
        sa.Column("at", sa.Float(53), primary_key=True),
        sa.Column("state", sa.String, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("losses", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Float(53), nullable=False),
        sa.Column("priority_s", sa.Float(53), nullable=False),
        sa.Column("contact", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("disposition", sa.String, nullable=False, server_default=""),
        sqlite_with_rowid=False,
    )
    op.create_index("promise_log_at", "promise_log", ["at"])
    op.add_column("attempts", _column("status"))
    op.create_index("attempts_at", "attempts", ["at"])
    op.create_index("calls_promise", "calls", ["promise"], sqlite_where=KEEPS, postgresql_where=KEEPS)
    op.drop_index("promises_recorded_at", "promises")
    for name, columns, where in LISTED:
        _index(name, columns, where)


def _swept(how: str) -> None:
    """Whoever is claimed leaves the head of the pool, and his entry stays there until PostgreSQL sweeps the index: each
    claim goes past all of them. By default that is when a fifth of all rows has changed."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE promises {how}")


def _one_open(within: str, where: sa.TextClause = OPEN_ROW) -> None:
    _index("promises_one_open", ["number", within], where, unique=True)


def _index(name: str, columns: list[str], where: sa.TextClause, unique: bool = False) -> None:
    op.create_index(name, "promises", columns, unique=unique, sqlite_where=where, postgresql_where=where)
