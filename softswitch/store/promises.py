"""Promises read back for people: a page of those that somebody asks for, and the history of one.

A page is found by an index, however many promises there are: ``place`` is the order of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    TextClause,
    and_,
    func,
    literal,
    literal_column,
    select,
    text,
    true,
    tuple_,
    union_all,
)

from softswitch.callback.history import Attempt, Logged, Made
from softswitch.callback.model import OPEN, PromiseState
from softswitch.callback.wanted import CLOSED, WAITING, Place, Wanted
from softswitch.core.legible import legible
from softswitch.store import schema

Condition = ColumnElement[bool] | TextClause
_PROMISES = schema.promises.c


class Lying(NamedTuple):
    """Open promises of one policy that are in the pool, or that one node leads."""

    name: str
    node: str  # "": the pool
    not_before: float  # Unix s: the earliest of those in the pool that wait for a time; 0: they do not
    outcome: str  # of their last attempts, where they wait for a time; "": there was none
    promises: int


def lying(but_of: str, dialect: str) -> CompoundSelect[Any]:
    """Of all policies, but not what that node leads: by the indices of the pool, which have all that is asked for."""
    name, node, not_before, outcome = (_column(one) for one in ("name", "node", "not_before", "outcome"))
    nobody, never, none = literal("").label("node"), literal(0.0).label("not_before"), literal("").label("outcome")
    count = func.count().label("promises")
    ready = select(name, nobody, never, none, count).select_from(_by("promises_pool", dialect))
    later = select(name, nobody, func.min(not_before), outcome, count).select_from(_by("promises_pool_later", dialect))
    owned = select(name, node, never, none, count).select_from(_by("promises_node", dialect))
    return union_all(
        ready.where(schema.POOL_READY).group_by(name),
        later.where(schema.POOL_LATER).group_by(name, outcome),
        owned.where(schema.OWNED, node != legible(but_of)).group_by(name, node),
    )


def _column(name: str) -> ColumnElement[Any]:
    return literal_column(name)


def _by(index: str, dialect: str) -> TextClause:
    """SQLite would take an index of all that is open, and look up a million rows."""
    return text(f"promises INDEXED BY {index}" if dialect == "sqlite" else "promises")


def to_lying(row: Row[Any]) -> Lying:
    return Lying(**row._mapping)


def page(wanted: Wanted, after: Place | None, limit: int) -> list[Select[Any]]:
    """Each gives ``limit`` at most of those that follow ``after``, by an index; the first of all of them are the page.

    Open ones and ended ones have indices of their own, and so have a queue's own callbacks and those of campaigns.
    """
    parts = [(OPEN, schema.OPEN_ROW), (CLOSED, schema.ENDED_ROW)]
    names: list[ColumnElement[bool]] = [true()]
    if wanted.queue:
        queue = legible(wanted.queue)
        names = [
            and_(_PROMISES.name == queue, _PROMISES.campaign == ""),
            and_(_PROMISES.queue == queue, _PROMISES.campaign != ""),
        ]
    return [
        _ordered(select(schema.promises).where(row, name, *_conditions(wanted, states)), wanted, after).limit(limit)
        for states, row in parts
        if wanted.states & states
        for name in names
    ]


def _ordered(query: Select[Any], wanted: Wanted, after: Place | None) -> Select[Any]:
    order = (_PROMISES.recorded_at, _PROMISES.id)
    if after is not None:
        after = (after[0], legible(after[1]))
        query = query.where(tuple_(*order) < tuple_(*after) if wanted.newest_first else tuple_(*order) > tuple_(*after))
    return query.order_by(*(one.desc() if wanted.newest_first else one.asc() for one in order))


def _conditions(wanted: Wanted, part: frozenset[PromiseState]) -> Iterator[Condition]:
    states = wanted.states & part
    if states != part:
        yield _PROMISES.state.in_(sorted(state.value for state in states))
        if PromiseState.RECORDED not in states:
            yield schema.MOVED  # in the words of the index, or it is not taken
    for column in ("queue", "campaign", "stage"):
        if value := getattr(wanted, column):
            yield _PROMISES[column] == legible(value)
    if wanted.campaign:
        yield _PROMISES.name == legible(wanted.campaign)  # which has an index
    if wanted.stage not in ("", "imported"):
        yield schema.LOST
    if wanted.numbers:
        yield _PROMISES.number.in_(sorted(legible(number) for number in wanted.numbers))
    yield from _times(wanted)


def _times(wanted: Wanted) -> Iterator[Condition]:
    if wanted.since:
        yield _PROMISES.recorded_at >= wanted.since
    if wanted.until:
        yield _PROMISES.recorded_at < wanted.until
    if wanted.due_by:
        yield _PROMISES.state.in_(sorted(state.value for state in WAITING))
        yield _PROMISES.not_before <= wanted.due_by


def one(promise: str) -> Select[Any]:
    return select(schema.promises).where(_PROMISES.id == legible(promise))


def log(promise: str) -> Select[Any]:
    """In the order in which it happened."""
    table = schema.promise_log.c
    columns = [table[field] for field in Logged.__slots__]
    return select(*columns).where(table.promise == legible(promise)).order_by(table.at, table.attempt, table.state)


def attempts(promise: str) -> Select[Any]:
    table = schema.attempts.c
    columns = (table.attempt, table.call_id, table.at, table.outcome, table.status)
    return select(*columns).where(table.promise == legible(promise)).order_by(table.attempt)


def made(promise: str) -> Select[Any]:
    """The callbacks that have ended, in the order in which they began."""
    table = schema.calls.c
    columns = (table.contact, table.agent, table.started_at, table.ended_at)
    kept = and_(table.promise == legible(promise), schema.KEEPS)
    return select(*columns).where(kept).order_by(table.started_at)


def to_logged(row: Row[Any]) -> Logged:
    return Logged(**row._mapping)


def to_attempt(row: Row[Any]) -> Attempt:
    return Attempt(**row._mapping)


def to_made(row: Row[Any]) -> Made:
    return Made(**row._mapping)
