"""Statistics over HTTP: of queues, of agents, or interval by interval, from the store and of what goes on.

Moments are those of the switch's zone. Whole intervals are reported: one counts that begins at or after ``from``, which
is put back to the begin of its own interval, and before ``to``.

They are of all nodes of the database: of this one as they are now, of others as they have written them last.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import inf
from typing import Any, Protocol, TypeVar

from aiohttp import web

from softswitch.acd.statistics import INTERVAL_S, AgentFigures, Key, QueueFigures
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.calendar import shown
from softswitch.ivr.moment import PAST_EXAMPLE, past
from softswitch.switch.view import Control, StatisticsView
from softswitch.web.problem import ApiError, json_response

LONGEST_S, MOST_INTERVALS_S = 3660 * 86_400.0, 32 * 86_400.0
_BY = ("queue", "agent", "interval")
F = TypeVar("F", QueueFigures, AgentFigures)


class Figures(Protocol):
    async def queue_figures(
        self, since: float, until: float, by_interval: bool, queue: str = "", ours_until: float = inf
    ) -> dict[Key, QueueFigures]: ...

    async def agent_figures(
        self, since: float, until: float, by_interval: bool, agent: str = "", ours_until: float = inf
    ) -> dict[Key, AgentFigures]: ...


class Statistics:
    def __init__(self, control: Control, reader: Figures) -> None:
        self._control = control
        self._reader = reader

    async def shown(self, request: web.Request, who: str) -> web.Response:
        """``?by=queue`` (the default), agent or interval; ``from`` (today), ``to`` (now), ``queue``, ``agent``."""
        queue, agent = request.query.get("queue", ""), request.query.get("agent", "")
        by = request.query.get("by", "agent" if agent else "queue")
        if by not in _BY:
            raise ApiError(400, f"by={by!r} is not understood", f"one of {', '.join(_BY)}")
        if (queue and (agent or by == "agent")) or (agent and by == "queue"):
            raise ApiError(400, f"{'queue' if queue else 'agent'}= does not go with by={by}", "one kind at a time")
        of_agents = by == "agent" or bool(agent)
        counted = self._control.statistics(of_agents)
        since = _moment(request, "from", "today", counted) // INTERVAL_S * INTERVAL_S
        until = _moment(request, "to", "now", counted)
        longest_s = MOST_INTERVALS_S if by == "interval" else LONGEST_S
        if not since < until <= since + longest_s:
            hint = f"`to` comes after `from`, by at most {longest_s / 86_400:.0f} days"
            raise ApiError(400, "that is no span of time that can be reported", hint)
        name, in_intervals, edge = queue or agent, by == "interval", max(since, min(until, counted.since))
        found: Mapping[Key, QueueFigures | AgentFigures]
        if of_agents:
            stored = await self._reader.agent_figures(since, until, in_intervals, name, edge)
            found = _together(AgentFigures, stored, counted.intervals.agents, (edge, until), in_intervals, name)
        else:
            kept = await self._reader.queue_figures(since, until, in_intervals, name, edge)
            found = _together(QueueFigures, kept, counted.intervals.queues, (edge, until), in_intervals, name)
        if not found and name:
            self._known(name, of_agents)
        return json_response({"statistics": {
            "from": _there(since, counted.zone), "to": _there(until, counted.zone), "zone": counted.zone, "by": by,
            "rows": [_row(key, by, found[key], counted.zone) for key in sorted(found)],
            "total": _total(found, of_agents),
        }})  # fmt: skip

    def _known(self, name: str, of_agents: bool) -> None:
        """Raises ``ApiError`` 404 for what is not configured."""
        control = self._control
        known = [one.agent for one in control.agents()] if of_agents else [one.queue for one in control.queues()]
        if name not in known:
            what = "agent" if of_agents else "queue"
            raise ApiError(404, f"nothing is known of {what} {name!r}", did_you_mean(name, known).removeprefix("; "))


def _moment(request: web.Request, name: str, default: str, counted: StatisticsView) -> float:
    try:
        return past(request.query.get(name, default), counted.now, counted.zone)
    except ValueError as error:
        raise ApiError(400, str(error), PAST_EXAMPLE) from None


def _together(
    kind: type[F],
    stored: Mapping[Key, F],
    live: Mapping[Key, F],
    span: tuple[float, float],
    by_interval: bool,
    only: str,
) -> dict[Key, F]:
    """What the store has, and of ``live`` the intervals that begin in ``span``."""
    found = dict(stored)
    for (start, name), figures in live.items():
        if span[0] <= start < span[1] and only in ("", name):
            found.setdefault((start, only) if by_interval else (0.0, name), kind()).add(figures)
    return found


def _row(key: Key, by: str, figures: QueueFigures | AgentFigures, zone: str) -> dict[str, Any]:
    start, name = key
    return {by: _there(start, zone) if by == "interval" else name, **figures.told()}


def _total(found: Mapping[Key, QueueFigures | AgentFigures], of_agents: bool) -> dict[str, Any]:
    if of_agents:
        agents = AgentFigures()
        for one in found.values():
            if isinstance(one, AgentFigures):
                agents.add(one)
        return agents.told()
    queues = QueueFigures()
    for one in found.values():
        if isinstance(one, QueueFigures):
            queues.add(one)
    return queues.told()


def _there(unix: float, zone: str) -> str:
    return shown(datetime.fromtimestamp(unix, UTC), zone)
