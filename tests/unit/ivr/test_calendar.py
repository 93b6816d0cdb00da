"""Open or closed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.ivr.calendar import Calendar

BERLIN = Calendar(
    "office",
    "Europe/Berlin",
    {**dict.fromkeys(range(5), ((540, 720), (780, 1080))), 5: ((0, 1440),), 6: ((120, 240),)},
    closed=frozenset({date(2026, 1, 1), date(2026, 12, 24)}),
    exceptions={date(2026, 12, 24): ((600, 720),)},
)


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-03-02T08:59", False),
        ("2026-03-02T09:00", True),
        ("2026-03-02T11:59", True),
        ("2026-03-02T12:00", False),  # the end is not in the span
        ("2026-03-02T13:00", True),
        ("2026-03-07T00:00", True),  # Saturday, around the clock
        ("2026-03-07T23:59", True),
        ("2026-01-01T10:00", False),  # closed on a Thursday
        ("2026-12-24T11:00", True),  # hours of its own beat the closed day
        ("2026-12-24T14:00", False),
        ("2026-03-29T03:30", True),  # summer time begins: 02:00 to 03:00 does not exist
        ("2026-03-29T04:00", False),
    ],
)
def test_local_time_decides(local: str, is_open: bool) -> None:
    assert BERLIN.is_open(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin"))) is is_open


def test_the_moment_may_be_given_in_any_zone() -> None:
    assert BERLIN.is_open(datetime(2026, 7, 6, 7, 0, tzinfo=UTC))  # 09:00 in summer
    assert not BERLIN.is_open(datetime(2026, 3, 2, 7, 59, tzinfo=UTC))  # 08:59 in winter
