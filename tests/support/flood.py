"""A flood from a process of its own: ``python -m tests.support.flood HOST PORT SECONDS SOCKETS < template``.

Every ``@@`` in the template becomes a serial number. What comes back is read and thrown away. It says "begun" when it
has grown.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time

RATE = 15_000
BEGUN = 1500  # datagrams: from then on it says that it is a flood


def flood(target: tuple[str, int], seconds: float, sockets: int, template: bytes) -> None:
    """Bursts of datagrams, ``RATE`` a second in all; the machine of the tests has other work, too."""
    ours = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sockets)]
    for one in ours:
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
    sent, end = 0, time.monotonic() + seconds
    began = time.monotonic()
    while time.monotonic() < end:
        if sent > RATE * (time.monotonic() - began):
            time.sleep(0.001)
            continue
        one = ours[sent % sockets]
        with contextlib.suppress(OSError):
            one.sendto(template.replace(b"@@", b"%d" % sent), target)
            sent += 1
            if sent == BEGUN:
                print("begun", flush=True)
        with contextlib.suppress(OSError):
            while True:
                one.recv(65536)


if __name__ == "__main__":
    host, port, seconds, sockets = sys.argv[1:]
    flood((host, int(port)), float(seconds), int(sockets), sys.stdin.buffer.read())
