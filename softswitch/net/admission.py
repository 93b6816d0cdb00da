"""Who may have another connection.

A host may while it has fewer connections than are still free. So one host alone can take half of them, two a third
each, and however many are greedy, there is room for who comes next; an office behind one NAT is not held to a number
that was made for strangers. Whoever has IPv6 has as many addresses as he likes: counted is the ``source``.
"""

from __future__ import annotations

from collections import Counter

from softswitch.sip.source import source_of


class Admission:
    """Counts connections by host. ``most`` is how many there may be."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._per_host: Counter[str] = Counter()
        self._total = 0

    def admits(self, host: str) -> bool:
        return self._per_host[source_of(host)] < self._most - self._total

    def enter(self, host: str) -> None:
        self._per_host[source_of(host)] += 1
        self._total += 1

    def leave(self, host: str) -> None:
        name = source_of(host)
        self._per_host[name] -= 1
        self._total -= 1
        if not self._per_host[name]:
            del self._per_host[name]

    def __len__(self) -> int:
        return self._total
