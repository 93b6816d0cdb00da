"""What the people do whom nobody can compute: agents who pick up or do not, customers who answer a callback or do not.

Luck belongs to the person and not to the run: the same caller has the same luck under another configuration, so that
what differs between two runs is what the configurations made of it.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """Assumptions; told with each result."""

    pickup_s: float = 0.0  # from the first ring until an agent picks up
    misses: float = 0.0  # share of rings that nobody picks up
    back_s: float = 120.0  # until an agent who was paused for that says that he is there
    reached: float = 0.6  # share of callback attempts that the customer answers ...
    answer_s: float = 10.0  # ... so long after the first ring
    seed: int = 1

    def __post_init__(self) -> None:
        for name, share in (("misses", self.misses), ("reached", self.reached)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is {share:g}; it must be a share from 0 to 1")
        if not all(0 <= value < math.inf for value in (self.pickup_s, self.back_s, self.answer_s)):
            raise ValueError("times of people must not be less than 0 s, nor endless")

    def luck(self, *whose: object) -> float:
        """In [0, 1); the same for the same words, in every process."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, whose))}").random()

    def hears(self, contact: str, agent: str, ring: int) -> bool:
        """Does the agent pick up? ``ring`` numbers the offers of this contact."""
        return not self.misses or self.luck("hears", contact, agent, ring) >= self.misses

    def answers(self, customer: str, attempt: int) -> bool:
        return self.luck("answers", customer, attempt) < self.reached
