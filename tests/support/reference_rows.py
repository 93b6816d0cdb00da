"""Rows of parameters and expected figures that somebody else has written: read whole, or refused with what is wrong.

All that is wrong is told at once, by line and column. What the columns mean is known to who asks.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from softswitch.core.errors import UsageError

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a row."""

    name: str
    least: float
    most: float
    whole: bool = False
    may_lack: bool = False

    def fault(self, row: Row) -> str:
        """Why the row cannot be used; empty: it can."""
        text = (row.get(self.name) or "").strip()
        if not text:
            return "" if self.may_lack else f"{self.name} is missing"
        kind = "a whole number" if self.whole else "a number"
        try:
            value = float(int(text)) if self.whole else float(text)
        except (ValueError, OverflowError):
            return f"{self.name} is {text[:40]!r}; it must be {kind} from {self.least:g} to {self.most:g}"
        if math.isnan(value) or not self.least <= value <= self.most:
            return f"{self.name} is {text[:40]}; it must be {kind} from {self.least:g} to {self.most:g}"
        return ""


def read(path: Path, columns: Sequence[Column]) -> list[Row]:
    """Raises ``UsageError``, with one line for each fault of the file."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    reader = csv.DictReader(lines)
    missing = [
        column.name for column in columns if not column.may_lack and column.name not in (reader.fieldnames or ())
    ]
    if missing:
        raise UsageError(f"{path}: no column {', '.join(missing)}; the first line must name the columns")
    rows, faults = [], []
    try:
        for row in reader:
            rows.append(row)
            if None in row:
                faults.append(f"{path}, line {reader.line_num}: more cells than the first line has columns")
            faults += [f"{path}, line {reader.line_num}: {fault}" for column in columns if (fault := column.fault(row))]
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: no CSV: {error}") from None
    if faults or not rows:
        raise UsageError("\n".join(faults) or f"{path}: no row")
    return rows
