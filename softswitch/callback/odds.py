"""How many customers may be dialled for so many free agents, if each answers with the same probability.

The number of answers X of n dials is binomial. Whom no agent is left for is abandoned by us, so the share of answered
calls that are abandoned is E[(X - agents)+] / E[X]; it grows with n, and the largest n is wanted that keeps it within
the limit. With ``tail(n) = P(X_n >= agents)``, E[(X - agents)+] grows by p * tail(n) from n to n + 1: one more dial
makes one more too many where it is answered and all agents are taken.

How likely an answer is, is measured (``AnswerRate``): the last dials count most, and the figure used is the upper end
of a confidence interval (Wilson's), which is 1 while nothing is known. The mistake made early is to dial too few. Whose
phone has rung for a while is less likely to answer than who is dialled now; how much less, the same dials show.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from math import ceil, exp, lgamma, log, log1p, sqrt

MOST_PER_AGENT = 20  # dials, whatever the rate: more would find no lines
REMEMBERED = 200.0  # dials: how far back the rate looks, in the mean
CAUTION = 1.645  # standard errors: the true rate is higher in 5 % of cases
LONGEST_S = 120  # of ringing, told apart
EARLY = 0.25  # of answers come before an agent who is counted on when the dial is made
ENOUGH = 20.0  # answers seen, until which nobody knows how soon they come
STEPS = 200  # to which a rate is rounded up, so that few tables are ever computed
ROUNDING = 1e-9  # a share that is the limit itself, but for the last digits, is within it


@lru_cache(maxsize=4096)
def most_dials(agents: int, p_answer: float, limit: float, most_per_agent: int = MOST_PER_AGENT) -> int:
    """The largest number of dials at a time; never less than ``agents``, of whom each can take one."""
    if agents <= 0:
        return 0
    if p_answer >= 1.0 or limit <= 0.0:
        return agents
    if p_answer <= 0.0 or limit >= 1.0:
        return agents * most_per_agent
    dials, too_many, tail = agents, 0.0, p_answer**agents
    while dials < agents * most_per_agent:
        too_many += p_answer * tail
        if too_many > (limit + ROUNDING) * (dials + 1) * p_answer:
            break
        tail += p_answer * _exactly(agents - 1, dials, p_answer)
        dials += 1
    return dials


def abandoned_share(agents: int, dials: int, p_answer: float) -> float:
    """Of the answered calls of so many dials at a time."""
    too_many = sum((k - agents) * _exactly(k, dials, p_answer) for k in range(agents + 1, dials + 1))
    return too_many / (dials * p_answer) if too_many else 0.0


def _exactly(answers: int, dials: int, p: float) -> float:
    """P(X = answers); by logarithms, for the powers of many dials are smaller than any float."""
    if not 0.0 < p < 1.0:
        return float(answers == (dials if p else 0))
    ways = lgamma(dials + 1) - lgamma(answers + 1) - lgamma(dials - answers + 1)
    return exp(ways + answers * log(p) + (dials - answers) * log1p(-p))


class AnswerRate:
    """Of one campaign. An answer is a customer who needs an agent; a machine that was found out is none."""

    def __init__(self) -> None:
        self._over = [0.0] * (LONGEST_S + 1)  # dials, by the second of ringing in which they were over
        self._answers = [0.0] * (LONGEST_S + 1)  # those of them that were answered then

    def count(self, answered: bool, rang_s: float) -> None:
        fade, second = 1.0 - 1.0 / REMEMBERED, _second(rang_s)
        self._over = [dials * fade for dials in self._over]
        self._answers = [dials * fade for dials in self._answers]
        self._over[second] += 1.0
        self._answers[second] += answered

    def cautious(self, rung_s: float = 0.0) -> float:
        """Of who has rung so long: what it is hardly higher than, in (0, 1], rounded up."""
        second, square = _second(rung_s), CAUTION * CAUTION
        dials = sum(self._over[second:])
        share = min(1.0, sum(self._answers[second:]) / dials) if dials else 0.0
        spread = CAUTION * sqrt(share * (1.0 - share) * dials + square / 4.0)
        upper = (share * dials + square / 2.0 + spread) / (dials + square)
        return min(1.0, ceil(upper * STEPS - ROUNDING) / STEPS)

    @property
    def soonest_s(self) -> float:
        """Most answers do not come before, counted from the dial; 0 until that is known."""
        early = EARLY * sum(self._answers)
        if early < EARLY * ENOUGH:
            return 0.0
        return float(next(second for second, so_far in enumerate(accumulate(self._answers)) if so_far > early))


def _second(rang_s: float) -> int:
    return min(max(0, int(rang_s)), LONGEST_S)
