"""Which row a stream has: the lowest free one, so that the rows in use stay together at the top of the arrays."""

from __future__ import annotations

import heapq


class Rows:
    """Names of streams and their rows."""

    def __init__(self, capacity: int) -> None:
        self._free = list(range(capacity))
        self._row: dict[str, int] = {}
        self._name: dict[int, str] = {}
        self.used = 0  # rows from 0 that a tick has to look at

    def __len__(self) -> int:
        return len(self._row)

    def take(self, name: str) -> int | None:
        """A row for a new name, or None where all are taken."""
        if not self._free:
            return None
        row = heapq.heappop(self._free)
        self._row[name], self._name[row] = row, name
        self.used = max(self.used, row + 1)
        return row

    def give_back(self, name: str) -> None:
        row = self._row.pop(name)
        del self._name[row]
        heapq.heappush(self._free, row)
        while self.used and self.used - 1 not in self._name:
            self.used -= 1

    def row(self, name: str) -> int | None:
        return self._row.get(name)

    def name(self, row: int) -> str:
        return self._name[row]

    def items(self) -> list[tuple[str, int]]:
        return list(self._row.items())
