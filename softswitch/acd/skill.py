"""What is needed of an agent, as an expression over his skills, and the one reason why somebody does not meet it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

from softswitch.acd.model import AllOf, AnyOf, Expression, Need, Needs, NotOf
from softswitch.acd.why import Reason, Verdict


def meets(levels: Mapping[str, int], needs: Needs) -> bool:
    """Whether somebody with these levels by skill meets all of ``needs``."""
    return all(_meets(levels, need) for need in needs)


def _meets(levels: Mapping[str, int], need: Expression) -> bool:
    match need:
        case Need(skill, level, at_most):
            return level <= levels.get(skill, 0) <= at_most
        case AllOf(of):
            return all(_meets(levels, one) for one in of)
        case AnyOf(of):
            return any(_meets(levels, one) for one in of)
        case NotOf(of):
            return not _meets(levels, of)
        case _:
            assert_never(need)


def skills(needs: Iterable[Expression]) -> Iterator[str]:
    """Every skill that they speak of."""
    for need in needs:
        match need:
            case Need(skill):
                yield skill
            case AllOf(of) | AnyOf(of):
                yield from skills(of)
            case NotOf(of):
                yield from skills((of,))
            case _:
                assert_never(need)


def wanted(needs: Iterable[Expression]) -> Iterator[str]:
    """The skills that it is good to have: all but those of which they say what must not be."""
    for need in needs:
        match need:
            case Need(skill):
                yield skill
            case AllOf(of) | AnyOf(of):
                yield from wanted(of)
            case NotOf():
                pass
            case _:
                assert_never(need)


def merged(needs: Needs) -> Needs:
    """The same needs, so written that equal ones are equal: plain ones by skill, the strictest, then the others."""
    lowest: dict[str, int] = {}
    highest: dict[str, int] = {}
    others: list[Expression] = []
    for need in needs:
        if isinstance(need, Need):
            lowest[need.skill] = max(need.level, lowest.get(need.skill, 0))
            highest[need.skill] = min(need.at_most, highest.get(need.skill, 10))
        elif need not in others:
            others.append(need)
    plain = [Need(skill, level, highest[skill]) for skill, level in sorted(lowest.items())]
    return (*plain, *sorted(others, key=repr))


def unmet(levels: Mapping[str, int], needs: Needs) -> Verdict:
    """Why somebody who does not meet ``needs`` does not: a skill that he lacks rather than a level."""
    failing = [need for need in needs if not _meets(levels, need)]
    for need in failing:
        if isinstance(need, Need) and need.skill not in levels:
            return Verdict(Reason.LACKS_SKILL, need.skill)
    return _why(levels, failing[0])


def _why(levels: Mapping[str, int], need: Expression) -> Verdict:
    match need:
        case Need(skill, level):
            if skill not in levels:
                return Verdict(Reason.LACKS_SKILL, skill)
            return Verdict(Reason.LEVEL_TOO_LOW if levels[skill] < level else Reason.LEVEL_TOO_HIGH, skill)
        case AllOf(of):
            return unmet(levels, of)
        case AnyOf(of):
            return Verdict(Reason.MEETS_NONE, ", ".join(dict.fromkeys(skills(of))))
        case NotOf(of):
            return Verdict(Reason.RULED_OUT, ", ".join(dict.fromkeys(skills((of,)))))
        case _:
            assert_never(need)


# ---- for a store, and for the journal --------------------------------------------------------------------------------


def to_plain(need: Expression) -> list[Any]:
    """Text, numbers, lists."""
    match need:
        case Need(skill, level, at_most):
            return ["skill", skill, level, at_most]
        case AllOf(of):
            return ["all", *map(to_plain, of)]
        case AnyOf(of):
            return ["any", *map(to_plain, of)]
        case NotOf(of):
            return ["not", to_plain(of)]
        case _:
            assert_never(need)


def from_plain(plain: Sequence[Any]) -> Expression:
    """What ``to_plain`` gave."""
    match plain:
        case ["skill", str(skill), int(level), int(at_most)]:
            return Need(skill, level, at_most)
        case ["all", *of]:
            return AllOf(tuple(map(from_plain, of)))
        case ["any", *of]:
            return AnyOf(tuple(map(from_plain, of)))
        case ["not", one]:
            return NotOf(from_plain(one))
        case [str(skill), int(level)]:  # as journals once had it
            return Need(skill, level)
    raise ValueError(f"{plain!r} is no expression over skills")
