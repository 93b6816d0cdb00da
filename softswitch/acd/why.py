"""The one true reason why each candidate was passed over, from a closed list.

Listed are those who meet the needs, then those who have the skills at too low a level, then the rest; at most
``MOST_NAMED`` of them, by name. Who they are is settled once per signature, so a decision costs one read of their
standings and no look at the other agents.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from softswitch.acd.floor import Floor, Numbers, Standing
from softswitch.acd.model import Need, Needs
from softswitch.acd.skill import skills, unmet

MOST_NAMED = 50

LESS_IDLE = "idle for less time"
SAME_IDLE = "idle for as long, later by name"

_TEXT = {
    Standing.FREE: LESS_IDLE,
    Standing.LOGGED_OUT: "logged out",
    Standing.PAUSED: "paused",
    Standing.WRAP_UP: "wrap-up",
    Standing.TALKING: "talking",
    Standing.RESERVED: "reserved",
    Standing.UNREACHABLE: "unreachable",
    Standing.RETRY_DELAY: "retry delay",
}
_BY_CODE = tuple(_TEXT[code] for code in Standing)

PassedOver = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom a decision about one signature names."""

    numbers: Numbers  # of the qualified
    names: tuple[str, ...]  # theirs
    unfit: PassedOver  # the others, whose reason does not change


def candidates(floor: Floor, needs: Needs, eligible: Numbers) -> Candidates:
    named = eligible[:MOST_NAMED]
    names = tuple(floor.specs[number].name for number in named.tolist())
    meets = floor.having(needs)
    skilled = floor.having(tuple(Need(skill) for skill in skills(needs)))
    others = np.concatenate((np.flatnonzero(skilled & ~meets), np.flatnonzero(~skilled)))
    unfit = [floor.specs[number] for number in others[: MOST_NAMED - len(names)].tolist()]
    return Candidates(named, names, tuple((spec.name, unmet(dict(spec.skills), needs)) for spec in unfit))


def passed_over(floor: Floor, among: Candidates, winner: int | None) -> PassedOver:
    """(agent, reason) of everybody named but the winner, as things stand before the winner is reserved."""
    reasons = [_BY_CODE[code] for code in floor.standings.take(among.numbers).tolist()]
    named = list(zip(among.names, reasons, strict=True))
    if winner is not None:
        for place, tied in enumerate(floor.tied(among.numbers, winner)):
            if tied:
                named[place] = (among.names[place], SAME_IDLE)
        chosen = bisect_left(among.names, floor.specs[winner].name)
        del named[chosen : chosen + 1]  # the qualified are in the order of names; beyond them nothing is taken out
    return (*named, *among.unfit)
