"""Dates, times of day and lengths of time in words."""

from __future__ import annotations

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from softswitch.ivr import speech
from softswitch.ivr.speech import duration, near, waited
from softswitch.ivr.speech.english import year
from softswitch.ivr.speech.reading import read_date, read_duration, read_time

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("day", "weekday", "with_year", "zh", "en"),
    [
        ("2026-03-02", False, True, "二〇二六年三月二日", "the second of March, twenty twenty-six"),
        ("2026-03-02", True, True, "二〇二六年三月二日，星期一", "Monday, the second of March, twenty twenty-six"),
        ("2026-03-02", True, False, "三月二日，星期一", "Monday, the second of March"),
        ("2026-03-02", False, False, "三月二日", "the second of March"),
        ("2026-01-01", True, False, "一月一日，星期四", "Thursday, the first of January"),
        ("2026-02-28", True, False, "二月二十八日，星期六", "Saturday, the twenty-eighth of February"),
        ("2024-02-29", False, True, "二〇二四年二月二十九日", "the twenty-ninth of February, twenty twenty-four"),
        ("2026-05-31", True, False, "五月三十一日，星期日", "Sunday, the thirty-first of May"),
        ("2026-10-10", False, False, "十月十日", "the tenth of October"),
        ("2026-11-03", True, False, "十一月三日，星期二", "Tuesday, the third of November"),
        ("2026-12-20", False, False, "十二月二十日", "the twentieth of December"),
        ("2000-08-12", False, True, "二〇〇〇年八月十二日", "the twelfth of August, two thousand"),
        (
            "2008-08-08",
            True,
            True,
            "二〇〇八年八月八日，星期五",
            "Friday, the eighth of August, two thousand and eight",
        ),
        ("1999-12-31", False, True, "一九九九年十二月三十一日", "the thirty-first of December, nineteen ninety-nine"),
        ("1949-10-01", False, True, "一九四九年十月一日", "the first of October, nineteen forty-nine"),
        ("2026-06-17", True, False, "六月十七日，星期三", "Wednesday, the seventeenth of June"),
    ],
)
def test_dates(day: str, weekday: bool, with_year: bool, zh: str, en: str) -> None:
    said = [speech.date(date.fromisoformat(day), language, weekday, with_year) for language in ("zh", "en")]
    assert said == [zh, en]


@pytest.mark.parametrize(
    ("value", "en"),
    [
        (1066, "ten sixty-six"),
        (1900, "nineteen hundred"),
        (1905, "nineteen oh five"),
        (1910, "nineteen ten"),
        (2000, "two thousand"),
        (2001, "two thousand and one"),
        (2009, "two thousand and nine"),
        (2010, "twenty ten"),
        (2026, "twenty twenty-six"),
        (2100, "twenty-one hundred"),
        (3000, "three thousand"),
        (476, "four hundred and seventy-six"),
        (9999, "ninety-nine ninety-nine"),
    ],
)
def test_years_in_english(value: int, en: str) -> None:
    assert year(value) == en


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (-2, "前天", ""), (-1, "昨天", "yesterday"), (0, "今天", "today"), (1, "明天", "tomorrow"), (2, "后天", ""),
        (3, "", ""), (-3, "", ""), (365, "", ""),
    ],
)  # fmt: skip
def test_days_that_are_near(days: int, zh: str, en: str) -> None:
    today = date(2026, 2, 28)
    assert [near(today + timedelta(days), today, language) for language in ("zh", "en")] == [zh, en]


@pytest.mark.parametrize(
    ("at", "zh", "en", "zh_24", "en_24"),
    [
        ("00:00", "零点", "midnight", "零点", "midnight"),
        ("00:05", "凌晨零点零五分", "twelve oh five a.m.", "零点零五分", "zero oh five"),
        ("02:00", "凌晨两点", "two a.m.", "两点", "oh two hundred hours"),
        ("02:02", "凌晨两点零二分", "two oh two a.m.", "两点零二分", "oh two oh two"),
        ("04:59", "凌晨四点五十九分", "four fifty-nine a.m.", "四点五十九分", "oh four fifty-nine"),
        ("05:00", "早上五点", "five a.m.", "五点", "oh five hundred hours"),
        ("07:45", "早上七点四十五分", "seven forty-five a.m.", "七点四十五分", "oh seven forty-five"),
        ("08:00", "上午八点", "eight a.m.", "八点", "oh eight hundred hours"),
        ("09:30", "上午九点三十分", "nine thirty a.m.", "九点三十分", "oh nine thirty"),
        ("11:11", "上午十一点十一分", "eleven eleven a.m.", "十一点十一分", "eleven eleven"),
        ("12:00", "中午十二点", "noon", "十二点", "twelve hundred hours"),
        ("12:20", "中午十二点二十分", "twelve twenty p.m.", "十二点二十分", "twelve twenty"),
        ("13:00", "下午一点", "one p.m.", "十三点", "thirteen hundred hours"),
        ("14:05", "下午两点零五分", "two oh five p.m.", "十四点零五分", "fourteen oh five"),
        ("18:30", "下午六点三十分", "six thirty p.m.", "十八点三十分", "eighteen thirty"),
        ("19:00", "晚上七点", "seven p.m.", "十九点", "nineteen hundred hours"),
        ("20:08", "晚上八点零八分", "eight oh eight p.m.", "二十点零八分", "twenty oh eight"),
        ("22:22", "晚上十点二十二分", "ten twenty-two p.m.", "二十二点二十二分", "twenty-two twenty-two"),
        ("23:59", "晚上十一点五十九分", "eleven fifty-nine p.m.", "二十三点五十九分", "twenty-three fifty-nine"),
    ],
)
def test_times_of_day(at: str, zh: str, en: str, zh_24: str, en_24: str) -> None:
    said = [
        speech.time(time.fromisoformat(at), language, hours) for hours in (12, 24) for language in ("zh-CN", "en-US")
    ]
    assert said == [zh, en, zh_24, en_24]


