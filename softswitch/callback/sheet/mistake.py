"""What is wrong with a list, or with one row of it, in words; and how it is written where a spreadsheet opens it."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.legible import printable

SHOWN = 60  # characters of a value
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet calculates, or may


class SheetError(Exception):
    """The file cannot be read on; the text says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int  # from 1, where the row begins
    column: str  # by its name; "": the row
    value: str  # shortened and legible
    wrong: str
    right: str = ""
    reason: str = "broken"  # of a closed list, to be counted by


def shown(value: str) -> str:
    """A hostile cell for people: short, on one line, without what steers a terminal."""
    short = value if len(value) <= SHOWN else f"{value[:SHOWN]}… ({len(value):,} characters)"
    return printable(short).replace("\n", "⏎").replace("\r", "⏎").replace("\t", "⇥")


def cell(value: str) -> str:
    """One cell of a file that a spreadsheet opens: never a formula."""
    text = f"'{value}" if value.startswith(_FORMULA) else value
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if quoted != text or any(char in text for char in ",;\t\r\n") else text
