"""Who waits for what, and the best contact for an agent who becomes free.

A signature is a set of needs, merged and sorted: contacts with the same one compete for the same agents. Each has a
bit; an agent's mask says which signatures it serves, so a freed agent looks only at the heads of lines that are not
empty and that it can serve. Signatures come from the configuration and the dialplans, so there are few; they stay.

Within a signature all who wait in one ``Lane`` are alike for the match: they cost the same, the same reserve is closed
to them, and they are of one queue if that queue has a share. So if the head of a lane cannot be offered, nobody in it
can. Who waits for his preferred agent alone is in a lane of that agent.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_

from softswitch.acd.candidates import Candidates
from softswitch.acd.contact import Line, Order
from softswitch.acd.floor import Floor
from softswitch.acd.model import Needs
from softswitch.acd.roster import Numbers
from softswitch.acd.skill import merged

LaneKey = tuple[int, int, str, int | None]  # cost, reserve, share_of, preferred


class Signature:
    """One set of needs: who can serve it and who waits for it."""

    __slots__ = ("bit", "busy", "candidates", "lanes")

    def __init__(self, needs: Needs, bit: int, floor: Floor) -> None:
        self.bit = bit
        self.candidates = Candidates(floor.roster, needs)
        self.lanes: dict[LaneKey, Lane] = {}
        self.busy: list[Lane] = []  # those in which somebody waits

    @property
    def eligible(self) -> Numbers:
        """The agents who meet the needs."""
        return self.candidates.numbers


class Lane(Line):
    """A line of contacts that are alike for the match."""

    __slots__ = ("cost", "preferred", "reserve", "share_of", "signature")

    def __init__(self, signature: Signature, cost: int, reserve: int, share_of: str, preferred: int | None) -> None:
        super().__init__()
        self.signature = signature
        self.cost = cost  # of an agent's capacity
        self.reserve = reserve  # so many free agents are kept from it
        self.share_of = share_of  # the queue, if that has a share; else ""
        self.preferred = preferred  # the number of the only agent it waits for

    @property
    def key(self) -> LaneKey:
        return (self.cost, self.reserve, self.share_of, self.preferred)

    def is_open(self, floor: Floor) -> bool:
        """Whether somebody may be offered a contact of it now."""
        if self.preferred is not None:
            return floor.is_free(self.preferred, self.cost)
        return floor.count_free(self.signature.eligible, self.cost) > self.reserve


class Demand:
    """All waiting contacts by signature; those being offered are not here."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._signatures: list[Signature] = []
        self._by_needs: dict[Needs, Signature] = {}
        self._waiting = 0  # bits of the signatures with somebody in line
        self._serves = [0] * len(floor.specs)  # bits by agent number
        self._own: dict[int, list[Lane]] = {}  # by agent number: of those who wait for him alone

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

    def lane(
        self, signature: Signature, cost: int, reserve: int = 0, share_of: str = "", preferred: int | None = None
    ) -> Lane:
        """The line of contacts like this; with ``preferred`` of those who wait for that agent alone."""
        key = (cost, reserve, share_of, preferred)
        found = signature.lanes.get(key)
        if found is None:
            found = signature.lanes[key] = Lane(signature, cost, reserve, share_of, preferred)
        return found

    def add(self, lane: Lane, order: Order) -> None:
        if not lane.places:
            self._busy(lane).append(lane)
            if lane.preferred is None:
                self._waiting |= lane.signature.bit
        lane.add(order)

    def remove(self, lane: Lane, order: Order) -> None:
        lane.remove(order)
        if lane.places:
            return
        self._busy(lane).remove(lane)
        if lane.preferred is not None:
            del lane.signature.lanes[lane.key]  # there can be as many as agents
        elif not lane.signature.busy:
            self._waiting &= ~lane.signature.bit

    def _busy(self, lane: Lane) -> list[Lane]:
        """Those in which somebody waits, of the same kind."""
        return lane.signature.busy if lane.preferred is None else self._own.setdefault(lane.preferred, [])

    def wants(self, number: int) -> bool:
        """Whether somebody waits whom this agent could serve, were he free."""
        return any(self._serviceable(number))

    def best_for(self, number: int) -> Order | None:
        """The best place over all lines that this agent can serve now."""
        best: Order | None = None
        room = self._floor.room_of(number)
        bits = self._waiting & self._serves[number]
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            for lane in self._signatures[lowest.bit_length() - 1].busy:
                head = lane.places[0]
                if best is not None and best < head:
                    continue
                if lane.cost <= room and (not lane.reserve or lane.is_open(self._floor)):
                    best = head
        for lane in self._own.get(number, ()):
            if (best is None or lane.places[0] < best) and lane.cost <= room:
                best = lane.places[0]
        return best

    def open_to(self, number: int) -> Iterator[Lane]:
        """The lanes of which this agent can serve the heads now."""
        floor = self._floor
        room = floor.room_of(number)
        for lane in self._serviceable(number):
            if lane.cost <= room and (not lane.reserve or lane.is_open(floor)):
                yield lane

    def _serviceable(self, number: int) -> Iterator[Lane]:
        """With somebody in them, and for this agent by his skills."""
        if number in self._own:
            yield from (lane for lane in self._own[number] if lane.places)
        bits = self._waiting & self._serves[number]
        while bits:
            lowest = bits & -bits
            yield from self._signatures[lowest.bit_length() - 1].busy
            bits ^= lowest

    # ---- the audit ---------------------------------------------------------------------------------------------------

    def lanes(self) -> Iterator[Lane]:
        """Those in which somebody waits."""
        yield from (lane for signature in self._signatures for lane in signature.busy)
        yield from (lane for lanes in self._own.values() for lane in lanes)

    def holds(self, waiting: int) -> bool:
        """Whether so many wait, and the bits say in which signatures."""
        lanes = list(self.lanes())
        bits = reduce(or_, (lane.signature.bit for lane in lanes if lane.preferred is None), 0)
        return bits == self._waiting and sum(len(lane.places) for lane in lanes) == waiting

    def clear(self) -> None:
        """Nobody waits."""
        for signature in self._signatures:
            signature.busy.clear()
            for lane in signature.lanes.values():
                lane.places.clear()
        self._own.clear()
        self._waiting = 0
