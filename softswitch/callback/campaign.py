"""A campaign: a list of numbers that we call, and what agents may say of each call afterwards.

How its promises are kept is its ``Policy``, as with every queue; here is what only a list has.
"""

from __future__ import annotations

from dataclasses import dataclass

STAGE = "imported"  # of its promises: nobody was lost
DIGITS = 10  # of a phone: by these an agent tells how a call ended


@dataclass(frozen=True, slots=True)
class Disposition:
    """How a conversation can have ended."""

    code: str
    retry_s: float | None = None  # he is to be called again after so long
    do_not_call: bool = False  # he is not to be called any more, by nobody here


@dataclass(frozen=True, slots=True)
class PauseSet:
    """Somebody has paused a campaign, or had it go on: a word to the other nodes."""

    campaign: str
    paused: bool
    by: str


@dataclass(frozen=True, slots=True)
class Campaign:
    name: str
    queue: str
    plan: str = ""
    dispositions: tuple[Disposition, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()  # for the dialplan, where a row has no other
    required: frozenset[str] = frozenset()  # columns that each row must fill
    reserved: frozenset[str] = frozenset()  # variables that every call has, so that no column can be one
    paused: bool = False  # as the configuration says
    begins_at: float = 0.0  # Unix s
    ends_at: float = float("inf")

    def disposition(self, code: str) -> Disposition | None:
        return next((one for one in self.dispositions if one.code == code), None)

    def by_digit(self, digit: str) -> Disposition | None:
        """The first is 1, the tenth is 0; who dials two digits for the eleventh means none of these."""
        if len(digit) != 1:
            return None
        place = (int(digit) - 1) % DIGITS
        return self.dispositions[place] if place < len(self.dispositions) else None
