"""Whose turn it is in a queue, and who is on the line first: what ``pacing`` counts and ``governor`` allows decides.

Among the policies of a queue the promise of the lowest rank goes first, of those whose policy has room. Where it has
none only because of dials in flight (they may be more than there are agents), nobody behind it is dialled either: else
a campaign that dials fast would leave nothing to a callback that is older.

What there is room for:

- agent first       a free agent beyond the reserve whom nobody has a claim on
- progressive       the same, customer first; once somebody was abandoned, agent first where the bound asks for it
- ratio             dials in flight up to ``ratio`` times the agents, while the governor lets one more be at risk
- predictive        the same with the number that ``odds`` gives for the answer rate, and ``ratio`` as its upper end;
                    its agents are also those who come out of wrap-up before most of who is dialled now would answer

Ratio and predictive call agent first as long as the governor does not let anybody be at risk; where a dialplan leads
whoever answers no agent can be first, and it is one customer for each agent so long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import ceil, floor

from softswitch.callback.book import Book, Entry
from softswitch.callback.breaker import Breaker, TrunkTakesCalls
from softswitch.callback.governor import Governor
from softswitch.callback.model import KeepTally, Policy, Promise, PromiseState, Tally
from softswitch.callback.odds import ROUNDING, STEPS, most_dials
from softswitch.callback.pacing import Claim, Pace, Place
from softswitch.callback.rule import Rules
from softswitch.core.effect import DomainEvent

S = PromiseState
LOOK_S = 1.0  # as finely as rings are told apart
TRIES = frozenset({S.SEEKING, S.DIALLING})  # somebody is dialled, or about to be
NEEDS_AGENT = frozenset({"hung up", "dropped"})  # outcomes of attempts that were answered, by a person


class Turns:
    def __init__(self, rules: Rules, book: Book, tell: Callable[[DomainEvent], None]) -> None:
        self._rules = rules
        self._book = book
        self._paces: dict[str, Pace] = {}
        self._governors: dict[str, Governor] = {}
        self._tell = tell
        self.breaker = Breaker()
        self._claimed: dict[str, tuple[Pace, Governor]] = {}  # by promise: with whom, were it to change its queue
        self._stirred: dict[str, None] = {}  # queues in which something may have become possible, in order

    def pace(self, queue: str) -> Pace:
        return self._paces.setdefault(queue, Pace())

    def governor(self, name: str) -> Governor:
        return self._governors.setdefault(name, Governor())

    def restore(self, tallies: Iterable[Tally], node: str) -> None:
        """Each node keeps the limit by itself, so that it holds for all of them together."""
        for tally in tallies:
            if tally.node == node:
                self._governors[tally.name] = Governor(tally)

    def cut_short(self, promise: Promise) -> None:
        """A crash has forgotten who was first; until the attempt is over he may have answered to nobody."""
        if self._rules.policy(promise.name).first == "customer":
            self._risk(promise, self.pace(promise.queue))

    def _risk(self, promise: Promise, pace: Pace) -> None:
        governor = self.governor(promise.name)
        governor.at_risk.add(promise.id)
        self._claimed[promise.id] = pace, governor

    def part(self) -> None:
        """With all who are lined up, at once."""
        for pace in self._paces.values():
            pace.lines.clear()

    def stir(self, queues: Iterable[str]) -> None:
        self._stirred.update(dict.fromkeys(queues))

    def stir_all(self) -> None:
        self.stir(self._paces)

    def stirred(self) -> str | None:
        """The next queue to look at."""
        queue = next(iter(self._stirred), None)
        if queue is not None:
            del self._stirred[queue]
        return queue

    def line_up(self, entry: Entry) -> None:
        """It is due, or may have become free to be dialled."""
        promise = entry.promise
        self.pace(promise.queue).line_up(promise.name, promise.rank, promise.id)
        self.stir([promise.queue])

    def leave(self, promise: Promise) -> None:
        """It is not due any more, or in another queue from now on."""
        if (line := self.pace(promise.queue).lines.get(promise.name)) is not None:
            line.leave(promise.id)

    def moved(self, entry: Entry, old: PromiseState) -> None:
        """It is in another state than ``old``: so is its claim on an agent."""
        promise, claim = entry.promise, _claim(entry)
        if (former := self._claimed.pop(promise.id, None)) is not None:
            pace, governor = former
            pace.claim(promise.id, None)
            governor.at_risk.discard(promise.id)
        pace = self.pace(promise.queue)
        pace.claim(promise.id, claim, promise.name, entry.since)
        self._tries(entry, old)
        if claim in (Claim.DIAL, Claim.ANSWERED):
            self._risk(promise, pace)
        elif claim is Claim.SEEK:
            self._claimed[promise.id] = pace, self.governor(promise.name)
        if old is S.SEEKING and promise.state is not S.DIALLING:
            self.stir([queue for queue, pace in self._paces.items() if pace.over(promise.id)])
        elif old in (S.SEEKING, S.DIALLING, S.ANSWERED):
            self.stir([promise.queue])
            self.stir(queue for queue, other in self._paces.items() if promise.queue in other.shared)

    # ---- the trunk -------------------------------------------------------------------------------------------------

    def _tries(self, entry: Entry, old: PromiseState) -> None:
        promise, trunk = entry.promise, self._trunk(entry.promise)
        if promise.state in TRIES:
            self.breaker.begun(trunk, promise.id, entry.since)
        elif old in TRIES and self.breaker.over(trunk, promise.id):
            self.stir_all()
        if old is S.DIALLING and promise.state in (S.ANSWERED, S.KEPT):
            self._through(trunk)

    def heard(self, promise: Promise, refused: bool, retry_after_s: float, now: float) -> None:
        """An attempt has failed: ``refused`` by the network, or it got through to where somebody knew why."""
        trunk = self._trunk(promise)
        if refused:
            if (fact := self.breaker.refused(trunk, now, retry_after_s)) is not None:
                self._tell(fact)
        else:
            self._through(trunk)

    def _through(self, trunk: str) -> None:
        if self.breaker.left_alone(trunk):
            self._tell(TrunkTakesCalls(trunk))
        if self.breaker.passed(trunk):
            self.stir_all()

    def shut_until(self, promise: Promise, now: float) -> float:
        """Its trunk refuses calls, and this one does not leave before (Unix s); 0: it may."""
        return self.breaker.shut_until(self._trunk(promise), now, promise.id)

    def refused_until(self, name: str, now: float) -> float:
        """The same of all that a policy calls."""
        return self.breaker.shut_until(_trunk(self._rules.policy(name)), now)

    def _trunk(self, promise: Promise) -> str:
        return _trunk(self._rules.policy(promise.name))

    def void(self, promise: str) -> None:
        for pace in self._paces.values():
            pace.void(promise)

    # ---- what an attempt has shown --------------------------------------------------------------------------------

    def count(
        self, name: str, result: str, now: float, customer_first: bool = False, rang_s: float = 0.0
    ) -> KeepTally | None:
        """An attempt is over; "answered": the customer talks to an agent. The order, if the tally is another now."""
        policy = self._rules.policy(name)
        if policy.first == "agent" and not customer_first:  # as it was dialled, whatever a reload says since
            return None
        governor = self.governor(name)
        governor.rate.count(result == "answered" or result in NEEDS_AGENT, rang_s)
        if result == "answered":
            return KeepTally(governor.served(policy, now))
        return KeepTally(governor.dropped(policy, now)) if result == "dropped" else None

    # ---- whose turn -----------------------------------------------------------------------------------------------

    def next(self, queue: str, fit: Callable[[Place], bool], now: float) -> tuple[Entry, Claim] | None:
        """Who is to be called now, and whether he is dialled at once (DIAL) or an agent is sought first (SEEK)."""
        pace = self._paces.get(queue)
        if pace is None:
            return None
        pace.elsewhere = sum(min(self.pace(other).need, agents) for other, agents in pace.shared.items())
        for name, place in self._heads(queue, pace, fit, now):
            policy, entry = self._rules.policy(name), self._entry(place)
            claim = self._way(pace, policy, entry.promise.number, now)
            if claim is not None:
                return entry, claim
            if self.agents(pace, policy, now):
                break
        return None

    def _heads(self, queue: str, pace: Pace, fit: Callable[[Place], bool], now: float) -> list[tuple[str, Place]]:
        """Of the lines for which there are agents, lowest rank first."""
        heads: list[tuple[str, Place]] = []
        for name, line in pace.lines.items():
            if (
                name in pace.cut_off
                or self.refused_until(name, now)
                or not self.agents(pace, self._rules.policy(name), now)
            ):
                continue
            if (place := line.first(partial(self._fits, fit, queue, name))) is not None:
                heads.append((name, place))
        return sorted(heads, key=lambda head: head[1])

    def _fits(self, fit: Callable[[Place], bool], queue: str, name: str, place: Place) -> bool:
        return self._stands(queue, name, place) and fit(place)

    def _stands(self, queue: str, name: str, place: Place) -> bool:
        """Else it is over, or not due, or a further loss or a reload has brought it to another place or queue."""
        entry = self._book.get(place[1])
        if entry is None:
            return False
        promise = entry.promise
        return promise.state is S.DUE and (promise.queue, promise.name, promise.rank) == (queue, name, place[0])

    def _entry(self, place: Place) -> Entry:
        entry = self._book.get(place[1])
        assert entry is not None, "the line was asked for fitting promises only"
        return entry

    def _way(self, pace: Pace, policy: Policy, number: str, now: float) -> Claim | None:
        room = pace.room(policy.reserve) > 0
        if policy.first == "agent" or self._rules.manners.agent_first(number, policy, now):
            return Claim.SEEK if room else None
        if self.governor(policy.name).may_risk(policy, now):
            return Claim.DIAL if pace.dials < self._most(pace, policy, now) else None
        if not room:
            return None
        return Claim.SEEK if self.agents_first(policy, now) else Claim.DIAL

    def agents_first(self, policy: Policy, now: float) -> bool:
        """Of a policy that has customers first: is an agent found before all the same, lest somebody be at risk?"""
        governor = self.governor(policy.name)
        spotless = policy.pacing == "progressive" and governor.unblemished(policy, now)
        return not (spotless or policy.plan or governor.may_risk(policy, now))

    def look_again(self, queue: str, now: float) -> float | None:
        """When one more may be dialled though nothing has happened: phones ring on, wrap-ups come to their end, and a
        trunk that refuses is tried again."""
        pace = self.pace(queue)
        refused = (self.refused_until(name, now) for name, line in pace.lines.items() if len(line))
        moments = [at for at in (self._look_at_agents(pace, now), *refused) if at]
        return min(moments, default=None)

    def _look_at_agents(self, pace: Pace, now: float) -> float | None:
        if pace.live_waiting or not (pace.ringing or pace.ending):
            return None
        lines = (self._rules.policy(name) for name, line in pace.lines.items() if len(line))
        return now + LOOK_S if any(self._foresees(policy, now) for policy in lines) else None

    def _foresees(self, policy: Policy, now: float) -> bool:
        """Whether it counts on agents who are not free yet."""
        predictive = policy.first == "customer" and policy.pacing == "predictive"
        return predictive and self.governor(policy.name).may_risk(policy, now)

    def agents(self, pace: Pace, policy: Policy, now: float) -> int:
        """For dials of this policy, those in flight among them."""
        if not self._foresees(policy, now):
            return pace.agents(policy.reserve)
        return pace.coming(policy.reserve, now + self.governor(policy.name).rate.soonest_s)

    def _most(self, pace: Pace, policy: Policy, now: float) -> int:
        """Dials in flight, at most."""
        agents = self.agents(pace, policy, now)
        if policy.pacing == "progressive":
            return agents
        most = floor(agents * policy.ratio + ROUNDING)
        if policy.pacing == "ratio":
            return max(agents, most)
        return max(agents, min(most, most_dials(agents, self._p_answer(pace, policy, now), policy.abandon_limit)))

    def _p_answer(self, pace: Pace, policy: Policy, now: float) -> float:
        """The mean of those in flight and of one more: with that, a binomial has the wider spread of the two."""
        total = self.governor(policy.name).rate.cautious()
        for (name, since), dials in pace.ringing.items():
            total += dials * self.governor(name).rate.cautious(now - since)
        return min(1.0, ceil(total / (pace.dials + 1) * STEPS - ROUNDING) / STEPS)


def _trunk(policy: Policy) -> str:
    """ "": it calls phones of ours, which need none."""
    return "" if policy.numbers else policy.trunk


def _claim(entry: Entry) -> Claim | None:
    match entry.promise.state:
        case S.SEEKING:
            return Claim.DIAL if entry.customer_first else Claim.SEEK
        case S.DIALLING:
            return Claim.DIAL if entry.customer_first else None
        case S.ANSWERED:
            return Claim.ANSWERED
        case _:
            return None
