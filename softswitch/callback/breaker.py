"""Whether callbacks may be dialled through a trunk, by what became of the last ones: a circuit breaker for each trunk.

A carrier that answers our OPTIONS is up, and may refuse every call all the same; agent first each of these takes an
agent for nothing. After several failures of the network in a row, of whatever queue, nothing is dialled through it for
as long as it asks for (Retry-After) or for a pause that grows; then one call at a time, until one gets through: a
phone rang, or somebody has said why not. Calls that come in and those of agents are none of its business.

It is forgotten with the process: the next one learns it anew, by as many calls. Times are Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.effect import DomainEvent

FAILURES = 5  # in a row
FIRST_S = 30.0  # pause
LONGEST_S = 900.0  # pause, whatever the carrier asks for
PROBE_S = 300.0  # after which a probe of which nothing was heard is none


@dataclass(frozen=True, slots=True)
class TrunkLeftAlone(DomainEvent):
    """Callbacks have failed at it several times in a row: but for a try now and then none is dialled through it."""

    trunk: str
    for_s: float  # until the first try


@dataclass(frozen=True, slots=True)
class TrunkTakesCalls(DomainEvent):
    """It was left alone, and a try has got through."""

    trunk: str


@dataclass(slots=True)
class _Refusals:
    """Of one trunk, since a call got through."""

    count: int = 0
    until: float = 0.0  # nothing is dialled before
    probe: str = ""  # the promise for which it is tried
    probe_until: float = 0.0


class Breaker:
    def __init__(self) -> None:
        self._trunks: dict[str, _Refusals] = {}

    def refused(self, trunk: str, now: float, retry_after_s: float = 0.0) -> TrunkLeftAlone | None:
        """The network failed. Those that were in flight when it was one too many make the pause no longer."""
        if not trunk:
            return None
        state = self._trunks.setdefault(trunk, _Refusals())
        if now < state.until:
            return None
        state.count += 1
        if (further := state.count - FAILURES) < 0:
            return None
        pause_s = min(LONGEST_S, max(FIRST_S * 2.0 ** min(further, 10), retry_after_s))
        state.until = now + pause_s
        return None if further else TrunkLeftAlone(trunk, pause_s)

    def passed(self, trunk: str) -> bool:
        """A call got through. True: there were refusals before."""
        return self._trunks.pop(trunk, None) is not None

    def left_alone(self, trunk: str) -> bool:
        """Until a call gets through, also while one is tried."""
        state = self._trunks.get(trunk)
        return state is not None and state.count >= FAILURES

    def begun(self, trunk: str, promise: str, now: float) -> None:
        """Somebody is to be dialled through it: where it is tried, that is the try."""
        if self.left_alone(trunk) and not self._tried(state := self._trunks[trunk], now):
            state.probe, state.probe_until = promise, now + PROBE_S

    def over(self, trunk: str, promise: str) -> bool:
        """Nobody is dialled for it any more. True: it was the try, and somebody else's turn may come."""
        state = self._trunks.get(trunk)
        if state is None or state.probe != promise:
            return False
        state.probe = ""
        return True

    def shut_until(self, trunk: str, now: float, promise: str = "") -> float:
        """No callback is dialled through it before, but for this promise if it is the try; 0: they are."""
        state = self._trunks.get(trunk)
        if state is None:
            return 0.0
        if now < state.until:
            return state.until
        return state.probe_until if self._tried(state, now) and state.probe != promise else 0.0

    def _tried(self, state: _Refusals, now: float) -> bool:
        return bool(state.probe) and now < state.probe_until
