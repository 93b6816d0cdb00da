from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from softswitch.callback.calendar import Hours
from softswitch.callback.model import Window

OFFICE = Window("Asia/Shanghai", 9 * 60, 18 * 60, (0, 1, 2, 3, 4))


def at(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("when", "is_open", "change"),
    [
        ("2025-10-09 08:59:59", False, "2025-10-09 09:00"),
        ("2025-10-09 09:00", True, "2025-10-09 18:00"),
        ("2025-10-09 17:59:59", True, "2025-10-09 18:00"),
        ("2025-10-09 18:00", False, "2025-10-10 09:00"),
        ("2025-10-10 18:00", False, "2025-10-13 09:00"),  # Friday evening: Monday
    ],
)
def test_office_hours(when: str, is_open: bool, change: str) -> None:
    hours = Hours(OFFICE)
    assert hours.open(at(when)) is is_open
    assert hours.changes_at(at(when)) == at(change)


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_began() -> None:
    hours = Hours(Window("Asia/Shanghai", 22 * 60, 2 * 60, (4,)))
    assert hours.open(at("2025-10-11 01:59"))
    assert not hours.open(at("2025-10-11 02:00"))
    assert not hours.open(at("2025-10-11 22:30"))


def test_summer_time_moves_the_hours_with_the_people() -> None:
    zone = "Europe/Berlin"
    hours = Hours(Window(zone, 9 * 60, 10 * 60))
    before = hours.changes_at(at("2025-03-29 12:00", zone))
    assert before == at("2025-03-30 09:00", zone)
    assert before - at("2025-03-29 09:00", zone) == 23 * 3600


def minutes(hours: str) -> tuple[int, int]:
    """ "02:30-04:00" after local midnight."""
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    return start, end


def spans(zone: str, hours: str, day: str) -> list[str]:
    """When the window is open on that day, in UTC; asked minute by minute."""
    window = Hours(Window(zone, *minutes(hours)))
    first, last = int(at(f"{day} 00:00", zone)), int(at(f"{date.fromisoformat(day) + timedelta(1)} 00:00", zone))
    moments = [moment for moment in range(first, last, 60) if window.open(moment)]
    starts = [moment for moment in moments if moment - 60 not in moments]
    ends = [moment + 60 for moment in moments if moment + 60 not in moments]
    shown = [datetime.fromtimestamp(moment, UTC).strftime("%H:%M") for moment in (*starts, *ends)]
    return [f"{start}-{end}" for start, end in zip(shown[: len(starts)], shown[len(starts) :], strict=True)]


@pytest.mark.parametrize(
    ("zone", "day", "hours", "open_in_utc"),
    [
        # Berlin: at 01:00 UTC the clock goes from 02:00 to 03:00.
        ("Europe/Berlin", "2026-03-29", "02:30-04:00", ["01:00-02:00"]),
        ("Europe/Berlin", "2026-03-29", "01:00-02:30", ["00:00-01:00"]),
        ("Europe/Berlin", "2026-03-29", "02:10-02:50", []),
        ("Europe/Berlin", "2026-03-29", "02:00-03:00", []),
        ("Europe/Berlin", "2026-03-29", "01:00-05:00", ["00:00-03:00"]),
        # At 01:00 UTC it goes from 03:00 back to 02:00: 02:30 comes at 00:30 and at 01:30.
        ("Europe/Berlin", "2026-10-25", "02:30-04:00", ["01:30-03:00"]),
        ("Europe/Berlin", "2026-10-25", "01:00-02:30", ["23:00-00:30"]),
        ("Europe/Berlin", "2026-10-25", "02:10-02:50", []),
        ("Europe/Berlin", "2026-10-25", "01:00-05:00", ["23:00-04:00"]),
        # New York: at 07:00 UTC from 02:00 to 03:00, and at 06:00 UTC from 02:00 back to 01:00.
        ("America/New_York", "2026-03-08", "02:30-04:00", ["07:00-08:00"]),
        ("America/New_York", "2026-03-08", "01:00-02:30", ["06:00-07:00"]),
        ("America/New_York", "2026-11-01", "01:30-03:00", ["06:30-08:00"]),
        ("America/New_York", "2026-11-01", "00:30-01:30", ["04:30-05:30"]),
        # Half an hour in Lord Howe, from 02:00 to 02:30 at 15:30 UTC of the day before.
        ("Australia/Lord_Howe", "2026-10-04", "02:15-04:00", ["15:30-17:00"]),
    ],
)
def test_summer_time(zone: str, day: str, hours: str, open_in_utc: list[str]) -> None:
    assert spans(zone, hours, day) == open_in_utc


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", "2026-03-29"), ("America/New_York", "2026-11-01")])
def test_no_one_is_called_by_a_time_that_the_clock_there_does_not_show(zone: str, day: str) -> None:
    for hours in ("02:30-04:00", "01:00-02:30", "01:30-01:45", "02:10-02:50", "00:00-24:00"):
        window, (start, end) = Hours(Window(zone, *minutes(hours))), minutes(hours)
        first = int(at(f"{day} 00:00", zone))
        for moment in range(first, first + 25 * 3600, 300):
            shown = datetime.fromtimestamp(moment, ZoneInfo(zone))
            if window.open(moment):
                assert start <= shown.hour * 60 + shown.minute < end


