"""The tables. A change here needs a migration; ``test_migration`` compares the two. Times are Unix seconds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text, text

metadata = MetaData()

ENDED = ("kept", "failed", "withdrawn", "expired")
OPEN_ROW = text("state NOT IN ('kept', 'failed', 'withdrawn', 'expired')")

promises = Table(
    "promises",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", String, nullable=False),
    Column("queue", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("state", String, nullable=False),
    Column("contact", String, nullable=False),
    Column("recorded_at", Float(53), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("not_before", Float(53), nullable=False),
    Column("call_id", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("updated_at", Float(53), nullable=False),
    # One open promise per number and queue: two of them would be two phone calls.
    Index("promises_one_open", "number", "queue", unique=True, sqlite_where=OPEN_ROW, postgresql_where=OPEN_ROW),
    Index("promises_recorded_at", "recorded_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("promise", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("call_id", String, nullable=False, unique=True),
    Column("at", Float(53), nullable=False),
    Column("outcome", String, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("contact", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("called", String, nullable=False),
    Column("trunk", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("queue", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("answered_at", Float(53), nullable=False),
    Column("connected_at", Float(53), nullable=False),
    Column("ended_at", Float(53), nullable=False),
    Column("outcome", String, nullable=False),
    Column("ended_by", String, nullable=False),
    Column("recording", String, nullable=False),
    Column("promise", String, nullable=False),
    Column("quality", Text, nullable=False, server_default="[]"),  # JSON list, one entry per leg
    Index("calls_ended_at", "ended_at"),
)

bindings = Table(
    "bindings",
    metadata,
    Column("aor", String, primary_key=True),
    Column("contact", String, primary_key=True),
    Column("transport", String, nullable=False),
    Column("local_host", String, nullable=False),
    Column("local_port", Integer, nullable=False),
    Column("remote_host", String, nullable=False),
    Column("remote_port", Integer, nullable=False),
    Column("expires_at", Float(53), nullable=False),
    Column("call_id", String, nullable=False),
    Column("cseq", BigInteger, nullable=False),
    Column("user_agent", String, nullable=False),
    Column("q", Float(53), nullable=False),
    Column("path", Text, nullable=False),  # JSON list
    Column("instance", String, nullable=False, server_default=""),
    Column("reg_id", String, nullable=False, server_default=""),
)

agents = Table(
    "agents",
    metadata,
    Column("agent", String, primary_key=True),
    Column("logged_in", Boolean, nullable=False),
    Column("paused", String, nullable=False),
)

voicemails = Table(
    "voicemails",
    metadata,
    Column("id", String, primary_key=True),
    Column("mailbox", String, nullable=False),
    Column("contact", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("file", String, nullable=False),
    Column("left_at", Float(53), nullable=False),
    Column("duration_s", Float(53), nullable=False),
    Column("heard", Boolean, nullable=False),
    Index("voicemails_left_at", "left_at"),
)

events = Table(
    "events",
    metadata,
    # AUTOINCREMENT in SQLite too: an offset is never given twice, even after the newest rows were pruned.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Float(53), nullable=False),
    Column("name", String, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    sqlite_autoincrement=True,
)
