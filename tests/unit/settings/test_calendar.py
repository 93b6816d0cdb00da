"""calendars.yaml: nights, dates, holidays, and what is said of wrong ones; always at file and line."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from softswitch.core.errors import ConfigError
from softswitch.ivr.calendar import Calendar
from softswitch.settings import Settings, load

ROOT = Path(__file__).parents[3]


def read(directory: Path, text: str) -> Settings:
    config = directory / "config"
    config.mkdir(parents=True)
    (config / "softswitch.yaml").touch()
    (config / "calendars.yaml").write_text(text)
    return load(config, {})


def calendar(tmp_path: Path, text: str) -> Calendar:
    return read(tmp_path, f"calendars:\n  c: {text}\n").office_calendars()["c"]


def open_at(calendar: Calendar, local: str) -> bool:
    return calendar.door(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(calendar.zone))).open


def test_a_night_goes_on_into_the_next_day(tmp_path: Path) -> None:
    night = calendar(tmp_path, '{zone: Europe/Berlin, open: {fri: ["22:00-06:00"], sat: ["23:30-24:00"]}}')
    times = {"2026-05-01T21:59": False, "2026-05-02T05:59": True, "2026-05-02T06:00": False, "2026-05-03T00:00": False}
    assert {time: open_at(night, time) for time in times} == times


def test_a_span_of_days_is_closed(tmp_path: Path) -> None:
    shop = calendar(tmp_path, '{open: {mon-sun: ["09:00-18:00"]}, closed: [2026-12-24..2027-01-06, 2026-12-01]}')
    days = {"2026-12-23": True, "2026-12-24": False, "2026-12-31": False, "2027-01-06": False, "2027-01-07": True}
    assert {day: open_at(shop, f"{day}T10:00") for day in days} == days and not open_at(shop, "2026-12-01T10:00")


def test_dates_have_hours_of_their_own(tmp_path: Path) -> None:
    hours = 'open: {mon-fri: ["09:00-18:00"]}, dates: {"2026-12-31": ["09:00-12:00"], 2026-12-30: []}'
    shop = calendar(tmp_path, f"{{{hours}, closed: [2026-12-31]}}")
    assert open_at(shop, "2026-12-31T11:00") and not open_at(shop, "2026-12-31T14:00")
    assert not open_at(shop, "2026-12-30T11:00") and open_at(shop, "2026-12-29T11:00")


@pytest.mark.parametrize(
    ("country", "day", "name"),
    [
        ("CN", "2026-10-01", "National Day"),
        ("CN", "2026-02-17", "Chinese New Year"),
        ("US", "2026-11-26", "Thanksgiving"),
        ("GB, subdivision: SCT", "2026-11-30", "Saint Andrew's Day"),
        ("GB, subdivision: ENG", "2026-11-30", ""),
        ("GB, subdivision: ENG", "2026-08-31", "Late Summer Bank Holiday"),
        ("DE, subdivision: BY", "2026-01-06", "Epiphany"),
        ("DE, subdivision: BE", "2026-01-06", ""),
        ("DE", "2026-10-03", "German Unity Day"),
        ("JP", "2026-05-05", "Children's Day"),
    ],
)
def test_public_holidays(tmp_path: Path, country: str, day: str, name: str) -> None:
    kept = calendar(tmp_path, f'{{open: {{mon-sun: ["00:00-24:00"]}}, holidays: {{country: {country}}}}}')
    door = kept.door(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(kept.zone)))
    assert (door.open, door.holiday) == (not name, bool(name))
    assert door.why.startswith(f"holiday: {name}" if name else "the weekly hours")


def test_a_sunday_that_is_worked_has_the_hours_that_are_said(tmp_path: Path) -> None:
    """China, National Day of 2026: who is off from the 1st to the 7th works on the 10th, a Saturday."""
    hours = 'open: {mon-thu: ["09:00-18:00"], fri: ["09:00-15:00"]}'
    monday = calendar(tmp_path / "mon", f"{{{hours}, holidays: {{country: CN}}}}")
    assert open_at(monday, "2026-10-10T16:00") and not open_at(monday, "2026-10-17T16:00")
    assert not open_at(monday, "2026-10-05T10:00")
    friday = calendar(tmp_path / "fri", f"{{{hours}, holidays: {{country: CN, worked_as: fri}}}}")
    assert open_at(friday, "2026-10-10T14:00") and not open_at(friday, "2026-10-10T16:00")


def test_calendars_are_equal_where_the_same_is_written(tmp_path: Path) -> None:
    """So that a reload tells what has changed."""
    text = "{open: {mon: ['22:00-06:00']}, holidays: {country: DE, subdivision: BY}}"
    assert calendar(tmp_path / "a", text) == calendar(tmp_path / "b", text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{zone: Europe/Berln}",
            "2:7: calendars.c.zone: 'Europe/Berln' is not a time zone; did you mean 'Europe/Berlin'?",
        ),
        ("{open: {mon: ['09:00-09:00']}}", "calendars.c.open.mon[0]: '09:00-09:00' is not a span of hours"),
        ("{open: {mon: ['25:00-09:00']}}", "is not a span of hours"),
        ("{open: {mon: ['09:00-24:30']}}", "is not a span of hours"),
        ("{open: {mon: ['9-5']}}", "22:00-06:00 into the next day"),
        ("{closed: [2026-12-24..2026-12-23]}", "is not a span of days up to a year"),
        ("{closed: [2026-12-24..2028-12-23]}", "write for example 2026-10-01..2026-10-07"),
        ("{closed: [2026-12-24..soon]}", "'soon' is not a date"),
        ("{dates: {2026-02-30: []}}", "'2026-02-30' is not a date"),
        ("{dates: {soon: []}}", "'soon' is not a date"),
        ("{holidays: {country: UKK}}", "the holidays of 'UKK' are not known"),
        (
            "{holidays: {country: DE, subdivision: BZ}}",
            "DE has no part 'BZ' with holidays of its own; known: Augsburg, BB",
        ),
        ("{holidays: {country: CN, subdivision: BJ}}", "leave subdivision out"),
        ("{holidays: {contry: CN}}", "unknown key; did you mean 'country'?"),
        ("{holidays: {}}", "the key 'country' is missing"),
        ("{holidays: {country: CN, worked_as: monday}}", "did you mean 'mon'"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        calendar(tmp_path, text)
    problems = [str(one) for one in caught.value.problems]
    assert any(said in one for one in problems) and all("calendars.yaml:2:" in one for one in problems), problems


def test_hours_that_a_change_of_summer_time_damages_are_a_warning(tmp_path: Path) -> None:
    text = (
        "calendars:\n  night:\n    zone: Europe/Berlin\n    open:\n"
        "      mon-sat: ['22:00-06:00']\n      sun: ['09:00-12:00', '02:30-05:00']\n"
    )
    (warning,) = [str(one) for one in read(tmp_path, text).warnings]
    assert "calendars.yaml:6:28: warning: calendars.night.open.sun[1]: 02:30-05:00 of" in warning
    assert "so that it opens at 03:00" in warning and "it closes for a while when the clock is set back" in warning
    assert not load(ROOT / "config", {}).warnings


def test_the_year_of_the_doubts_begins_today(tmp_path: Path) -> None:
    text = "calendars: {c: {zone: Europe/Berlin, dates: {'2026-03-29': ['02:00-03:00']}}}"
    written = read(tmp_path, text).calendars["c"]
    assert [place for place, _ in written.doubts(date(2026, 1, 1))] == [("dates", "2026-03-29", 0)]
    assert list(written.doubts(date(2026, 4, 1))) == []
