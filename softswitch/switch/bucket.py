"""Token buckets by source: how many requests a stranger may make before the rest is not even read.

The table is bounded: where it is full, the source that was heard longest ago is forgotten, and would begin afresh. An
address of IPv6 counts with its /64, which is what one customer is given (RFC 6177).
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Hashable


class Buckets:
    """``rate`` tokens a second and key, saved up to ``burst``; ``most`` keys are remembered."""

    def __init__(self, rate: float, burst: float, most: int = 20_000) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._left: dict[Hashable, tuple[float, float]] = {}  # -> (tokens, at); the one heard longest ago first

    def take(self, key: Hashable, now: float, cost: float = 1.0) -> bool:
        """Whether ``key`` has a token left; it is spent. ``now`` in seconds of any clock."""
        tokens, at = self._left.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        enough = tokens >= cost
        if len(self._left) >= self._most:
            del self._left[next(iter(self._left))]
        self._left[key] = (tokens - cost if enough else tokens, now)
        return enough

    def __len__(self) -> int:
        return len(self._left)


@functools.lru_cache(maxsize=4096)
def source_of(host: str) -> str:
    """What stands for everybody behind one address: the address, or its /64. ``host`` is numeric."""
    if ":" not in host:
        return host
    try:
        return str(ipaddress.ip_network((host.partition("%")[0], 64), strict=False))
    except ValueError:
        return host
