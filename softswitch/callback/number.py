"""Which number a presented one is: E.164, or why it cannot be called back.

Premium-rate numbers and those of other countries are refused: a caller id is free to forge, and a callback to a dear
number is how that forgery is paid.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

import phonenumbers

WITHHELD = frozenset({"", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld"})
COSTLY = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.PERSONAL_NUMBER})


class Number(NamedTuple):
    """``dial`` is empty where the number cannot be called; ``why`` then says why, from a closed list."""

    dial: str
    why: str = ""  # "withheld", "invalid", "foreign", "premium"


def normalise(
    presented: str, region: str, taken: re.Pattern[str] | None = None, countries: Collection[str] = ()
) -> Number:
    """``presented`` as E.164, read as somebody in ``region`` (ISO 3166) would; what ``taken`` matches stays.

    Only numbers of ``countries`` (none named: of ``region``) are dialled.
    """
    written = presented.strip()
    if written.lower() in WITHHELD:
        return Number("", "withheld")
    if taken is not None and taken.fullmatch(written):
        return Number(written)
    return _in_region(written, region, tuple(countries) or (region,))


@lru_cache(maxsize=4096)  # a call asks twice about each of its two numbers, and each answer costs a tenth of the call
def _in_region(written: str, region: str, countries: tuple[str, ...]) -> Number:
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return Number("", "invalid")
    kind = phonenumbers.number_type(parsed)
    if kind == phonenumbers.PhoneNumberType.UNKNOWN:  # which is what is no valid number
        return Number("", "invalid")
    if phonenumbers.region_code_for_number(parsed) not in countries:
        return Number("", "foreign")
    if kind in COSTLY:
        return Number("", "premium")
    return Number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
