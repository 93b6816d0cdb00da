"""Facts as statements. Statements of one fact touch one key each, so they can be grouped by table.

Text is made legible here (``core.legible``): what a peer sent must not make a row that no database takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, Table, TextClause, bindparam, literal_column, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

from softswitch.acd.kept import GROUND_SPARE_S, KeptGround, KeptStory
from softswitch.call.record import CallRecord
from softswitch.callback.listed import Listed
from softswitch.callback.model import Promise, PromiseState, Tally
from softswitch.contact.event import SurveyAnswered
from softswitch.contact.mailbox import Greeting, Message
from softswitch.contact.outbox import Delivery
from softswitch.core.effect import DomainEvent
from softswitch.core.legible import legible, to_json
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath, Edge
from softswitch.sip.registrar import Binding
from softswitch.store import schema, word

Row = Mapping[str, Any]
Name = tuple[str, str]  # of a statement: table, "put", "remove" or "prune"
NOT_DIALLED = frozenset({PromiseState.DUE, PromiseState.WITHDRAWN})  # after an intent that led to no call
PRUNED_AT_ONCE = 500  # rows
PROMISE_COLUMNS = tuple(column.name for column in schema.promises.columns)
_PROMISE_FIELDS = {"state": "state.value", "group": "key"}  # those that have another name
promise_values = attrgetter(*(_PROMISE_FIELDS.get(name, name) for name in PROMISE_COLUMNS))  # ``variables`` as pairs
_LOGGED = ("state", "stage", "outcome", "losses", "not_before", "priority_s", "contact", "disposition")


class Change(NamedTuple):
    """One row to be changed; table and verb name one of ``statements``."""

    table: str
    verb: str
    row: Row


def statements(dialect: str) -> Mapping[Name, UpdateBase | TextClause]:
    """``dialect`` is "sqlite" or "postgresql"; both have the same upsert under another name."""
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    aor, contact, node = schema.bindings.c.aor, schema.bindings.c.contact, schema.bindings.c.node
    ours = node == bindparam("key_node")  # it may have registered with another node since
    gone = schema.bindings.delete().where(aor == bindparam("key_aor"), contact == bindparam("key_contact"), ours)
    return {
        **word.statements(dialect),
        ("promises", "put"): _upsert(insert, schema.promises),
        ("promises", "pool"): insert(schema.promises).on_conflict_do_nothing(),
        # Who was let go stays so, whatever becomes of his promise: an agent is to be on the line the next time.
        ("attempts", "put"): _upsert(
            insert,
            schema.attempts,
            ("outcome", "status"),
            text("attempts.outcome <> 'dropped' OR excluded.outcome = 'answered'"),
        ),
        ("attempts", "remove"): schema.attempts.delete().where(
            schema.attempts.c.promise == bindparam("key_promise"),
            schema.attempts.c.attempt > bindparam("key_made"),
        ),
        ("promise_log", "put"): _upsert(insert, schema.promise_log),
        ("promise_log", "prune"): _prune(schema.promise_log, schema.promise_log.c.at),
        ("tallies", "put"): _upsert(insert, schema.tallies),
        ("calls", "put"): _upsert(insert, schema.calls),
        ("bindings", "put"): _upsert(insert, schema.bindings),
        ("bindings", "remove"): gone,
        ("agents", "put"): _upsert(insert, schema.agents),
        ("voicemails", "put"): _upsert(insert, schema.voicemails),
        ("voicemails", "remove"): schema.voicemails.delete().where(schema.voicemails.c.id == bindparam("key_id")),
        ("greetings", "put"): _upsert(insert, schema.greetings),
        ("survey_answers", "put"): _upsert(insert, schema.survey_answers),
        ("deliveries", "put"): _upsert(insert, schema.deliveries),
        ("deliveries", "remove"): schema.deliveries.delete().where(schema.deliveries.c.id == bindparam("key_id")),
        ("do_not_call", "put"): _upsert(insert, schema.do_not_call),
        ("do_not_call", "remove"): schema.do_not_call.delete().where(
            schema.do_not_call.c.number == bindparam("key_id")
        ),
        ("overrides", "put"): _upsert(insert, schema.overrides),
        ("overrides", "remove"): schema.overrides.delete().where(schema.overrides.c.id == bindparam("key_id")),
        ("paths", "put"): _upsert(insert, schema.paths),
        ("paths", "prune"): _prune(schema.paths, schema.paths.c.ended_at),
        ("edges", "put"): _counted(insert, schema.edges),
        ("edges", "prune"): _prune(schema.edges, schema.edges.c.hour),
        ("decisions", "put"): _upsert(insert, schema.decisions),
        ("decisions", "prune"): _prune(schema.decisions, schema.decisions.c.ended_at),
        ("grounds", "put"): _upsert(insert, schema.grounds),
        ("grounds", "prune"): _prune(schema.grounds, schema.grounds.c.used_at),
        ("queue_intervals", "put"): _upsert(insert, schema.queue_intervals),
        ("queue_intervals", "prune"): _prune(schema.queue_intervals, schema.queue_intervals.c.start),
        ("agent_intervals", "put"): _upsert(insert, schema.agent_intervals),
        ("agent_intervals", "prune"): _prune(schema.agent_intervals, schema.agent_intervals.c.start),
        ("events", "put"): schema.events.insert(),
        ("events", "prune"): _prune_first(schema.events, schema.events.c.id, schema.events.c.at),
    }


def texts() -> Mapping[Name, str]:
    """The statements in SQLite's own words, with a ``:name`` for each value."""
    dialect = sqlite.dialect(paramstyle="named")
    made = {}
    for name, statement in statements("sqlite").items():
        given = [column.name for column in schema.metadata.tables[name[0]].columns if column.autoincrement is not True]
        made[name] = str(statement.compile(dialect=dialect, column_keys=given if name[1] in ("put", "pool") else None))
    return made


