"""How long something takes: days, hours, minutes and seconds; in Mandarin with 零 where a unit is left out."""

from __future__ import annotations

from softswitch.ivr.speech import english, mandarin
from softswitch.ivr.speech.language import is_chinese
from softswitch.ivr.speech.number import count, number

UNITS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}  # s
LONGEST_S = 10_000 * 86400
_ZH = {"day": "天", "hour": "个小时", "minute": "分钟", "second": "秒"}


def duration(seconds: float, language: str, to: str = "second") -> str:
    """``两个小时零五分钟``, ``two hours and five minutes``; rounded to the unit ``to``. Raises ``ValueError``.

    What is there but rounds to nothing is less than one of that unit.
    """
    if not 0 <= seconds <= LONGEST_S:  # nan is neither
        raise ValueError(f"{seconds:g} s is no time that can be said; it is from 0 to {LONGEST_S // 86400} days")
    left = int(seconds / UNITS[to] + 0.5) * UNITS[to]  # a half is rounded up
    chinese = is_chinese(language)
    if left == 0:
        if seconds:
            return f"不到{_zh(1, to)}" if chinese else f"less than {'an' if to == 'hour' else 'a'} {to}"
        return _zh(0, to) if chinese else english.plural(0, to)
    amounts = []
    for unit, size in UNITS.items():
        amount, left = divmod(left, size)
        amounts.append((amount, unit))
    if not chinese:
        return english.joined([english.plural(amount, unit) for amount, unit in amounts if amount])
    return _in_mandarin(amounts)


def _in_mandarin(amounts: list[tuple[int, str]]) -> str:
    """零 once, before the last: where that is a single digit or a unit is left out (一个小时零五分钟)."""
    said = [(index, amount, unit) for index, (amount, unit) in enumerate(amounts) if amount]
    last, amount, unit = said[-1]
    before = said[:-1]
    gap = "零" if before and (amount < 10 or last - before[-1][0] > 1) else ""
    return "".join(_zh(amount, unit) for _, amount, unit in before) + gap + _zh(amount, unit)


def _zh(amount: int, unit: str) -> str:
    return f"{mandarin.counted(amount)}{_ZH[unit]}"


def minutes(many: int, language: str) -> str:
    """``90`` is ninety minutes, and no hour and a half: as the bounds of a wait are said."""
    return _zh(many, "minute") if is_chinese(language) else english.plural(many, "minute")


def waited(seconds: float, language: str) -> str:
    """How long somebody has waited, in whole minutes."""
    minutes = int(seconds // 60)
    if is_chinese(language):
        return f"已等候{count(minutes, language)}分钟" if minutes else "等候不到一分钟"
    if not minutes:
        return "waited less than a minute"
    return f"waited {number(minutes, language)} minute{'s' if minutes > 1 else ''}"
