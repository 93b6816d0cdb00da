"""One queue that offers callbacks, played caller by caller in a few lines: what the ACD and the ledger must make of
the same callers, to the second.

The rules are those of ``callback_chain``; nothing here knows the ACD, the ledger or how their facts are counted. A
sample of the exact figures says "within so many standard errors", and pools have so long a tail that one of fifty
samples of the very model lies three of them too low. Held against this on the same chance there is no error at all.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from softswitch.simulation.arrival import Arrival
from tests.support.callback_chain import Chain

Ratio = tuple[float, float]


@dataclass(slots=True, eq=False)
class _Caller:
    came_at: float
    talk_s: float
    waits: bool = True


class Model:
    """``takes``: would the caller of this number, counted from 1, accept? Figures are of ``since`` to ``until``."""

    def __init__(self, chain: Chain, takes: Callable[[int], bool], since: float, until: float) -> None:
        self._chain = chain
        self._takes = takes
        self._since = self._now = since
        self._until = until
        self._free = chain.agents
        self._waiting = 0
        self._line: deque[_Caller] = deque()  # and who has given up, until it is his turn
        self._pool: deque[_Caller] = deque()
        self._serial = count()
        self._ends: list[tuple[float, int, _Caller | None]] = []  # of patience; None: of talk
        self._promised = self._waited = self._gave_up = 0
        self._waits_s: list[float] = []
        self._callback_waits_s: list[float] = []
        self._line_s = self._pool_s = self._busy_s = 0.0

    def play(self, arrivals: Iterable[Arrival]) -> dict[str, Ratio]:
        for number, arrival in enumerate(arrivals, 1):
            self._end_all(arrival.at)
            self._come(number, arrival)
            self._serve(arrival.at)
        self._end_all(self._until)
        return self._figures()

    def _end_all(self, until: float) -> None:
        """What ends until then."""
        while self._ends and self._ends[0][0] <= until:
            at, _, caller = heappop(self._ends)
            self._pass_to(at)
            if caller is None:
                self._free += 1
            elif caller.waits:
                self._leave_line(caller, at)
                self._gave_up += at >= self._since
            self._serve(at)
        self._pass_to(until)

    def _come(self, number: int, arrival: Arrival) -> None:
        caller = _Caller(arrival.at, arrival.talk_s)
        if self._waiting >= self._chain.threshold and self._takes(number):
            self._pool.append(caller)
            self._promised += arrival.at >= self._since
            return
        self._line.append(caller)
        self._waiting += 1
        self._ends_at(arrival.at + arrival.patience_s, caller)

    def _serve(self, now: float) -> None:
        """Who waits on the line comes first, and then who was promised, where more are idle than the reserve."""
        while self._line and (self._free or not self._line[0].waits):
            caller = self._line.popleft()
            if caller.waits:
                self._leave_line(caller, now)
                self._talk(caller, now)
        while self._pool and self._free > self._chain.reserve:
            caller = self._pool.popleft()
            self._talk(caller, now)
            if now >= self._since:
                self._callback_waits_s.append(now - caller.came_at)

    def _leave_line(self, caller: _Caller, now: float) -> None:
        caller.waits = False
        self._waiting -= 1
        if now >= self._since:
            self._waits_s.append(now - caller.came_at)
            self._waited += now > caller.came_at

    def _talk(self, caller: _Caller, now: float) -> None:
        self._free -= 1
        self._ends_at(now + caller.talk_s, None)

    def _ends_at(self, at: float, caller: _Caller | None) -> None:
        heappush(self._ends, (at, next(self._serial), caller))

    def _pass_to(self, now: float) -> None:
        span = max(now - self._now, 0.0)
        self._line_s += self._waiting * span
        self._pool_s += len(self._pool) * span
        self._busy_s += (self._chain.agents - self._free) * span
        self._now = max(now, self._now)

    def _figures(self) -> dict[str, Ratio]:
        span, joined = self._until - self._since, len(self._waits_s)
        came = joined + self._promised
        return {
            "P_callback": (self._promised, came),
            "P_wait_inbound": (self._waited, joined),
            "EQ": (self._line_s, span),
            "P_abandon": (self._gave_up, came),
            "EW_inbound_s": (math.fsum(self._waits_s), joined),
            "E_callback_pool": (self._pool_s, span),
            "EW_callback_s": (math.fsum(self._callback_waits_s), len(self._callback_waits_s)),
            "occupancy": (self._busy_s, span * self._chain.agents),
        }
