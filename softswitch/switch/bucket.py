"""Token buckets by source: how many requests a stranger may make before the rest is not even read.

The table is bounded: where it is full, the source that was heard longest ago is forgotten, and would begin afresh.
"""

from __future__ import annotations

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
