"""Numbers in Mandarin, in characters.

Groups of four digits (万, 亿). One 零 stands for the zeros before a digit in its group, and for a group of nothing but
zeros; none for those at the end of a group: 105000 is 十万五千, 100001000 is 一亿零一千. 十 at the head has no 一.

There are two words for 2. 两 stands before what is counted, and at the head of 百 千 万 亿; 二 before 十, at the end,
and behind the head (两千二百二十二). Ordinals and years have no 两.

The 1 of a telephone number is 幺, which cannot be mistaken for 7.
"""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
YEAR_DIGITS = "〇一二三四五六七八九"  # a year is written with 〇 (GB/T 15835), which is read líng as well
TELEPHONE = dict(zip("0123456789+*#.", "零幺二三四五六七八九加星井点", strict=True))

_GROUPS = ("", "万", "亿")
_PLACES = ((1000, "千"), (100, "百"), (10, "十"), (1, ""))


def cardinal(value: int, two: str = "两") -> str:
    """``value`` from 0 on. ``two``: the word at the head of 百 千 万 亿."""
    if value == 0:
        return "零"
    text, rest, skipped = "", value, False
    for index in (2, 1, 0):
        group, rest = divmod(rest, 10 ** (4 * index))
        if not group:
            skipped = bool(text)
            continue
        gap = "零" if text and (skipped or group < 1000) else ""
        text += gap + _group(group, not text, _GROUPS[index], two)
        skipped = False
    return text


def _group(group: int, first: bool, unit: str, two: str) -> str:
    """Four digits and their unit; ``first``: nothing was said before them."""
    if first and unit and group == 2:
        return two + unit
    text, gap = "", False
    for size, name in _PLACES:
        digit = group // size % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _digit(digit, name, first and not text, two) + name
        gap = False
    return text + unit


def _digit(digit: int, name: str, head: bool, two: str) -> str:
    if head and digit == 1 and name == "十":
        return ""
    return two if head and digit == 2 and name in ("百", "千") else DIGITS[digit]


def counted(value: int) -> str:
    """Before what is counted: 2 is 两, and 12 still 十二."""
    return "两" if value == 2 else cardinal(value)


def ordinal(value: int) -> str:
    return f"第{cardinal(value, two='二')}"


def fraction(digits: str) -> str:
    """What follows the point of a decimal number."""
    return "点" + "".join(DIGITS[int(digit)] for digit in digits)


def year(value: int) -> str:
    """Digit by digit: 2026 -> 二〇二六."""
    return "".join(YEAR_DIGITS[int(digit)] for digit in str(value))
