"""How numbers look on a trunk: which caller it is shown, and how it writes the numbers that are called.

Decided here: whose number a carrier sees, so that nobody presents a number that is not theirs to present, and the first
of the trunk's rules that fits a called number. Everything is a value of the configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = re.compile(r"\+?[0-9*#]*", re.ASCII)  # what is no expression
MAX_NUMBER = 64  # longer ones are not rewritten: no expression is tried on them


@dataclass(frozen=True, slots=True)
class Rewrite:
    """``match`` is a prefix (``00``, ``+86``) that becomes ``replace``, or an expression for the whole number."""

    match: str
    replace: str = ""  # may use the groups of an expression: \\1

    def apply(self, number: str) -> str | None:
        """None where it does not fit."""
        if PREFIX.fullmatch(self.match):
            return self.replace + number[len(self.match) :] if number.startswith(self.match) else None
        found = re.fullmatch(self.match, number)
        return found.expand(self.replace) if found else None


def rewritten(number: str, rules: tuple[Rewrite, ...]) -> str:
    """By the first rule that fits; as it is where none does."""
    if len(number) > MAX_NUMBER:
        return number
    return next((new for rule in rules if (new := rule.apply(number)) is not None), number)


@dataclass(frozen=True, slots=True)
class Presentation:
    """``number`` alone: always this one. ``allowed``: the caller's own where it fits one of them. Neither: as it is."""

    number: str = ""
    allowed: tuple[str, ...] = ()  # expressions for whole numbers
    anonymous: bool = False  # nobody's number is shown (RFC 3323)
    asserted: bool = False  # the trunk is trusted with the caller's identity (RFC 3325)

    def shown(self, caller: str) -> str:
        """The number in From; "" is anonymous."""
        if self.anonymous:
            return ""
        if self.allowed:
            own = len(caller) <= MAX_NUMBER and any(re.fullmatch(one, caller) for one in self.allowed)
            return caller if own else self.number
        return self.number or caller


AS_IS = Presentation()
