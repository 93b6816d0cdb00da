"""Who calls, when, for how long, and with how much patience: drawn by chance, or read from a file."""

from __future__ import annotations

import csv
import math
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from softswitch.core.errors import Problem

MOST_ARRIVALS = 5_000_000
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$")
_COLUMNS = ("at", "queue", "talk", "patience", "priority")
_NEEDED = ("at", "queue", "talk")


@dataclass(frozen=True, slots=True)
class Arrival:
    at: float  # seconds from the start
    queue: str
    talk_s: float
    patience_s: float = math.inf  # of waiting
    priority_s: float = 0.0


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
) -> Iterator[Arrival]:
    """Callers who know nothing of each other, until the time is up."""
    at = chance.expovariate(calls_per_h / 3600.0)
    while at < until_s:
        yield Arrival(at, queue, talk(), patience(), priority_s)
        at += chance.expovariate(calls_per_h / 3600.0)


def read(text: str, file: str) -> tuple[list[Arrival], list[Problem]]:
    """Arrivals in the order of time, and what is wrong with the rows that are left out.

    CSV with a heading: ``at`` (seconds, or 9:30, 9:30:05), ``queue``, ``talk`` (seconds), and if wanted ``patience``
    (seconds; empty: for ever) and ``priority`` (seconds).
    """
    problems: list[Problem] = []
    rows = csv.reader(text.removeprefix("\ufeff").splitlines())
    heading = [name.strip().lower() for name in next(rows, [])]
    for number, name in enumerate(heading, 1):
        if name not in _COLUMNS or name in heading[: number - 1]:
            problems.append(Problem(file, 1, number, name, f"a column must be one of {', '.join(_COLUMNS)}, once"))
    problems += [Problem(file, 1, 1, name, "this column is missing") for name in _NEEDED if name not in heading]
    if problems:
        return [], problems
    found: list[Arrival] = []
    for row in rows:
        if len(found) >= MOST_ARRIVALS:
            problems.append(Problem(file, rows.line_num, 1, "", f"more than {MOST_ARRIVALS:,} rows"))
            break
        if any(cell.strip() for cell in row):
            try:
                found.append(_arrival(dict(zip(heading, row, strict=False))))
            except ValueError as error:
                problems.append(Problem(file, rows.line_num, 1, "", str(error)))
    found.sort(key=lambda one: one.at)
    return found, problems


def _arrival(row: dict[str, str]) -> Arrival:
    """Raises ``ValueError``."""
    queue = row.get("queue", "").strip()
    if not queue:
        raise ValueError("queue: is empty")
    patience, priority = row.get("patience", "").strip(), row.get("priority", "").strip()
    return Arrival(
        _clock(row.get("at", "")),
        queue,
        _number("talk", row.get("talk", "")),
        _number("patience", patience) if patience else math.inf,
        _number("priority", priority or "0"),
    )


def _clock(text: str) -> float:
    match = _CLOCK.match(text.strip())
    if match:
        return int(match[1]) * 3600.0 + int(match[2]) * 60.0 + float(match[3] or 0)
    return _number("at", text)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name}: {text[:40]!r} is not a number of seconds") from None
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}: {text[:40]!r} is not a number of seconds from 0 on")
    return value


def merged(*streams: Iterable[Arrival]) -> list[Arrival]:
    """In the order of time."""
    return sorted((one for stream in streams for one in stream), key=lambda one: one.at)
