"""The closed list of reasons for which an agent is passed over. One is said of each; none is made up elsewhere."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Reason(enum.Enum):
    """The text has a place for what it is about where there is such a thing."""

    # He does not meet the needs. Of several the first that applies, as the order of the needs has them.
    LACKS_SKILL = "lacks skill {}"
    LEVEL_TOO_LOW = "level too low in {}"
    LEVEL_TOO_HIGH = "level too high in {}"
    MEETS_NONE = "meets none of {}"
    RULED_OUT = "has what is ruled out by {}"
    # He does, and cannot be offered work.
    LOGGED_OUT = "logged out"
    PAUSED = "paused"
    WRAP_UP = "wrap-up"
    TALKING = "talking"
    RESERVED = "reserved"
    UNREACHABLE = "unreachable"
    ENGAGED = "in another call"
    RETRY_DELAY = "retry delay"
    NO_ROOM = "no room for it beside what he has in hand"
    # He can, and somebody else comes first.
    LESS_IDLE = "idle for less time"
    SAME_IDLE = "idle for as long, later by name"
    MORE_SURPLUS = "more skill than is needed"
    MORE_SKILLS = "more skills besides"
    LESS_SKILLED = "less skilled"
    MORE_OCCUPIED = "more occupied"
    MORE_CALLS = "more calls"
    NOT_HIS_TURN = "not his turn"
    NOT_DRAWN = "not drawn"
    LATER_IN_ORDER = "later in the configured order"
    # He can, and this contact is not for him now.
    IN_RESERVE = "kept in reserve"
    KEPT_FOR_PREFERRED = "kept for the preferred agent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reason, and the skills it speaks of."""

    reason: Reason
    about: str = ""

    def __str__(self) -> str:
        return self.reason.value.format(self.about)
