"""What the people do whom nobody can compute: agents who pick up or do not, customers who answer a callback or do not.

Luck belongs to the person and not to the run: the same caller has the same luck under another configuration, so that
what differs between two runs is what the configurations made of it.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from softswitch.contact.visit import FIRST_ANNOUNCEMENT_S


@dataclass(frozen=True, slots=True)
class Habits:
    """Assumptions; told with each result."""

    pickup_s: float = 0.0  # from the first ring until an agent picks up
    misses: float = 0.0  # share of rings that nobody picks up
    back_s: float = 120.0  # until an agent who was paused for that says that he is there
    reached: float = 0.6  # share of callback attempts that the customer answers ...
    answer_s: float = 10.0  # ... so long after the first ring
    accepts: float = 0.0  # share of those who are offered to be called back that take the offer
    offered_s: float = FIRST_ANNOUNCEMENT_S  # after he has come; an offer for which position or wait call; 0: at once
    redials: float = 0.0  # share of those who gave up or were refused that call in again by themselves ...
    redial_s: float = 300.0  # ... after so long, on average
    seed: int = 1

    def __post_init__(self) -> None:
        shares = {"misses": self.misses, "reached": self.reached, "accepts": self.accepts, "redials": self.redials}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is {share:g}; it must be a share from 0 to 1")
        times_s = self.pickup_s, self.back_s, self.answer_s, self.offered_s, self.redial_s
        if not all(0 <= value < math.inf for value in times_s):
            raise ValueError("times of people must not be less than 0 s, nor endless")

    def luck(self, *whose: object) -> float:
        """In [0, 1); the same for the same words, in every process."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, whose))}").random()

    def hears(self, contact: str, agent: str, ring: int) -> bool:
        """Does the agent pick up? ``ring`` numbers the offers of this contact."""
        return not self.misses or self.luck("hears", contact, agent, ring) >= self.misses

    def answers(self, customer: str, attempt: int) -> bool:
        return self.luck("answers", customer, attempt) < self.reached

    def takes(self, customer: str) -> bool:
        """The offer to be called back."""
        return self.luck("takes", customer) < self.accepts

    def redials_after(self, customer: str, losses: int) -> float | None:
        """Who was lost so often by now calls in again so many seconds later; None: he does not."""
        if self.luck("redials", customer, losses) >= self.redials:
            return None
        return -self.redial_s * math.log(1.0 - self.luck("redials after", customer, losses))
