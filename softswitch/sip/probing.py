"""Whether the servers of a peer are alive: OPTIONS to each of them, again and again (RFC 3261 section 11).

Decided here: when a server is asked, and from how many unanswered questions on it is down. Any response is a sign of
life, however late. A server that has not been asked yet counts as up: there is no reason to keep calls from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sip.body import SDP
from softswitch.sip.hop import MAX_FORWARDS
from softswitch.sip.locate import Hop
from softswitch.sip.message import Headers, Request


@dataclass(frozen=True, slots=True)
class ProbeWanted(Effect):
    """Send OPTIONS to ``hop``; then ``answered``, or ``lost`` where there is no way to it."""

    trunk: str
    hop: Hop


@dataclass(slots=True)
class _Health:
    due_at: float  # the next question, or the end of our patience with the last one
    asked: bool = False
    failures: int = 0


class Probing:
    """``interval_s`` 0: nobody is asked and everybody is up. ``now`` is in monotonic seconds."""

    def __init__(self, trunk: str, interval_s: float, failures: int, patience_s: float, ids: Ids) -> None:
        self.trunk = trunk
        self._interval_s = interval_s
        self._failures = failures
        self._patience_s = patience_s
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
        return min((one.due_at for one in self._health.values()), default=None)

    def tick(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for hop, one in self._health.items():
            if one.due_at > now:
                continue
            if one.asked:
                self._ended(one, now, one.failures + 1)
            else:
                one.asked, one.due_at = True, now + self._patience_s
                effects.append(ProbeWanted(self.trunk, hop))
        return effects

    def answered(self, hop: Hop, now: float) -> None:
        """It has responded, whatever it said."""
        if (health := self._health.get(hop)) is not None:
            self._ended(health, now, 0)

    def lost(self, hop: Hop, now: float) -> None:
        """There is no way to it."""
        health = self._health.get(hop)
        if health is not None and health.asked:
            self._ended(health, now, health.failures + 1)

    def _ended(self, health: _Health, now: float, failures: int) -> None:
        health.asked, health.failures = False, failures
        # Not all in step: a tenth of the interval is chance.
        health.due_at = now + self._interval_s * (0.9 + self._ids.fraction() / 5)


def options(uri: str, to: str, contact: str, ids: Ids, route: Iterable[str] = ()) -> Request:
    """The question to ``uri``, without a Via; ``contact`` is the URI at which we can be reached."""
    items = [
        ("Max-Forwards", MAX_FORWARDS), ("From", f"<{contact}>;tag={ids.tag()}"), ("To", f"<{to}>"),
        ("Call-ID", ids.call_id()), ("CSeq", "1 OPTIONS"), ("Contact", f"<{contact}>"), ("Accept", SDP),
        *[("Route", value) for value in route],
    ]  # fmt: skip
    return Request("OPTIONS", uri, Headers(items))
