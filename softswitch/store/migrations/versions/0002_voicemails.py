"""Messages that wait in mailboxes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voicemails",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("mailbox", sa.String, nullable=False),
        sa.Column("contact", sa.String, nullable=False),
        sa.Column("caller", sa.String, nullable=False),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("left_at", sa.Float(53), nullable=False),
        sa.Column("duration_s", sa.Float(53), nullable=False),
        sa.Column("heard", sa.Boolean, nullable=False),
    )
    op.create_index("voicemails_left_at", "voicemails", ["left_at"])


def downgrade() -> None:
    op.drop_table("voicemails")
