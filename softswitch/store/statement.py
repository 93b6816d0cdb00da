"""Facts as statements. Statements of one fact touch one key each, so they can be grouped by table.

Text is made legible here (``core.legible``): what a peer sent must not make a row that no database takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

from softswitch.call.record import CallRecord
from softswitch.callback.model import Promise
from softswitch.contact.mailbox import Message
from softswitch.core.effect import DomainEvent
from softswitch.core.legible import legible, to_json
from softswitch.sip.registrar import Binding
from softswitch.store import schema

Row = Mapping[str, Any]
Name = tuple[str, str]  # of a statement: table, "put" or "remove"


class Change(NamedTuple):
    """One row to be changed; table and verb name one of ``statements``."""

    table: str
    verb: str
    row: Row


def statements(dialect: str) -> Mapping[Name, UpdateBase]:
    """``dialect`` is "sqlite" or "postgresql"; both have the same upsert under another name."""
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    aor, contact = schema.bindings.c.aor, schema.bindings.c.contact
    gone = schema.bindings.delete().where(aor == bindparam("key_aor"), contact == bindparam("key_contact"))
    return {
        ("promises", "put"): _upsert(insert, schema.promises),
        ("attempts", "put"): _upsert(insert, schema.attempts, ("outcome",)),
        ("calls", "put"): _upsert(insert, schema.calls),
        ("bindings", "put"): _upsert(insert, schema.bindings),
        ("bindings", "remove"): gone,
        ("agents", "put"): _upsert(insert, schema.agents),
        ("voicemails", "put"): _upsert(insert, schema.voicemails),
        ("events", "put"): schema.events.insert(),
    }


def texts() -> Mapping[Name, str]:
    """The statements in SQLite's own words, with a ``:name`` for each value."""
    dialect = sqlite.dialect(paramstyle="named")
    made = {}
    for name, statement in statements("sqlite").items():
        given = [column.name for column in schema.metadata.tables[name[0]].columns if column.autoincrement is not True]
        made[name] = str(statement.compile(dialect=dialect, column_keys=given if name[1] == "put" else None))
    return made


def _upsert(insert: Any, table: Table, updated: tuple[str, ...] | None = None) -> UpdateBase:
    keys = [column.name for column in table.primary_key]
    names = updated or tuple(column.name for column in table.columns if column.name not in keys)
    statement = insert(table)
    upsert: UpdateBase = statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in names}
    )
    return upsert


def _row(record: Any) -> dict[str, Any]:
    """The fields of a record that has none within it; ``dataclasses.asdict`` looks for them."""
    return {field: getattr(record, field) for field in record.__slots__}


def promise(fact: Promise) -> list[Change]:
    """The row, and that of its last attempt, which carries the Call-ID."""
    fact = legible(fact)
    row = _row(fact) | {"state": fact.state.value}
    changes = [Change("promises", "put", row)]
    if fact.call_id:
        attempt = {
            "promise": fact.id,
            "attempt": fact.attempts,
            "call_id": fact.call_id,
            "at": fact.updated_at,
            "outcome": fact.outcome,
        }
        changes.append(Change("attempts", "put", attempt))
    return changes


def call(record: CallRecord) -> list[Change]:
    row = _row(legible(record))
    return [Change("calls", "put", row | {"quality": to_json(record.quality).decode()})]


def binding(fact: Binding) -> list[Change]:
    fact = legible(fact)
    row = {
        "aor": fact.aor,
        "contact": fact.contact,
        "transport": fact.flow.transport,
        "local_host": fact.flow.local[0],
        "local_port": fact.flow.local[1],
        "remote_host": fact.flow.remote[0],
        "remote_port": fact.flow.remote[1],
        "expires_at": fact.expires_at,
        "call_id": fact.call_id,
        "cseq": fact.cseq,
        "user_agent": fact.user_agent,
        "q": fact.q,
        "path": to_json(fact.path).decode(),
        "instance": fact.instance,
        "reg_id": fact.reg_id,
    }
    return [Change("bindings", "put", row)]


def no_binding(fact: Binding) -> list[Change]:
    fact = legible(fact)
    return [Change("bindings", "remove", {"key_aor": fact.aor, "key_contact": fact.contact})]


def agent(name: str, logged_in: bool, paused: str) -> list[Change]:
    row = {"agent": name, "logged_in": logged_in, "paused": paused}
    return [Change("agents", "put", legible(row))]


def voicemail(message: Message) -> list[Change]:
    return [Change("voicemails", "put", _row(legible(message)))]


def event(at: float, fact: DomainEvent) -> list[Change]:
    return [Change("events", "put", {"at": at, "name": type(fact).__name__, "body": body(fact)})]


def body(fact: DomainEvent) -> str:
    """A fact as JSON; what JSON has no word for is written as Python would print it."""
    return to_json(fact).decode()
