"""Opening hours that a change of summer time damages: what begins or ends within an hour that does not come, or within
one that comes twice. Hours that only last longer or shorter that night are as everybody expects them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from softswitch.ivr.calendar import DAY, Calendar, Span, clock_change, zone

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Damage:
    """``span`` of ``day``, as it was written."""

    day: date
    span: Span
    what: str  # for people


def damages(calendar: Calendar, first: date, days: int = 366) -> Iterator[Damage]:
    """Of all changes on these days."""
    there = zone(calendar.zone)
    offset = datetime.combine(first, time(), there).utcoffset()
    for number in range(days + 1):
        day = first + timedelta(days=number)
        before, offset = offset, datetime.combine(day, time(), there).utcoffset()
        if number and before != offset:
            near = {clock_change(calendar.zone, one) for one in (day - timedelta(days=1), day)}
            for change in near - {None}:
                assert change is not None
                yield from _by(calendar, change)


def _by(calendar: Calendar, change: datetime) -> Iterator[Damage]:
    there = zone(calendar.zone)
    shown = change.astimezone(there).replace(tzinfo=None)
    offsets = [moment.astimezone(there).utcoffset() for moment in (change - timedelta(seconds=1), change)]
    assert offsets[0] is not None and offsets[1] is not None
    would_be = shown - offsets[1] + offsets[0]  # what the clock would have shown
    missing = shown > would_be
    low, high = sorted((shown, would_be))
    for begins in sorted({low.date() - timedelta(days=1), low.date(), high.date()}):
        midnight = datetime.combine(begins, time())
        for span in calendar.hours(begins)[0]:
            start, end = (midnight + minute * _MINUTE for minute in span)
            text = _missing(start, end, low, high) if missing else _twice(start, end, low, high)
            if text:
                yield Damage(begins, span, f"{written(span)} of {begins}: {text}")


def _missing(start: datetime, end: datetime, low: datetime, high: datetime) -> str:
    """From ``low`` to ``high`` the clock shows nothing."""
    gap = f"there is no {low:%H:%M} to {high:%H:%M} on {low.date()}"
    if low <= start and end <= high:
        return f"{gap}, so that it never opens"
    if low < start < high:
        return f"{gap}, so that it opens at {high:%H:%M}"
    return f"{gap}, so that it closes at {low:%H:%M}" if low < end < high else ""


def _twice(start: datetime, end: datetime, low: datetime, high: datetime) -> str:
    """From ``low`` to ``high`` the clock shows everything twice."""
    again = f"{low:%H:%M} to {high:%H:%M} comes twice on {low.date()}"
    if low < start < high and end > high:
        return f"{again}, so that it closes for a while when the clock is set back"
    if low < end < high and start < low:
        return f"{again}, so that it closes, and opens once more when the clock is set back"
    return f"{again}, and so does this" if low < start < high or low < end < high else ""


def written(span: Span) -> str:
    """As people write it."""
    start, end = span
    return f"{start // 60:02}:{start % 60:02}-{_of_day(end) // 60:02}:{_of_day(end) % 60:02}"


def _of_day(minute: int) -> int:
    return minute if minute <= DAY else minute - DAY
