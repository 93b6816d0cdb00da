"""Requests too long for a datagram (RFC 3261 section 18.1.1): over a stream, if somebody takes one at the same place.

A datagram that is longer than the path takes is cut into fragments, which NATs and firewalls like to lose. Where the
stream is refused the request goes as a datagram after all, and for a while nothing else is tried.
"""

from __future__ import annotations

from collections.abc import Callable

from softswitch.sip.flow import Address, Flow
from softswitch.sip.message import Request, length

LONGEST_DATAGRAM = 1300  # bytes, where the path's MTU is not known
MEMORY_S = 600.0  # how long it is remembered who takes no stream
MOST_REMEMBERED = 10_000

StreamTo = Callable[[Address], Flow | None]


def nowhere(remote: Address) -> Flow | None:
    """Of an element that has no streams."""
    return None


class Detours:
    """``stream_to`` gives the way to a peer over a stream, None where we have no listener for one."""

    def __init__(self, stream_to: StreamTo = nowhere) -> None:
        self._stream_to = stream_to
        self._refused: dict[Address, float] = {}  # peer -> until when (monotonic seconds)

    def way(self, request: Request, flow: Flow, now: float) -> Flow:
        """The flow to send ``request`` over, which has its Via."""
        if flow.transport != "udp" or length(request) <= LONGEST_DATAGRAM:
            return flow
        if self._refused.get(flow.remote, now) > now:
            return flow
        return self._stream_to(flow.remote) or flow

    def refused(self, remote: Address, now: float) -> None:
        """Nobody takes a stream there."""
        self._refused.pop(remote, None)
        if len(self._refused) >= MOST_REMEMBERED:
            del self._refused[next(iter(self._refused))]
        self._refused[remote] = now + MEMORY_S
