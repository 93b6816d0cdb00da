"""At which phone an agent sits who has none of his own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("phone", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("agents", "phone")
