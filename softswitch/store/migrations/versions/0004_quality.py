"""How well the legs of a call were heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("quality", sa.Text, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("calls", "quality")
