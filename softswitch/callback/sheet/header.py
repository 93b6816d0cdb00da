"""The first record: which column is which. What is no column of ours is a variable for the dialplan."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from softswitch.callback.sheet.mistake import SheetError, shown
from softswitch.core.yaml_nodes import did_you_mean

NUMBER = "number"
OURS = ("number", "priority", "not_before", "expires", "consent")
MOST_COLUMNS = 64
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SEPARATORS = (",", ";", "\t")
_MEANT = ("phone", "telephone", "tel", "mobile", "msisdn", "phone_number", "电话", "手机", "手机号", "号码", "电话号码")
_EXAMPLE = "for example number,name,expires"


@dataclass(frozen=True, slots=True)
class Header:
    columns: tuple[str, ...]  # by their names, in order


def separator(line: str) -> str:
    """What is between the names: that of which there are most."""
    return max(_SEPARATORS, key=line.count)


def header(cells: Collection[str], reserved: Collection[str], required: Collection[str]) -> Header:
    """Raises ``SheetError``, with everything that is wrong with it."""
    names = [cell.strip() for cell in cells]
    names = [name.lower() if name.lower() in OURS else name for name in names]
    if len(names) > MOST_COLUMNS:
        raise SheetError(f"the first line has {len(names):,} columns; {MOST_COLUMNS} are read at most")
    if NUMBER not in names and any(re.fullmatch(r"[+\d][\d ()./-]{6,}", name) for name in names):
        raise SheetError(f"the first line must name the columns ({_EXAMPLE}); it looks like a row: {shown(names[0])}")
    if len(names) == 1 and _unseparated(names[0].lower()):
        hint = f"columns are separated by a comma, a semicolon or a tab ({_EXAMPLE})"
        raise SheetError(f"the first line is one column, {shown(names[0])!r}; {hint}")
    wrong = [*_missing(names, required), *_misnamed(names, reserved)]
    if wrong:
        raise SheetError("; ".join(wrong))
    return Header(tuple(names))


def _unseparated(name: str) -> bool:
    """Several columns, with something between them that separates none."""
    words = re.split(r"\W+", name)
    return len(words) > 1 and ("|" in name or not {NUMBER, *_MEANT}.isdisjoint(words))


def _missing(names: list[str], required: Collection[str]) -> list[str]:
    wrong = []
    if NUMBER not in names:
        meant = next((name for name in names if name.lower() in _MEANT), "")
        near = f"; call {shown(meant)!r} so" if meant else did_you_mean(NUMBER, map(shown, names))
        wrong.append(f"the first line has no column 'number'{near}")
    absent = sorted(set(required) - set(names))
    wrong += [f"the campaign requires a column {name!r}" for name in absent]
    return wrong


def _misnamed(names: list[str], reserved: Collection[str]) -> list[str]:
    wrong = []
    for place, name in enumerate(names, 1):
        if not name:
            wrong.append(f"column {place} has no name")
        elif names.index(name) < place - 1:
            wrong.append(f"column {place} is called {shown(name)!r}, as column {names.index(name) + 1} is")
        elif name in reserved:
            wrong.append(f"column {place}: every call has a variable {name!r} of its own; choose another name")
        elif name not in OURS and not _VARIABLE.fullmatch(name):
            wrong.append(f"column {place}: {shown(name)!r} is no name for a variable; use letters, digits and _")
    return wrong
