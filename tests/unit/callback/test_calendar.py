from datetime import datetime
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


def test_no_weekday_is_never_open_and_says_so_again_later() -> None:
    hours = Hours(Window(weekdays=()))
    assert not hours.open(0.0)
    assert hours.changes_at(0.0) > 0.0


def test_answers_do_not_depend_on_the_order_of_questions() -> None:
    hours = Hours(OFFICE)
    moments = [at("2025-10-09 12:00"), at("2025-10-12 12:00"), at("2025-10-08 08:00"), at("2025-10-09 12:30")]
    assert [hours.open(moment) for moment in moments] == [Hours(OFFICE).open(moment) for moment in moments]
