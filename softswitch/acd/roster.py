"""Who is configured, and who of them meets a need: what does not change until the next reload.

An agent's number is its place in the order of names, so that of equals the lowest number is the first by name. Who
meets a need is one comparison per skill over all agents at once. Knows nothing of what the agents are doing.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import cached_property, reduce
from hashlib import blake2b
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.model import AgentSpec, AllOf, AnyOf, Expression, Need, Needs, NotOf

Numbers = NDArray[np.intp]


class Roster:
    """The agents by number; ``places`` are theirs in the order in which they were configured."""

    def __init__(self, specs: Sequence[AgentSpec]) -> None:
        self.specs = tuple(sorted(specs, key=lambda spec: spec.name))
        self.names = tuple(spec.name for spec in self.specs)
        self.number = {name: number for number, name in enumerate(self.names)}
        places = {spec.name: place for place, spec in enumerate(specs)}
        self.places = np.array([places[name] for name in self.names], dtype=np.float64)
        self._levels: dict[str, NDArray[np.uint8]] = {}
        for number, spec in enumerate(self.specs):
            for skill, level in spec.skills:
                self._levels.setdefault(skill, np.zeros(len(self.specs), dtype=np.uint8))[number] = level

    def knows(self, skill: str) -> bool:
        """Somebody has it, at whatever level."""
        return skill in self._levels

    @property
    def skills(self) -> Set[str]:
        return self._levels.keys()

    def level(self, skill: str) -> NDArray[np.float64]:
        """By agent number; 0: he does not have it."""
        levels = self._levels.get(skill)
        return np.zeros(len(self.specs)) if levels is None else levels.astype(np.float64)

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

    @cached_property
    def _nobody(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.specs), dtype=np.bool_)

    # ---- kept beside the decisions that were made with it ----------------------------------------------------------

    @cached_property
    def digest(self) -> str:
        """The same for the same agents with the same skills, whatever else is configured."""
        return blake2b(repr(self.to_plain()).encode(), digest_size=12).hexdigest()

    def to_plain(self) -> list[Any]:
        """(name, place in the configuration, skills) of each, as lists."""
        skills = ([list(one) for one in spec.skills] for spec in self.specs)
        return [[name, int(place), own] for name, place, own in zip(self.names, self.places, skills, strict=True)]

    @staticmethod
    def from_plain(plain: list[Any]) -> Roster:
        """What ``to_plain`` gave; phones are not in it."""
        agents = sorted(plain, key=lambda agent: agent[1])
        return Roster([AgentSpec(name, "", tuple((skill, level) for skill, level in own)) for name, _, own in agents])
