"""Who calls, when, for how long, and with how much patience: drawn by chance, or read from a file."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from softswitch.core.errors import Problem
from softswitch.simulation import sheet

_COLUMNS = ("at", "queue", "talk", "patience", "priority", "wrap_up", "number")
_NEEDED = ("at", "queue", "talk")


@dataclass(frozen=True, slots=True)
class Arrival:
    at: float  # seconds from midnight
    queue: str
    talk_s: float
    patience_s: float = math.inf  # of waiting
    priority_s: float = 0.0
    wrap_up_s: float | None = None  # after which the agent says that he is done; None: the queue's time
    number: str = ""  # who calls; "": somebody who calls only once


Draw = Callable[[], float]


def exponential(chance: random.Random, mean: float) -> Draw:
    """Infinite for an infinite mean."""
    return lambda: math.inf if math.isinf(mean) else chance.expovariate(1.0 / mean)


def poisson(
    chance: random.Random,
    queue: str,
    calls_per_h: float,
    until_s: float,
    talk: Draw,
    patience: Draw,
    priority_s: float = 0.0,
    since_s: float = 0.0,
) -> Iterator[Arrival]:
    """Callers who know nothing of each other, until the time is up."""
    at = since_s + chance.expovariate(calls_per_h / 3600.0) if calls_per_h > 0 else math.inf
    while at < until_s:
        yield Arrival(at, queue, talk(), patience(), priority_s)
        at += chance.expovariate(calls_per_h / 3600.0)


@dataclass(frozen=True, slots=True)
class Burst:
    """So many times as many calls as else: an offer is on television."""

    at: float
    for_s: float
    times: float

    def calls(self, calls_per_h: float) -> float:
        """How many come on top, on average."""
        return (self.times - 1) * calls_per_h * self.for_s / 3600

    def more(
        self, chance: random.Random, queue: str, calls_per_h: float, talk: Draw, patience: Draw
    ) -> Iterator[Arrival]:
        """The calls that come on top."""
        extra = (self.times - 1) * calls_per_h
        return poisson(chance, queue, extra, self.at + self.for_s, talk, patience, since_s=self.at)


def read(text: str, file: str) -> tuple[list[Arrival], list[Problem]]:
    """Arrivals in the order of time, and what is wrong with the rows that are left out.

    CSV with a heading: ``at`` (seconds, or 9:30, 9:30:05), ``queue``, ``talk`` (seconds), and if wanted ``patience``
    (seconds; empty: for ever), ``priority``, ``wrap_up`` (seconds; empty: the queue's) and ``number`` (empty: one that
    nobody else has; who calls twice from one number is one customer).
    """
    found, problems = sheet.read(text, file, _COLUMNS, _NEEDED, _arrival)
    found.sort(key=lambda one: one.at)
    return found, problems


def _arrival(row: sheet.Row) -> Arrival:
    """Raises ``ValueError``."""
    patience, wrap_up = row.get("patience", ""), row.get("wrap_up", "")
    queue = sheet.name(row, "queue")
    return Arrival(
        sheet.clock("at", row.get("at", "")),
        queue,
        sheet.number("talk", row.get("talk", "")),
        sheet.number("patience", patience) if patience else math.inf,
        sheet.number("priority", row.get("priority", "") or "0"),
        sheet.number("wrap_up", wrap_up) if wrap_up else None,
        row.get("number", ""),
    )


def merged(*streams: Iterable[Arrival]) -> list[Arrival]:
    """In the order of time."""
    return sorted((one for stream in streams for one in stream), key=lambda one: one.at)
