"""The first tables. Written out, not taken from ``schema``: what this revision makes must not change with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPEN_ROW = sa.text("state NOT IN ('kept', 'failed', 'withdrawn', 'expired')")


def text_column(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def number_column(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def time_column(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(53), nullable=False)


def upgrade() -> None:
    op.create_table(
        "promises",
        sa.Column("id", sa.String, primary_key=True),
        *map(text_column, ("number", "queue", "stage", "state", "contact")),
        time_column("recorded_at"),
        *map(number_column, ("attempts", "losses")),
        time_column("not_before"),
        *map(text_column, ("call_id", "outcome")),
        time_column("updated_at"),
    )
    op.create_index(
        "promises_one_open",
        "promises",
        ["number", "queue"],
        unique=True,
        sqlite_where=OPEN_ROW,
        postgresql_where=OPEN_ROW,
    )
    op.create_index("promises_recorded_at", "promises", ["recorded_at"])
    op.create_table(
        "attempts",
        sa.Column("promise", sa.String, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("call_id", sa.String, nullable=False, unique=True),
        time_column("at"),
        text_column("outcome"),
    )
    op.create_table(
        "calls",
        sa.Column("contact", sa.String, primary_key=True),
        *map(text_column, ("kind", "caller", "called", "trunk", "plan", "queue", "agent")),
        *map(time_column, ("started_at", "answered_at", "connected_at", "ended_at")),
        *map(text_column, ("outcome", "ended_by", "recording", "promise")),
    )
    op.create_index("calls_ended_at", "calls", ["ended_at"])
    op.create_table(
        "bindings",
        sa.Column("aor", sa.String, primary_key=True),
        sa.Column("contact", sa.String, primary_key=True),
        text_column("transport"),
        text_column("local_host"),
        number_column("local_port"),
        text_column("remote_host"),
        number_column("remote_port"),
        time_column("expires_at"),
        text_column("call_id"),
        sa.Column("cseq", sa.BigInteger, nullable=False),
        text_column("user_agent"),
        time_column("q"),
        sa.Column("path", sa.Text, nullable=False),
    )
    op.create_table(
        "agents",
        sa.Column("agent", sa.String, primary_key=True),
        sa.Column("logged_in", sa.Boolean, nullable=False),
        text_column("paused"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        time_column("at"),
        text_column("name"),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("events", "agents", "bindings", "calls", "attempts", "promises"):
        op.drop_table(table)
