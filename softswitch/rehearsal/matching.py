"""Does what happened fit what was expected?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch.core.units import spoken
from softswitch.rehearsal.happening import Happening
from softswitch.rehearsal.internet import same_address
from softswitch.rehearsal.script import Happens, Hears

SHORTEST_NUMBER = 6  # digits; shorter ones are the same only where they are equal


def bare(text: str) -> str:
    """Without spaces: where a line is broken, or two sentences meet, is no difference."""
    return "".join(text.split())


def heard(expected: Hears, waiting: Sequence[Happening]) -> int:
    """How many of the happenings, from the first on, this sentence accounts for; 0: it does not fit."""
    first = waiting[0]
    if first.kind != "hears":
        return 0
    wanted, so_far = bare(expected.text), ""
    together = [one for one in waiting if one.kind == "hears" and one.group == first.group]
    for count, one in enumerate(together, 1):
        so_far += bare(str(one.details["heard"]))
        if expected.begins and so_far.startswith(wanted):
            return len(together)
        if so_far == wanted:
            return count
        if not wanted.startswith(so_far):
            return 0
    return 0


def fits(expected: Happens, one: Happening, known_as: Callable[[str], str]) -> bool:
    """Whether this is what was expected, as far as the line says it. ``known_as``: the one name of who has two."""
    return (
        one.kind == expected.kind
        and (not one.who or same_person(known_as(expected.who), one.who))
        and all(_same(key, wanted, one, known_as) for key, wanted in expected.details.items())
    )


def _same(key: str, wanted: object, one: Happening, known_as: Callable[[str], str]) -> bool:
    found = one.details.get(key)
    match key:
        case "with":
            return same_person(known_as(str(wanted)), str(found))
        case "number":
            return same_person(str(wanted), str(found))
        case "address":
            return same_address(str(wanted), str(found))
        case "json":
            return has(found, wanted)
        case "text":
            return _same_text(str(wanted), bare(str(found)))
        case _:
            return found == wanted or _plain(found) == str(wanted)


def _same_text(wanted: str, found: str) -> bool:
    beginning = wanted.removesuffix("…").removesuffix("...")
    return found.startswith(bare(beginning)) if beginning != wanted else found == bare(wanted)


def has(found: object, wanted: object) -> bool:
    """A document has at least what is wanted of it."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(key in found and has(found[key], value) for key, value in wanted.items())
    return found == wanted


def same_person(wanted: str, found: str) -> bool:
    """A trunk may write a number with another prefix."""
    digits, known = found.lstrip("+0"), wanted.lstrip("+0")
    numbers = digits.isdecimal() and known.isdecimal() and min(len(digits), len(known)) >= SHORTEST_NUMBER
    return wanted == found or (numbers and (digits.endswith(known) or known.endswith(digits)))


def _plain(value: object) -> str:
    if isinstance(value, float):
        return spoken(value) if value % 1 == 0 else str(value)
    return str(getattr(value, "value", value))
