"""The paths of calls through their dialplans, and how often each way was taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paths",
        sa.Column("contact", sa.String, primary_key=True),
        sa.Column("plan", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("started_at", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("missing", sa.Integer, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
    )
    op.create_index("paths_ended_at", "paths", ["ended_at"])
    going_on = sa.text("NOT ended")
    op.create_index("paths_going_on", "paths", ["ended_at"], sqlite_where=going_on, postgresql_where=going_on)
    op.create_table(
        "edges",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("plan", sa.String, primary_key=True),
        sa.Column("step", sa.String, primary_key=True),
        sa.Column("exit", sa.String, primary_key=True),
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("edges")
    op.drop_index("paths_going_on", "paths")
    op.drop_index("paths_ended_at", "paths")
    op.drop_table("paths")
