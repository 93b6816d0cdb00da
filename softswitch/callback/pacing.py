"""How many promises of a queue may be acted on now, and whose turn it is: the one of the lowest rank.

Agent first, one free agent carries one seek. An agent may be counted for several queues, so a seek voids every queue's
count, until ``Capacity`` brings one that was read after the seek was carried out: whom it found is RESERVED by then and
not among the free; if it found nobody, its callback waits in the ACD and has a claim on one of them.

Customer first, nobody is reserved by a dial: it has a claim on a free agent until it is over or the customer talks. A
customer who has answered has one as well, also while an agent's phone rings for him who is not free any more: for that
moment it is one too many, never one too few.

An agent whose wrap-up ends by itself is about to be free (``coming``). Nobody has him for sure who is dialled before he
is: that is for those policies alone that may put a customer at risk just now.

Policies share their queue's agents, and each has a line of its own. A policy with no room (its reserve) is not looked
at; a promise that may not be dialled just now is not in its line, and is lined up again by whatever changes that.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from enum import Enum
from math import ceil

Place = tuple[float, str]  # rank (Unix s), promise
Dials = tuple[str, int]  # policy, Unix s: those that were begun in the second before
FEW = 1000  # places that are not worth tidying up


class Claim(Enum):
    """Of a promise on an agent who is still counted as free, as far as we know."""

    SEEK = "seek"
    DIAL = "dial"  # customer first: the intent is being written, or his phone rings
    ANSWERED = "answered"


class Line:
    """Promises of one policy that are due, each at one place."""

    def __init__(self) -> None:
        self._places: list[Place] = []  # a heap, of theirs and of some that are nobody's any more
        self._of: dict[str, Place] = {}  # by promise

    def __len__(self) -> int:
        return len(self._of)

    def add(self, place: Place) -> None:
        if self._of.get(place[1]) != place:
            self._of[place[1]] = place
            heapq.heappush(self._places, place)
            self._tidy()

    def leave(self, promise: str) -> None:
        self._of.pop(promise, None)

    def _tidy(self) -> None:
        """Where no agent comes, nobody asks for the first, and places of those who are gone would stay."""
        if len(self._places) > 2 * len(self._of) + FEW:
            self._places = list(self._of.values())
            heapq.heapify(self._places)

    def rank(self, n: int) -> float:
        """Of the n-th; infinite where there are not so many."""
        if len(self._places) < n:
            return float("inf")
        return self._places[0][0] if n == 1 else heapq.nsmallest(n, self._places)[-1][0]

    def first(self, fit: Callable[[Place], bool]) -> Place | None:
        """The first that fits; those before it are taken out for good."""
        while self._places:
            place = self._places[0]
            if self._of.get(place[1]) == place:
                if fit(place):
                    return place
                del self._of[place[1]]
            heapq.heappop(self._places)
        return None


class Pace:
    """What one queue can take just now."""

    def __init__(self) -> None:
        self._free = 0
        self._live = 0
        self._waiting = 0
        self._void_by = ""  # the seek that started after the count
        self._claims: dict[str, tuple[Claim, Dials]] = {}  # by promise: and among which dials it is one
        self._count: Counter[Claim] = Counter()
        self.ringing: Counter[Dials] = Counter()  # dials in flight, customer first
        self.ending: tuple[float, ...] = ()  # Unix s: when agents come out of wrap-up, who are nobody else's then
        self.lines: dict[str, Line] = {}  # by policy
        self.cut_off: frozenset[str] = frozenset()  # policies whose calls cannot leave
        self.shared: dict[str, int] = {}  # queue -> free agents whom customers dialled for it may need
        self.elsewhere = 0  # of these: how many they do need

    def capacity(
        self, free_agents: int, live_waiting: int, callbacks_waiting: int = 0, cut_off: frozenset[str] = frozenset()
    ) -> None:
        self._free, self._live, self._waiting, self.cut_off = free_agents, live_waiting, callbacks_waiting, cut_off
        self._void_by = ""

    def claim(self, promise: str, claim: Claim | None, policy: str = "", since: float = 0.0) -> None:
        """This one and no other from now on. ``since``: Unix s, when its state began."""
        was, dials = self._claims.pop(promise, (None, ("", 0)))
        if was is not None:
            self._count[was] -= 1
            if was is Claim.DIAL:
                self.ringing[dials] -= 1
                if not self.ringing[dials]:
                    del self.ringing[dials]
        if claim is not None:
            dials = policy, ceil(since)
            self._claims[promise] = claim, dials
            self._count[claim] += 1
            if claim is Claim.DIAL:
                self.ringing[dials] += 1

    @property
    def live_waiting(self) -> int:
        """Callers, when they were counted last."""
        return self._live

    @property
    def dials(self) -> int:
        """In flight, customer first, of whatever policy."""
        return self._count[Claim.DIAL]

    def agents(self, reserve: int) -> int:
        """For dials, those in flight among them: free beyond the reserve, and nobody who waits has a claim on them.

        A live caller who waits goes before every callback.
        """
        return max(0, self._beyond(reserve))

    def coming(self, reserve: int, until: float) -> int:
        """The same, with those who come out of wrap-up until then (Unix s)."""
        return max(0, self._beyond(reserve, sum(at <= until for at in self.ending)))

    def _beyond(self, reserve: int, soon: int = 0) -> int:
        if self._live or self._void_by:
            return 0
        # Of the callbacks that wait in the ACD, who was sought for is one of the seeks; the others have answered.
        unserved = self._count[Claim.ANSWERED] + min(self._waiting, self._count[Claim.SEEK])
        return self._free + soon - reserve - self.elsewhere - max(self._waiting, unserved)

    @property
    def need(self) -> int:
        """Agents for customers who are dialled, or have answered."""
        return self.dials + self._count[Claim.ANSWERED]

    def room(self, reserve: int) -> int:
        """How many agents nobody has a claim on."""
        return max(0, self.agents(reserve) - self.dials)

    def void(self, promise: str) -> None:
        """A seek has started for this promise, of whatever queue."""
        self._void_by = promise

    def over(self, promise: str) -> bool:
        """Its seek has led to nothing. True: no count has come meanwhile, and the last one is good again."""
        void = self._void_by == promise
        if void:
            self._void_by = ""
        return void

    def line_up(self, policy: str, rank: float, promise: str) -> None:
        self.lines.setdefault(policy, Line()).add((rank, promise))
