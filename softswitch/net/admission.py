"""Who may have another connection.

A host may while it has fewer connections than are still free. So one host alone can take half of them, two a third
each, and however many are greedy, there is room for who comes next; an office behind one NAT is not held to a number
that was made for strangers. An IPv6 host is its /64, since it has as many addresses in there as it likes.
"""

from __future__ import annotations

import ipaddress
from collections import Counter


class Admission:
    """Counts connections by host. ``most`` is how many there may be."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._per_host: Counter[str] = Counter()
        self._total = 0

    def admits(self, host: str) -> bool:
        return self._per_host[source(host)] < self._most - self._total

    def enter(self, host: str) -> None:
        self._per_host[source(host)] += 1
        self._total += 1

    def leave(self, host: str) -> None:
        name = source(host)
        self._per_host[name] -= 1
        self._total -= 1
        if not self._per_host[name]:
            del self._per_host[name]

    def __len__(self) -> int:
        return self._total


def source(host: str) -> str:
    """What counts as one host."""
    if ":" not in host:
        return host
    number = int(ipaddress.IPv6Address(host.partition("%")[0]))
    return str(ipaddress.IPv6Address(number >> 64 << 64))
