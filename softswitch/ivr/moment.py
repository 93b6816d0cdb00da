"""Moments as people write them when they speak of opening hours, or of what was: by the clock on the wall of a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from softswitch.core.units import seconds
from softswitch.ivr.calendar import moments, zone

PAST_EXAMPLE = "for example today, yesterday, 9:30, 2h (ago), 2026-12-31 or 2026-12-31T09:30"
FIRST_YEAR, LAST_YEAR = 1900, 2999  # whoever writes another has mistyped it, and no clock can show the last of all
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)$")


def readings(text: str, wall: datetime, zone_name: str) -> tuple[datetime, ...]:
    """What may be meant, in UTC: ``now``; ``2h30m`` from ``wall`` on; ``14:00``, the next one there;
    ``2026-10-25T02:30`` there, which may come twice; or with an offset of its own, ``2026-10-25T02:30+01:00``.

    Raises ``ValueError`` for what is none of them, and for a time that does not come.
    """
    written = text.strip()
    if written == "now":
        return (wall.astimezone(UTC),)
    if re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h|d))+", written.lower()):
        return (wall.astimezone(UTC) + timedelta(seconds=seconds(written)),)
    if (clock := _CLOCK.match(written)) and int(clock[1]) < 24:
        return (_next(int(clock[1]) * 60 + int(clock[2]), wall, zone_name),)
    try:
        moment = datetime.fromisoformat(written)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError
        if moment.tzinfo is not None:
            return (moment.astimezone(UTC),)
        found = moments(moment.date(), moment.hour * 60 + moment.minute, zone_name)
    except (ValueError, OverflowError):
        remedy = "write for example 14:00, 2h30m, 2026-12-31T14:00 or 2026-12-31T14:00+01:00"
        raise ValueError(f"{text!r} is not a time; {remedy}") from None
    if not found:
        raise ValueError(f"{text!r} does not come in {zone_name}: the clock is set past it")
    return found


def moment(text: str, wall: datetime, zone_name: str) -> datetime:
    """The first of ``readings``."""
    return readings(text, wall, zone_name)[0]


def _next(minute: int, wall: datetime, zone_name: str) -> datetime:
    today = wall.astimezone(zone(zone_name)).date()
    for later in range(3):
        for found in moments(today + timedelta(days=later), minute, zone_name):
            if found > wall:
                return found
    raise ValueError(f"{minute // 60:02}:{minute % 60:02} does not come in {zone_name}")


def past(text: str, now: float, zone_name: str) -> float:
    """Unix seconds of a moment at which a report begins or ends: ``now``; ``today`` or ``yesterday`` at midnight there;
    ``9:30`` today there; ``2h`` ago; ``2026-12-31`` and ``2026-12-31T09:30`` there, the first where it came twice; or
    with an offset of its own.

    Raises ``ValueError`` for what is none of them.
    """
    written = text.strip()
    try:
        today = datetime.fromtimestamp(now, UTC).astimezone(zone(zone_name)).date()
        if written == "now":
            return now
        if written in ("today", "yesterday"):
            return _there(today - timedelta(days=written == "yesterday"), 0, zone_name)
        if (clock := _CLOCK.match(written)) and int(clock[1]) < 24:
            return _there(today, int(clock[1]) * 60 + int(clock[2]), zone_name)
        if re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h|d))+", written):
            return now - seconds(written)
        found = datetime.fromisoformat(written)
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValueError
        if found.tzinfo:
            return found.timestamp()
        beyond_s = found.second + found.microsecond / 1e6  # as lists and exports write moments
        return _there(found.date(), found.hour * 60 + found.minute, zone_name) + beyond_s
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a moment in {zone_name}") from None


def _there(day: date, minute: int, zone_name: str) -> float:
    """Where the clock is set past it, the moment at which that happens. Raises ``ValueError``."""
    for later in range(0, 181, 15):
        then = datetime(day.year, day.month, day.day) + timedelta(minutes=minute + later)
        if found := moments(then.date(), then.hour * 60 + then.minute, zone_name):
            return found[0].timestamp()
    raise ValueError("such a day never came")
