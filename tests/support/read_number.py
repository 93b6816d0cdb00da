"""Numbers read from their words, by rules of their own: the inverse of what ``softswitch.ivr.speech`` says."""

from __future__ import annotations

_ZH = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_ZH_UNITS = {"十": 10, "百": 100, "千": 1000}
_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_EN = {word: value for value, word in enumerate(_SMALL)} | {word: 10 * value for value, word in enumerate(_TENS, 2)}
_EN_UNITS = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def read_mandarin(text: str) -> int:
    """Raises ``ValueError`` where two groups stand in the wrong order or 零 is said for nothing."""
    total, least = 0, 10**12
    for unit, size in (("亿", 10**8), ("万", 10**4), ("", 1)):
        group, found, text = text.partition(unit) if unit else (text, "", "")
        if unit and not found:
            text = group
            continue
        value = _group(group, first=total == 0)
        if value * size >= least:
            raise ValueError(f"{value} {unit} out of order")
        total, least = total + value * size, size
    return total


def _group(text: str, first: bool) -> int:
    """Four digits."""
    if first and text.startswith("零") and text != "零":
        raise ValueError("零 at the head")
    value, digit, below = 0, 0, 10**4
    for sign in text:
        if sign in _ZH:
            digit = _ZH[sign]
            continue
        unit = _ZH_UNITS[sign]
        if unit >= below:
            raise ValueError(f"{sign} out of place in {text}")
        value, digit, below = value + (digit or 1) * unit, 0, unit
    return value + digit


def read_english(text: str) -> int:
    total = group = 0
    for word in text.replace("-", " ").split():
        if word == "hundred":
            group *= 100
        elif word in _EN_UNITS:
            total, group = total + group * _EN_UNITS[word], 0
        elif word != "and":
            group += _EN[word]
    return total + group
