"""What one caller is told, and told again: a wait that never rises unless something has happened that can be named.

An estimate is never quite the same twice. What is only noise is not told: the former value stays, and so does what it
was made of, so that causes add up until they tell. But nothing is repeated that has become untrue: where more is
expected now than was told at most, and there is no cause to give, nothing is said. What is worse for a reason that the
caller could be given is told, with the one reason that makes most of it; a reason too small for half of the rise is
none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from softswitch.acd.estimate import Interval
from softswitch.acd.model import ExpectedWaitRose

MOVED = "moved"
AGENTS_LEFT = "agents left"  # logged out, or their phones cannot be reached
AGENTS_PAUSED = "agents paused"
PRIORITY = "somebody with priority"
LONGER = "longer conversations"
CAUSES = (MOVED, AGENTS_LEFT, AGENTS_PAUSED, PRIORITY, LONGER)
_LONGER = 1.1  # times as long: less than that is chance


@dataclass(frozen=True, slots=True)
class Basis:
    """What the estimate was made of."""

    queue: str
    serving: int  # agents at work, not paused, with a phone that can be reached
    paused: int
    ahead: int  # in the line, those for whom an agent is rung included
    handling_s: float


@dataclass(frozen=True, slots=True)
class Told:
    """Keep it, and ask again with it."""

    interval: Interval
    basis: Basis
    cause: str = ""  # why it is more than what was told before; "" it is not
    before: Interval | None = None  # what was told then

    def rose(self, contact: str) -> ExpectedWaitRose | None:
        """The fact of it, for whoever tells the caller."""
        if not self.cause or self.before is None:
            return None
        return ExpectedWaitRose(
            contact, self.basis.queue, self.before.likely_s, self.interval.likely_s, self.cause
        )  # fmt: skip


def retold(former: Told | None, honest: Interval, basis: Basis) -> Told | None:
    """What may be said now, of what is true now; None: nothing."""
    if former is None:
        return Told(honest, basis)
    if honest.likely_s > former.interval.likely_s:
        cause = why(former.basis, basis, honest.likely_s / max(1.0, former.interval.likely_s))
        if cause:
            return Told(honest, basis, cause, former.interval)
        return Told(former.interval, former.basis) if honest.likely_s <= former.interval.high_s else None
    was = former.interval
    return Told(Interval(min(was.low_s, honest.low_s), honest.likely_s, min(was.high_s, honest.high_s)), basis)


def why(former: Basis, basis: Basis, rise: float) -> str:
    """The reason with the greatest effect; "" where none accounts for a wait that is ``rise`` times as long."""
    if former.queue != basis.queue:
        return MOVED
    staff = AGENTS_PAUSED if basis.paused - former.paused >= (former.serving - basis.serving) / 2 else AGENTS_LEFT
    longer = basis.handling_s / former.handling_s
    effects = {
        staff: former.serving / basis.serving,
        PRIORITY: (basis.ahead + 1) / (former.ahead + 1),
        LONGER: longer if longer >= _LONGER else 1.0,
    }
    cause = max(effects, key=lambda one: effects[one])
    return cause if effects[cause] > 1.0 and effects[cause] >= math.sqrt(rise) else ""
