"""From text to records by RFC 4180: cells between separators, in quotes where they hold one, a quote doubled.

A quote that is never closed would swallow the rest of the file: a record spans ``MOST_LINES`` at most, and where it
does not end by then, or goes wrong behind its first line, only the first line is given up, and the next is read anew.
"""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

MOST_LENGTH = 65_536  # characters of a line, or of a record
MOST_LINES = 50  # of one record
_QUOTED = re.compile(r'[^"]*(?:""[^"]*)*')
OPEN, WRONG = "open", "wrong"


class Record(NamedTuple):
    line: int  # from 1, where it begins
    cells: list[str]
    wrong: str = ""  # and ``cells`` has the line as it is


class Records:
    """Lines in, records out, as many at a time as are asked for."""

    def __init__(self) -> None:
        self.separator = ","
        self.line = 1  # of the next one
        self._lines: deque[str] = deque()
        self._rest: list[str] = []  # of a line that has not ended
        self._rest_length = 0
        self._skipping = False  # the rest of a line that is too long
        self._ended = False
        self._tried = 0  # lines there were, when a record was found to go on

    def feed(self, text: str, final: bool = False) -> None:
        head, *lines = text.split("\n")
        self._keep(head)
        for line in lines:
            self._end_line()
            self._keep(line)
        self._ended = final
        if final and (self._rest_length or self._skipping):
            self._end_line()

    def next(self) -> Record | None:
        """None: more text is wanted, or it is over."""
        lines = self._lines
        while lines:
            if '"' in lines[0] or len(lines[0]) > MOST_LENGTH:
                record = self._difficult()
                if record is None:
                    return None
            else:
                record = Record(self.line, lines.popleft().split(self.separator))
                self.line += 1
            if record.cells != [""]:
                return record
        return None

    def _keep(self, part: str) -> None:
        if self._skipping or not part:
            return
        self._rest.append(part)
        self._rest_length += len(part)
        if self._rest_length > MOST_LENGTH:  # kept as far as it shows that it is too long
            self._rest, self._skipping = ["".join(self._rest)[: MOST_LENGTH + 1]], True

    def _end_line(self) -> None:
        line = "".join(self._rest)
        self._lines.append(line[:-1] if line.endswith("\r") else line)
        self._rest, self._rest_length, self._skipping = [], 0, False

    def _difficult(self) -> Record | None:
        """A record with quotes. None: it may go on in lines that are still to come."""
        lines, scan = self._lines, Scan(self.separator)
        if len(lines) == self._tried and not self._ended:
            return None
        length = 0
        for count, line in enumerate(lines, 1):
            length += len(line)
            if length > MOST_LENGTH:
                return self._given_up(f"is longer than {MOST_LENGTH:,} characters")
            found = scan.go(line)
            if found == WRONG:
                return self._given_up(scan.wrong)
            if found != OPEN:
                return self._taken(count, scan.cells)
            if count == MOST_LINES:
                break
        if len(lines) < MOST_LINES and not self._ended:
            self._tried = len(lines)
            return None
        return self._given_up("has a quote that is never closed")

    def _taken(self, count: int, cells: list[str]) -> Record:
        record = Record(self.line, cells)
        for _ in range(count):
            self._lines.popleft()
        self.line += count
        self._tried = 0
        return record

    def _given_up(self, wrong: str) -> Record:
        record = Record(self.line, [self._lines.popleft()], wrong)
        self.line += 1
        self._tried = 0
        return record


class Scan:
    """One record, line by line."""

    def __init__(self, separator: str) -> None:
        self.cells: list[str] = []
        self.wrong = ""
        self._separator = separator
        self._bare = re.compile(rf'[^"{re.escape(separator)}]*')
        self._open: list[str] | None = None  # parts of a cell whose quote is not closed

    def go(self, line: str) -> str:
        """ "": the record ends with this line."""
        at = 0
        while True:
            if self._open is None and line[at : at + 1] == '"':
                self._open, at = [], at + 1
            if self._open is None:
                end = self._bare.match(line, at).end()  # type: ignore[union-attr]  # it matches nothing, too
                self.cells.append(line[at:end])
            else:
                end = self._quoted(line, at)
                if end < 0:
                    return OPEN
            if end == len(line):
                return ""
            if line[end] != self._separator:
                self.wrong = "has a quote where none belongs; a cell with quotes is quoted whole, its own ones doubled"
                return WRONG
            at = end + 1

    def _quoted(self, line: str, at: int) -> int:
        """Where the cell ends; -1: not in this line."""
        assert self._open is not None
        end = _QUOTED.match(line, at).end()  # type: ignore[union-attr]
        self._open.append(line[at:end])
        if end == len(line):
            return -1
        self.cells.append("\n".join(self._open).replace('""', '"'))
        self._open = None
        return end + 1
