"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from softswitch.ivr.moment import moment, readings

NOON = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)  # 12:00 in Berlin, the day before summer time


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("now", "2026-03-28T11:00"),
        ("2h30m", "2026-03-28T13:30"),
        ("14:00", "2026-03-28T13:00"),
        ("12:00", "2026-03-29T10:00"),  # the next one
        ("9:30", "2026-03-29T07:30"),
        ("02:30", "2026-03-30T00:30"),  # which does not come tomorrow
        ("2026-03-29T03:00", "2026-03-29T01:00"),
        ("2026-03-29 03:00", "2026-03-29T01:00"),
        ("2026-03-29", "2026-03-28T23:00"),
        ("2026-03-29T03:00+08:00", "2026-03-28T19:00"),
        ("2026-03-29T03:00Z", "2026-03-29T03:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # the first of two
    ],
)
def test_what_is_meant(text: str, utc: str) -> None:
    assert moment(text, NOON, "Europe/Berlin") == datetime.fromisoformat(f"{utc}Z")


def test_a_time_that_comes_twice_has_two_readings() -> None:
    assert [one.hour for one in readings("2026-10-25T02:30", NOON, "Europe/Berlin")] == [0, 1]


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "24:00", "12:60", "2026-03-29T02:30", "2026-02-30", "9999-99-99", "99999d", "+1h", "12"),
        *("0001-01-01", "9999-12-31T12:00", "9999-12-31T23:59+00:00", "0001-01-01T00:00+00:00"),
    ],
)
def test_what_is_none_says_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"write for example|does not come|longer than 10 years"):
        moment(text, NOON, "Asia/Shanghai" if text == "0001-01-01" else "Europe/Berlin")
