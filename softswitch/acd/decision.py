"""One routing decision, kept so small that each can be kept, and so complete that it can be made again.

Written down are the standings of the qualified, one octet each, and the sort keys of those who were free; a reference
leads to what does not change, the agents' skills and the needs. So a decision costs no look at the agents one by one:
the reasons are worked out when somebody asks, and ``replay`` puts the same keys through the same choice.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from softswitch.acd.candidates import Candidates
from softswitch.acd.demand import Lane
from softswitch.acd.floor import Floor, Standing
from softswitch.acd.model import Strategy
from softswitch.acd.roster import Numbers
from softswitch.acd.strategy import COLUMNS, Column, Moment, chosen, columns
from softswitch.acd.why import Reason, Verdict
from softswitch.core.effect import DomainEvent

_FREE = bytes([Standing.FREE])
_OF_STANDING = {
    Standing.LOGGED_OUT: Reason.LOGGED_OUT,
    Standing.PAUSED: Reason.PAUSED,
    Standing.WRAP_UP: Reason.WRAP_UP,
    Standing.TALKING: Reason.TALKING,
    Standing.RESERVED: Reason.RESERVED,
    Standing.UNREACHABLE: Reason.UNREACHABLE,
    Standing.ENGAGED: Reason.ENGAGED,
    Standing.RETRY_DELAY: Reason.RETRY_DELAY,
    Standing.NO_ROOM: Reason.NO_ROOM,
}

QueueShare = tuple[str, int, float]  # a queue that has a share, how many wait in it, the share


class Record:
    """What a decision was made of. No dataclass: whatever writes facts down writes ``str`` of it.

    ``standings`` has a ``Standing`` for each who was asked, in the order of names; ``keys`` the columns of the free,
    float64 in the same order. ``reserve`` of the free are not for this contact. ``preferred`` is the number of the only
    one who was asked. ``shares`` are the queues among which a freed agent had the choice, the one chosen first.
    """

    __slots__ = ("among", "keys", "preferred", "reserve", "shares", "standings", "strategy")

    def __init__(
        self, among: Candidates, strategy: Strategy, standings: bytes, keys: bytes, reserve: int = 0,
        preferred: int | None = None, shares: tuple[QueueShare, ...] = (),
    ) -> None:  # fmt: skip
        self.among = among
        self.strategy = strategy
        self.standings = standings
        self.keys = keys
        self.reserve = reserve
        self.preferred = preferred
        self.shares = shares

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((self.standings, self.keys))

    def _values(self) -> tuple[object, ...]:
        own = (self.strategy, self.standings, self.keys, self.reserve, self.preferred, self.shares)
        return (*own, self.among.needs, self.among.roster.specs)

    def __repr__(self) -> str:
        return f"Record({self.to_plain()})"

    def __str__(self) -> str:
        counts = Counter(self.standings)
        told = (f"{counts[code]} {code.name.lower().replace('_', ' ')}" for code in Standing if counts[code])
        return f"{len(self.standings)} qualified: {', '.join(told)}" if self.standings else "nobody qualified"

    @property
    def bytes(self) -> int:
        """What it takes in memory; the static part, which it shares with others, is not counted."""
        return sum(map(sys.getsizeof, (self, self.standings, self.keys, self.shares)))

    def winners(self) -> tuple[str, ...]:
        """Who got the contact, by the record alone; several if all were rung, none if nobody could have it."""
        return tuple(self.among.roster.names[number] for number in self._won().tolist())

    def verdicts(self) -> Iterator[tuple[str, Verdict]]:
        """(agent, why he was passed over) of every configured agent but the winners."""
        names, won = self.among.roster.names, set(self._won().tolist())
        for number, reason in zip(self._asked.tolist(), self._reasons(), strict=True):
            if number not in won:
                yield names[number], Verdict(reason)
        if self.preferred is None:
            yield from self.among.unfit()
        else:
            others = (name for number, name in enumerate(names) if number != self.preferred)
            yield from zip(others, repeat(Verdict(Reason.KEPT_FOR_PREFERRED)), strict=False)

    @property
    def _asked(self) -> Numbers:
        return self.among.numbers if self.preferred is None else np.array([self.preferred], dtype=np.intp)

    def _columns(self) -> list[Column]:
        free = self.standings.count(_FREE)
        return list(np.frombuffer(self.keys).reshape(-1, free)) if free else []

    def _chosen(self) -> list[int]:
        return chosen(self.strategy, self._columns(), self.reserve)

    def _won(self) -> Numbers:
        free = np.flatnonzero(np.frombuffer(self.standings, dtype=np.uint8) == int(Standing.FREE))
        return self._asked[free[self._chosen()]]

    def _reasons(self) -> Iterator[Reason]:
        """Of those who were asked; the winners get one, too, which means nothing."""
        free = iter(self._reasons_of_the_free())
        for code in self.standings:
            yield next(free) if code == Standing.FREE else _OF_STANDING[Standing(code)]

    def _reasons_of_the_free(self) -> list[Reason]:
        columns, places = self._columns(), self._chosen()
        if not columns:
            return []
        if not places or self.strategy is Strategy.RING_ALL:
            return [Reason.IN_RESERVE] * len(columns[0])
        by_column = (*COLUMNS[self.strategy], Reason.SAME_IDLE)
        loses = np.array([column != column[places[0]] for column in columns])
        first = np.where(loses.any(axis=0), loses.argmax(axis=0), len(columns))
        return [by_column[place] for place in first.tolist()]

    # ---- for a store -----------------------------------------------------------------------------------------------

    def to_plain(self) -> dict[str, Any]:
        """Text, numbers, octets, lists; ``among`` by its key, to be kept once beside all that have it."""
        return {
            "among": self.among.key,
            "strategy": self.strategy.value,
            "standings": self.standings,
            "keys": self.keys,
            "reserve": self.reserve,
            "preferred": self.preferred,
            "shares": [list(one) for one in self.shares],
        }

    @staticmethod
    def from_plain(plain: dict[str, Any], among: Candidates) -> Record:
        """Raises ``ValueError`` if ``among`` is not what it was written with."""
        if plain["among"] != among.key:
            raise ValueError(f"the record is one of candidates {plain['among']}, not of {among.key}")
        shares = tuple((name, waiting, share) for name, waiting, share in plain["shares"])
        strategy, preferred = Strategy(plain["strategy"]), plain["preferred"]
        return Record(among, strategy, plain["standings"], plain["keys"], plain["reserve"], preferred, shares)


def choose(floor: Floor, lane: Lane, strategy: Strategy, moment: Moment) -> tuple[bytes, list[Column], list[int]]:
    """Who gets a contact of this lane: the standings of the qualified, the keys of the free, the numbers of those."""
    among = lane.signature.candidates
    if lane.preferred is not None:
        standings = floor.standings_for(np.array([lane.preferred]), lane.cost).tobytes()
        won = [lane.preferred] if standings == _FREE else []
        return standings, [floor.idle_since[won]] if won else [], won
    standings = floor.standings_for(among.numbers, lane.cost).tobytes()
    count = standings.count(_FREE)
    if not count:
        return standings, [], []
    # A search through octets is far quicker than one through an array, and nearly always finds one agent or none.
    places = (
        np.array([standings.index(_FREE)]) if count == 1 else (np.frombuffer(standings, np.uint8) == 0).nonzero()[0]
    )
    keys = columns(strategy, floor, among, places, moment)
    won = chosen(strategy, keys, lane.reserve)
    return standings, keys, among.numbers[places[won]].tolist() if won else []


def decide(
    floor: Floor, lane: Lane, strategy: Strategy, moment: Moment, shares: tuple[QueueShare, ...] = ()
) -> tuple[Record, list[int]]:
    """The decision of this moment about a contact in this lane, and the numbers of those who get it."""
    standings, keys, won = choose(floor, lane, strategy, moment)
    if lane.preferred is not None:
        strategy = Strategy.LONGEST_IDLE
    octets = b"".join([column.tobytes() for column in keys]) if keys else b""
    record = Record(lane.signature.candidates, strategy, standings, octets, lane.reserve, lane.preferred, shares)
    return record, won


@dataclass(frozen=True, slots=True)
class Decided(DomainEvent):
    """One routing decision. Of several who are rung at once ``agent`` is the one idle longest."""

    contact: str
    queue: str
    agent: str | None  # None: nobody
    waited_s: float
    relaxed: int  # how many of the queue's relaxations applied
    record: Record

    @property
    def agents(self) -> tuple[str, ...]:
        """Everybody who was rung."""
        return self.record.winners()

    @property
    def passed_over(self) -> tuple[tuple[str, str], ...]:
        """(agent, reason) of every configured agent who was not rung."""
        return tuple((agent, str(verdict)) for agent, verdict in self.record.verdicts())

    def replay(self) -> str | None:
        """The winner once more, worked out from the record alone."""
        return next(iter(self.record.winners()), None)
