"""Files of people who come or work: CSV with a heading, in which every wrong row is told by its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from softswitch.core.errors import Problem

MOST_ROWS = 5_000_000
MOST_S = 3_600_000.0  # 1,000 hours; results are told by quarters of an hour
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$")
T = TypeVar("T")
Row = Mapping[str, str]


def heading(text: str) -> list[str]:
    """The names of its columns; none where they cannot be read."""
    try:
        return [name.strip().lower() for name in next(csv.reader(_lines(text)), [])]
    except csv.Error:
        return []


def read(
    text: str, file: str, columns: Sequence[str], needed: Sequence[str], make: Callable[[Row], T]
) -> tuple[list[T], list[Problem]]:
    """What ``make`` makes of each row, and what is wrong with those for which it raised ``ValueError``."""
    rows = csv.reader(_lines(text))
    try:
        return _read(rows, file, columns, needed, make)
    except csv.Error as error:
        return [], [Problem(file, rows.line_num, 1, "", f"{error}; is a quote before it never closed?")]


def _read(
    rows: Any, file: str, columns: Sequence[str], needed: Sequence[str], make: Callable[[Row], T]
) -> tuple[list[T], list[Problem]]:
    """``rows``: of ``csv``, whose type has no public name. Raises ``csv.Error``."""
    names = [name.strip().lower() for name in next(rows, [])]
    if len(names) == 1 and (wrong := next((mark for mark in ";\t" if mark in names[0]), "")):
        return [], [Problem(file, 1, 1, names[0], f"columns must be separated by commas, not by {wrong!r}")]
    problems = [
        Problem(file, 1, number, name, f"a column must be one of {', '.join(columns)}, once")
        for number, name in enumerate(names, 1)
        if name not in columns or name in names[: number - 1]
    ]
    problems += [Problem(file, 1, 1, name, "this column is missing") for name in needed if name not in names]
    if problems:
        return [], problems
    found: list[T] = []
    for row in rows:
        if len(found) >= MOST_ROWS:
            problems.append(Problem(file, rows.line_num, 1, "", f"more than {MOST_ROWS:,} rows"))
            break
        if any(cell.strip() for cell in row):
            try:
                if any(cell.strip() for cell in row[len(names) :]):
                    raise ValueError(f"{len(row)} cells in {len(names)} columns; a fraction is written 95.5")
                found.append(make({name: cell.strip() for name, cell in zip(names, row, strict=False)}))
            except ValueError as error:
                problems.append(Problem(file, rows.line_num, 1, "", str(error)))
    return found, problems


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").splitlines()


def name(row: Row, column: str) -> str:
    """Raises ``ValueError``."""
    written = row.get(column, "")
    if not written:
        raise ValueError(f"{column}: is empty")
    return written


def clock(column: str, text: str) -> float:
    """Seconds from midnight: ``9:30``, ``9:30:05``, ``26:00`` (tomorrow), or a number. Raises ``ValueError``."""
    match = _CLOCK.match(text.strip())
    if match:
        return int(match[1]) * 3600.0 + int(match[2]) * 60.0 + float(match[3] or 0)
    return number(column, text)


def number(column: str, text: str) -> float:
    """Raises ``ValueError``."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{column}: {text[:40]!r} is not a number of seconds") from None
    if not 0 <= value <= MOST_S:
        raise ValueError(f"{column}: {text[:40]!r} is not a number of seconds from 0 to {MOST_S:,.0f}")
    return value
