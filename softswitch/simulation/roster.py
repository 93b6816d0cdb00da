"""Who is at work when: everybody, the shifts and breaks of a file, so many people from each moment on, or who was.

A roster knows no configuration. Held against the agents of one it says who there is and when they log in, take a
break and log out. Whoever is configured and in no shift is not at work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from softswitch.acd.model import AgentSpec, LogIn, LogOut, SetPaused, SetReady
from softswitch.core.errors import Problem
from softswitch.simulation import sheet

MOST_AGENTS = 100_000
_SHIFT, _COUNT = ("agent", "start", "end", "pause"), ("at", "agents")


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody does at that moment."""

    at: float  # s from midnight
    event: LogIn | LogOut | SetPaused | SetReady


class Roster(Protocol):
    def crew(self, agents: Sequence[AgentSpec]) -> tuple[list[AgentSpec], list[Turn]]:
        """Of these agents those who may work, and their turns in the order of time."""

    def strangers(self, agents: Sequence[AgentSpec]) -> list[str]:
        """Who is in it and not among these agents: nobody works in his place."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """All the time from ``since`` on; ``count`` of them, where it is given."""

    since: float
    count: int | None = None

    def crew(self, agents: Sequence[AgentSpec]) -> tuple[list[AgentSpec], list[Turn]]:
        found = scaled(agents, len(agents) if self.count is None else self.count)
        return found, [Turn(self.since, LogIn(spec.name)) for spec in found]

    def strangers(self, agents: Sequence[AgentSpec]) -> list[str]:
        return []


@dataclass(frozen=True, slots=True)
class Headcount:
    """From each moment on so many, the first of the configuration; the last come is the first to go."""

    steps: tuple[tuple[float, int], ...]  # in the order of time

    def crew(self, agents: Sequence[AgentSpec]) -> tuple[list[AgentSpec], list[Turn]]:
        found = scaled(agents, max((count for _, count in self.steps), default=0))
        turns: list[Turn] = []
        there = 0
        for at, count in self.steps:
            turns += [Turn(at, LogIn(spec.name)) for spec in found[there:count]]
            turns += [Turn(at, LogOut(spec.name)) for spec in reversed(found[count:there])]
            there = count
        return found, turns

    def strangers(self, agents: Sequence[AgentSpec]) -> list[str]:
        return []


@dataclass(frozen=True, slots=True)
class Shift:
    agent: str
    start: float
    end: float
    pause: str = ""  # the reason, of a break


@dataclass(frozen=True, slots=True)
class Shifts:
    """A break counts as far as the agent is at work."""

    shifts: tuple[Shift, ...]

    def crew(self, agents: Sequence[AgentSpec]) -> tuple[list[AgentSpec], list[Turn]]:
        work = _spans(one for one in self.shifts if not one.pause)
        found = [spec for spec in agents if spec.name in work]
        breaks: dict[str, list[Shift]] = {}
        for one in self.shifts:
            if one.pause:
                breaks.setdefault(one.agent, []).append(one)
        turns: list[Turn] = []
        for spec in found:
            for start, end in work[spec.name]:
                turns += _turns(spec.name, start, end, breaks.get(spec.name, ()))
        return found, sorted(turns, key=lambda turn: turn.at)

    def strangers(self, agents: Sequence[AgentSpec]) -> list[str]:
        known = {spec.name for spec in agents}
        return sorted({one.agent for one in self.shifts} - known)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the agents of a day did. Whoever was not configured then works from the first login to the last logout."""

    turns: tuple[Turn, ...]
    configured: frozenset[str]  # then
    end: float

    def crew(self, agents: Sequence[AgentSpec]) -> tuple[list[AgentSpec], list[Turn]]:
        there = {turn.event.agent for turn in self.turns}
        found = [spec for spec in agents if spec.name in there or spec.name not in self.configured]
        new = [spec.name for spec in found if spec.name not in there]
        known = {spec.name for spec in found}
        start = min((turn.at for turn in self.turns), default=0.0)
        turns = [turn for turn in self.turns if turn.event.agent in known]
        turns += [Turn(start, LogIn(name)) for name in new] + [Turn(self.end, LogOut(name)) for name in new]
        return found, sorted(turns, key=lambda turn: turn.at)

    def strangers(self, agents: Sequence[AgentSpec]) -> list[str]:
        return sorted({turn.event.agent for turn in self.turns} - {spec.name for spec in agents})


def scaled(agents: Sequence[AgentSpec], count: int) -> list[AgentSpec]:
    """The first ``count`` of them; where there are fewer, more of the same kind, in turn: ``anna`` and ``anna 2``."""
    found = list(agents[:count])
    while agents and len(found) < count:
        again, place = divmod(len(found), len(agents))
        found.append(replace(agents[place], name=f"{agents[place].name} {again + 1}"))
    return found


def read(text: str, file: str) -> tuple[Shifts | Headcount, list[Problem]]:
    """``agent,start,end`` and if wanted ``pause`` (of a break: its reason), or ``at,agents``: as many from then on."""
    if "agents" in sheet.heading(text):
        steps, problems = sheet.read(text, file, _COUNT, _COUNT, _step)
        return Headcount(tuple(sorted(steps))), problems
    shifts, problems = sheet.read(text, file, _SHIFT, _SHIFT[:3], _shift)
    return Shifts(tuple(shifts)), problems


def _step(row: sheet.Row) -> tuple[float, int]:
    """Raises ``ValueError``."""
    written = row.get("agents", "")
    if not written.isascii() or not written.isdigit() or int(written) > MOST_AGENTS:
        raise ValueError(f"agents: {written[:40]!r} is not a whole number up to {MOST_AGENTS:,}")
    return sheet.clock("at", row.get("at", "")), int(written)


def _shift(row: sheet.Row) -> Shift:
    """Raises ``ValueError``."""
    start, end = (sheet.clock(column, row.get(column, "")) for column in ("start", "end"))
    if end <= start:
        raise ValueError("end: must be later than start; after midnight write 26:00 for 2:00")
    return Shift(sheet.name(row, "agent"), start, end, row.get("pause", ""))


def _spans(shifts: Iterable[Shift]) -> dict[str, list[tuple[float, float]]]:
    """By agent, in the order of time; those that touch are one."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for one in sorted(shifts, key=lambda shift: shift.start):
        own = spans.setdefault(one.agent, [])
        if own and one.start <= own[-1][1]:
            own[-1] = own[-1][0], max(own[-1][1], one.end)
        else:
            own.append((one.start, one.end))
    return spans


def _turns(agent: str, start: float, end: float, breaks: Iterable[Shift]) -> list[Turn]:
    """Of one span of work; whoever logs in again is ready."""
    turns = [Turn(start, LogIn(agent))]
    for one in breaks:
        if start <= one.start < end:
            turns.append(Turn(one.start, SetPaused(agent, one.pause)))
            if one.end < end:
                turns.append(Turn(one.end, SetReady(agent)))
    return [*turns, Turn(end, LogOut(agent))]
