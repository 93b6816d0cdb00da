"""The timer values of RFC 3261 table 4 (section 17.1.1.1 for T1, T2, T4), as amended by RFC 6026.

Everything derives from three numbers, so a test or a simulation can squeeze or stretch them all at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds. ``reliable`` says whether the transport retransmits for us (TCP, TLS)."""

    t1: float = 0.5  # estimate of the round trip
    t2: float = 4.0  # longest interval between repeats of a non-INVITE request or of an INVITE response
    t4: float = 5.0  # longest time that a message stays in the network

    @property
    def timeout(self) -> float:
        """Timers B, F, H, J (unreliable), L and M, and the wait of a UAS for the ACK to its 2xx: 64*T1."""
        return 64 * self.t1

    def wait_for_repeats(self, reliable: bool) -> float:
        """Timer D: how long an INVITE client acknowledges repeats of a refusal. At least 32 s over UDP."""
        return 0.0 if reliable else max(32.0, self.timeout)

    def linger(self, reliable: bool) -> float:
        """Timers I and K: until the last repeats have left the network."""
        return 0.0 if reliable else self.t4

    def absorb(self, reliable: bool) -> float:
        """Timer J: how long repeats of a non-INVITE request are answered again."""
        return 0.0 if reliable else self.timeout
