"""Identities and randomness, handed to machines as an argument.

In production ``Ids`` is fed by ``secrets``; in tests and simulations by a seeded generator, so that a whole day can be
replayed bit for bit. RFC 3261 section 19.3 asks for 32 random bits in a tag; section 8.1.1.7 for the branch cookie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BRANCH_COOKIE = "z9hG4bK"


@dataclass(frozen=True, slots=True)
class Ids:
    """A source of identities. ``bits(n)`` returns a non-negative integer of n random bits."""

    bits: Callable[[int], int]

    def tag(self) -> str:
        return f"{self.bits(64):016x}"

    def branch(self) -> str:
        return f"{BRANCH_COOKIE}{self.bits(80):020x}"

    def call_id(self) -> str:
        return f"{self.bits(128):032x}"

    def name(self, prefix: str) -> str:
        """A short id for one of our own objects, e.g. ``leg-5f0c2a91d3``."""
        return f"{prefix}-{self.bits(48):012x}"

    def fraction(self) -> float:
        """A number in [0, 1), for jitter and back-off."""
        return self.bits(32) / 4294967296.0
