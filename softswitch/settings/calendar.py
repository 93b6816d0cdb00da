"""``calendars.yaml``: opening hours by weekday in one zone, days that have hours of their own or none, and holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from softswitch.ivr.calendar import Calendar, Span
from softswitch.ivr.clock_change import damages
from softswitch.settings.holiday import Public, country, subdivision
from softswitch.settings.kind import DAY_NAMES, Date, DateSpan, OfficeHours, Strict, Zone, days


class HolidaySettings(Strict):
    """Whose public holidays are kept."""

    country: Annotated[str, AfterValidator(country)]
    subdivision: str = ""  # a state, province or land with holidays of its own
    worked_as: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = (
        "mon"  # whose hours a weekend day has that is worked in place of a day off
    )

    @model_validator(mode="after")
    def _part_of_it(self) -> HolidaySettings:
        subdivision(self.subdivision, self.country)
        return self


class CalendarSettings(Strict):
    zone: Zone = "Asia/Shanghai"
    open: dict[str, tuple[OfficeHours, ...]] = Field(default_factory=dict)  # "mon-fri" -> spans
    closed: tuple[DateSpan, ...] = ()
    dates: dict[Date, tuple[OfficeHours, ...]] = Field(default_factory=dict)  # days with hours of their own
    holidays: HolidaySettings | None = None  # on which it is closed

    @field_validator("open")
    @classmethod
    def _real_days(cls, written: dict[str, tuple[OfficeHours, ...]]) -> dict[str, tuple[OfficeHours, ...]]:
        named: set[int] = set()
        for key in written:
            repeated = named.intersection(days(key))
            if repeated:
                raise ValueError(f"{key!r} names a day that another line has too; give each day one line")
            named.update(days(key))
        return written

    def calendar(self, name: str) -> Calendar:
        """What the ``hours`` step asks."""
        weekly = {weekday: _spans(spans) for key, spans in self.open.items() for weekday in days(key)}
        dates = {day: _spans(spans) for day, spans in self.dates.items()}
        kept = self.holidays
        public = Public(kept.country, kept.subdivision) if kept else None
        worked_as = DAY_NAMES.index(kept.worked_as) if kept else 0
        return Calendar(
            name, self.zone, weekly, frozenset(day for span in self.closed for day in span), dates, public, worked_as
        )

    def doubts(self, today: date) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """What the next changes of summer time do to hours that begin or end just then: path of keys, message."""
        found: dict[tuple[str | int, ...], list[str]] = {}
        for damage in damages(self.calendar(""), today):
            found.setdefault(self._place(damage.day, damage.span), []).append(damage.what)
        yield from ((place, "; and ".join(what)) for place, what in found.items())

    def _place(self, day: date, span: Span) -> tuple[str | int, ...]:
        """Where these hours are written."""
        if day in self.dates:
            return ("dates", str(day), _spans_as_written(self.dates[day]).index(span))
        lines = {key: _spans_as_written(spans) for key, spans in self.open.items()}
        having = [key for key in lines if span in lines[key]]
        key = next((key for key in having if day.weekday() in days(key)), having[0])  # else it is worked as another day
        return ("open", key, lines[key].index(span))


def _spans(written: tuple[OfficeHours, ...]) -> tuple[Span, ...]:
    return tuple(sorted(_spans_as_written(written)))


def _spans_as_written(written: tuple[OfficeHours, ...]) -> tuple[Span, ...]:
    return tuple((span.start_minute, span.end_minute) for span in written)
