"""Free ports on loopback, for many users of one machine at the same time.

A claim is a run of consecutive ports whose UDP and TCP sides were both free. The TCP port just before the run is bound
and kept until the process ends: it is the lock that another test process meets, so that two runs never overlap even
while nobody listens on them yet. Ports of the sample configuration (20000-29999) and the kernel's ephemeral ports are
never handed out.
"""

from __future__ import annotations

import atexit
import os
import random
import socket
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
_ZONES = ((10_000, 20_000), (30_000, 32_768), (61_000, 65_500))  # [first, last)
_SINGLES = 16  # ports claimed at once for ``free_port``

_guards: list[socket.socket] = []
_singles: list[int] = []


@atexit.register
def _release() -> None:
    for guard in _guards:
        guard.close()


def _bound(kind: socket.SocketKind, port: int) -> socket.socket | None:
    sock = socket.socket(socket.AF_INET, kind)
    try:
        sock.bind((LOOPBACK, port))
    except OSError:
        sock.close()
        return None
    return sock


def _free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        sock = _bound(kind, port)
        if sock is None:
            return False
        sock.close()
    return True


def _candidates(size: int) -> Iterator[int]:
    starts = [start for first, last in _ZONES for start in range(first, last - size, max(size, 64))]
    random.Random(os.getpid() ^ len(_guards)).shuffle(starts)
    yield from starts


def claim(count: int) -> range:
    """``count`` consecutive free ports (UDP and TCP), ours until this process ends; the first one is even."""
    size = count + 2
    for start in _candidates(size):
        first = start + 2 - start % 2
        guard = _bound(socket.SOCK_STREAM, first - 1)
        if guard is None:
            continue
        if all(_free(port) for port in range(first, first + count)):
            _guards.append(guard)
            return range(first, first + count)
        guard.close()
    raise RuntimeError(f"no {count} consecutive free ports on {LOOPBACK}")


def free_port() -> int:
    """One port, free for UDP and TCP, that nobody else who asks this module will be given."""
    while True:
        if not _singles:
            _singles.extend(claim(_SINGLES))
        port = _singles.pop(0)
        if _free(port):
            return port
