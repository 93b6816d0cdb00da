"""The agents as arrays: who meets a need, and who of those has been idle longest.

An agent's number is its place in the order of names, so that the first smallest ``idle_since`` is also the first by
name. The set that meets a need is computed once per need; a match is then one gather and one ``argmin``. Decides
nothing about states: the machine writes each agent's standing here when it changes.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from functools import reduce
from typing import assert_never, cast

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.agent import Agent
from softswitch.acd.model import AgentSpec, AgentState, AllOf, AnyOf, Expression, Need, Needs, NotOf

Numbers = NDArray[np.intp]


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


_FREE = int(Standing.FREE)  # as the arrays have it

_OF_STATE = {
    AgentState.LOGGED_OUT: Standing.LOGGED_OUT,
    AgentState.PAUSED: Standing.PAUSED,
    AgentState.WRAP_UP: Standing.WRAP_UP,
    AgentState.TALKING: Standing.TALKING,
    AgentState.RESERVED: Standing.RESERVED,
}


def standing(agent: Agent) -> Standing:
    if agent.state is not AgentState.READY:
        return _OF_STATE[agent.state]
    if not agent.reachable:
        return Standing.UNREACHABLE
    return Standing.FREE if agent.delay is None else Standing.RETRY_DELAY


class Floor:
    """Every agent's standing and idle time, by number."""

    def __init__(self, specs: Sequence[AgentSpec]) -> None:
        self.specs = tuple(sorted(specs, key=lambda spec: spec.name))
        self.number = {spec.name: number for number, spec in enumerate(self.specs)}
        self.standings = np.full(len(self.specs), int(Standing.LOGGED_OUT), dtype=np.uint8)
        self.idle_since = np.full(len(self.specs), np.inf)  # inf: not to be offered work
        self._nobody = np.zeros(len(self.specs), dtype=np.bool_)
        self._levels: dict[str, NDArray[np.uint8]] = {}
        for number, spec in enumerate(self.specs):
            for skill, level in spec.skills:
                self._levels.setdefault(skill, np.zeros(len(self.specs), dtype=np.uint8))[number] = level

    def write(self, agent: Agent) -> None:
        """Take over what has changed about ``agent``."""
        number, now = self.number[agent.name], standing(agent)
        self.standings[number] = now
        self.idle_since[number] = agent.idle_since if now is Standing.FREE else np.inf

    def knows(self, skill: str) -> bool:
        """Somebody has it, at whatever level."""
        return skill in self._levels

    def having(self, needs: Needs) -> NDArray[np.bool_]:
        """By agent number, shape (agents,): meets every need."""
        found = np.ones(len(self.specs), dtype=np.bool_)
        for need in needs:
            found &= self._meeting(need)
        return found

    def _meeting(self, need: Expression) -> NDArray[np.bool_]:
        match need:
            case Need(skill, level, at_most):
                levels = self._levels.get(skill)
                return self._nobody if levels is None else (levels >= level) & (levels <= at_most)
            case AllOf(of):
                return self.having(of)
            case AnyOf(of):
                return reduce(np.logical_or, map(self._meeting, of), self._nobody)
            case NotOf(of):
                return ~self._meeting(of)
            case _:
                assert_never(need)

    def is_free(self, number: int) -> bool:
        return bool(self.standings[number] == _FREE)

    def longest_idle(self, among: Numbers) -> int | None:
        """The number of the offerable agent who has been idle longest, the first by name of equals."""
        if not among.size:
            return None
        idle_since = self.idle_since.take(among)
        best = idle_since.argmin()
        return None if idle_since[best] == np.inf else int(among[best])

    def count_free(self, among: Numbers) -> int:
        return int(np.count_nonzero(self.standings.take(among) == _FREE))

    def count_logged_in(self, among: Numbers) -> int:
        return int(np.count_nonzero(self.standings.take(among) != int(Standing.LOGGED_OUT)))

    def tied(self, among: Numbers, number: int) -> list[bool]:
        """Which of them are offerable and have been idle for exactly as long as ``number``."""
        return cast(list[bool], (self.idle_since.take(among) == self.idle_since[number]).tolist())
