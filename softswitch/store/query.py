"""Reading back, for the start of the switch and for people. Nothing here decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row, Select, select

from softswitch.call.record import CallRecord, StreamQuality
from softswitch.callback.model import OPEN, Promise, PromiseState
from softswitch.contact.mailbox import Message
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


def promises(open_only: bool, limit: int) -> Select[Any]:
    """Open ones oldest first; with the closed ones, the latest first."""
    table = schema.promises
    if open_only:
        states = [state.value for state in OPEN]
        return select(table).where(table.c.state.in_(states)).order_by(table.c.recorded_at, table.c.id).limit(limit)
    return select(table).order_by(table.c.recorded_at.desc(), table.c.id.desc()).limit(limit)


def calls(limit: int, before: float | None) -> Select[Any]:
    """The latest first; ``before`` pages on by ``ended_at`` (Unix s)."""
    table = schema.calls
    query = select(table).order_by(table.c.ended_at.desc(), table.c.contact.desc()).limit(limit)
    return query if before is None else query.where(table.c.ended_at < before)


def bindings() -> Select[Any]:
    return select(schema.bindings).order_by(schema.bindings.c.aor, schema.bindings.c.contact)


def agents() -> Select[Any]:
    return select(schema.agents).order_by(schema.agents.c.agent)


def voicemails(limit: int) -> Select[Any]:
    """The latest first."""
    return select(schema.voicemails).order_by(schema.voicemails.c.left_at.desc(), schema.voicemails.c.id).limit(limit)


def events(after: int, limit: int) -> Select[Any]:
    """In order, from the one after ``after`` (0: the first)."""
    return select(schema.events).where(schema.events.c.id > after).order_by(schema.events.c.id).limit(limit)


def to_promise(row: Row[Any]) -> Promise:
    fields = dict(row._mapping)
    return Promise(**(fields | {"state": PromiseState(fields["state"])}))


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


def to_agent(row: Row[Any]) -> StoredAgent:
    return StoredAgent(row.agent, row.logged_in, row.paused)


def to_voicemail(row: Row[Any]) -> Message:
    return Message(**row._mapping)


def to_event(row: Row[Any]) -> StoredEvent:
    return StoredEvent(row.id, row.at, row.name, json.loads(row.body))
