"""What the agents are doing, as arrays by agent number: who can be offered work, and what strategies sort by.

A match is one gather and one search among those who meet the needs. Decides nothing about states: the machine writes
here what has changed about an agent when it changes.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.agent import CAPACITY, Agent
from softswitch.acd.model import AgentSpec, AgentState
from softswitch.acd.roster import Numbers, Roster


class Standing(enum.IntEnum):
    """Why an agent cannot be offered work, first applicable; FREE if none."""

    FREE = 0
    LOGGED_OUT = 1
    PAUSED = 2
    WRAP_UP = 3
    TALKING = 4
    RESERVED = 5
    UNREACHABLE = 6
    RETRY_DELAY = 7
    ENGAGED = 9
    NO_ROOM = 8  # of a contact: he is free, and it costs more than he has room for


_FREE = int(Standing.FREE)  # as the arrays have it

_OF_STATE = {
    AgentState.LOGGED_OUT: Standing.LOGGED_OUT,
    AgentState.PAUSED: Standing.PAUSED,
    AgentState.WRAP_UP: Standing.WRAP_UP,
    AgentState.TALKING: Standing.TALKING,
    AgentState.RESERVED: Standing.RESERVED,
}


def standing(agent: Agent) -> Standing:
    if agent.offerable:
        return Standing.FREE
    if agent.state is not AgentState.READY:
        return _OF_STATE[agent.state]
    if not agent.reachable:
        return Standing.UNREACHABLE
    return Standing.ENGAGED if agent.engaged else Standing.RETRY_DELAY


class Floor:
    """Every agent's standing, free room and figures."""

    def __init__(self, specs: Sequence[AgentSpec]) -> None:
        self.roster = Roster(specs)
        self.specs, self.number = self.roster.specs, self.roster.number
        self.standings = np.full(len(self.specs), int(Standing.LOGGED_OUT), dtype=np.uint8)
        self.idle_since = np.zeros(len(self.specs))
        self.room = np.full(len(self.specs), CAPACITY, dtype=np.uint8)  # free units
        self._rooms = [CAPACITY] * len(self.specs)  # the same; one of them is read more quickly here
        self._in_part = 0  # how many have some room, and not all of it
        self.calls = np.zeros(len(self.specs))  # answered since login
        self.busy_s = np.zeros(len(self.specs))  # since login, up to when he was last idle
        self.busy_since = np.full(len(self.specs), np.inf)  # inf: he is not
        self.logged_in_at = np.zeros(len(self.specs))

    def write(self, agent: Agent) -> bool:
        """Take over what has changed about ``agent``; whether he can be offered work."""
        number, now = self.number[agent.name], standing(agent)
        self.standings[number] = now
        self.idle_since[number] = agent.idle_since
        if agent.room != self._rooms[number]:
            self._in_part += (0 < agent.room < CAPACITY) - (0 < self._rooms[number] < CAPACITY)
            self.room[number] = self._rooms[number] = agent.room
        return now is Standing.FREE

    def write_tally(self, agent: Agent) -> None:
        number, tally = self.number[agent.name], agent.tally
        self.calls[number], self.busy_s[number] = tally.calls, tally.busy_s
        self.busy_since[number], self.logged_in_at[number] = tally.busy_since, tally.logged_in_at

    def knows(self, skill: str) -> bool:
        """Somebody has it, at whatever level."""
        return self.roster.knows(skill)

    def righted(self, agent: Agent) -> bool:
        """All of him is written, whatever was there; whether it was something else. Then ``recounted``."""
        number, tally, wrong = self.number[agent.name], agent.tally, False
        cells: tuple[tuple[Any, float], ...] = (
            (self.standings, _FREE if agent.offerable else int(standing(agent))),
            (self.idle_since, agent.idle_since), (self.room, agent.room),
            (self._rooms, agent.room), (self.calls, tally.calls), (self.busy_s, tally.busy_s),
            (self.busy_since, tally.busy_since), (self.logged_in_at, tally.logged_in_at),
        )  # fmt: skip
        for column, value in cells:
            if column[number] != value:
                column[number], wrong = value, True
        return wrong

    def recounted(self) -> bool:
        """How many have some room and not all of it is counted anew; whether it was another number."""
        before, self._in_part = self._in_part, int(np.count_nonzero((self.room > 0) & (self.room < CAPACITY)))
        return self._in_part != before

    def is_free(self, number: int, cost: int = 1) -> bool:
        """He may be offered a contact of this cost; without it: of some cost."""
        return bool(self.standings[number] == _FREE) and self._rooms[number] >= cost

    def occupancy(self, numbers: Numbers, now: float) -> NDArray[np.float64]:
        """The share of the time since login that was spent on contacts, 0..1."""
        busy_s = self.busy_s[numbers] + np.maximum(now - self.busy_since[numbers], 0.0)
        since_login_s = now - self.logged_in_at[numbers]
        return np.divide(busy_s, since_login_s, out=np.zeros(len(numbers)), where=since_login_s > 0)

    def room_of(self, number: int) -> int:
        return self._rooms[number]

    def standings_for(self, among: Numbers, cost: int) -> NDArray[np.uint8]:
        """Theirs as far as a contact of this cost is concerned."""
        found = self.standings.take(among)
        if self._in_part:
            found[(found == _FREE) & (self.room.take(among) < cost)] = int(Standing.NO_ROOM)
        return found

    def count_free(self, among: Numbers, cost: int = CAPACITY) -> int:
        """Who may be offered a contact of this cost."""
        return int(np.count_nonzero(self.standings_for(among, cost) == _FREE))

    def in_wrap_up(self, among: Numbers) -> Numbers:
        found: Numbers = among[self.standings.take(among) == int(Standing.WRAP_UP)]
        return found

    def count_logged_in(self, among: Numbers) -> int:
        return int(np.count_nonzero(self.standings.take(among) != int(Standing.LOGGED_OUT)))
