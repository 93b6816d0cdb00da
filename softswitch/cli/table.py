"""Rows for people or for programs."""

from __future__ import annotations

import datetime
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from softswitch.core.legible import printable
from softswitch.core.units import spoken

WIDE = 1000  # characters
LAST = datetime.datetime(9999, 12, 30, tzinfo=datetime.UTC).timestamp()  # Unix s; in each zone there is that moment
Column = tuple[str, str, Callable[[Any], str]]  # heading, key, how to write the value


def text(value: Any) -> str:
    return "" if value is None else str(value)


def as_json_text(value: Any) -> str:
    """JSON for people and programs, with what would steer a terminal escaped."""
    written = json.dumps(value, ensure_ascii=False, indent=2)
    return "".join([char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in written])


def duration(value: Any) -> str:
    """Seconds as ``1m30s``."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return ""
    return spoken(round(value)) if value >= 1 else "0s"


def moment(value: Any) -> str:
    """Unix seconds as local time; nothing for 0."""
    return f"{_here(value):%Y-%m-%d %H:%M:%S}" if value else ""


def instant(value: Any) -> str:
    """Unix seconds as ISO 8601 with the zone of this machine: 2026-12-31T09:00:00+01:00; nothing for 0."""
    return _here(value).isoformat(timespec="seconds") if value else ""


def until(value: Any) -> str:
    """ " until 2026-12-31 09:00:00 CET": who waits for it has to know by which clock; nothing for 0."""
    return f" until {moment(value)} {_here(value):%Z}" if value else ""


def _here(unix: float) -> datetime.datetime:
    """By the clock of this machine; no calendar goes beyond the year 9999, and people write it for "never"."""
    return datetime.datetime.fromtimestamp(min(unix, LAST)).astimezone()


def yes(value: Any) -> str:
    return "yes" if value else "no"


def words(value: Iterable[str]) -> str:
    return " ".join(value)


def skills(value: Mapping[str, int]) -> str:
    return ", ".join(f"{skill} {level}" for skill, level in sorted(value.items()))


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], as_json: bool, nothing: str) -> None:
    """Print ``rows``: with ``as_json`` whole, else the ``columns``; ``nothing`` where there is no row."""
    rows = list(rows)
    if as_json:
        typer.echo(as_json_text(rows))
        return
    if not rows:
        typer.echo(nothing)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, (heading, _, _) in enumerate(columns):
        table.add_column(
            heading, overflow="fold", no_wrap=number == 0
        )  # what a row is called by is copied in one piece
    for row in rows:  # Text: what a caller calls himself is no markup, and steers no terminal
        table.add_row(*(Text(printable(write(row.get(key)))) for _, key, write in columns))
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ  # who reads lines has one for each row
    Console(soft_wrap=False, width=WIDE if piped else None).print(table)
