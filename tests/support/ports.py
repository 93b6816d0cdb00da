"""Free ports on loopback, for many users of one machine at the same time.

Ports are handed out in slots of 64. Whoever holds a slot keeps the TCP side of its first port bound: that is the lock
which another test process meets, so that two never get the same ports even while nobody listens on them yet. A claim
of more than one slot is meant for RTP: its UDP side is without a gap, its TCP side is not. Ports of the sample
configuration (20000-29999) and the kernel's ephemeral ports are never handed out.
"""

from __future__ import annotations

import atexit
import os
import random
import socket
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
SLOT = 64
_ZONES = ((10_000, 20_000), (30_000, 32_768), (61_000, 65_500))  # [first, last)
_GUARDED = 2  # ports at the start of a slot that are not handed out: the guard, and one that keeps the rest even

_guards: dict[int, list[socket.socket]] = {}  # first port of a claim -> its locks
_singles: list[int] = []


@atexit.register
def _release_all() -> None:
    for first in list(_guards):
        _release(first)


def _release(first: int) -> None:
    for guard in _guards.pop(first, []):
        guard.close()


def _bound(kind: socket.SocketKind, port: int) -> socket.socket | None:
    sock = socket.socket(socket.AF_INET, kind)
    try:
        sock.bind((LOOPBACK, port))
    except OSError:
        sock.close()
        return None
    return sock


def _free(port: int, *kinds: socket.SocketKind) -> bool:
    for kind in kinds or (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        sock = _bound(kind, port)
        if sock is None:
            return False
        sock.close()
    return True


def listening(port: int) -> bool:
    """Whether somebody has the TCP side of this port; nobody is connected to."""
    return not _free(port, socket.SOCK_STREAM)


def _starts(slots: int) -> Iterator[int]:
    starts = [start for first, last in _ZONES for start in range(first, last - slots * SLOT, SLOT)]
    random.Random(os.getpid() ^ len(_guards)).shuffle(starts)
    yield from starts


def _locked(start: int, slots: int) -> list[socket.socket]:
    """The locks of so many slots in a row; empty where somebody else has one of them."""
    locks: list[socket.socket] = []
    for port in range(start, start + slots * SLOT, SLOT):
        lock = _bound(socket.SOCK_STREAM, port)
        if lock is None:
            for held in locks:
                held.close()
            return []
        locks.append(lock)
    return locks


def claim(count: int) -> range:
    """``count`` consecutive free ports, ours until ``release`` or the end of this process; the first one is even."""
    slots = -(-(count + _GUARDED) // SLOT)
    for start in _starts(slots):
        locks = _locked(start, slots)
        if not locks:
            continue
        first = start + _GUARDED
        wanted = range(first, first + count)
        if all(_free(port, socket.SOCK_DGRAM) for port in wanted):
            _guards[first] = locks
            return wanted
        for lock in locks:
            lock.close()
    raise RuntimeError(f"no {count} consecutive free ports on {LOOPBACK}")


def release(claimed: range) -> None:
    """Somebody else may have them."""
    _release(claimed.start)


def free_port() -> int:
    """One port, free for UDP and TCP, that nobody else who asks this module will be given."""
    while True:
        if not _singles:
            _singles.extend(claim(SLOT - _GUARDED))
        port = _singles.pop(0)
        if _free(port):
            return port
