"""``calendars.yaml``: opening hours by weekday in one zone, and the days on which all is closed."""

from __future__ import annotations

from pydantic import Field, field_validator

from softswitch.ivr.calendar import Calendar
from softswitch.settings.kind import Date, DayHours, Strict, Zone, days


class CalendarSettings(Strict):
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

    def calendar(self, name: str) -> Calendar:
        """What the ``hours`` step asks."""
        weekly = {
            weekday: tuple(sorted((span.start_minute, span.end_minute) for span in spans))
            for key, spans in self.open.items()
            for weekday in days(key)
        }
        return Calendar(name, self.zone, weekly, frozenset(self.closed))
