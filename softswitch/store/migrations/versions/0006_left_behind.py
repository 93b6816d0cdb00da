"""Greetings of mailboxes, answers of surveys, and what web services have still to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "greetings",
        sa.Column("mailbox", sa.String, primary_key=True),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("recorded_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "survey_answers",
        sa.Column("contact", sa.String, primary_key=True),
        sa.Column("survey", sa.String, primary_key=True),
        sa.Column("question", sa.String, primary_key=True),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("low", sa.Integer, nullable=False),
        sa.Column("high", sa.Integer, nullable=False),
        sa.Column("queue", sa.String, nullable=False),
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("survey_answers_survey_at", "survey_answers", ["survey", "at"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("hook", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("contact", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("error", sa.String, nullable=False),
    )
    op.create_index("deliveries_created_at", "deliveries", ["created_at"])


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_table("survey_answers")
    op.drop_table("greetings")
