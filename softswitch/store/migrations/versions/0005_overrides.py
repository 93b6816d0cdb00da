"""What somebody has ordered of opening hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "overrides",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("calendar", sa.String, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("ordered_at", sa.Float(53), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("overrides")
