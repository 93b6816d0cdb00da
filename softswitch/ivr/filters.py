"""The filters of dialplans: those of jinja2 that make no long text of a short one, and our own.

Each filter and test is charged for what it is given before it looks at it (``meter``), and the length of what comes out
is bounded. ``e164``, ``digits`` and ``mask`` are about telephone numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from itertools import islice
from typing import Any

import phonenumbers
from jinja2 import pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.tests import TESTS

from softswitch.ivr.meter import METER
from softswitch.ivr.missing import Missing

MAX_TEXT = 4096  # characters of one text
MAX_NODES = 10_000  # values inside of one variable, items of one list
REGION = "=region"  # the variable that no template can name: whose numbers are written without a country
SHOWN_DIGITS = 4  # of a masked number

_MAX_PRECISION = 15  # digits that round() may keep
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length",
    "list", "lower", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string",
    "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip
LISTING = frozenset({  # what they make is a list, whatever they are given
    "dictsort", "items", "list", "map", "reject", "rejectattr", "select", "selectattr", "sort", "unique",
})  # fmt: skip
# What does not look inside of a list or mapping that it is given.
_SHALLOW = frozenset({"abs", "count", "d", "default", "first", "last", "length", "defined", "undefined", "none"})
# What it costs for each item or each few letters, beside a look at all that is inside.
_FACTORS = {
    "dictsort": 12, "digits": 12, "items": 4, "join": 4, "map": 4, "max": 8, "min": 8, "reject": 10, "rejectattr": 16,
    "select": 10, "selectattr": 16, "sort": 12, "string": 4, "sum": 4, "title": 12, "truncate": 2, "unique": 8,
    "urlencode": 12, "wordcount": 4,
}  # fmt: skip
_WRITES = frozenset({  # whatever it is given as a text first
    "capitalize", "digits", "e164", "join", "lower", "mask", "replace", "string", "title", "trim", "truncate", "upper",
    "urlencode", "wordcount",
})  # fmt: skip
_LOOKS_UP = frozenset({"max", "min", "rejectattr", "selectattr", "sort", "sum", "unique"})  # "a.b.c" of each item
_EACH_LETTER = frozenset({"join", "list", "max", "min", "reject", "select", "sort", "unique"})  # of a text
_PHONE = 1000  # what a telephone number costs
_LONGEST_NUMBER = 64  # characters


def filters() -> dict[str, Callable[..., Any]]:
    own: dict[str, Callable[..., Any]] = {
        "join": _join, "map": _map, "replace": _replace, "round": _round, "sum": _sum, "e164": _e164,
        "digits": _digits, "mask": _mask,
    }  # fmt: skip
    found: dict[str, Callable[..., Any]] = {**{name: FILTERS[name] for name in _FILTERS}, **own}
    return {name: _metered(name, filter, _FACTORS.get(name, 1)) for name, filter in found.items()}


def tests() -> dict[str, Callable[..., Any]]:
    found: dict[str, Any] = {**TESTS}
    return {name: _metered(name, test, 2) for name, test in found.items()}


def _metered(name: str, work: Callable[..., Any], factor: int) -> Callable[..., Any]:
    shallow, looks_up, each_letter = name in _SHALLOW, name in _LOOKS_UP, name in _EACH_LETTER
    deep = 4 if name in _WRITES else 1

    @wraps(work)  # with jinja2's marks, which say what else it is to be given
    def metered(*given: Any, **named: Any) -> Any:
        METER.charge(8)
        if not shallow:
            words = [word for word in (*given[1:], *named.values()) if type(word) is str] if looks_up else ()
            times = factor * (1 + (sum(map(len, words)) >> 3))
            for value in (*given, *named.values()):
                METER.weigh(value, times, deep)
            if each_letter:
                METER.charge(len(next((value for value in given if type(value) is str), "")) * factor)
        return checked(work(*given, **named))

    return metered


# ---- our own ---------------------------------------------------------------------------------------------------


def _join(values: Iterable[Any], between: str = "") -> str:
    texts = [str(value) for value in values]
    no_longer_than(sum(map(len, texts)) + len(between) * len(texts), between)
    return between.join(texts)


def _map(values: Iterable[Any], *, attribute: str, default: Any = None) -> list[Any]:
    """One field of each; a filter for each could make much out of little."""
    return [
        value[attribute] if isinstance(value, dict) and attribute in value
        else Missing(obj=value, name=attribute) if default is None else default
        for value in values
    ]  # fmt: skip


def _replace(text: str, old: str, new: str) -> str:
    text, old, new = str(text), str(old), str(new)
    no_longer_than(len(text) + text.count(old) * len(new), text)
    return text.replace(old, new)


def _round(value: float, precision: int = 0, method: str = "common") -> Any:
    if abs(precision) > _MAX_PRECISION:
        raise ValueError(f"round keeps {_MAX_PRECISION} digits at most")
    return FILTERS["round"](value, precision, method)


def _sum(values: Iterable[Any], attribute: str | None = None, start: float = 0) -> Any:
    """Of numbers only: a sum of lists would make much out of little."""
    numbers = list(values if attribute is None else _map(values, attribute=attribute))
    if not all(isinstance(number, (int, float)) for number in (*numbers, start)):
        raise TypeError("sum is for numbers")
    return sum(numbers, start)


# ---- telephone numbers -----------------------------------------------------------------------------------------


@pass_context
def _e164(context: Context, number: Any, region: str = "") -> str:
    """The number as +86138..., read as somebody in ``region`` (ISO 3166) would; "" where it is none."""
    METER.charge(_PHONE)
    written = str(number).strip()
    return _in_e164(written, region or context.get(REGION) or "CN") if len(written) <= _LONGEST_NUMBER else ""


@lru_cache(maxsize=1024)
def _in_e164(written: str, region: str) -> str:
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _digits(text: Any) -> str:
    """Only the digits, in whatever script they are."""
    return "".join(str(int(letter)) for letter in str(text) if letter.isdecimal())


def _mask(text: Any) -> str:
    """Of a number only how it ends, and of a short one nothing."""
    written = str(text)
    shown = written[-SHOWN_DIGITS:] if len(written) > 2 * SHOWN_DIGITS else ""
    return "*" * (len(written) - len(shown)) + shown


# ---- sizes -----------------------------------------------------------------------------------------------------


def length(value: Any) -> int:
    return len(value) if isinstance(value, (str, list, tuple)) else 0


def checked(value: Any) -> Any:
    """The value, a list where it would be computed bit by bit. Raises ``ValueError`` where it is too long."""
    if isinstance(value, Iterator):
        value = list(islice(value, MAX_NODES + 1))
    no_longer_than(length(value), value)
    return value


def no_longer_than(length: int, kind: Any) -> None:
    most, what = (MAX_TEXT, "characters") if isinstance(kind, str) else (MAX_NODES, "values")
    if length > most:
        raise ValueError(f"longer than {most} {what}")
