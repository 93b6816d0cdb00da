"""Which RTP port a stream gets: even ones of the configured range, the longest unused first.

A port that has just been given back may still be sent to by its last peer; so the range is gone round before it comes
up again. Ports that somebody else has bound are passed over.
"""

from __future__ import annotations

import socket
from collections import deque

from softswitch.core.errors import PortsExhausted

_MOST_TRIED = 50  # bound by somebody else, in one go


def can_bind(host: str, port: int) -> bool:
    """False too where there is no file descriptor left to try it with."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, port))
    except OSError:
        return False
    return True


class Ports:
    """The even ports from ``first`` to ``last``, on ``host``. The odd ones are their RTCP's (RFC 3550 section 11)."""

    def __init__(self, host: str, first: int, last: int) -> None:
        self.host = host
        self._all = range(first + first % 2, last + 1, 2)
        self._free = deque(self._all)

    def __len__(self) -> int:
        return len(self._free)

    def take(self) -> int:
        """Raises ``PortsExhausted``."""
        for _ in range(min(len(self._free), _MOST_TRIED)):
            port = self._free.popleft()
            if can_bind(self.host, port):
                return port
            self._free.append(port)
        raise PortsExhausted(f"no RTP port free on {self.host}")

    def claim(self, port: int) -> None:
        """It is in use already: an earlier control took it."""
        if port in self._free:
            self._free.remove(port)

    def give_back(self, port: int) -> None:
        if port in self._all:  # one that was claimed may be of a range of old
            self._free.append(port)
