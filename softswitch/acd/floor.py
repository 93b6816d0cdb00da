"""What the agents are doing, as arrays by agent number: who can be offered work, and what strategies sort by.

A match is one gather and one search among those who meet the needs. Decides nothing about states: the machine writes
here what has changed about an agent when it changes.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

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
    return Standing.RETRY_DELAY if agent.reachable else Standing.UNREACHABLE


class Floor:
    """Every agent's standing, free room and figures."""

    def __init__(self, specs: Sequence[AgentSpec]) -> None:
        self.roster = Roster(specs)
        self.specs, self.number = self.roster.specs, self.roster.number
        self.standings = np.full(len(self.specs), int(Standing.LOGGED_OUT), dtype=np.uint8)
        self.idle_since = np.zeros(len(self.specs))
        self.room = np.full(len(self.specs), CAPACITY, dtype=np.uint8)  # free units
        self._in_part = 0  # how many have some room, and not all of it
        self.calls = np.zeros(len(self.specs))  # answered since login
        self.busy_s = np.zeros(len(self.specs))  # since login, up to when he was last idle
        self.busy_since = np.full(len(self.specs), np.inf)  # inf: he is not
        self.logged_in_at = np.zeros(len(self.specs))

    def write(self, agent: Agent) -> None:
        """Take over what has changed about ``agent``."""
        number = self.number[agent.name]
        self.standings[number] = standing(agent)
        self.idle_since[number] = agent.idle_since
        self._in_part += (0 < agent.room < CAPACITY) - (0 < int(self.room[number]) < CAPACITY)
        self.room[number] = agent.room
        tally = agent.tally
        self.calls[number], self.busy_s[number] = tally.calls, tally.busy_s
        self.busy_since[number], self.logged_in_at[number] = tally.busy_since, tally.logged_in_at

    def knows(self, skill: str) -> bool:
        """Somebody has it, at whatever level."""
        return self.roster.knows(skill)

    def is_free(self, number: int, cost: int = 1) -> bool:
        """He may be offered a contact of this cost; without it: of some cost."""
        return bool(self.standings[number] == _FREE and self.room[number] >= cost)

    def occupancy(self, numbers: Numbers, now: float) -> NDArray[np.float64]:
        """The share of the time since login that was spent on contacts, 0..1."""
        busy_s = self.busy_s[numbers] + np.maximum(now - self.busy_since[numbers], 0.0)
        since_login_s = now - self.logged_in_at[numbers]
        return np.divide(busy_s, since_login_s, out=np.zeros(len(numbers)), where=since_login_s > 0)

    def standings_for(self, among: Numbers, cost: int) -> NDArray[np.uint8]:
        """Theirs as far as a contact of this cost is concerned."""
        found = self.standings.take(among)
        if self._in_part:
            found[(found == _FREE) & (self.room.take(among) < cost)] = int(Standing.NO_ROOM)
        return found

    def count_free(self, among: Numbers, cost: int = CAPACITY) -> int:
        """Who may be offered a contact of this cost."""
        return int(np.count_nonzero(self.standings_for(among, cost) == _FREE))

    def count_logged_in(self, among: Numbers) -> int:
        return int(np.count_nonzero(self.standings.take(among) != int(Standing.LOGGED_OUT)))
