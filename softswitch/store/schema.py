"""The tables. A change here needs a migration; ``test_migration`` compares the two. Times are Unix seconds."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

ENDED = ("kept", "failed", "withdrawn", "expired")
GOING_ON = text("NOT ended")
KEEPS = text("promise <> ''")
MOVED = text("state <> 'recorded'")  # the many of a list that nothing was done about yet are not in that index
LOST = text("stage <> 'imported'")
# SQLite makes a table of each IN, for each index, whenever a row is written: spelt out, a row costs 15 of 36 us less.
ENDED_ROW = text("(" + " OR ".join(f"state = '{state}'" for state in ENDED) + ")")
OPEN_ROW = text(" AND ".join(f"state <> '{state}'" for state in ENDED))
OWNED = text(f"node <> '' AND {OPEN_ROW.text}")
POOL_READY = text(f"node = '' AND not_before = 0 AND {OPEN_ROW.text}")  # whoever claims them
POOL_LATER = text(f"node = '' AND not_before > 0 AND {OPEN_ROW.text}")  # not yet

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
    Column("group", String, nullable=False, server_default=""),
    Column("campaign", String, nullable=False, server_default=""),
    Column("priority_s", Float(53), nullable=False, server_default="0"),
    Column("step", String, nullable=False, server_default=""),
    Column("expires_at", Float(53), nullable=False, server_default="0"),
    Column("consent", String, nullable=False, server_default=""),
    Column("variables", Text, nullable=False, server_default="[]"),  # JSON list of pairs
    Column("disposition", String, nullable=False, server_default=""),
    Column("node", String, nullable=False, server_default=""),
    Column("name", String, nullable=False, server_default=""),  # of its policy
    Column("rank", Float(53), nullable=False, server_default="0"),  # lowest first
    Column("uncounted", Integer, nullable=False, server_default="0"),
    Column("status", Integer, nullable=False, server_default="0"),
    # One open promise per number and group: two of them would be two phone calls.
    Index("promises_one_open", "number", "group", unique=True, sqlite_where=OPEN_ROW, postgresql_where=OPEN_ROW),
    Index("promises_pool", "name", "rank", "id", sqlite_where=POOL_READY, postgresql_where=POOL_READY),
    Index(  # by time; the rest is for who counts them
        "promises_pool_later", "not_before", "name", "outcome", sqlite_where=POOL_LATER, postgresql_where=POOL_LATER
    ),
    Index("promises_node", "node", "recorded_at", sqlite_where=OWNED, postgresql_where=OWNED),
    # What people ask for, in the order of ``callback.wanted``.
    Index("promises_listed_open", "recorded_at", "id", sqlite_where=OPEN_ROW, postgresql_where=OPEN_ROW),
    Index("promises_listed_ended", "recorded_at", "id", sqlite_where=ENDED_ROW, postgresql_where=ENDED_ROW),
    Index("promises_open_name", "name", "recorded_at", "id", sqlite_where=OPEN_ROW, postgresql_where=OPEN_ROW),
    Index("promises_ended_name", "name", "recorded_at", "id", sqlite_where=ENDED_ROW, postgresql_where=ENDED_ROW),
    Index("promises_listed_state", "state", "recorded_at", "id", sqlite_where=MOVED, postgresql_where=MOVED),
    Index("promises_listed_stage", "stage", "recorded_at", "id", sqlite_where=LOST, postgresql_where=LOST),
    Index("promises_ended_number", "number", sqlite_where=ENDED_ROW, postgresql_where=ENDED_ROW),
)

campaign_pauses = Table(  # campaigns that somebody has paused for now
    "campaign_pauses",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("by", String, nullable=False),
    Column("at", Float(53), nullable=False),
)

nodes = Table(  # those that share this database
    "nodes",
    metadata,
    Column("node", String, primary_key=True),
    Column("epoch", Integer, nullable=False),  # its lives so far, and its deaths
    Column("lease_until", Float(53), nullable=False),  # by the database's clock; 0: dead
    Column("quiet_s", Float(53), nullable=False),  # after its death no attempt of its rings any more
    Column("seen_at", Float(53), nullable=False),  # when its lease was renewed last, by the same clock
    Column("asks", Integer, nullable=False, server_default="0"),  # how often its claims were given up in this life
    # What a fence goes by is a key: PostgreSQL lets a lease be renewed beside it, and no life be ended (``fence``).
    Index("nodes_life", "node", "epoch", "asks", unique=True),
)

promise_words = Table(  # what the node that has a promise is to be told of it
    "promise_words",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("node", String, nullable=False),
    Column("promise", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("at", Float(53), nullable=False),
    Index("promise_words_node", "node", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("promise", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("call_id", String, nullable=False, unique=True),
    Column("at", Float(53), nullable=False),
    Column("outcome", String, nullable=False),
    Column("status", Integer, nullable=False, server_default="0"),  # SIP
    Index("attempts_at", "at"),
)

tallies = Table(  # of policies that dial customers first: what the abandon limit is kept by
    "tallies",
    metadata,
    Column("name", String, primary_key=True),
    Column("node", String, primary_key=True),
    Column("since", Float(53), nullable=False),
    Column("answered", Integer, nullable=False),
    Column("dropped", Integer, nullable=False),
)

promise_log = Table(  # what has become of promises: a row for each durable change
    "promise_log",
    metadata,
    Column("promise", String, primary_key=True),
    Column("at", Float(53), primary_key=True),
    Column("state", String, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),  # intents committed by then
    Column("stage", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("not_before", Float(53), nullable=False),
    Column("priority_s", Float(53), nullable=False),
    Column("contact", String, nullable=False),
    Column("by", String, nullable=False),  # who ordered it; "": nobody did
    Column("disposition", String, nullable=False, server_default=""),
    Index("promise_log_at", "at"),
    sqlite_with_rowid=False,  # it is read by promise, and its key is most of it
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
    Index("calls_promise", "promise", sqlite_where=KEEPS, postgresql_where=KEEPS),
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
    Column("node", String, nullable=False, server_default=""),  # whose it is, of those that share the database
)

agents = Table(
    "agents",
    metadata,
    Column("agent", String, primary_key=True),
    Column("logged_in", Boolean, nullable=False),
    Column("paused", String, nullable=False),
    Column("phone", String, nullable=False, server_default=""),
    Column("node", String, nullable=False, server_default=""),  # whose it is, of those that share the database
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

overrides = Table(  # of opening hours
    "overrides",
    metadata,
    Column("id", String, primary_key=True),
    Column("calendar", String, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("since", Float(53), nullable=False),
    Column("until", Float(53), nullable=False),
    Column("note", String, nullable=False),
    Column("by", String, nullable=False),
    Column("ordered_at", Float(53), nullable=False),
)

do_not_call = Table(
    "do_not_call",
    metadata,
    Column("number", String, primary_key=True),
    Column("why", String, nullable=False),
    Column("by", String, nullable=False),
    Column("added_at", Float(53), nullable=False),
)

greetings = Table(
    "greetings",
    metadata,
    Column("mailbox", String, primary_key=True),
    Column("file", String, nullable=False),  # "": none any more
    Column("recorded_at", Float(53), nullable=False),
)

survey_answers = Table(
    "survey_answers",
    metadata,
    Column("contact", String, primary_key=True),
    Column("survey", String, primary_key=True),
    Column("question", String, primary_key=True),
    Column("score", Integer, nullable=False),
    Column("low", Integer, nullable=False),  # of the scale
    Column("high", Integer, nullable=False),
    Column("queue", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("at", Float(53), nullable=False),
    Index("survey_answers_survey_at", "survey", "at"),
)

# What web services have still to be told, and what they would not take in time.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String, primary_key=True),
    Column("hook", String, nullable=False),
    Column("event", String, nullable=False),
    Column("contact", String, nullable=False),
    Column("body", Text, nullable=False),  # JSON, as it is signed
    Column("created_at", Float(53), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("state", String, nullable=False),  # "waiting", "dead"
    Column("error", String, nullable=False),
    Column("node", String, nullable=False, server_default=""),  # whose it is, of those that share the database
    Index("deliveries_created_at", "created_at"),
)

paths = Table(  # of calls through their dialplans
    "paths",
    metadata,
    Column("contact", String, primary_key=True),
    Column("plan", String, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("ended_at", Float(53), nullable=False),  # of a call that goes on: when this was written
    Column("ended", Boolean, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("steps", Text, nullable=False),  # JSON list
    Column("node", String, nullable=False, server_default=""),  # whose it is, of those that share the database
    Index("paths_ended_at", "ended_at"),
    Index("paths_going_on", "ended_at", sqlite_where=GOING_ON, postgresql_where=GOING_ON),  # few of very many
)

edges = Table(  # how often a way through a dialplan was taken in an hour
    "edges",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False),  # since 1970
    Column("plan", String, primary_key=True),
    Column("step", String, primary_key=True),
    Column("exit", String, primary_key=True),
    Column("target", String, primary_key=True),
    Column("count", Integer, nullable=False),
)

decisions = Table(  # about contacts in queues, and what became of them: a row for each process that has led the contact
    "decisions",
    metadata,
    Column("contact", String, primary_key=True),
    Column("began_at", Float(53), primary_key=True),
    Column("ended_at", Float(53), nullable=False),  # of one that goes on: when this was written
    Column("queue", String, nullable=False),
    Column("agent", String, nullable=False),  # who was chosen last; "" nobody
    Column("outcome", String, nullable=False),  # why it left; "": it is there
    Column("story", LargeBinary, nullable=False),  # ``acd.story``
    Index("decisions_ended_at", "ended_at"),
)

grounds = Table(  # what many decisions have in common: who was configured, and who of them met which needs
    "grounds",
    metadata,
    Column("key", String, primary_key=True),
    Column("used_at", Float(53), nullable=False),  # within a day
    Column("body", LargeBinary, nullable=False),
    Index("grounds_used_at", "used_at"),
)

queue_intervals = Table(  # what was counted of queues in quarters of an hour
    "queue_intervals",
    metadata,
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("queue", String, primary_key=True),
    Column("node", String, primary_key=True, server_default=""),  # who has counted it; "": before there were nodes
    Column("offered", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("answered_in_time", Integer, nullable=False),
    Column("abandoned", Integer, nullable=False),
    Column("abandoned_in_time", Integer, nullable=False),
    Column("short_abandoned", Integer, nullable=False),
    Column("elsewhere", Integer, nullable=False),
    Column("callbacks", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("waited_answered_s", Float(53), nullable=False),
    Column("waited_abandoned_s", Float(53), nullable=False),
    Column("longest_s", Float(53), nullable=False),
    Column("talk_s", Float(53), nullable=False),
    Column("hold_s", Float(53), nullable=False),
    Column("wrap_up_s", Float(53), nullable=False),
)

agent_intervals = Table(
    "agent_intervals",
    metadata,
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("agent", String, primary_key=True),
    Column("node", String, primary_key=True, server_default=""),  # who has counted it; "": before there were nodes
    Column("answered", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("hold_s", Float(53), nullable=False),  # of the time of talking
    Column("ready_s", Float(53), nullable=False),
    Column("reserved_s", Float(53), nullable=False),
    Column("talking_s", Float(53), nullable=False),
    Column("wrap_up_s", Float(53), nullable=False),
    Column("paused_s", Float(53), nullable=False),
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
