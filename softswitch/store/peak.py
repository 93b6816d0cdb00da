"""What a store has kept of a peak and of what followed: read without a switch, and without a change to the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from softswitch.acd.model import QueueLeft
from softswitch.acd.statistics import INTERVAL_S, AgentFigures
from softswitch.callback.history import Logged
from softswitch.callback.model import LossNotRecorded, Promise
from softswitch.contact.peak import Came, Followed, Seen, Turned
from softswitch.contact.peak_curve import DAY_S, QUARTER_S
from softswitch.core.legible import legible
from softswitch.store import intervals, schema
from softswitch.store.engine import engines
from softswitch.store.past import facts_of
from softswitch.store.query import to_promise

AT_ONCE = 500  # promises whose history is asked for in one question
LATE_S = 60.0  # after the end of a call its loss may be written
_CALLS, _PROMISES, _LOG = schema.calls.c, schema.promises.c, schema.promise_log.c


@dataclass(frozen=True, slots=True)
class Peak:
    """``seen`` is of the span, ``waits`` of the callers who were answered in it (s); ``agents`` by the begin of each
    quarter of an hour, from the one in which the span begins to the last that is asked for."""

    seen: Seen
    waits: Sequence[float]
    agents: dict[float, AgentFigures]


async def read_peak(url: str, since: float, until: float, after: float, queue: str = "") -> Peak:
    """``after``: up to when agents are followed. Raises ``SQLAlchemyError`` where the database cannot be read."""
    both = engines(url)
    try:
        async with both.read.connect() as connection:
            rows = (await connection.execute(_calls(since, until))).all()
            over = max([until, *(row.ended_at + LATE_S for row in rows)])
            facts, _ = await facts_of(connection, since, over, (QueueLeft, LossNotRecorded))
            waits, turned = [], []
            for at, fact in facts:
                match fact:
                    case QueueLeft(why="answered", kind="call", waited_s=waited_s) if queue in ("", fact.queue):
                        waits += [waited_s] if at < until else []
                    case LossNotRecorded() if queue in ("", fact.queue):
                        turned.append(Turned(at, fact.queue, fact.stage, fact.why, fact.contact, fact.number))
            promises = await _promises(connection, since, over, queue)
            lost = {loss.contact for one in promises for loss in one.losses()} | {loss.contact for loss in turned}
            # Who was lost to a queue before he came to it is one of its callers.
            calls = [_came(row) for row in rows if queue in ("", row.queue) or row.contact in lost]
            known = {one.contact for one in calls}
            others = await _others(connection, sorted(lost - known))
            begin = since // INTERVAL_S * INTERVAL_S
            query = intervals.summed(schema.agent_intervals, begin, after, True, "")
            agents = {key[0]: figures for key, figures in map(intervals.to_agent, await connection.execute(query))}
    finally:
        await both.dispose()
    return Peak(Seen(calls, promises, turned, others), waits, agents)


async def quarters(url: str, since: float, until: float, queue: str = "") -> dict[int, int]:
    """Calls that came in, by the begin of their quarter of an hour (Unix s)."""
    both = engines(url)
    query = _calls(since, until, queue).with_only_columns(_CALLS.started_at)
    found: Counter[int] = Counter()
    try:
        async with both.read.connect() as connection, connection.stream(query) as stream:
            async for (started_at,) in stream:
                found[int(started_at // QUARTER_S) * QUARTER_S] += 1
    finally:
        await both.dispose()
    return found


def _calls(since: float, until: float, queue: str = "") -> Select[tuple[object, ...]]:
    """By the index of their ends: none ended before it began, or lasted for more than a day."""
    columns = (
        _CALLS.contact, _CALLS.caller, _CALLS.queue, _CALLS.started_at, _CALLS.connected_at, _CALLS.outcome,
        _CALLS.ended_by, _CALLS.ended_at,
    )  # fmt: skip
    query = select(*columns).where(
        _CALLS.ended_at >= since,
        _CALLS.ended_at < until + DAY_S,
        _CALLS.started_at >= since,
        _CALLS.started_at < until,
        _CALLS.kind == "inbound",
    )
    return query.where(_CALLS.queue == legible(queue)) if queue else query


def _came(row: Row[tuple[object, ...]]) -> Came:
    return Came(**{name: row._mapping[name] for name in Came.__slots__})


async def _others(connection: AsyncConnection, contacts: Sequence[str]) -> frozenset[str]:
    """Those of them that are calls, and so of another time or queue."""
    found: set[str] = set()
    for first in range(0, len(contacts), AT_ONCE):
        query = select(_CALLS.contact).where(_CALLS.contact.in_(contacts[first : first + AT_ONCE]))
        found.update(row.contact for row in await connection.execute(query))
    return frozenset(found)


async def _promises(connection: AsyncConnection, since: float, until: float, queue: str) -> list[Followed]:
    """Of callers, not of lists: those recorded then, and those to which something happened then."""
    recorded = and_(_PROMISES.recorded_at >= since, _PROMISES.recorded_at < until)
    touched = select(_LOG.promise).where(_LOG.at >= since, _LOG.at < until)
    # Each by an index of its own.
    wanted = (
        and_(recorded, schema.OPEN_ROW), and_(recorded, schema.ENDED_ROW), _PROMISES.id.in_(touched),
    )  # fmt: skip
    found: dict[str, Promise] = {}
    for which in wanted:
        query = select(schema.promises).where(which, _PROMISES.campaign == "", _PROMISES.stage != "imported")
        for row in await connection.execute(_of_queue(query, queue)):
            found[row.id] = to_promise(row)
    rows = list(found.values())
    log: dict[str, list[Logged]] = defaultdict(list)
    columns = [_LOG[name] for name in Logged.__slots__]
    for first in range(0, len(rows), AT_ONCE):
        some = [row.id for row in rows[first : first + AT_ONCE]]
        kept = select(_LOG.promise, *columns).where(_LOG.promise.in_(some)).order_by(_LOG.at, _LOG.attempt)
        for row in await connection.execute(kept):
            log[row.promise].append(Logged(**{name: row._mapping[name] for name in Logged.__slots__}))
    return [Followed(row, tuple(log[row.id])) for row in rows]


def _of_queue(query: Select[tuple[object, ...]], queue: str) -> Select[tuple[object, ...]]:
    return query.where(_PROMISES.queue == legible(queue)) if queue else query
