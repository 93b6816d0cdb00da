"""How many seeks may start for a queue, and for which promises: the oldest due one first.

One free agent carries one seek. A seek takes its agent out of the next ``Capacity`` (the ACD reserves in the same
step), so only seeks that started since the last ``Capacity`` have to be taken off its number.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Pace:
    """What one queue can take just now."""

    def __init__(self) -> None:
        self._free = 0
        self._live = 0
        self._line: list[tuple[float, str]] = []  # due promises: (recorded_at, id); stale ones are skipped
        self._listed: set[tuple[float, str]] = set()

    def capacity(self, free_agents: int, live_waiting: int) -> None:
        self._free, self._live = free_agents, live_waiting

    def room(self, reserve: int) -> int:
        """How many seeks may start; a live caller who waits goes before every callback."""
        return 0 if self._live else max(0, self._free - reserve)

    def started(self) -> None:
        """A seek has started: its agent is not free any more."""
        self._free -= 1

    def line_up(self, recorded_at: float, promise: str) -> None:
        place = (recorded_at, promise)
        if place not in self._listed:
            self._listed.add(place)
            heapq.heappush(self._line, place)

    def next(self, fit: Callable[[float, str], bool | None]) -> str | None:
        """Take the oldest that fits. ``fit`` says True, False (not now: it keeps its place) or None (it is stale)."""
        kept: list[tuple[float, str]] = []
        found = None
        while self._line and found is None:
            place = heapq.heappop(self._line)
            answer = fit(*place)
            if answer is False:
                kept.append(place)
                continue
            self._listed.discard(place)
            found = place[1] if answer else None
        for place in kept:
            heapq.heappush(self._line, place)
        return found
