"""``calendars.yaml``: opening hours by weekday in one zone, and the days on which all is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from pydantic import Field, field_validator

from softswitch.settings.kind import Date, DayHours, Strict, Zone, days


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    zone: str
    weekly: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)  # Monday is 0 -> spans in minutes
    closed: frozenset[date] = frozenset()


class Calendar(Strict):
    zone: Zone = "Asia/Shanghai"
    open: dict[str, tuple[DayHours, ...]] = Field(default_factory=dict)  # "mon-fri" -> spans
    closed: tuple[Date, ...] = ()

    @field_validator("open")
    @classmethod
    def _real_days(cls, written: dict[str, tuple[DayHours, ...]]) -> dict[str, tuple[DayHours, ...]]:
        named: set[int] = set()
        for key in written:
            repeated = named.intersection(days(key))
            if repeated:
                raise ValueError(f"{key!r} names a day that another line has too; give each day one line")
            named.update(days(key))
        return written

    def parsed(self) -> CalendarSettings:
        weekly = {
            weekday: tuple(sorted((span.start_minute, span.end_minute) for span in spans))
            for key, spans in self.open.items()
            for weekday in days(key)
        }
        return CalendarSettings(self.zone, weekly, frozenset(self.closed))