@pytest.mark.parametrize("hours", [12, 24])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_minutes_of_the_day_are_said_alike(language: str, hours: int) -> None:
    said = {speech.time(time(*divmod(minute, 60)), language, hours) for minute in range(1440)}
    assert len(said) == 1440


@pytest.mark.parametrize(
    ("seconds", "to", "zh", "en"),
    [
        (0, "second", "零秒", "zero seconds"),
        (0, "minute", "零分钟", "zero minutes"),
        (0.3, "second", "不到一秒", "less than a second"),
        (1, "second", "一秒", "one second"),
        (2, "second", "两秒", "two seconds"),
        (12, "second", "十二秒", "twelve seconds"),
        (59.6, "second", "一分钟", "one minute"),
        (60, "second", "一分钟", "one minute"),
        (62, "second", "一分钟零两秒", "one minute and two seconds"),
        (90, "second", "一分钟三十秒", "one minute and thirty seconds"),
        (120, "second", "两分钟", "two minutes"),
        (605, "second", "十分钟零五秒", "ten minutes and five seconds"),
        (3600, "second", "一个小时", "one hour"),
        (3630, "second", "一个小时零三十秒", "one hour and thirty seconds"),
        (7200, "second", "两个小时", "two hours"),
        (7500, "second", "两个小时零五分钟", "two hours and five minutes"),
        (5400, "second", "一个小时三十分钟", "one hour and thirty minutes"),
        (43_200, "second", "十二个小时", "twelve hours"),
        (86_400, "second", "一天", "one day"),
        (2 * 86_400, "second", "两天", "two days"),
        (86_400 + 300, "second", "一天零五分钟", "one day and five minutes"),
        (2 * 86_400 + 7200, "second", "两天零两个小时", "two days and two hours"),
        (93_784, "second", "一天两个小时三分钟零四秒", "one day, two hours, three minutes and four seconds"),
        (29, "minute", "不到一分钟", "less than a minute"),
        (30, "minute", "一分钟", "one minute"),
        (89, "minute", "一分钟", "one minute"),
        (90, "minute", "两分钟", "two minutes"),
        (93_784, "minute", "一天两个小时零三分钟", "one day, two hours and three minutes"),
        (1200, "hour", "不到一个小时", "less than an hour"),
        (93_784, "hour", "一天零两个小时", "one day and two hours"),
        (93_784, "day", "一天", "one day"),
        (3600, "day", "不到一天", "less than a day"),
    ],
)
def test_lengths_of_time(seconds: float, to: str, zh: str, en: str) -> None:
    assert (duration(seconds, "zh", to), duration(seconds, "en", to)) == (zh, en)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e12])
def test_a_length_that_nobody_says(seconds: float) -> None:
    with pytest.raises(ValueError, match="no time that can be said"):
        duration(seconds, "en")


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (59.9, "等候不到一分钟", "waited less than a minute"),
        (60, "已等候一分钟", "waited one minute"),
        (150, "已等候两分钟", "waited two minutes"),
        (1320, "已等候二十二分钟", "waited twenty-two minutes"),
    ],
)
def test_how_long_somebody_has_waited(seconds: float, zh: str, en: str) -> None:
    assert (waited(seconds, "zh"), waited(seconds, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        ("20260302", date(2026, 3, 2)),
        ("2026-03-02T17:00:00Z", date(2026, 3, 3)),  # it is one in the morning in Shanghai
        ("2026-03-02 17:00:00+00:00", date(2026, 3, 3)),  # as {{ time }} is written
        ("2026-03-02T23:30:00", date(2026, 3, 2)),  # no zone: as it is
    ],
)
def test_how_days_are_written(written: str, day: date) -> None:
    assert read_date(written, SHANGHAI) == day


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("14:05", time(14, 5)),
        ("14:05:59", time(14, 5, 59)),
        ("2026-03-02T06:05:00Z", time(14, 5)),
        ("2026-03-02T14:05", time(14, 5)),
    ],
)
def test_how_times_are_written(written: str, at: time) -> None:
    assert read_time(written, SHANGHAI) == at


@pytest.mark.parametrize("written", ["", "soon", "2026-02-30", "02.03.2026", "17724400", "9" * 99, "9999-12-31T23:00Z"])
def test_what_is_no_day(written: str) -> None:
    with pytest.raises(ValueError, match="is no date; write for example 2026-03-02"):
        read_date(written, SHANGHAI)


@pytest.mark.parametrize("written", ["", "noon", "25:00", "14", "2026-03-02", "None"])
def test_what_is_no_time_of_day(written: str) -> None:
    with pytest.raises(ValueError, match="is no time of day; write for example 14:05"):
        read_time(written, SHANGHAI)


@pytest.mark.parametrize(("written", "seconds"), [("90", 90), ("90s", 90), ("1h30m", 5400), (2.5, 2.5), ("0", 0)])
def test_how_lengths_are_written(written: object, seconds: float) -> None:
    assert read_duration(written) == seconds


@pytest.mark.parametrize("written", ["", "long", "nan", "inf", True, "1" * 99])
def test_what_is_no_length(written: object) -> None:
    with pytest.raises(ValueError, match="write for example"):
        read_duration(written)
