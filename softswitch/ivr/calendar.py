"""Opening hours: is it open at this moment, in the zone of the people who open?

Weekly hours by weekday; closed days (holidays) beat them; days with hours of their own beat both. Local time is what
the clock on the wall of ``zone`` shows, so a change of summer time moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

Span = tuple[int, int]  # minutes after local midnight: first open one, first closed one (1440: end of the day)


@dataclass(frozen=True, slots=True)
class Calendar:
    name: str
    zone: str  # IANA name
    weekly: Mapping[int, Sequence[Span]] = field(default_factory=dict)  # Monday is 0
    closed: frozenset[date] = frozenset()
    exceptions: Mapping[date, Sequence[Span]] = field(default_factory=dict)  # days with hours of their own

    def is_open(self, wall: datetime) -> bool:
        """Whether it is open at the aware moment ``wall``."""
        local = wall.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self._spans(local.date()))

    def _spans(self, day: date) -> Sequence[Span]:
        if day in self.exceptions:
            return self.exceptions[day]
        return () if day in self.closed else self.weekly.get(day.weekday(), ())
