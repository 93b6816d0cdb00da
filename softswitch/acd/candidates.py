"""One set of needs against the agents of one configuration: who is qualified, and why each of the others is not.

All decisions about contacts with the same needs share it. What only some of them ask for is worked out when it is first
asked for: the reasons, and the figures of the strategies that weigh skills.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import cached_property, reduce
from hashlib import blake2b
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.model import AllOf, AnyOf, Expression, Need, Needs, NotOf
from softswitch.acd.roster import Numbers, Roster
from softswitch.acd.skill import from_plain, to_plain, unmet, wanted
from softswitch.acd.why import Verdict


class Candidates:
    def __init__(self, roster: Roster, needs: Needs) -> None:
        self.roster = roster
        self.needs = needs
        self.numbers: Numbers = np.flatnonzero(roster.having(needs))  # of the qualified

    def unfit(self) -> Iterator[tuple[str, Verdict]]:
        """(agent, reason) of those who do not meet the needs, by name."""
        verdicts, codes = self._verdicts
        unfit = np.flatnonzero(codes)
        for number, code in zip(unfit.tolist(), codes.take(unfit).tolist(), strict=True):
            yield self.roster.names[number], verdicts[code - 1]

    @cached_property
    def _verdicts(self) -> tuple[list[Verdict], NDArray[np.uint16]]:
        """The different reasons, and for each agent which of them, from 1; 0 for the qualified."""
        known: dict[Verdict, int] = {}
        codes = np.zeros(len(self.roster.specs), dtype=np.uint16)
        qualified = set(self.numbers.tolist())
        for number, spec in enumerate(self.roster.specs):
            if number not in qualified:
                codes[number] = known.setdefault(unmet(dict(spec.skills), self.needs), len(known) + 1)
        return list(known), codes

    # ---- what strategies weigh, float64 by place among the qualified ------------------------------------------------

    @cached_property
    def surplus(self) -> NDArray[np.float64]:
        """Levels above what is needed, summed over the needs; of alternatives the one that he exceeds least."""
        return self._surplus(AllOf(self.needs))[self.numbers]

    def _surplus(self, need: Expression) -> NDArray[np.float64]:
        """Of all agents by number; endless where he does not meet it."""
        match need:
            case Need(skill, level):
                over = self.roster.level(skill) - level
                return np.where(self.roster.having((need,)), over, np.inf)
            case AllOf(of):
                return sum(map(self._surplus, of), np.zeros(len(self.roster.specs)))
            case AnyOf(of):
                return reduce(np.minimum, map(self._surplus, of))
            case NotOf():
                return np.where(self.roster.having((need,)), 0.0, np.inf)
            case _:
                assert_never(need)

    @cached_property
    def skill(self) -> NDArray[np.float64]:
        """The sum of his levels in the skills that the needs want, each counted once."""
        return self._sum(set(wanted(self.needs)))

    @cached_property
    def besides(self) -> NDArray[np.float64]:
        """The sum of his levels in all other skills."""
        return self._sum(self.roster.skills - set(wanted(self.needs)))

    def _sum(self, skills: Set[str]) -> NDArray[np.float64]:
        return sum((self.roster.level(skill) for skill in skills), np.zeros(len(self.roster.specs)))[self.numbers]

    # ---- kept beside the decisions that were made with it ----------------------------------------------------------

    @cached_property
    def key(self) -> str:
        """The same for the same needs among the same agents."""
        return blake2b(f"{self.roster.digest} {self.needs!r}".encode(), digest_size=12).hexdigest()

    def to_plain(self) -> dict[str, Any]:
        """Text, numbers, lists; ``roster`` by its digest."""
        return {"roster": self.roster.digest, "needs": [to_plain(need) for need in self.needs]}

    @staticmethod
    def from_plain(plain: dict[str, Any], roster: Roster) -> Candidates:
        """Raises ``ValueError`` if ``roster`` is not what it was written with."""
        if plain["roster"] != roster.digest:
            raise ValueError(f"the candidates are of roster {plain['roster']}, not of {roster.digest}")
        return Candidates(roster, tuple(map(from_plain, plain["needs"])))
