"""The driver's deadline heap: one for all machines, with lazy deletion.

A machine says only ``deadline``; the driver stores (deadline, key). A deadline that moves away, as nearly all do,
keeps its entry, which is moved when it comes up; one that moves near gets another entry. An entry whose key has none,
or a nearer one, is skipped, so that nothing has to be cancelled.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable

_FEW = 64  # stale entries that are not worth sweeping


class Deadlines:
    """Keys ordered by the moment at which they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable]] = []
        self._live: dict[Hashable, float] = {}
        self._entries: dict[Hashable, float] = {}  # the earliest of each key in the heap, not after its deadline
        self._serial = 0

    def set(self, key: Hashable, deadline: float | None) -> None:
        """Make ``deadline`` (seconds, the driver's clock) the one of ``key``; None takes it out."""
        if deadline is None:
            self._live.pop(key, None)
            return
        self._live[key] = deadline
        entry = self._entries.get(key)
        if entry is not None and entry <= deadline:
            return
        self._entries[key] = deadline
        self._serial += 1
        heapq.heappush(self._heap, (deadline, self._serial, key))
        if len(self._heap) > 2 * len(self._live) + _FEW:
            self._sweep()

    def next(self) -> float | None:
        """The earliest live deadline, or None."""
        heap, entries = self._heap, self._entries
        while heap:
            entry, _, key = heap[0]
            deadline = self._live.get(key)
            if entries.get(key) != entry:
                heapq.heappop(heap)
            elif deadline == entry:
                return deadline
            elif deadline is None:
                heapq.heappop(heap)
                del entries[key]
            else:
                self._serial += 1
                entries[key] = deadline
                heapq.heapreplace(heap, (deadline, self._serial, key))
        return None

    def due(self, now: float) -> list[Hashable]:
        """Take out and return the keys whose deadline is not after ``now``, earliest first."""
        keys: list[Hashable] = []
        while (deadline := self.next()) is not None and deadline <= now:
            _, _, key = heapq.heappop(self._heap)
            del self._live[key], self._entries[key]
            keys.append(key)
        return keys

    def _sweep(self) -> None:
        """Of keys that are taken out long before they are due an entry each would stay until then."""
        self._heap = [(deadline, serial, key) for serial, (key, deadline) in enumerate(self._live.items())]
        self._entries = dict(self._live)
        heapq.heapify(self._heap)

    def __len__(self) -> int:
        return len(self._live)