def _upsert(
    insert: Any, table: Table, updated: tuple[str, ...] | None = None, where: TextClause | None = None
) -> UpdateBase:
    keys = [column.name for column in table.primary_key]
    names = updated or tuple(column.name for column in table.columns if column.name not in keys)
    statement = insert(table)
    upsert: UpdateBase = statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in names}, where=where
    )
    return upsert


def _counted(insert: Any, table: Table) -> UpdateBase:
    """What is put is added to what is there."""
    statement = insert(table)
    upsert: UpdateBase = statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={"count": table.c.count + statement.excluded["count"]},
    )
    return upsert


def _prune(table: Table, by: Column[Any]) -> UpdateBase:
    """A batch of what is too old: nobody waits long for it."""
    keys = list(table.primary_key)
    old = _batch(select(*keys).where(by < bindparam("key_before")).order_by(by))
    return table.delete().where(tuple_(*keys).in_(old))


def _prune_first(table: Table, offset: Column[Any], by: Column[Any]) -> UpdateBase:
    """The same of rows that were written in the order of time: they need no index by it, as only the first are looked
    at."""
    first = _batch(select(offset, by).order_by(offset)).subquery()
    return table.delete().where(
        offset.in_(select(first.c[offset.key]).where(first.c[by.key] < bindparam("key_before")))
    )


def _batch(rows: Select[Any]) -> Select[Any]:
    # Written out, as SQLite's own words must have no parameter without a name: it puts an OFFSET behind each LIMIT.
    most: ColumnElement[int] = literal_column(str(PRUNED_AT_ONCE))
    none: ColumnElement[int] = literal_column("0")
    return rows.limit(most).offset(none)


def _row(record: Any) -> dict[str, Any]:
    """The fields of a record that has none within it; ``dataclasses.asdict`` looks for them."""
    return {field: getattr(record, field) for field in record.__slots__}


def promise_row(fact: Promise) -> dict[str, Any]:
    """Of a legible one, with what it is claimed by."""
    row = dict(zip(PROMISE_COLUMNS, promise_values(fact), strict=True))
    return row | {"variables": variables_json(fact.variables)}


def variables_json(variables: Sequence[tuple[str, str]]) -> str:
    return to_json(variables).decode() if variables else "[]"


def promise(fact: Promise, by: str = "") -> list[Change]:
    """The row, that of its last attempt, which carries the Call-ID, and what its history is to say."""
    fact = legible(fact)
    row = promise_row(fact)
    logged = {
        "promise": fact.id,
        "at": fact.updated_at or fact.recorded_at,
        "attempt": fact.attempts,
        "by": legible(by),
        **{name: row[name] for name in _LOGGED},
    }
    changes = [Change("promises", "put", row), Change("promise_log", "put", logged)]
    if fact.call_id:
        attempt = {
            "promise": fact.id,
            "attempt": fact.attempts,
            "call_id": fact.call_id,
            "at": fact.updated_at,
            "outcome": fact.outcome,
            "status": fact.status,
        }
        changes.append(Change("attempts", "put", attempt))
    if fact.state in NOT_DIALLED:
        changes.append(Change("attempts", "remove", {"key_promise": fact.id, "key_made": fact.attempts}))
    return changes


