"""The driver's deadline heap: one for all machines, with lazy deletion.

A machine says only ``deadline``; the driver stores (deadline, key). An entry whose machine has since moved its
deadline is stale and is skipped, so that nothing has to be cancelled.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable

_FEW = 64  # stale entries that are not worth sweeping


class Deadlines:
    """Keys ordered by the moment at which they are due; each key has at most one live entry."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable]] = []
        self._live: dict[Hashable, float] = {}
        self._serial = 0

    def set(self, key: Hashable, deadline: float | None) -> None:
        """Make ``deadline`` (seconds, the driver's clock) the one of ``key``; None takes it out."""
        if deadline is None:
            self._live.pop(key, None)
            return
        if self._live.get(key) == deadline:
            return
        self._live[key] = deadline
        self._serial += 1
        heapq.heappush(self._heap, (deadline, self._serial, key))
        if len(self._heap) > 2 * len(self._live) + _FEW:
            self._sweep()

    def next(self) -> float | None:
        """The earliest live deadline, or None."""
        while self._heap:
            deadline, _, key = self._heap[0]
            if self._live.get(key) == deadline:
                return deadline
            heapq.heappop(self._heap)
        return None

    def due(self, now: float) -> list[Hashable]:
        """Take out and return the keys whose deadline is not after ``now``, earliest first."""
        keys: list[Hashable] = []
        while (deadline := self.next()) is not None and deadline <= now:
            _, _, key = heapq.heappop(self._heap)
            del self._live[key]
            keys.append(key)
        return keys

    def _sweep(self) -> None:
        """Far deadlines that are moved again and again would leave an entry each time, until they are due."""
        live, newest = self._live, {}
        for entry in self._heap:
            if live.get(entry[2]) == entry[0]:
                newest[entry[2]] = entry
        self._heap = list(newest.values())
        heapq.heapify(self._heap)

    def __len__(self) -> int:
        return len(self._live)
