"""Which streams share an RTP port: all whose peers have been heard, and at most one whose peer has not.

The process tells streams of one port apart by the source of what it receives (``demux.py``). A peer behind a NAT comes
from an address that nobody can know before it has spoken; so a stream is alone in not being known on its port, and
what comes there from an unknown source can only be for it. When it is latched, the port may take the next one. Of the
ports that may, the one that has waited longest is taken, and only where ``APART`` of them are waiting: what the last
phone still sends to a port does not meet the next stream there. After a new offer/answer a stream may move, and its
port takes nobody until it has been heard again.
"""

from __future__ import annotations

from softswitch.core.errors import PortsExhausted
from softswitch.media.allot import Ports

APART = 16  # ports that wait before one is used again
MOST_STREAMS = 64  # on one port: its receive buffer holds half a second of them


class SharedPorts:
    """Ports by stream. Nothing is shared until ``shares`` is set: the process has to be able to do it."""

    def __init__(self, ports: Ports) -> None:
        self.shares = False
        self._ports = ports
        self._port: dict[str, int] = {}  # by stream
        self._users: dict[int, set[str]] = {}
        self._unheard: dict[int, set[str]] = {}  # those of them that are not latched
        self._ready: dict[int, None] = {}  # ports that may take one more, the longest waiting first

    def __len__(self) -> int:
        """Ports that nobody has."""
        return len(self._ports)

    @property
    def host(self) -> str:
        return self._ports.host

    def take(self, stream: str) -> int:
        """Raises ``PortsExhausted``."""
        port = self._choose()
        self._seat(stream, port)
        return port

    def claim(self, stream: str, port: int, heard: bool) -> None:
        """It had this port from an earlier control, and keeps it."""
        if stream not in self._port:
            self._ports.claim(port)
            self._seat(stream, port)
            if heard:
                self.heard(stream)

    def _seat(self, stream: str, port: int) -> None:
        self._port[stream] = port
        self._users.setdefault(port, set()).add(stream)
        self._unheard.setdefault(port, set()).add(stream)
        self._ready.pop(port, None)

    def _choose(self) -> int:
        if self.shares and len(self._ready) >= APART:
            return next(iter(self._ready))
        try:
            return self._ports.take()
        except PortsExhausted:
            if self.shares and self._ready:
                return next(iter(self._ready))
            raise

    def heard(self, stream: str) -> None:
        """It is latched."""
        port = self._port.get(stream)
        if port is not None:
            self._unheard[port].discard(stream)
            self._review(port)

    def unheard(self, stream: str) -> None:
        """A new offer/answer: its peer may come from elsewhere."""
        port = self._port.get(stream)
        if port is not None:
            self._unheard[port].add(stream)
            self._review(port)

    def give_back(self, stream: str) -> None:
        port = self._port.pop(stream)
        self._users[port].discard(stream)
        self._unheard[port].discard(stream)
        if self._users[port]:
            self._ready.pop(port, None)  # it goes to the end: the phone may still be sending
            self._review(port)
        else:
            del self._users[port], self._unheard[port]
            self._ready.pop(port, None)
            self._ports.give_back(port)

    def _review(self, port: int) -> None:
        if self._unheard[port] or len(self._users[port]) >= MOST_STREAMS:
            self._ready.pop(port, None)
        else:
            self._ready.setdefault(port)
