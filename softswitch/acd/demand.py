"""Who waits for what: one line per signature, and the best contact for an agent who becomes free.

A signature is a set of needs, merged and sorted: contacts with the same one compete for the same agents. Each has a
bit; an agent's mask says which signatures it serves, so a freed agent looks only at the heads of lines that are not
empty and that it can serve. Signatures come from the configuration and the dialplans, so there are few; they stay.
"""

from __future__ import annotations

from softswitch.acd.candidates import Candidates
from softswitch.acd.contact import Line, Order
from softswitch.acd.floor import Floor
from softswitch.acd.model import Needs
from softswitch.acd.roster import Numbers
from softswitch.acd.skill import merged


class Signature:
    """One set of needs: who can serve it and who waits for it."""

    __slots__ = ("bit", "candidates", "line")

    def __init__(self, needs: Needs, bit: int, floor: Floor) -> None:
        self.bit = bit
        self.candidates = Candidates(floor.roster, needs)
        self.line = Line()

    @property
    def eligible(self) -> Numbers:
        """The agents who meet the needs."""
        return self.candidates.numbers


class Demand:
    """All waiting contacts by signature; those being offered are not here."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._signatures: list[Signature] = []
        self._by_needs: dict[Needs, Signature] = {}
        self._waiting = 0  # bits of the signatures with somebody in line
        self._serves = [0] * len(floor.specs)  # bits by agent number

    def signature(self, needs: Needs) -> Signature:
        """The signature of these needs; the first request computes who can serve it."""
        key = merged(needs)
        found = self._by_needs.get(key)
        if found is None:
            found = self._by_needs[key] = Signature(key, 1 << len(self._signatures), self._floor)
            self._signatures.append(found)
            for number in found.eligible.tolist():
                self._serves[number] |= found.bit
        return found

    def add(self, signature: Signature, order: Order) -> None:
        signature.line.add(order)
        self._waiting |= signature.bit

    def remove(self, signature: Signature, order: Order) -> None:
        signature.line.remove(order)
        if not signature.line.places:
            self._waiting &= ~signature.bit

    def best_for(self, number: int) -> Order | None:
        """The best place over all lines that this agent can serve."""
        bits = self._waiting & self._serves[number]
        best: Order | None = None
        while bits:
            lowest = bits & -bits
            head = self._signatures[lowest.bit_length() - 1].line.places[0]
            if best is None or head < best:
                best = head
            bits ^= lowest
        return best
