"""In which time zones the owner of a number may be: by its area where it has one, else all those of its country."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

HAVE = 65536  # numbers that are asked about again and again while they wait


@lru_cache(maxsize=HAVE)
def zones(number: str) -> tuple[str, ...]:
    """IANA names, of a number in E.164; () where nobody knows."""
    if not number.startswith("+"):
        return ()
    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(one for one in found if one != timezone.UNKNOWN_TIMEZONE and _is_known(one))


@lru_cache(maxsize=1024)
def country_zones(country: str) -> tuple[str, ...]:
    """All in which numbers of that country (ISO 3166) may be; more where others share its code."""
    code = phonenumbers.country_code_for_region(country)
    nobody = phonenumbers.PhoneNumber(country_code=code, national_number=0)
    found = timezone.time_zones_for_geographical_number(nobody)
    return tuple(one for one in found if one != timezone.UNKNOWN_TIMEZONE and _is_known(one))


def _is_known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # of a newer edition than this machine has
        return False
    return True
