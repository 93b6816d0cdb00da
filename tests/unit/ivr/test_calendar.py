"""Open or closed, why, and until when; also while the clock is being set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from softswitch.ivr.calendar import Calendar, Door, Override, clock_change, moments

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
    assert BERLIN.door(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin"))).open is is_open


def test_the_moment_may_be_given_in_any_zone() -> None:
    assert BERLIN.door(datetime(2026, 7, 6, 7, 0, tzinfo=UTC)).open  # 09:00 in summer
    assert not BERLIN.door(datetime(2026, 3, 2, 7, 59, tzinfo=UTC)).open  # 08:59 in winter


# ---- changes of summer time --------------------------------------------------------------------------------------


def at(hours: int, minutes: int = 0) -> int:
    return hours * 60 + minutes


@pytest.mark.parametrize(
    ("zone", "hours", "days", "opens"),
    [
        # 02:00 to 03:00 does not come: 01:59 is followed by 03:00
        ("Europe/Berlin", (at(1), at(2, 30)), "2026-03-29", ["00:00-01:00", "23:00-24:00"]),
        ("Europe/Berlin", (at(2), at(3)), "2026-03-29", []),
        ("Europe/Berlin", (at(2, 30), at(4)), "2026-03-29", ["01:00-02:00"]),
        ("Europe/Berlin", (at(22), at(30)), "2026-03-29", ["00:00-04:00", "20:00-24:00"]),
        # St John's, half an hour off the others
        ("America/St_Johns", (at(2), at(4)), "2026-03-08", ["05:30-06:30"]),
        # Lord Howe sets it by half an hour: 02:00 is 02:30
        ("Australia/Lord_Howe", (at(2), at(3)), "2026-10-03", ["15:30-16:00"]),
        ("Australia/Lord_Howe", (at(1, 30), at(2)), "2026-04-04", ["14:30-15:30"]),
        # At midnight: the day begins at 01:00
        ("Asia/Beirut", (at(0), at(2)), "2026-03-28", ["22:00-23:00"]),
        ("Asia/Beirut", (at(0), at(24)), "2026-03-28", ["00:00-24:00"]),
        ("America/Sao_Paulo", (at(0), at(24)), "2018-11-04", ["00:00-24:00"]),
        ("America/Sao_Paulo", (at(0, 30), at(1, 30)), "2018-11-04", ["03:00-03:30"]),
        # The 30th never came to Samoa: one working day follows the other
        ("Pacific/Apia", (at(9), at(17)), "2011-12-29", ["00:00-03:00", "19:00-24:00"]),
        ("Pacific/Apia", (at(9), at(17)), "2011-12-30", ["00:00-03:00", "19:00-24:00"]),
        # 02:00 to 03:00 comes twice, and so does what is written for it
        ("Europe/Berlin", (at(2, 30), at(2, 45)), "2026-10-25", ["00:30-00:45", "01:30-01:45"]),
        ("Europe/Berlin", (at(2), at(3)), "2026-10-25", ["00:00-02:00"]),
        ("Europe/Berlin", (at(1, 30), at(2, 30)), "2026-10-25", ["00:00-00:30", "01:00-01:30"]),
        ("Europe/Berlin", (at(9), at(17)), "2026-10-25", ["08:00-16:00"]),
        ("America/Havana", (at(0), at(1)), "2026-11-01", ["04:00-06:00"]),
        # Morocco sets its clock back for Ramadan
        ("Africa/Casablanca", (at(9), at(15)), "2026-02-14", ["08:00-14:00"]),
        ("Africa/Casablanca", (at(9), at(15)), "2026-02-15", ["09:00-15:00"]),
        ("Africa/Casablanca", (at(9), at(15)), "2026-03-22", ["08:00-14:00"]),
        # China has one time, and no summer
        ("Asia/Shanghai", (at(2), at(3)), "2026-03-29", ["18:00-19:00"]),
    ],
)
def test_hard_cases(zone: str, hours: tuple[int, int], days: str, opens: list[str]) -> None:
    """What is open on that day of UTC: minute by minute, and by what is said to change next."""
    calendar = Calendar("night", zone, dict.fromkeys(range(7), (hours,)))
    start = datetime.fromisoformat(f"{days}T00:00Z")
    minutes = [start + timedelta(minutes=minute) for minute in range(1440)]
    is_open = [calendar.door(minute).open for minute in minutes]
    wanted = [_span(start, written) for written in opens]
    assert is_open == [any(first <= minute < last for first, last in wanted) for minute in minutes]
    turns = [now for now, before, after in zip(minutes[1:], is_open, is_open[1:], strict=False) if before != after]
    said, now = [], calendar.next_change(start)
    while now is not None and now < start + timedelta(days=1):
        said.append(now)
        now = calendar.next_change(now)
    assert said == turns


def _span(day: datetime, written: str) -> tuple[datetime, datetime]:
    first, last = (divmod(int(one.replace(":", "")), 100) for one in written.split("-"))
    return day + timedelta(hours=first[0], minutes=first[1]), day + timedelta(hours=last[0], minutes=last[1])


def test_the_moments_of_a_time() -> None:
    assert moments(date(2026, 3, 29), at(2, 30), "Europe/Berlin") == ()
    twice = moments(date(2026, 10, 25), at(2, 30), "Europe/Berlin")
    assert [str(one) for one in twice] == ["2026-10-25 00:30:00+00:00", "2026-10-25 01:30:00+00:00"]
    assert clock_change("Europe/Berlin", date(2026, 3, 29)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert clock_change("Europe/Berlin", date(2026, 3, 28)) is clock_change("Asia/Shanghai", date(2026, 3, 29)) is None


# ---- why, and what beats what ------------------------------------------------------------------------------------


class Public:
    """Two days off, and a Sunday that is worked for one of them."""

    def name(self, day: date) -> str:
        return {date(2026, 10, 1): "National Day", date(2026, 10, 2): "National Day"}.get(day, "")

    def worked(self, day: date) -> bool:
        return day == date(2026, 9, 27)


SHOP = Calendar(
    "shop",
    "Asia/Shanghai",
    {**dict.fromkeys(range(4), ((at(9), at(18)),)), 4: ((at(22), at(30)),)},
    closed=frozenset({date(2026, 10, 5)}),
    exceptions={date(2026, 10, 2): ((at(10), at(12)),), date(2026, 10, 6): ()},
    holidays=Public(),
    worked_as=3,
)


@pytest.mark.parametrize(
    ("local", "door"),
    [
        ("2026-09-28T10:00", Door(True, "the weekly hours")),
        ("2026-09-28T08:00", Door(False, "outside of the weekly hours")),
        ("2026-09-26T05:59", Door(True, "the weekly hours")),  # Friday's night
        ("2026-09-26T06:00", Door(False, "no hours on this weekday")),
        ("2026-09-27T10:00", Door(True, "the hours of 2026-09-27, worked in place of a day off")),
        ("2026-10-01T10:00", Door(False, "holiday: National Day", holiday=True)),
        ("2026-10-02T10:00", Door(True, "the hours of 2026-10-02")),
        ("2026-10-02T12:00", Door(False, "outside of the hours of 2026-10-02")),
        ("2026-10-02T23:00", Door(False, "outside of the hours of 2026-10-02")),  # a Friday with other hours
        ("2026-10-05T10:00", Door(False, "closed day 2026-10-05", holiday=True)),
        ("2026-10-06T10:00", Door(False, "the hours of 2026-10-06", holiday=True)),
    ],
)
def test_the_reason_is_told(local: str, door: Door) -> None:
    assert SHOP.door(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Shanghai"))) == door


def test_it_opens_after_the_holidays() -> None:
    changes = [datetime(2026, 9, 30, 10, 0, tzinfo=UTC)]  # 18:00, and closed
    for _ in range(3):
        change = SHOP.next_change(changes[-1])
        assert change is not None
        changes.append(change)
    there = [f"{one.astimezone(ZoneInfo('Asia/Shanghai')):%m-%d %H:%M}" for one in changes]
    assert there == ["09-30 18:00", "10-02 10:00", "10-02 12:00", "10-07 09:00"]
    assert Calendar("never", "UTC").next_change(changes[0]) is None


def override(id: str, open: bool, since: str, until: str) -> Override:
    first, last = (datetime.fromisoformat(f"2026-09-28T{one}+08:00").timestamp() for one in (since, until))
    return Override(id, "shop", open, first, last, note="works meeting" if id == "o1" else "")


def test_an_override_beats_all_and_the_last_one_beats_the_first() -> None:
    ordered = (override("o1", False, "10:00", "14:00"), override("o2", True, "13:00", "20:00"))

    def door(time: str) -> Door:
        return SHOP.door(datetime.fromisoformat(f"2026-09-28T{time}+08:00"), ordered)

    assert door("09:59") == Door(True, "the weekly hours")
    assert door("10:00") == Door(False, "closed until 2026-09-28 14:00 by override o1: works meeting")
    assert door("13:00") == Door(True, "open until 2026-09-28 20:00 by override o2")
    assert door("20:00") == Door(False, "outside of the weekly hours")
    now, turns = datetime.fromisoformat("2026-09-28T08:00+08:00"), []
    for _ in range(4):
        change = SHOP.next_change(now, ordered)
        assert change is not None
        now = change
        turns.append(f"{now.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}")
    assert turns == ["09:00", "10:00", "13:00", "20:00"]


def test_the_next_change_of_any_calendar_is_found() -> None:
    """Drawn by lot, and held against a look at every quarter of an hour."""
    draw = Random(7)
    for _ in range(40):
        weekly = {
            day: tuple((start, start + draw.randrange(15, 1440, 15)) for start in draw.sample(range(0, 1440, 15), 2))
            for day in range(7)
            if draw.random() < 0.5
        }
        closed = frozenset(date(2026, 3, draw.randrange(25, 32)) for _ in range(3))
        calendar = Calendar("lot", draw.choice(["Europe/Berlin", "Asia/Beirut", "UTC"]), weekly, closed)
        now = datetime(2026, 3, 27, draw.randrange(24), tzinfo=UTC)
        is_open = calendar.door(now).open
        looked = (now + timedelta(minutes=15 * step) for step in range(1, 4 * 24 * 14))
        assert calendar.next_change(now) == next((one for one in looked if calendar.door(one).open != is_open), None)
