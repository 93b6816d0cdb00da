"""Numbers: as such, in a row (ordinals), before what is counted, and digit by digit as a telephone number."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from softswitch.ivr.speech import english, mandarin
from softswitch.ivr.speech.language import is_chinese

MAX_NUMBER = 10**12 - 1
_MOST_PLACES = 9  # behind the point; what a computer's arithmetic adds to 0.3 is beyond them
# What can be counted: the measure word with its noun in Mandarin; one and many in English.
THINGS: dict[str, tuple[str, str, str]] = {
    "message": ("条留言", "message", "messages"),
    "call": ("个电话", "call", "calls"),
    "person": ("位", "person", "people"),
    "agent": ("位坐席", "agent", "agents"),
    "order": ("个订单", "order", "orders"),
    "item": ("件商品", "item", "items"),
    "ticket": ("张票", "ticket", "tickets"),
    "time": ("次", "time", "times"),
    "digit": ("位数字", "digit", "digits"),
    "day": ("天", "day", "days"),
    "point": ("分", "point", "points"),
}


def number(value: int | Decimal, language: str) -> str:
    """A number as such: 105 -> ``一百零五``, ``one hundred and five``; 2.5 -> ``二点五``. Raises ``ValueError``."""
    exact = Decimal(value)
    if not exact.is_finite() or abs(exact) >= MAX_NUMBER + 1:
        raise ValueError(f"{value} is too large to be said; numbers have at most 12 digits")
    exact = round(exact, _MOST_PLACES)
    whole = abs(int(exact))
    places = format(abs(exact) % 1, "f").partition(".")[2].rstrip("0")
    chinese = is_chinese(language)
    words = [mandarin.cardinal(whole) if chinese else english.cardinal(whole)]
    if places:
        words.append(mandarin.fraction(places) if chinese else english.fraction(places))
    if exact < 0:
        words.insert(0, "负" if chinese else "minus")
    return ("" if chinese else " ").join(words)


def ordinal(value: int, language: str) -> str:
    """The place in a row, from 1: ``第二``, ``second``. Raises ``ValueError``."""
    if not 1 <= value <= MAX_NUMBER:
        raise ValueError(f"{value} is no place in a row; the first one is 1")
    return mandarin.ordinal(value) if is_chinese(language) else english.ordinal(value)


def count(value: int, language: str) -> str:
    """A whole number before something counted: 2 -> ``两``."""
    return "两" if value == 2 and is_chinese(language) else number(value, language)


def counted(value: int, thing: str, language: str) -> str:
    """So many of ``THINGS``: ``两条留言``, ``one message``. Raises ``ValueError``."""
    measure, one, many = THINGS[thing]
    if is_chinese(language):
        return f"{count(value, language)}{measure}"
    return f"{number(value, language)} {one if value == 1 else many}"


def digits(text: str, language: str, groups: Sequence[int] = ()) -> str:
    """Digit by digit, as telephone and order numbers are read; what is no digit is left out.

    ``groups``: so many digits before each pause; the last one holds for the rest.
    """
    chinese = is_chinese(language)
    names = mandarin.TELEPHONE if chinese else english.TELEPHONE
    said = [("" if chinese else " ").join(names[sign] for sign in group) for group in grouped(text, groups)]
    return ("，" if chinese else ", ").join(said)


def grouped(text: str, groups: Sequence[int] = ()) -> list[str]:
    """The signs that are read, cut where a speaker takes breath."""
    left = "".join(sign for sign in text if sign in english.TELEPHONE)
    cut: list[str] = []
    for size in groups:
        if left:
            cut.append(left[:size])
            left = left[size:]
    while left and groups:
        cut.append(left[: groups[-1]])
        left = left[groups[-1] :]
    return cut or [left]


def telephone_groups(text: str) -> tuple[int, ...]:
    """How a telephone number is cut: as it is written (``010-6552 9988``), or as numbers of its length usually are.

    11 digits of China are said 3-4-4, 10 digits 3-3-4, 8 digits 4-4, 7 digits 3-4; a + stays with the country code of
    China (86) or North America (1). Others in threes, with what is left over at the end.
    """
    parts = "".join(sign if sign in english.TELEPHONE else " " for sign in text).split()
    if len(parts) > 1:
        return tuple(map(len, parts))
    signs = "".join(parts)
    code = next((code for code in ("+86", "+1") if signs.startswith(code)), "")
    usual = {11: (3, 4, 4), 10: (3, 3, 4), 8: (4, 4), 7: (3, 4)}.get(len(signs) - len(code))
    if usual is None:
        usual = _threes(len(signs) - len(code))
    return (len(code), *usual) if code else usual


def _threes(length: int) -> tuple[int, ...]:
    """No single digit is left alone at the end: 4 are said together, 10 as 3-3-4."""
    if length <= 4:
        return (max(length, 1),)
    return (3, *_threes(length - 3))


def key_name(key: str, language: str) -> str:
    """A key of the telephone; a 1 alone is 一."""
    return "一" if key == "1" and is_chinese(language) else digits(key, language)
