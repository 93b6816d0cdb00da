"""Opening hours: is it open at this moment, why, and until when?

What the clock on the wall of ``zone`` shows decides, as it does for somebody who reads the sign at the door. So a
change of summer time moves nothing: what is written for an hour that does not come does not happen, and what is written
for one that comes twice happens twice. ``softswitch.ivr.clock_change`` finds the hours that suffer from it.

Hours belong to the day on which they begin, also those that go on after midnight. Of a day decide, the first that there
is: hours of its own; that it is closed; a public holiday; that it is worked in place of another (as in China around its
holidays); the hours of its weekday. An override, which somebody has ordered for a time, beats all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

Span = tuple[int, int]  # minutes after local midnight: first open one, first closed one; above 1440: of the next day
DAY = 1440
FAR = 400  # days that ``next_change`` looks ahead

CLOSED_DAY = "closed day"
_ONE_DAY = timedelta(days=1)


class PublicHolidays(Protocol):
    """Those of a country. Equal ones have the same days."""

    def name(self, day: date) -> str:
        """Of the holiday; "" for a day that is none."""

    def worked(self, day: date) -> bool:
        """A day at the weekend that is worked in place of a day off."""


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody has said that it is open, or closed, for a time."""

    id: str
    calendar: str
    open: bool
    since: float  # Unix s
    until: float  # Unix s: from then on the calendar decides again
    note: str = ""
    by: str = ""
    ordered_at: float = 0.0  # Unix s

    def holds(self, at: float) -> bool:
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Door:
    """Open or closed, and why."""

    open: bool
    why: str
    holiday: bool = False  # closed because of the day: a public holiday, or one that is closed by name


@dataclass(frozen=True, slots=True)
class Calendar:
    name: str
    zone: str  # IANA name
    weekly: Mapping[int, Sequence[Span]] = field(default_factory=dict)  # Monday is 0
    closed: frozenset[date] = frozenset()
    exceptions: Mapping[date, Sequence[Span]] = field(default_factory=dict)  # days with hours of their own
    holidays: PublicHolidays | None = None
    worked_as: int = 0  # weekday whose hours a day at the weekend has that is worked

    def door(self, wall: datetime, overrides: Sequence[Override] = ()) -> Door:
        """Of those overrides that hold, the last decides."""
        at = wall.timestamp()
        ordered = next((one for one in reversed(overrides) if one.holds(at)), None)
        if ordered is not None:
            return Door(ordered.open, self.told(ordered))
        local = wall.astimezone(zone(self.zone))
        today, minute = local.date(), local.hour * 60 + local.minute
        for day, later in ((today, 0), (today - _ONE_DAY, DAY)):
            spans, why, _ = self.hours(day)
            if any(start <= minute + later < end for start, end in spans):
                return Door(True, why)
        spans, why, holiday = self.hours(today)
        return Door(False, f"outside of {why}" if spans else why, holiday)

    def hours(self, day: date) -> tuple[Sequence[Span], str, bool]:
        """The spans that begin on that day, why these, and whether it is a holiday without any."""
        if day in self.exceptions:
            return self.exceptions[day], f"the hours of {day}", not self.exceptions[day]
        if day in self.closed:
            return (), f"{CLOSED_DAY} {day}", True
        name = self.holidays.name(day) if self.holidays else ""
        if name:
            return (), f"holiday: {name}", True
        if self.holidays and self.holidays.worked(day):
            return self.weekly.get(self.worked_as, ()), f"the hours of {day}, worked in place of a day off", False
        spans = self.weekly.get(day.weekday(), ())
        return spans, "the weekly hours" if spans else "no hours on this weekday", False

    def next_change(self, wall: datetime, overrides: Sequence[Override] = ()) -> datetime | None:
        """When it opens, or closes; in UTC. None: not within ``FAR`` days."""
        now = self.door(wall, overrides).open
        today = wall.astimezone(zone(self.zone)).date()
        day = today - _ONE_DAY
        ordered = {self._day(moment) for one in overrides for moment in (one.since, one.until)}
        night, same = self.hours(day - _ONE_DAY)[0], None
        for _ in range(FAR):
            spans, clock = self.hours(day)[0], clock_change(self.zone, day)
            plain = clock is None and day not in ordered
            if not (plain and same == (night, spans)):  # else it is as the day before, on which nothing has changed
                for moment in sorted(self._moments(day, (*night, *spans), clock, overrides)):
                    if moment > wall and self.door(moment, overrides).open != now:
                        return moment
            same = (night, spans) if plain and day > today else None
            night = spans
            day += _ONE_DAY
        return None

    def _moments(
        self, day: date, spans: Sequence[Span], clock: datetime | None, overrides: Sequence[Override]
    ) -> Iterator[datetime]:
        """Every moment of that local day at which something may change."""
        for minute in {0} | {edge % DAY for span in spans for edge in span}:
            yield from moments(day, minute, self.zone)
        if clock is not None:
            yield clock
        for at in (moment for one in overrides for moment in (one.since, one.until)):
            if self._day(at) == day:
                yield datetime.fromtimestamp(at, UTC)

    def _day(self, at: float) -> date:
        """Of that moment, there."""
        return datetime.fromtimestamp(at, zone(self.zone)).date()

    def told(self, override: Override) -> str:
        """For people."""
        until = datetime.fromtimestamp(override.until, zone(self.zone))
        note = f": {override.note}" if override.note else ""
        return f"{'open' if override.open else 'closed'} until {until:%Y-%m-%d %H:%M} by override {override.id}{note}"


# ---- what the clock on the wall does ---------------------------------------------------------------------------


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def shown(moment: datetime, zone_name: str) -> str:
    """As the clock there shows it, with its offset."""
    return moment.astimezone(zone(zone_name)).isoformat(timespec="seconds")


def moments(day: date, minute: int, zone_name: str) -> tuple[datetime, ...]:
    """The moments, in UTC, at which that clock shows this time: none, one or two of them."""
    local = datetime.combine(day, time(minute // 60, minute % 60))
    aware = (local.replace(tzinfo=zone(zone_name), fold=fold).astimezone(UTC) for fold in (0, 1))
    real = [one for one in aware if one.astimezone(zone(zone_name)).replace(tzinfo=None) == local]
    return tuple(dict.fromkeys(real))


def clock_change(zone_name: str, day: date) -> datetime | None:
    """The moment, in UTC, of that local day from which on the clock is set anew."""
    there = zone(zone_name)
    first, last = (
        datetime.combine(day, time(), UTC) + timedelta(hours=hours) for hours in (-15, 39)
    )  # whatever the zone, the day lies in between
    before = first.astimezone(there).utcoffset()
    if before == last.astimezone(there).utcoffset():
        return None
    while last - first > timedelta(seconds=1):
        middle = first + (last - first) / 2
        middle = middle.replace(microsecond=0)
        if middle in (first, last):
            break
        if middle.astimezone(there).utcoffset() == before:
            first = middle
        else:
            last = middle
    shown = last.astimezone(there).date(), (last - timedelta(seconds=1)).astimezone(there).date()
    return last if day in shown else None
