"""A whole file, as it comes: octets in, rows out, and an account of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from softswitch.callback.model import Promise
from softswitch.callback.sheet.decoding import Decoding
from softswitch.callback.sheet.header import header, separator
from softswitch.callback.sheet.mistake import Mistake, SheetError, shown
from softswitch.callback.sheet.record import MOST_LENGTH, Record, Records
from softswitch.callback.sheet.row import Import, Row, Rows

MOST_OCTETS = 500_000_000
MOST_ROWS = 1_000_000  # each number is remembered until the end, to know it again: 70 bytes


@dataclass(slots=True)
class Tally:
    """What has come of the rows so far."""

    rows: int = 0
    added: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by reason

    @property
    def accounted(self) -> bool:
        return self.rows == self.added + self.refused.total()


class Reader:
    def __init__(self, common: Import, encoding: str = "auto") -> None:
        self.tally = Tally()
        self.columns: tuple[str, ...] = ()  # () until the first line was read
        self._common = common
        self._decoding = Decoding(encoding, common.reading.region)
        self._records = Records()
        self._rows: Rows | None = None
        self._octets = 0
        self._head: str | None = ""  # text, until there is a line: it says what separates the cells

    @property
    def encoding(self) -> str:
        return self._decoding.encoding or "ascii"

    @property
    def separator(self) -> str:
        return self._records.separator

    @property
    def line(self) -> int:
        """How many have been read."""
        return self._records.line - 1

    def feed(self, octets: bytes, final: bool = False) -> None:
        """Raises ``SheetError``: then it is over, and what was said of rows before it holds."""
        self._octets += len(octets)
        if self._octets > MOST_OCTETS:
            raise SheetError(f"the file has more than {MOST_OCTETS:,} octets; divide it")
        text = self._decoding.feed(octets, final)
        if self._head is not None:
            self._head += text
            if not final and "\n" not in self._head.lstrip() and len(self._head) <= MOST_LENGTH:
                return
            first = next((line for line in self._head.split("\n") if line.strip()), "")
            self._records.separator = separator(first)
            text, self._head = self._head, None
        self._records.feed(text, final)
        if self._rows is None:
            self._name(final)

    def rows(self, most: int) -> Iterator[Row]:
        """The next ones, at most so many; fewer where more octets are wanted. Raises ``SheetError``."""
        if self._rows is None:
            return
        left = MOST_ROWS - self.tally.rows
        if not left and self._records.next() is not None:
            raise SheetError(f"the file has more than {MOST_ROWS:,} rows; divide it")
        for _ in range(min(most, left)):
            record = self._records.next()
            if record is None:
                return
            self.tally.rows += 1
            row = self._row(self._rows, record)
            if row.mistakes:
                self.tally.refused[row.mistakes[0].reason] += 1
            yield row

    def taken(self, line: int, promise: Promise, added: bool) -> Mistake | None:
        """What the store has said to that row."""
        if added:
            self.tally.added += 1
            return None
        self.tally.refused["already promised"] += 1
        wrong = f"{promise.number} is in this list already, was called by it, or waits in its group"
        return Mistake(line, "number", promise.number, wrong, "", "already promised")

    def _row(self, rows: Rows, record: Record) -> Row:
        if record.wrong:
            return Row(record.line, None, [Mistake(record.line, "", shown(record.cells[0]), record.wrong)])
        return rows.row(record.line, record.cells)

    def _name(self, final: bool) -> None:
        """By the first record."""
        record = self._records.next()
        if record is None:
            if final:
                raise SheetError("the file is empty; its first line names the columns, for example number,name")
            return
        if any("\r" in cell for cell in record.cells):
            raise SheetError("its lines end with CR alone; save it as CSV with the line ends of Windows or Unix")
        if record.wrong:
            raise SheetError(f"the first line must name the columns, for example number,name; it {record.wrong}")
        campaign = self._common.campaign
        columns = header(record.cells, campaign.reserved, campaign.required)
        self.columns = columns.columns
        self._rows = Rows(self._common, columns)
