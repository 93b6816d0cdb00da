"""How many seeks may start for a queue, and for which promises: the one of the lowest rank first.

One free agent carries one seek, and an agent may be counted for several queues. So a seek voids every queue's count,
until ``Capacity`` brings one that was read after the seek was carried out: whom it found is RESERVED by then and not
among the free; if it found nobody, its callback waits in the ACD and has a claim on one of them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Pace:
    """What one queue can take just now."""

    def __init__(self) -> None:
        self._free = 0
        self._live = 0
        self._waiting = 0
        self._void_by = ""  # the seek that started after the count
        self._line: list[tuple[float, str]] = []  # due promises: (rank, id); stale ones are skipped
        self._listed: set[tuple[float, str]] = set()

    def capacity(self, free_agents: int, live_waiting: int, callbacks_waiting: int = 0) -> None:
        self._free, self._live, self._waiting = free_agents, live_waiting, callbacks_waiting
        self._void_by = ""

    def room(self, reserve: int) -> int:
        """How many seeks may start; a live caller who waits goes before every callback."""
        return 0 if self._live or self._void_by else max(0, self._free - self._waiting - reserve)

    def void(self, promise: str) -> None:
        """A seek has started for this promise, of whatever queue."""
        self._void_by = promise

    def over(self, promise: str) -> bool:
        """Its seek has led to nothing. True: no count has come meanwhile, and the last one is good again."""
        void = self._void_by == promise
        if void:
            self._void_by = ""
        return void

    def line_up(self, rank: float, promise: str) -> None:
        place = (rank, promise)
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
