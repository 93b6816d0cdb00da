"""Promises of campaigns and of several nodes: one open promise per number and group, where it was per queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from softswitch.store.schema import OPEN_ROW

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXTS = ("campaign", "step", "consent", "disposition", "node")
TIMES = ("priority_s", "expires_at")


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("promises", sa.Column(name, sa.String, nullable=False, server_default=""))
    for name in TIMES:
        op.add_column("promises", sa.Column(name, sa.Float(53), nullable=False, server_default="0"))
    op.add_column("promises", sa.Column("variables", sa.Text, nullable=False, server_default="[]"))
    op.add_column("promises", sa.Column("group", sa.String, nullable=False, server_default=""))
    promises = sa.table("promises", sa.column("queue"), sa.column("group"))
    op.execute(promises.update().values(group=promises.c.queue))
    op.drop_index("promises_one_open", "promises")
    _one_open("group")


def downgrade() -> None:
    op.drop_index("promises_one_open", "promises")
    for name in (*TEXTS, *TIMES, "variables", "group"):
        op.drop_column("promises", name)
    _one_open("queue")


def _one_open(within: str) -> None:
    op.create_index(
        "promises_one_open",
        "promises",
        ["number", within],
        unique=True,
        sqlite_where=OPEN_ROW,
        postgresql_where=OPEN_ROW,
    )