def test_what_never_opens_says_so_and_is_asked_again_later() -> None:
    for never in (
        Hours(Window(weekdays=())),
        Hours(Window(start_minute=540, end_minute=720), Window(start_minute=720, end_minute=1080)),
        Hours(Window(weekdays=(5,)), Window(weekdays=(6,))),
        Hours(Window(days_off=Off(every=True))),
    ):
        now = at("2025-10-09 12:00")
        assert not never.open(now) and never.opens_at(now) is None
        assert 86400.0 < never.changes_at(now) - now <= 33 * 86400.0
        assert not never.open(never.changes_at(now))


def test_several_windows_are_open_while_all_of_them_are() -> None:
    shanghai, london = Window("Asia/Shanghai", 9 * 60, 18 * 60), Window("Europe/London", 8 * 60, 20 * 60)
    both = Hours(shanghai, london)
    noon = at("2026-01-15 12:00")  # 04:00 in London
    assert not both.open(noon) and both.opens_at(noon) == at("2026-01-15 16:00")
    assert both.open(at("2026-01-15 16:00")) and both.changes_at(at("2026-01-15 16:00")) == at("2026-01-15 18:00")
    assert Hours(london, shanghai).opens_at(noon) == both.opens_at(noon)
    assert both.opens_at(at("2026-07-15 12:00")) == at("2026-07-15 15:00"), "summer time in London"


def test_a_window_past_midnight_meets_one_of_the_next_morning() -> None:
    night, early = Window("Asia/Shanghai", 22 * 60, 26 * 60, (4,)), Window("Asia/Shanghai", 60, 6 * 60, (5,))
    both = Hours(night, early)
    assert both.opens_at(at("2025-10-08 12:00")) == at("2025-10-11 01:00")
    assert both.changes_at(at("2025-10-11 01:00")) == at("2025-10-11 02:00")


@dataclass(frozen=True)
class Off:
    days: frozenset[date] = frozenset()
    every: bool = False

    def off(self, day: date) -> bool:
        return self.every or day in self.days


def test_on_a_day_off_it_does_not_open() -> None:
    golden_week = Off(frozenset(date(2025, 10, day) for day in range(1, 9)))
    hours = Hours(replace(OFFICE, days_off=golden_week))
    assert hours.open(at("2025-09-30 17:59"))
    assert hours.opens_at(at("2025-09-30 18:00")) == at("2025-10-09 09:00")


def test_moments_beyond_all_dates_are_shut() -> None:
    for moment in (1e12, 1e15):
        assert Hours(OFFICE).changes_at(moment) > moment


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-03-28"),
        ("America/Havana", "2026-10-31"),  # midnight comes twice
        ("America/Santiago", "2026-04-03"),
        ("Africa/Cairo", "2026-04-23"),  # midnight does not come
    ],
)
def test_full_days_in_a_row_are_open_throughout(zone: str, day: str) -> None:
    hours = Hours(Window(zone))
    assert all(hours.open(at(f"{day} 00:00", zone) + 600 * step) for step in range(6 * 72))


def test_answers_do_not_depend_on_the_order_of_questions() -> None:
    hours = Hours(OFFICE)
    moments = [at("2025-10-09 12:00"), at("2025-10-12 12:00"), at("2025-10-08 08:00"), at("2025-10-09 12:30")]
    assert [hours.open(moment) for moment in moments] == [Hours(OFFICE).open(moment) for moment in moments]
