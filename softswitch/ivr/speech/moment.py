"""Dates and times of day.

Mandarin divides the day as its speakers do: 凌晨 until 5, 早上 until 8, 上午 until noon, 中午 for that hour, 下午 until
19, then 晚上. Both languages speak to the minute; noon and midnight have words of their own.
"""

from __future__ import annotations

from datetime import date as Date
from datetime import time as Time

from softswitch.ivr.speech import english, mandarin
from softswitch.ivr.speech.language import is_chinese

_ZH_WEEKDAYS = "一二三四五六日"
_EN_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EN_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_ZH_PARTS = ((5, "凌晨"), (8, "早上"), (12, "上午"), (13, "中午"), (19, "下午"), (24, "晚上"))  # until this hour
# Days from today.
_NEAR = {
    "zh": {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"},
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
}


def date(day: Date, language: str, weekday: bool = False, year: bool = True) -> str:
    """``二〇二六年三月二日，星期一``; ``Monday, the second of March, twenty twenty-six``."""
    if is_chinese(language):
        text = f"{mandarin.year(day.year)}年" if year else ""
        text += f"{mandarin.cardinal(day.month)}月{mandarin.cardinal(day.day)}日"
        return f"{text}，星期{_ZH_WEEKDAYS[day.weekday()]}" if weekday else text
    text = f"the {english.ordinal(day.day)} of {_EN_MONTHS[day.month - 1]}"
    text = f"{_EN_WEEKDAYS[day.weekday()]}, {text}" if weekday else text
    return f"{text}, {english.year(day.year)}" if year else text


def near(day: Date, today: Date, language: str) -> str:
    """``明天``, ``tomorrow``; "" for a day that has no such word."""
    return _NEAR["zh" if is_chinese(language) else "en"].get((day - today).days, "")


def time(moment: Time, language: str, hours: int = 12) -> str:
    """``下午两点零五分``, ``two oh five p.m.``; with ``hours`` 24 ``十四点零五分``, ``fourteen oh five``."""
    if is_chinese(language):
        return _zh_time(moment.hour, moment.minute, hours)
    if moment.minute == 0 and moment.hour in (0, 12) and (hours == 12 or moment.hour == 0):
        return "noon" if moment.hour else "midnight"
    return _en_12(moment.hour, moment.minute) if hours == 12 else _en_24(moment.hour, moment.minute)


def _zh_time(hour: int, minute: int, hours: int) -> str:
    part = "" if hours == 24 or hour == minute == 0 else next(name for until, name in _ZH_PARTS if hour < until)
    on_dial = hour - 12 if hours == 12 and hour > 12 else hour
    text = f"{part}{mandarin.counted(on_dial)}点"
    if not minute:
        return text
    return f"{text}{'零' if minute < 10 else ''}{mandarin.cardinal(minute)}分"


def _en_12(hour: int, minute: int) -> str:
    half = "a.m." if hour < 12 else "p.m."
    words = [english.cardinal(hour % 12 or 12), *([english.two_digits(minute)] if minute else []), half]
    return " ".join(words)


def _en_24(hour: int, minute: int) -> str:
    said = "zero" if hour == 0 else english.two_digits(hour)
    return f"{said} {english.two_digits(minute)}" if minute else f"{said} hundred hours"
