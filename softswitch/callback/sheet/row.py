"""One record as a promise, or what is wrong with it.

A number that is not called is refused by rule, as a caller's is; anything else that is wrong is a mistake of the file.
The id of a promise is made of its campaign, its round and its number: the same row twice is the same promise, also
when that was kept long ago.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from softswitch.callback.campaign import STAGE, Campaign
from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.number import example, normalise
from softswitch.callback.plain_number import PlainNumbers
from softswitch.callback.reading import Reading
from softswitch.callback.sheet.decoding import BROKEN
from softswitch.callback.sheet.header import NUMBER, OURS, Header
from softswitch.callback.sheet.mistake import Mistake, shown
from softswitch.core.units import seconds

MOST_TEXT = 500  # characters of a cell
MOST_NUMBER = 64
FIRST_S, STEP_S = 1.0, 1e-6  # of age: those above go before those below, up to a million
MOST_PRIORITY_S = MOST_AHEAD_S = 366 * 86400.0
_ILLEGIBLE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069{BROKEN}]")
_ROUNDED = re.compile(r"[+-]?\d+([.,]\d*)?[eE][+-]?\d+")  # as spreadsheets write long numbers
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WRITE_TIME = "write for example 2026-11-23 09:00, or 2026-11-23"
_RIGHT = {  # by why a number is not called
    "withheld": "write the number",
    "foreign": "`countries` of the campaign names whose numbers are called",
}


@dataclass(frozen=True, slots=True)
class Import:
    """What all rows of one import have in common."""

    campaign: Campaign
    key: str  # dedupe group
    reading: Reading
    priority_s: float  # on top of what a row says
    expiry_s: float  # of rows that do not say when they expire, from when they may be called
    zone: str  # IANA; of times without one
    now: float  # Unix s
    listed: Callable[[str], bool]  # on the do-not-call list
    consent: str = ""  # reference, of rows that have none of their own
    round: str = ""  # the same number again needs another one


class Row(NamedTuple):
    """``promise`` is None where something is wrong."""

    line: int
    promise: Promise | None
    mistakes: Sequence[Mistake] = ()


class Rows:
    def __init__(self, common: Import, header: Header) -> None:
        self._common = common
        self._columns = header.columns
        self._plain = PlainNumbers(common.reading)
        self._zone = ZoneInfo(common.zone)
        self._seen: set[int | str] = set()
        ours = {name: place for place, name in enumerate(self._columns) if name in OURS and name != NUMBER}
        self._consent = ours.pop("consent", None)
        self._of_ours = [(place, name) for name, place in ours.items()]  # times and ages
        self._variables = [(place, name) for place, name in enumerate(self._columns) if name not in OURS]
        self._at = self._columns.index(NUMBER)
        self._required = common.campaign.required
        self._salt = f"{common.campaign.name}/{common.round}/"

    def row(self, line: int, cells: Sequence[str]) -> Row:
        if len(cells) != len(self._columns):
            wrong = f"has {len(cells)} cells, and the first line names {len(self._columns)} columns"
            right = "a cell with the separator in it is written in quotes"
            return Row(line, None, [Mistake(line, "", shown(cells[0]), wrong, right)])
        mistakes = [] if self._all_plain(cells) else self._cells(line, cells)
        times = {} if mistakes else self._times(line, cells, mistakes)
        number = "" if mistakes else self._number(line, cells[self._at].strip().removeprefix("'"), mistakes)
        if mistakes:
            return Row(line, None, mistakes)
        return Row(line, self._promise(number, cells, times))

    def _all_plain(self, cells: Sequence[str]) -> bool:
        """The short way, for nearly every row."""
        text = "".join(cells)
        return len(text) <= MOST_NUMBER and text.isprintable() and BROKEN not in text and not self._required

    def _cells(self, line: int, cells: Sequence[str]) -> list[Mistake]:
        return [one for place, name in enumerate(self._columns) if (one := self._cell(line, name, cells[place]))]

    def _cell(self, line: int, name: str, cell: str) -> Mistake | None:
        """What no cell may be."""
        most = MOST_NUMBER if name == NUMBER else MOST_TEXT
        if len(cell) > most:
            return Mistake(line, name, shown(cell), f"has {len(cell):,} characters; at most {most}", "shorten it")
        if not (cell.isascii() and cell.isprintable()) and (found := _ILLEGIBLE.search(cell)):
            if found[0] == BROKEN:
                return Mistake(line, name, shown(cell), "has octets that are no character", "save the file as UTF-8")
            return Mistake(line, name, shown(cell), f"has the control character U+{ord(found[0]):04X}", "leave it out")
        if not cell and name in self._required:
            return Mistake(line, name, "", "is empty", "the campaign requires it")
        return None

    def _number(self, line: int, cell: str, mistakes: list[Mistake]) -> str:
        dial = self._plain.dial(cell)
        why = ""
        if dial is None:
            dial, why = normalise(cell, self._common.reading)
        if why:
            wrong, right = self._not_called(cell, why)
            mistakes.append(Mistake(line, NUMBER, shown(cell), wrong, right, why))
            return ""
        mark = int(dial) if dial[1:].isascii() and dial[1:].isdigit() and dial[0] == "+" else dial
        if mark in self._seen:
            mistakes.append(Mistake(line, NUMBER, shown(cell), f"is {dial}, which is above", "", "duplicate in file"))
            return ""
        self._seen.add(mark)
        if self._common.listed(dial):
            mistakes.append(Mistake(line, NUMBER, shown(cell), "is on the do-not-call list", "", "do-not-call"))
        return dial

    def _not_called(self, cell: str, why: str) -> tuple[str, str]:
        """What is wrong with that number, and what would be right."""
        if why == "withheld" and not cell:
            return "is empty", _RIGHT[why]
        if why == "invalid" and _ROUNDED.fullmatch(cell):
            return (
                "was rounded by a spreadsheet, its last digits are lost",
                "format the column as text and fill it again",
            )
        right = f"write a whole number, for example {example(self._common.reading.region)}"
        return f"is not called: {why}", right if why == "invalid" else _RIGHT.get(why, "nobody is called there")

    def _times(self, line: int, cells: Sequence[str], mistakes: list[Mistake]) -> dict[str, float]:
        found: dict[str, float] = {}
        for place, name in self._of_ours:
            cell = cells[place].strip()
            if not cell:
                continue
            try:
                found[name] = _priority_s(cell) if name == "priority" else self._moment(cell, name == "expires")
            except (ValueError, OverflowError) as error:
                mistakes.append(Mistake(line, name, shown(cell), str(error)))
        if not mistakes and (late := self._late(found)):
            name, wrong = late
            place = self._columns.index(name) if name in self._columns else self._at
            mistakes.append(Mistake(line, self._columns[place], shown(cells[place]), wrong, "", "too late"))
        return found

    def _late(self, times: dict[str, float]) -> tuple[str, str] | None:
        """Column, and what is wrong."""
        campaign, now = self._common.campaign, self._common.now
        begin = max(now, times.get("not_before", 0.0), campaign.begins_at)
        if begin > now + MOST_AHEAD_S:
            return "not_before", "is more than a year ahead"
        if begin >= campaign.ends_at:
            return "not_before", "the campaign has ended by then"
        if begin >= times.get("expires", float("inf")):
            return "expires", "expires before anybody is called"
        return None

    def _moment(self, text: str, end_of_day: bool) -> float:
        """Unix seconds. Raises ``ValueError``."""
        try:
            if _DATE.fullmatch(text):
                day = datetime.fromisoformat(text).date() + timedelta(days=end_of_day)
                return datetime.combine(day, time(), self._zone).timestamp()
            at = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            raise ValueError(f"is not a time; {_WRITE_TIME}") from None
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._zone)
            there = at.astimezone(UTC).astimezone(self._zone)
            if there.replace(tzinfo=None) != at.replace(tzinfo=None):
                raise ValueError(
                    f"is no time of that day: the clocks of {self._zone} leave it out; write {there:%H:%M}"
                )
        return at.timestamp()

    def _promise(self, number: str, cells: Sequence[str], times: dict[str, float]) -> Promise:
        common = self._common
        campaign = common.campaign
        variables = [(name, cell) for place, name in self._variables if (cell := cells[place])]
        if campaign.variables:
            variables = [*(dict(campaign.variables) | dict(variables)).items()]
        consent = "" if self._consent is None else cells[self._consent].strip()
        not_before = max(times.get("not_before", 0.0), campaign.begins_at)
        digest = hashlib.sha256((self._salt + number).encode()).hexdigest()
        return Promise(
            id=f"promise-{digest[:24]}",
            number=number,
            queue=campaign.queue,
            stage=STAGE,
            state=PromiseState.RECORDED,
            contact="",
            recorded_at=common.now - FIRST_S + len(self._seen) * STEP_S,
            losses=0,
            not_before=not_before,
            updated_at=common.now,
            group=common.key,
            campaign=campaign.name,
            priority_s=times.get("priority", 0.0) + common.priority_s,
            expires_at=times.get("expires", not_before + common.expiry_s if not_before > common.now else 0.0),
            consent=consent or common.consent,
            variables=tuple(variables),
        )


def _priority_s(text: str) -> float:
    """Raises ``ValueError``."""
    priority_s = 0.0 if text == "0" else seconds(text)
    if priority_s > MOST_PRIORITY_S:
        raise ValueError("is more than a year; it counts as so much older, for example 1h")
    return priority_s
