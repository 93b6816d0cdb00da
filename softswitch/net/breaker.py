"""Which hosts are not asked for a while, because they do not answer: a dead host costs a few callers their patience,
and not each one.

After ``failures`` in a row a host rests for ``rest_s``. Then one request finds out whether it is back; the others are
spared until that one has been answered.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_HOSTS = 1000  # a plan may make up ports as it likes


@dataclass(slots=True)
class _Trouble:
    failures: int = 0  # in a row
    until: float = 0.0  # it rests


class Breaker:
    """``host`` is any name; times are monotonic seconds."""

    def __init__(self, failures: int = 5, rest_s: float = 10.0) -> None:
        """``failures`` 0: no host ever rests."""
        self._failures = failures
        self._rest_s = rest_s
        self._troubles: dict[str, _Trouble] = {}

    def rests(self, host: str, now: float) -> bool:
        """Whether not to ask this host. One who is told to ask a host that has rested does so for all others."""
        trouble = self._troubles.get(host)
        if trouble is None or not self._failures or trouble.failures < self._failures:
            return False
        if now < trouble.until:
            return True
        trouble.until = now + self._rest_s
        return False

    def worked(self, host: str) -> None:
        self._troubles.pop(host, None)

    def failed(self, host: str, now: float) -> bool:
        """Nobody has answered there. True: with this failure its rest begins."""
        trouble = self._troubles.pop(host, None) or _Trouble()
        self._troubles[host] = trouble  # the last to be forgotten
        while len(self._troubles) > MOST_HOSTS:
            del self._troubles[next(iter(self._troubles))]
        trouble.failures += 1
        if trouble.failures >= self._failures:
            trouble.until = now + self._rest_s
        return trouble.failures == self._failures
