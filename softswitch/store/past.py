"""What a store has kept of a span of time, read without a switch and without a change to the database.

Facts are rows of ``events`` in the order of their offsets, which is that of time: where a span begins is found by
halving, since there is no index by time and there may be years of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from softswitch.acd.model import AgentStateChanged, QueueJoined, QueueLeft
from softswitch.callback.model import PromiseChanged
from softswitch.contact.event import TransferEnded
from softswitch.contact.kept_log import KeptCall
from softswitch.core.effect import DomainEvent
from softswitch.store import schema
from softswitch.store.engine import engines

_KINDS = (QueueJoined, QueueLeft, AgentStateChanged, PromiseChanged, TransferEnded)
_LATE_S = 60.0  # by which a row may be older than one with a lower offset


@dataclass(frozen=True, slots=True)
class Past:
    """Times are Unix seconds."""

    facts: Sequence[tuple[float, DomainEvent]]
    refused: Sequence[tuple[float, str]]  # who was turned away because a queue was full, and its name
    calls: Sequence[KeptCall]  # that ended then
    unreadable: int = 0  # facts that another version has written


async def past(url: str, since: float, until: float) -> Past:
    """Of queues, agents and promises, in order. Raises ``SQLAlchemyError`` where the database cannot be read."""
    both = engines(url)
    try:
        async with both.read.connect() as connection:
            facts, unreadable = await facts_of(connection, since, until, _KINDS)
            calls = schema.calls.c
            ended = select(
                calls.contact, calls.caller, calls.ended_by, calls.ended_at, calls.queue, calls.outcome
            ).where(calls.ended_at >= since, calls.ended_at < until, calls.queue != "")
            rows = (await connection.execute(ended)).all()
    finally:
        await both.dispose()
    refused = [(row.ended_at, row.queue) for row in rows if row.outcome == "queue-full"]
    return Past(facts, refused, [KeptCall(row.contact, row.caller, row.ended_by) for row in rows], unreadable)


async def facts_of(
    connection: AsyncConnection, since: float, until: float, kinds: Sequence[type[DomainEvent]]
) -> tuple[list[tuple[float, DomainEvent]], int]:
    """Those of these kinds, in order, and how many could not be read."""
    events, named = schema.events.c, {kind.__name__: kind for kind in kinds}
    first = await _first(connection, since - _LATE_S)
    last = await _first(connection, until + _LATE_S)
    rows = select(events.at, events.name, events.body).where(
        events.id >= first, events.id < last, events.at >= since, events.at < until, events.name.in_(named)
    )
    found, unreadable = [], 0
    async with connection.stream(rows.order_by(events.id)) as stream:
        async for at, name, body in stream:
            try:
                found.append((at, msgspec.json.decode(body, type=named[name])))
            except msgspec.ValidationError:
                unreadable += 1
    return found, unreadable


async def _first(connection: AsyncConnection, at: float) -> int:
    """The least offset of a fact that is not older; one beyond the last where all are."""
    events = schema.events.c
    low, high = (await connection.execute(select(func.min(events.id), func.max(events.id)))).one()
    if high is None:
        return 0
    high += 1
    while low < high:
        middle = (low + high) // 2
        query = select(events.id, events.at).where(events.id >= middle).order_by(events.id).limit(1)
        row = (await connection.execute(query)).one()
        low, high = (row.id + 1, high) if row.at < at else (low, middle)
    return int(low)
