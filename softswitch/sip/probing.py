"""Whether the servers of a peer are alive: OPTIONS to each of them, again and again (RFC 3261 section 11).

Decided here: when a server is asked, and from how many unanswered questions on it is down. Any response is a sign of
life. A server that has not been asked yet counts as up: there is no reason to keep calls from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sip.hop import MAX_FORWARDS
from softswitch.sip.locate import Hop
from softswitch.sip.message import Headers, Request


@dataclass(frozen=True, slots=True)
class ProbeWanted(Effect):
    """Send OPTIONS to ``hop``; then ``answered`` or ``silent``."""

    trunk: str
    hop: Hop


@dataclass(slots=True)
class _Health:
    due_at: float | None  # None: asked, no answer yet
    failures: int = 0


class Probing:
    """``interval_s`` 0: nobody is asked and everybody is up. ``now`` is in monotonic seconds."""

    def __init__(self, trunk: str, interval_s: float, failures: int, ids: Ids) -> None:
        self.trunk = trunk
        self._interval_s = interval_s
        self._failures = failures
        self._ids = ids
        self._health: dict[Hop, _Health] = {}

    def watch(self, hops: Iterable[Hop], now: float) -> None:
        """These from now on; what is known of one that was watched already stays."""
        if self._interval_s:
            self._health = {hop: self._health.get(hop, _Health(now)) for hop in hops}

    def up(self, hop: Hop) -> bool:
        health = self._health.get(hop)
        return health is None or health.failures < self._failures

    @property
    def deadline(self) -> float | None:
        return min((one.due_at for one in self._health.values() if one.due_at is not None), default=None)

    def tick(self, now: float) -> list[Effect]:
        due = [hop for hop, one in self._health.items() if one.due_at is not None and one.due_at <= now]
        for hop in due:
            self._health[hop].due_at = None
        return [ProbeWanted(self.trunk, hop) for hop in due]

    def answered(self, hop: Hop, now: float) -> None:
        """It has responded, whatever it said."""
        self._ended(hop, now, lost=False)

    def silent(self, hop: Hop, now: float) -> None:
        """No response, or no way to it."""
        self._ended(hop, now, lost=True)

    def _ended(self, hop: Hop, now: float, lost: bool) -> None:
        health = self._health.get(hop)
        if health is None or health.due_at is not None:
            return  # no longer watched, or nothing was asked
        health.failures = health.failures + 1 if lost else 0
        # Not all in step: a tenth of the interval is chance.
        health.due_at = now + self._interval_s * (0.9 + self._ids.fraction() / 5)


def options(domain: str, contact: str, ids: Ids) -> Request:
    """The question, without a Via; ``contact`` is the URI at which we can be reached."""
    items = [
        ("Max-Forwards", MAX_FORWARDS), ("From", f"<{contact}>;tag={ids.tag()}"), ("To", f"<sip:{domain}>"),
        ("Call-ID", ids.call_id()), ("CSeq", "1 OPTIONS"), ("Contact", f"<{contact}>"), ("Accept", "application/sdp"),
    ]  # fmt: skip
    return Request("OPTIONS", f"sip:{domain}", Headers(items))
