"""Which phone a binding is of, so that it is known again under another contact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bindings", sa.Column("instance", sa.String, nullable=False, server_default=""))
    op.add_column("bindings", sa.Column("reg_id", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("bindings", "reg_id")
    op.drop_column("bindings", "instance")
