"""Foreign RTP from a process of its own: ``python -m tests.support.rtp_flood SOURCE HOST PORT COUNT RATE``.

``COUNT`` packets of a loud mu-law tone from any port of the address ``SOURCE``, ``RATE`` a second; at the end it says
how many have left, and what came back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import time

from softswitch.audio import g711, tone
from softswitch.rtp import packet

_BURST_S = 0.001


def flood(source: str, target: tuple[str, int], count: int, rate: int) -> dict[str, int]:
    payload = g711.encode(tone.sine(2000, 0.02), g711.MU).tobytes()
    sent = answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((source, 0))
        one.setblocking(False)
        began = time.monotonic()
        while sent < count:
            if sent > rate * (time.monotonic() - began):
                time.sleep(_BURST_S)
                continue
            with contextlib.suppress(OSError):
                one.sendto(packet.build(0, sent & 0xFFFF, sent * 160 & 0xFFFFFFFF, 0xF100D, payload), target)
                sent += 1
            with contextlib.suppress(OSError):
                answered += bool(one.recv(2048))
    return {"sent": sent, "answered": answered}


async def flooded(source: str, target: tuple[str, int], count: int = 50_000, rate: int = 25_000) -> dict[str, int]:
    """The same in another process."""
    words = (source, target[0], target[1], count, rate)
    argv = [sys.executable, "-m", "tests.support.rtp_flood", *map(str, words)]
    child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    printed, _ = await child.communicate()
    assert child.returncode == 0
    return dict(json.loads(printed))


if __name__ == "__main__":
    where, host, port, *numbers = sys.argv[1:]
    print(json.dumps(flood(where, (host, int(port)), *map(int, numbers))))
