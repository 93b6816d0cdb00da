"""The memory of servers that did not answer (RFC 3263 section 4.3): for a while they come last.

Never left out: where all are dead the least recently buried is tried, because the memory may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.sip.locate import Hop

MAX_REMEMBERED = 1000


class DeadTargets:
    """``now`` is in monotonic seconds."""

    def __init__(self) -> None:
        self._until: dict[Hop, float] = {}

    def bury(self, hop: Hop, for_s: float, now: float) -> None:
        """It has failed: avoid it for so long; a longer sentence that runs already stays."""
        self._until[hop] = max(self._until.pop(hop, 0.0), now + for_s)
        if len(self._until) > MAX_REMEMBERED:
            del self._until[next(iter(self._until))]

    def revive(self, hop: Hop) -> None:
        """It has answered."""
        self._until.pop(hop, None)

    def left_s(self, hop: Hop, now: float) -> float:
        """How long it is still avoided; 0: it is not."""
        return max(0.0, self._until.get(hop, 0.0) - now)

    def in_turn(self, hops: Iterable[Hop], now: float, careful: bool = False) -> list[Hop]:
        """The living in their order, then the dead, the one whose time is over first in front.

        ``careful``: one that has failed and not answered since counts as dead although its time is over.
        """
        return sorted(hops, key=lambda hop: self.rank(hop, now, careful))

    def rank(self, hop: Hop, now: float, careful: bool = False) -> tuple[bool, float]:
        """What ``in_turn`` sorts by."""
        return careful and hop in self._until, self.left_s(hop, now)
