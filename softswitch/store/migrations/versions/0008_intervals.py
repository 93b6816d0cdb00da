"""What is counted of queues and agents, in quarters of an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

QUEUE = ("offered", "answered", "answered_in_time", "abandoned", "abandoned_in_time", "short_abandoned", "elsewhere",
         "callbacks", "missed", "transfers")  # fmt: skip
QUEUE_S = ("waited_answered_s", "waited_abandoned_s", "longest_s", "talk_s", "hold_s", "wrap_up_s")
AGENT = ("answered", "missed", "transfers")
AGENT_S = ("hold_s", "ready_s", "reserved_s", "talking_s", "wrap_up_s", "paused_s")


def upgrade() -> None:
    for what, counts, times in (("queue", QUEUE, QUEUE_S), ("agent", AGENT, AGENT_S)):
        op.create_table(
            f"{what}_intervals",
            sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column(what, sa.String, primary_key=True),
            *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
            *(sa.Column(name, sa.Float(53), nullable=False) for name in times),
        )


def downgrade() -> None:
    op.drop_table("agent_intervals")
    op.drop_table("queue_intervals")
