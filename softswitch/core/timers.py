"""The driver's deadline heap: one for all machines, with lazy deletion.

A machine says only ``deadline``; the driver stores (deadline, key). A deadline that moves away, as nearly all do,
keeps its entry, which is moved when it comes up; one that moves near gets another entry. Any other entry is stale and
is skipped, so that nothing has to be cancelled.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from math import inf

_FEW = 64  # stale entries that are not worth sweeping


def earliest(*deadlines: float | None) -> float | None:
    """Of those that there are; None where there is none."""
    found = None
    for one in deadlines:
        if one is not None and (found is None or one < found):
            found = one
    return found


class Deadlines:
    """Keys ordered by the moment at which they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable]] = []
        self._live: dict[Hashable, float] = {}
        self._early: dict[Hashable, float] = {}  # entries before the deadlines of their keys
        self._serial = 0

    def set(self, key: Hashable, deadline: float | None) -> None:
        """Make ``deadline`` (seconds, the driver's clock) the one of ``key``; None takes it out."""
        live = self._live
        former = live.get(key)
        if former == deadline:
            return
        early = self._early
        entry = early.pop(key, former)
        if deadline is None:
            del live[key]
            return
        live[key] = deadline
        if entry is not None and entry <= deadline:
            if entry != deadline:
                early[key] = entry
            return
        self._serial += 1
        heapq.heappush(self._heap, (deadline, self._serial, key))
        if len(self._heap) > 2 * len(self._live) + _FEW:
            self._sweep()

    def next(self) -> float | None:
        """The earliest live deadline, or None."""
        heap, live, early = self._heap, self._live, self._early
        while heap:
            entry, _, key = heap[0]
            if live.get(key) == entry:
                return entry
            if early.get(key) == entry:
                del early[key]
                self._serial += 1
                heapq.heapreplace(heap, (live[key], self._serial, key))
            else:
                heapq.heappop(heap)
        return None

    def due(self, now: float, most: float = inf) -> list[Hashable]:
        """Take out and return the keys whose deadline is not after ``now``, earliest first; of these the first ones."""
        keys: list[Hashable] = []
        while len(keys) < most and (deadline := self.next()) is not None and deadline <= now:
            _, _, key = heapq.heappop(self._heap)
            del self._live[key]
            self._early.pop(key, None)
            keys.append(key)
        return keys

    def _sweep(self) -> None:
        """Of keys that are taken out long before they are due an entry each would stay until then."""
        self._heap = [(deadline, serial, key) for serial, (key, deadline) in enumerate(self._live.items())]
        self._early.clear()
        heapq.heapify(self._heap)

    def of(self, key: Hashable) -> float | None:
        """The deadline of ``key``, or None."""
        return self._live.get(key)

    def lost(self) -> list[Hashable]:
        """Keys that would never be due, or too late, for want of an entry: none, unless there is a defect."""
        first: dict[Hashable, float] = {}
        for entry, _, key in self._heap:
            if entry == self._live.get(key) or entry == self._early.get(key):
                first[key] = entry
        return [key for key, deadline in self._live.items() if first.get(key, deadline + 1.0) > deadline]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._live)

    def __len__(self) -> int:
        return len(self._live)
