"""Random bits for identities: the system's own, by the page (RFC 3261 section 19.3 wants tags that nobody guesses).

A call needs some thirty of them, and to ask the system each time is a fortieth of its CPU.
"""

from __future__ import annotations

import os
from collections.abc import Callable

_PAGE = 4096  # octets


def pooled(fetch: Callable[[int], bytes] = os.urandom) -> Callable[[int], int]:
    """A source for ``core.ids.Ids``: ``bits(n)``, each bit of ``fetch(count)`` given out once."""
    page, used = b"", 0

    def bits(count: int) -> int:
        nonlocal page, used
        octets = (count + 7) // 8
        if used + octets > len(page):
            page, used = fetch(max(_PAGE, octets)), 0
        used += octets
        return int.from_bytes(page[used - octets : used], "big") >> (8 * octets - count)

    return bits
