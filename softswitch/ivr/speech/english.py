"""Numbers in English words, as in Britain: one hundred and five; a hyphen in twenty-one."""

from __future__ import annotations

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ("", " thousand", " million", " billion")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
TELEPHONE = {**{str(n): _SMALL[n] for n in range(10)}, "+": "plus", "*": "star", "#": "hash", ".": "point"}


def cardinal(value: int) -> str:
    """``value`` from 0 on."""
    if value == 0:
        return "zero"
    words, rest = [], value
    for index in (3, 2, 1):
        group, rest = divmod(rest, 1000**index)
        if group:
            words.append(_group(group) + _GROUPS[index])
    if rest:
        joined = "and " if words and rest < 100 else ""
        words.append(joined + _group(rest))
    return " ".join(words)


def _group(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest:
        words.append(_tens(rest))
    return " and ".join(words)


def _tens(value: int) -> str:
    if value < 20:
        return _SMALL[value]
    tens, one = divmod(value, 10)
    return f"{_TENS[tens]}-{_SMALL[one]}" if one else _TENS[tens]


def ordinal(value: int) -> str:
    """21 -> ``twenty-first``: of a number's words only the last is another."""
    words = cardinal(value)
    at = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[at:]
    if last.endswith("y"):
        return f"{words[:at]}{last[:-1]}ieth"
    return words[:at] + _ORDINALS.get(last, f"{last}th")


def plural(value: int, one: str, many: str = "") -> str:
    """``1 minute``, ``2 minutes`` in words; ``many`` where it is not ``one`` with an s."""
    return f"{cardinal(value)} {one if value == 1 else many or f'{one}s'}"


def fraction(digits: str) -> str:
    """What follows the point of a decimal number."""
    return "point " + " ".join(_SMALL[int(digit)] for digit in digits)


def year(value: int) -> str:
    """In pairs of digits, but for the first years of a millennium: nineteen oh five, two thousand and six."""
    pair, rest = divmod(value, 100)
    if value < 1000 or (pair % 10 == 0 and rest < 10):
        return cardinal(value)
    if not rest:
        return f"{_tens(pair)} hundred"
    return f"{_tens(pair)} {two_digits(rest)}"


def two_digits(value: int) -> str:
    """5 -> ``oh five``, as in years and on clocks."""
    return f"oh {_SMALL[value]}" if value < 10 else _tens(value)


def joined(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
