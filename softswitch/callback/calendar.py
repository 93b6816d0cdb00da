"""When a number may be dialled: ``Window``s of local hours laid over Unix seconds, open while all of them are.

Local times are computed day by day, so that a change of summer time moves the hours with the people. Around the change
nobody is called by an hour that may not have come: a window begins at the last moment at which the clock there shows
its start, and ends at the first at which it shows its end; for an hour that is left out both are the moment of the
change. So a window that lies in such an hour does not open in that night.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from softswitch.callback.model import Window

DAY_MINUTES = 24 * 60
DAY_S = 86400.0
LOOKED_AHEAD = 32  # days: what does not open within them is said never to open, and is looked at again after them
LAST = 250_000_000_000.0  # Unix s, in the year 9892: beyond it there are no dates


class Hours:
    """Answers for windows together; the span that held the last answer is kept, because most questions fall in it."""

    def __init__(self, *windows: Window) -> None:
        self._windows = [(window, ZoneInfo(window.zone)) for window in windows]
        self._since, self._until, self._open, self._opens = 0.0, 0.0, False, True

    def open(self, now: float) -> bool:
        """May a call be made at ``now`` (Unix s)?"""
        self._look(now)
        return self._open

    def changes_at(self, now: float) -> float:
        """The end of the span that ``now`` lies in: when it shuts if open, when it opens if shut (Unix s)."""
        self._look(now)
        return self._until

    def opens_at(self, now: float) -> float | None:
        """``now`` while it is open; None: not in the days that are looked at."""
        self._look(now)
        return now if self._open else self._until if self._opens else None

    def _look(self, now: float) -> None:
        if self._since <= now < self._until:
            return
        self._since, at = now, min(now, LAST)
        last = at + LOOKED_AHEAD * DAY_S
        spans = [_span(window, zone, at) for window, zone in self._windows]
        self._open = self._opens = all(is_open for is_open, _ in spans)
        if self._open:
            self._until = min(until for _, until in spans)
            return
        while at < last and not self._opens:
            at = max(until for is_open, until in spans if not is_open)  # before that, one of them is shut
            spans = [_span(window, zone, at) for window, zone in self._windows]
            self._opens = at < last and all(is_open for is_open, _ in spans)
        self._until = max(min(at, last), now + 1.0)


def _span(window: Window, zone: ZoneInfo, at: float) -> tuple[bool, float]:
    """Is it open, and until when is that so?"""
    for start, end in _spans(window, zone, at):
        if at < start < end:
            return False, start
        if start <= at < end:
            return True, end
    return False, at + LOOKED_AHEAD * DAY_S


def _spans(window: Window, zone: ZoneInfo, now: float) -> Iterator[tuple[float, float]]:
    """Open spans in order, from the one that began yesterday; a start after the end runs past midnight."""
    today = datetime.fromtimestamp(now, zone).date()
    overnight = DAY_MINUTES if window.end_minute <= window.start_minute else 0
    for offset in range(-1, LOOKED_AHEAD + 1):
        day = today + timedelta(days=offset)
        if day.weekday() in window.weekdays and not (window.days_off and window.days_off.off(day)):
            midnight = datetime(day.year, day.month, day.day)
            begins = _moments(midnight, window.start_minute, zone)
            ends = _moments(midnight, window.end_minute + overnight, zone)
            whole = window.end_minute + overnight - window.start_minute >= DAY_MINUTES  # one follows upon the other
            yield (begins[0], ends[1]) if whole else (begins[1], ends[0])


def _moments(midnight: datetime, minute: int, zone: ZoneInfo) -> tuple[float, float]:
    """The first and the last moment at which the clock there shows this time (Unix s)."""
    local = midnight + timedelta(minutes=minute)
    once, again = (local.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if once <= again:
        return once, again
    change = _change(again, once, zone)  # PEP 495: in a gap the two are the wrong way round
    return change, change


def _change(before: float, after: float, zone: ZoneInfo) -> float:
    """The moment between the two from which on the clock is set anew."""
    low, high = int(before), int(after)
    offset = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return float(high)