def call(record: CallRecord) -> list[Change]:
    row = _row(legible(record))
    return [Change("calls", "put", row | {"quality": to_json(record.quality).decode()})]


def binding(fact: Binding, node: str = "") -> list[Change]:
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
        "node": node,
    }
    return [Change("bindings", "put", row)]


def no_binding(fact: Binding, node: str = "") -> list[Change]:
    fact = legible(fact)
    return [Change("bindings", "remove", {"key_aor": fact.aor, "key_contact": fact.contact, "key_node": node})]


def path(fact: CallPath, node: str = "") -> list[Change]:
    row = {name: legible(getattr(fact, name)) for name in ("contact", "plan", "version")}
    times = {"started_at": fact.started_at, "ended_at": fact.ended_at, "ended": fact.over, "missing": fact.missing}
    return [Change("paths", "put", row | times | {"steps": to_json(fact.steps).decode(), "node": node})]


def edge(hour: int, plan: str, fact: Edge) -> list[Change]:
    way = {"plan": plan, "step": fact.step, "exit": fact.exit, "target": fact.to}
    return [Change("edges", "put", {"hour": hour, **legible(way), "count": fact.count})]


def too_old(unix: float) -> list[Change]:
    """A batch of paths and counts from before that moment."""
    return [
        Change("paths", "prune", {"key_before": unix}),
        Change("edges", "prune", {"key_before": int(unix // 3600)}),
    ]


def story(fact: KeptStory) -> list[Change]:
    return [Change("decisions", "put", _row(legible(fact)))]


def ground(fact: KeptGround) -> list[Change]:
    return [Change("grounds", "put", _row(fact))]


def old_stories(unix: float) -> list[Change]:
    """A batch of those that ended before that moment, and of what no other needs."""
    return [
        Change("decisions", "prune", {"key_before": unix}),
        Change("grounds", "prune", {"key_before": unix - GROUND_SPARE_S}),
    ]


def tally(tally: Tally) -> list[Change]:
    return [Change("tallies", "put", _row(legible(tally)))]


def agent(name: str, logged_in: bool, paused: str, phone: str, node: str = "") -> list[Change]:
    row = {"agent": name, "logged_in": logged_in, "paused": paused, "phone": phone, "node": node}
    return [Change("agents", "put", legible(row))]


def voicemail(message: Message) -> list[Change]:
    return [Change("voicemails", "put", _row(legible(message)))]


def do_not_call(rows: Iterable[Listed]) -> list[Change]:
    return [Change("do_not_call", "put", _row(legible(row))) for row in rows]


def may_call(numbers: Iterable[str]) -> list[Change]:
    return [Change("do_not_call", "remove", {"key_id": number}) for number in numbers]


def override(fact: Override) -> list[Change]:
    return [Change("overrides", "put", _row(legible(fact)))]


def no_override(id: str) -> list[Change]:
    return [Change("overrides", "remove", {"key_id": id})]


def no_voicemail(id: str) -> list[Change]:
    return [Change("voicemails", "remove", {"key_id": legible(id)})]


def greeting(fact: Greeting) -> list[Change]:
    return [Change("greetings", "put", _row(legible(fact)))]


def answer(fact: SurveyAnswered) -> list[Change]:
    return [Change("survey_answers", "put", _row(legible(fact)))]


def delivery(fact: Delivery, node: str = "") -> list[Change]:
    return [Change("deliveries", "put", _row(legible(fact)) | {"node": node})]


def no_delivery(id: str) -> list[Change]:
    return [Change("deliveries", "remove", {"key_id": legible(id)})]


def event(at: float, fact: DomainEvent) -> list[Change]:
    return [Change("events", "put", {"at": at, "name": type(fact).__name__, "body": body(fact)})]


def old_events(unix: float) -> list[Change]:
    """A batch of those from before that moment, and of what became of promises."""
    return [Change("events", "prune", {"key_before": unix}), Change("promise_log", "prune", {"key_before": unix})]


def body(fact: DomainEvent) -> str:
    """A fact as JSON; what JSON has no word for is written as Python would print it."""
    return to_json(fact).decode()
