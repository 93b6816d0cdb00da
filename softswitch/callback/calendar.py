"""When a number may be dialled: a ``Window`` of local hours laid over Unix seconds.

Local midnight is computed day by day, so that a change of summer time moves the hours with the people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from softswitch.callback.model import Window

DAY_MINUTES = 24 * 60
LOOKED_AHEAD = 9  # days: a window with one weekday opens within the next eight


class Hours:
    """Answers for one window; the span that held the last answer is kept, because most questions fall into it."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._zone = ZoneInfo(window.zone)
        self._since, self._until, self._open = 0.0, 0.0, False

    def open(self, now: float) -> bool:
        """May a call be made at ``now`` (Unix s)?"""
        self._look(now)
        return self._open

    def changes_at(self, now: float) -> float:
        """The end of the span that ``now`` lies in: when it shuts if open, when it opens if shut (Unix s)."""
        self._look(now)
        return self._until

    def _look(self, now: float) -> None:
        if self._since <= now < self._until:
            return
        self._since, self._until, self._open = now, now + LOOKED_AHEAD * 86400.0, False
        for start, end in self._spans(now):
            if now < start:
                self._until = start
                return
            if now < end:
                self._until, self._open = end, True
                return

    def _spans(self, now: float) -> Iterator[tuple[float, float]]:
        """Open spans in order, from the one that began yesterday; a start after the end runs past midnight."""
        window = self._window
        today = datetime.fromtimestamp(now, self._zone).date()
        overnight = DAY_MINUTES if window.end_minute <= window.start_minute else 0
        for offset in range(-1, LOOKED_AHEAD):
            day = today + timedelta(days=offset)
            if day.weekday() in window.weekdays:
                midnight = datetime(day.year, day.month, day.day)
                yield self._at(midnight, window.start_minute), self._at(midnight, window.end_minute + overnight)

    def _at(self, midnight: datetime, minute: int) -> float:
        return (midnight + timedelta(minutes=minute)).replace(tzinfo=self._zone).timestamp()
