"""Reading back, for the start of the switch and for people. Nothing here decides.

Text that somebody asks for is made legible, as what was written was (``statement``): some databases take no other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row, Select, Table, and_, func, or_, select

from softswitch.acd.kept import KeptGround, KeptStory
from softswitch.call.record import CallRecord, StreamQuality
from softswitch.callback.listed import Listed
from softswitch.callback.model import Promise, PromiseState, Tally
from softswitch.contact.mailbox import Greeting, Message
from softswitch.contact.outbox import Delivery
from softswitch.contact.survey import Given
from softswitch.core.legible import legible
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath, Edge, to_steps
from softswitch.sip.flow import Flow
from softswitch.sip.registrar import Binding
from softswitch.store import schema


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A fact of the event log; ``offset`` is where to resume after it."""

    offset: int
    at: float  # Unix s
    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """What a human had set."""

    agent: str
    logged_in: bool
    paused: str  # reason; "" is not paused
    phone: str = ""  # at which he sits, who has none of his own


def calls(limit: int, before: float | None) -> Select[Any]:
    """The latest first; ``before`` pages on by ``ended_at`` (Unix s)."""
    table = schema.calls
    query = select(table).order_by(table.c.ended_at.desc(), table.c.contact.desc()).limit(limit)
    return query if before is None else query.where(table.c.ended_at < before)


def bindings(node: str = "") -> Select[Any]:
    """Of this node; "": of all, here and below."""
    return _of(
        node, select(schema.bindings).order_by(schema.bindings.c.aor, schema.bindings.c.contact), schema.bindings
    )


def tallies() -> Select[Any]:
    return select(schema.tallies)


def dialled(since: float, let_go_since: float) -> Select[Any]:
    """Attempts from ``since`` on, and those from ``let_go_since`` on in which the customer was let go for want of an
    agent (Unix s); in order."""
    attempts, promises = schema.attempts.c, schema.promises.c
    wanted = or_(attempts.at >= since, and_(attempts.at >= let_go_since, attempts.outcome == "dropped"))
    both = schema.attempts.join(schema.promises, promises.id == attempts.promise)
    columns = (promises.number, attempts.at, attempts.outcome)
    first = min(since, let_go_since)
    return select(*columns).select_from(both).where(attempts.at >= first, wanted).order_by(attempts.at)


def agents(node: str = "") -> Select[Any]:
    return _of(node, select(schema.agents).order_by(schema.agents.c.agent), schema.agents)


def voicemails(limit: int) -> Select[Any]:
    """The latest first."""
    return select(schema.voicemails).order_by(schema.voicemails.c.left_at.desc(), schema.voicemails.c.id).limit(limit)


def overrides() -> Select[Any]:
    return select(schema.overrides).order_by(schema.overrides.c.ordered_at, schema.overrides.c.id)


def do_not_call() -> Select[Any]:
    return select(schema.do_not_call).order_by(schema.do_not_call.c.added_at, schema.do_not_call.c.number)


def greetings() -> Select[Any]:
    return select(schema.greetings).order_by(schema.greetings.c.mailbox)


def answers(survey: str, since: float) -> Select[Any]:
    """How often each score was given, with its scale, by question and agent."""
    table = schema.survey_answers
    columns = (table.c.survey, table.c.question, table.c.agent, table.c.low, table.c.high, table.c.score)
    query = select(*columns, func.count().label("count")).where(table.c.at >= since).group_by(*columns)
    return (query.where(table.c.survey == legible(survey)) if survey else query).order_by(*columns)


def deliveries(limit: int, node: str = "") -> Select[Any]:
    """The oldest first."""
    table = schema.deliveries
    return _of(node, select(table).order_by(table.c.created_at, table.c.id).limit(limit), table)


def stories(contact: str) -> Select[Any]:
    """In the order in which they began."""
    return (
        select(schema.decisions)
        .where(schema.decisions.c.contact == legible(contact))
        .order_by(schema.decisions.c.began_at)
    )


def grounds(keys: Collection[str]) -> Select[Any]:
    return select(schema.grounds).where(schema.grounds.c.key.in_(keys))


def path(contact: str) -> Select[Any]:
    return select(schema.paths).where(schema.paths.c.contact == legible(contact))


def paths_going_on(limit: int, node: str = "") -> Select[Any]:
    """The latest first; among them those that a crash has cut short for good."""
    table = schema.paths
    return _of(node, select(table).where(schema.GOING_ON).order_by(table.c.ended_at.desc()).limit(limit), table)


def edges(plan: str, hour: int) -> Select[Any]:
    """Of the hours from ``hour`` (since 1970) on, together."""
    table = schema.edges
    way = (table.c.step, table.c.exit, table.c.target)
    query = select(*way, func.sum(table.c.count).label("times")).where(
        table.c.plan == legible(plan), table.c.hour >= hour
    )
    return query.group_by(*way)


def events(after: int, limit: int) -> Select[Any]:
    """In order, from the one after ``after`` (0: the first)."""
    return select(schema.events).where(schema.events.c.id > after).order_by(schema.events.c.id).limit(limit)


def _of(node: str, rows: Select[Any], table: Table) -> Select[Any]:
    return rows.where(table.c.node == node) if node else rows


def to_promise(row: Row[Any]) -> Promise:
    fields = {name: row._mapping[name] for name in Promise.__slots__}
    variables = msgspec.json.decode(row.variables, type=tuple[tuple[str, str], ...])
    return Promise(**(fields | {"state": PromiseState(fields["state"]), "variables": variables}))


def to_call(row: Row[Any]) -> CallRecord:
    quality = msgspec.json.decode(row.quality, type=tuple[StreamQuality, ...])
    return CallRecord(**(dict(row._mapping) | {"quality": quality}))


def to_binding(row: Row[Any]) -> Binding:
    flow = Flow(row.transport, (row.local_host, row.local_port), (row.remote_host, row.remote_port))
    path = msgspec.json.decode(row.path, type=tuple[str, ...])
    return Binding(
        row.aor, row.contact, flow, row.expires_at, row.call_id, row.cseq, row.user_agent, row.q, path, row.instance,
        row.reg_id,
    )  # fmt: skip


def to_tally(row: Row[Any]) -> Tally:
    return Tally(**row._mapping)


def to_agent(row: Row[Any]) -> StoredAgent:
    return StoredAgent(row.agent, row.logged_in, row.paused, row.phone)


def to_voicemail(row: Row[Any]) -> Message:
    return Message(**row._mapping)


def to_override(row: Row[Any]) -> Override:
    return Override(**row._mapping)


def to_listed(row: Row[Any]) -> Listed:
    return Listed(**row._mapping)


def to_story(row: Row[Any]) -> KeptStory:
    return KeptStory(**row._mapping)


def to_ground(row: Row[Any]) -> KeptGround:
    return KeptGround(**row._mapping)


def to_greeting(row: Row[Any]) -> Greeting:
    return Greeting(**row._mapping)


def to_answers(row: Row[Any]) -> Given:
    return Given(**row._mapping)


def to_delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: row._mapping[name] for name in Delivery.__slots__})


def to_path(row: Row[Any]) -> CallPath:
    return CallPath(
        row.contact, row.plan, row.version, row.started_at, row.ended_at, row.ended, row.missing, to_steps(row.steps)
    )


def to_edge(row: Row[Any]) -> Edge:
    return Edge(row.step, row.exit, row.target, int(row.times))


def to_event(row: Row[Any]) -> StoredEvent:
    return StoredEvent(row.id, row.at, row.name, json.loads(row.body))
