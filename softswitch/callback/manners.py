"""How often a number was dialled lately, by whatever promise, and who was let go for want of an agent.

Those who are called count calls per number, and not per list, and so does the law where it counts them; hence all
attempts of a day are counted here, over all queues and campaigns, and each policy says how many it takes (any 24 hours,
not days: nobody is called at five to twelve and at five past). Who has answered and was told that nobody is there is
not to be let down so again: for a while an agent is on the line before he is dialled (Ofcom, statement on persistent
misuse, 2010: 72 hours). Where a dialplan leads whoever answers no agent can be first, and he is not dialled so long.

The store has what was dialled before this process, and by other nodes; they are told of each other (``Dialled``).
Times are Unix seconds.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace

from softswitch.callback.node import Dialled
from softswitch.callback.policy import Policy
from softswitch.callback.resumed import CREDIBLE_S

DAY_S = 86400.0
LONGEST_S = 31 * DAY_S  # that an agent is first


class Manners:
    def __init__(self) -> None:
        self._dials: dict[str, list[float]] = defaultdict(list)  # of the last day, by number
        self._order: deque[tuple[float, str]] = deque()  # the same, as they came
        self._dropped: dict[str, float] = {}  # as they came, each the last time

    def hear(self, told: Dialled, now: float) -> None:
        for number, at in told.attempts:
            self._dials[number].append(at)
            self._order.append((at, number))
        while self._order and not lately(self._order[0][0], now):
            at, number = self._order.popleft()
            self._dials[number].remove(at)
            if not self._dials[number]:
                del self._dials[number]
        for number, at in told.dropped:
            self._dropped.pop(number, None)
            self._dropped[number] = at
        while self._dropped and not _since(LONGEST_S, (oldest := next(iter(self._dropped.items())))[1], now):
            del self._dropped[oldest[0]]

    def news(self, told: Dialled) -> Dialled:
        """Without what is counted already: what a node that died was told is told to one that lives, which was told
        the same, or has told it."""
        new = [(number, at) for number, at in told.attempts if at not in self._dials.get(number, ())]
        return replace(told, attempts=tuple(new))

    def closed_until(self, number: str, policy: Policy, now: float) -> float:
        """It is not dialled before; 0: it may be dialled now, as far as this goes."""
        rests = self._let_down_until(number, policy, now) if policy.plan else 0.0
        return max(rests, self._often_until(number, policy, now))

    def agent_first(self, number: str, policy: Policy, now: float) -> bool:
        """Is it dialled only with an agent on the line?"""
        return self._let_down_until(number, policy, now) > 0.0

    def _often_until(self, number: str, policy: Policy, now: float) -> float:
        most, dials = policy.most_per_day, self._dials.get(number, ())
        counted = sorted(at for at in dials if lately(at, now)) if most and len(dials) >= most else []
        return counted[-most] + DAY_S if len(counted) >= most > 0 else 0.0

    def _let_down_until(self, number: str, policy: Policy, now: float) -> float:
        at = self._dropped.get(number, float("inf"))
        until = at + policy.agent_first_for_s
        return until if _since(policy.agent_first_for_s, at, now) else 0.0


def lately(at: float, now: float) -> bool:
    """Within 24 hours."""
    return _since(DAY_S, at, now)


def _since(span_s: float, at: float, now: float) -> bool:
    """Is it no longer ago? What is further ahead than a clock is set back was counted by one that was wrong."""
    return now < at + span_s and at <= now + CREDIBLE_S


def look_back_s(policies: Iterable[Policy]) -> tuple[float, float]:
    """How far one has to look back for attempts, and for those who were let go; 0: not at all."""
    policies = list(policies)
    let_go_s = max((policy.agent_first_for_s for policy in policies if policy.first == "customer"), default=0.0)
    return DAY_S if any(policy.most_per_day for policy in policies) else 0.0, let_go_s
