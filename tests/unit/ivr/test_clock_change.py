"""Hours that a change of summer time damages."""

from __future__ import annotations

from datetime import date

import pytest

from softswitch.ivr.calendar import Calendar
from softswitch.ivr.clock_change import damages, written


def at(hours: int, minutes: int = 0) -> int:
    return hours * 60 + minutes


def said(zone: str, *spans: tuple[int, int], first: str = "2026-01-01") -> list[str]:
    calendar = Calendar("c", zone, dict.fromkeys(range(7), spans))
    return [damage.what.partition(": ")[2] for damage in damages(calendar, date.fromisoformat(first))]


GAP = "there is no 02:00 to 03:00 on 2026-03-29, so that it "
TWICE = "02:00 to 03:00 comes twice on 2026-10-25, "


@pytest.mark.parametrize(
    ("span", "spring", "autumn"),
    [
        ((at(9), at(18)), "", ""),
        ((at(0), at(24)), "", ""),
        ((at(22), at(30)), "", ""),  # an hour more or less of the night, as everybody expects
        ((at(1), at(2)), "", ""),
        ((at(3), at(4)), "", ""),
        ((at(2), at(3)), GAP + "never opens", ""),
        ((at(2, 15), at(2, 45)), GAP + "never opens", TWICE + "and so does this"),
        (
            (at(2, 30), at(5)),
            GAP + "opens at 03:00",
            TWICE + "so that it closes for a while when the clock is set back",
        ),
        (
            (at(22), at(26, 30)),
            GAP + "closes at 02:00",
            TWICE + "so that it closes, and opens once more when the clock is set back",
        ),
    ],
)
def test_what_begins_or_ends_meanwhile(span: tuple[int, int], spring: str, autumn: str) -> None:
    assert said("Europe/Berlin", span) == [one for one in (spring, autumn) if one]


def test_other_places() -> None:
    assert said("Asia/Shanghai", (at(2, 15), at(2, 45))) == []
    assert said("Australia/Lord_Howe", (at(2, 10), at(2, 20))) == [
        "there is no 02:00 to 02:30 on 2026-10-04, so that it never opens"
    ]
    assert said("Asia/Beirut", (at(0), at(1)), first="2026-02-01")[0] == (
        "there is no 00:00 to 01:00 on 2026-03-29, so that it never opens"
    )
    assert len(said("Africa/Casablanca", (at(2, 30), at(4)))) == 2  # Ramadan


def test_only_the_days_that_are_asked_for() -> None:
    assert said("Europe/Berlin", (at(2), at(3)), first="2026-03-30") == [
        "there is no 02:00 to 03:00 on 2027-03-28, so that it never opens"
    ]


def test_hours_are_told_as_they_were_written() -> None:
    assert [written(span) for span in ((at(9), at(18)), (at(22), at(30)), (0, 1440))] == [
        "09:00-18:00", "22:00-06:00", "00:00-24:00"
    ]  # fmt: skip
