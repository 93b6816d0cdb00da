"""Routing decisions, by contact, and what many of them have in common."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("contact", sa.String, primary_key=True),
        sa.Column("began_at", sa.Float(53), primary_key=True),
        sa.Column("ended_at", sa.Float(53), nullable=False),
        sa.Column("queue", sa.String, nullable=False),
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("story", sa.LargeBinary, nullable=False),
    )
    op.create_index("decisions_ended_at", "decisions", ["ended_at"])
    op.create_table(
        "grounds",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("used_at", sa.Float(53), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("grounds_used_at", "grounds", ["used_at"])


def downgrade() -> None:
    op.drop_index("grounds_used_at", "grounds")
    op.drop_table("grounds")
    op.drop_index("decisions_ended_at", "decisions")
    op.drop_table("decisions")
