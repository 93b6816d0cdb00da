"""Statistics as rows: what a node has counted of a queue or an agent in one interval, and many of them added up.

Nodes may serve queues of one name, and an agent may work at several in turn: whatever is read is of all nodes, but for
what a node goes on with after a restart, and what it has in memory, which is later than its rows.
"""

from __future__ import annotations

from dataclasses import fields
from math import inf
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, func, literal, or_, select

from softswitch.acd.model import AgentState
from softswitch.acd.statistics import AgentFigures, Key, QueueFigures
from softswitch.core.legible import legible
from softswitch.store import schema
from softswitch.store.statement import Change

_STATES = tuple(state for state in AgentState if state is not AgentState.LOGGED_OUT)
_NUMBERS = ("answered", "missed", "transfers", "hold_s")
_LARGEST = "longest_s"  # all other columns are sums


def queue_interval(start: float, queue: str, figures: QueueFigures, node: str) -> list[Change]:
    row = {one.name: getattr(figures, one.name) for one in fields(figures)}
    return [Change("queue_intervals", "put", {"start": int(start), **legible({"queue": queue, "node": node}), **row})]


def agent_interval(start: float, agent: str, figures: AgentFigures, node: str) -> list[Change]:
    row = {name: getattr(figures, name) for name in _NUMBERS}
    spent = {f"{state.value}_s": figures.seconds.get(state, 0.0) for state in _STATES}
    key = {"start": int(start), **legible({"agent": agent, "node": node})}
    return [Change("agent_intervals", "put", {**key, **row, **spent})]


def too_old(unix: float) -> list[Change]:
    """A batch of what began before that moment."""
    before = {"key_before": int(unix)}
    return [Change("queue_intervals", "prune", before), Change("agent_intervals", "prune", before)]


def each(table: Table, since: float, node: str) -> Select[Any]:
    """The rows of a node as they are, from there on."""
    name = table.c.queue if table is schema.queue_intervals else table.c.agent
    return select(name.label("name"), table).where(table.c.start >= int(since), table.c.node == node)


def summed(
    table: Table,
    since: float,
    until: float,
    by_interval: bool,
    only: str,
    node: str = "",
    node_until: float = inf,
) -> Select[Any]:
    """Of the intervals that begin then, one row per name, or per interval; ``only`` that name ("": all of them).

    Of ``node``, only those that begin before ``node_until``.
    """
    name, only = table.c.queue if table is schema.queue_intervals else table.c.agent, legible(only)
    keys: tuple[ColumnElement[Any], ...]
    if by_interval:
        keys, group = (table.c.start, literal(only).label("name")), table.c.start
    else:
        keys, group = (literal(0).label("start"), name.label("name")), name
    columns = [
        (func.max if column.name == _LARGEST else func.sum)(column).label(column.name)
        for column in table.c
        if not column.primary_key
    ]
    query = select(*keys, *columns).where(table.c.start >= int(since), table.c.start < int(until)).group_by(group)
    if node_until < until:
        query = query.where(or_(table.c.start < int(node_until), table.c.node != node))
    return query.where(name == only) if only else query


def to_queue(row: Row[Any]) -> tuple[Key, QueueFigures]:
    value = row._mapping
    return (float(value["start"]), value["name"]), QueueFigures(**{one.name: value[one.name] for one in _QUEUE})


def to_agent(row: Row[Any]) -> tuple[Key, AgentFigures]:
    value = row._mapping
    figures = AgentFigures(**{name: value[name] for name in _NUMBERS})
    figures.seconds.update({state: value[f"{state.value}_s"] for state in _STATES if value[f"{state.value}_s"]})
    return (float(value["start"]), value["name"]), figures


_QUEUE = fields(QueueFigures)
