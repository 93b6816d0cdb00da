"""Which number a presented one is: E.164, or why it is not called, from the closed list of ``REFUSALS``.

A caller id is free to forge, and a callback to a dear number is how that forgery is paid: premium, shared-cost,
personal, satellite and foreign numbers are refused. Numbers of services (400, 800, 95588 in China, toll-free ones
elsewhere) are no people: refused unless a policy wants them. Emergency numbers are dialled for nobody, whatever is
written: who forges 110 as his caller id, and hangs up, would otherwise have us call the police again and again.

What numbers there are is known by the library (its metadata are those of ITU-T and of the countries); 3GPP TS 22.101
section 10.1 for the emergency numbers that hold wherever one is.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, shortnumberinfo

from softswitch.callback.plain_number import PlainNumbers
from softswitch.callback.reading import Reading
from softswitch.callback.spelling import LONGEST, spelled

REFUSALS = (
    "withheld", "invalid", "extension", "emergency", "service", "premium", "shared-cost", "personal", "satellite",
    "foreign",
)  # fmt: skip
_KINDS = {
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.SHARED_COST: "shared-cost",
    PhoneNumberType.TOLL_FREE: "service",
    PhoneNumberType.UAN: "service",
    PhoneNumberType.VOICEMAIL: "service",
    PhoneNumberType.PAGER: "service",
}
_NO_COUNTRY = {
    800: "service",
    808: "shared-cost",
    878: "personal",
    979: "premium",
}  # ITU-T E.164 annex; else satellites
EMERGENCY = frozenset({"000", "110", "112", "118", "119", "120", "122", "911", "999"})  # in every country
_SERVICES = {  # short ones, beyond what the library knows
    "CN": re.compile(r"9[56]\d{3,4}|95\d{5,6}|100\d\d|12\d{3}|114|116114|118114|106\d{5,17}"),
}
_BEHIND_AREA = {"CN": re.compile(r"(?:10|2\d|[3-9]\d\d)(9[56]\d{3,4})")}  # the same service, of one city
_CHEAP = {"CN": frozenset({PhoneNumberType.SHARED_COST})}  # 400: the caller pays for a local call
_BEFORE_CODE = re.compile(r"(?:(?:\+|00)\d{1,3})?0?|(?:(?:\+|00)\d{1,3}|0)\d{2,3}")
_INTERNAL = re.compile(r"[A-Za-z0-9._+*#-]{1,64}")


class Number(NamedTuple):
    """``dial`` is empty where the number is not called; ``why`` then says why."""

    dial: str
    why: str = ""  # one of REFUSALS


def normalise(presented: str, reading: Reading) -> Number:
    """``presented`` as it is dialled, or why it is not."""
    found = _identified(presented, reading) if len(presented) <= LONGEST else Number("", "invalid")
    if found.why == "service" and reading.services:
        return Number(found.dial)
    return Number("", found.why) if found.why else found


def example(region: str) -> str:
    """A number of that region, in E.164, as people are to write one."""
    found = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE) or phonenumbers.example_number(region)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164) if found else "+8613800138000"


def identified(presented: str, reading: Reading) -> Number:
    """Which number that is, though it may not be dialled: ``dial`` is empty only where it is none."""
    return _identified(presented, reading) if len(presented) <= LONGEST else Number("", "invalid")


@lru_cache(maxsize=4096)  # a call asks twice about each of its two numbers
def _identified(presented: str, reading: Reading) -> Number:
    plain = _plain(reading).dial(presented)
    return searched(presented, reading) if plain is None else Number(plain)


@lru_cache(maxsize=64)
def _plain(reading: Reading) -> PlainNumbers:
    return PlainNumbers(reading)


def searched(presented: str, reading: Reading) -> Number:
    """The same as ``identified``, by the library and its rules alone."""
    keys, why = spelled(presented)
    if why == "withheld":
        return Number("", why)
    written = keys or presented.strip()
    if reading.internal and _INTERNAL.fullmatch(written) and re.fullmatch(reading.internal, written):
        return Number(written, "emergency" if _emergency(written, reading) else "")
    return _outside(keys, reading) if keys else Number("", why)


def _outside(keys: str, reading: Reading) -> Number:
    try:
        parsed = phonenumbers.parse(keys, reading.region)
    except phonenumbers.NumberParseException:
        return Number(keys, "emergency") if _emergency(keys, reading) else Number("", "invalid")
    if (found := _of_somebody(parsed, reading)) is not None:
        return _within(keys, found, reading)
    if _emergency(keys, reading):
        return Number(keys, "emergency")
    country = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    national = phonenumbers.national_significant_number(parsed)
    if (short := _service(parsed, country, national)) is not None:
        return short if country == reading.region else Number(short.dial, "foreign")
    return _local(keys, reading)


def _of_somebody(parsed: PhoneNumber, reading: Reading) -> Number | None:
    """A number that somebody may have, in a country or in none; else None."""
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:  # which is what is no valid number
        return None
    country, national = phonenumbers.region_code_for_number(parsed), phonenumbers.national_significant_number(parsed)
    number = f"+{parsed.country_code}{national}"
    if country == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        return Number(number, _NO_COUNTRY.get(parsed.country_code or 0, "satellite"))
    if country not in (reading.countries or (reading.region,)):
        return Number(number, "foreign")
    if kind in _CHEAP.get(country, ()):
        return Number(number, "service")
    if kind in _KINDS:
        return Number(number, _KINDS[kind])
    known = _BEHIND_AREA.get(country)
    match = known.fullmatch(national) if known else None
    return Number(match[1], "service") if match else Number(number)


def _service(parsed: PhoneNumber, country: str, national: str) -> Number | None:
    known = _SERVICES.get(country)
    if known is not None and known.fullmatch(national):
        return Number(national, "service")
    if not shortnumberinfo.is_valid_short_number_for_region(parsed, country):
        return None
    dear = shortnumberinfo.expected_cost_for_region(parsed, country) == shortnumberinfo.ShortNumberCost.PREMIUM_RATE
    return Number(national, "premium" if dear else "service")


def _within(keys: str, found: Number, reading: Reading) -> Number:
    """33595000 may be 95000 in Qinhuangdao; but of another area one writes the 0, where eight digits are our own."""
    local = _local(keys, reading) if found.why == "service" else found
    return found if local.why else local


def _local(keys: str, reading: Reading) -> Number:
    """A number within an area: somebody's, where the area is known."""
    if reading.area_code and keys[0] not in "+0":
        country = phonenumbers.country_code_for_region(reading.region)
        with suppress(phonenumbers.NumberParseException):  # behind the area's code it may be too long
            parsed = phonenumbers.parse(f"+{country}{reading.area_code}{keys}")
            return _of_somebody(parsed, reading) or Number("", "invalid")
    return Number("", "invalid")


def _emergency(keys: str, reading: Reading) -> bool:
    """Also behind the code of a country or of an area: 010110 are the police of Beijing."""
    codes = [keys, *(keys[-width:] for width in range(3, 7) if _BEFORE_CODE.fullmatch(keys[:-width]))]
    return any(code in EMERGENCY or _is_emergency(code, reading) for code in codes)


def _is_emergency(code: str, reading: Reading) -> bool:
    return any(shortnumberinfo.is_emergency_number(code, one) for one in (reading.region, *reading.countries))
