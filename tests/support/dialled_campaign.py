"""One outbound campaign, dialled by the real ledger: agents, live callers and customers are simulated, phones are not.

While it runs, customers answer more or less often, agents log in and out, and live callers take agents, also in bursts.
Everything that is chance is drawn before it begins, or by customer and attempt: two diallers have the same agents, the
same live callers and the same customers, and differ by what they make of them.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from softswitch.callback.governor import window_start
from softswitch.callback.ledger import Ledger
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    CustomerLeft,
    DialCustomer,
    LedgerInput,
    MachineAnswered,
    NotServed,
    Persist,
    Persisted,
    Policy,
    Promise,
    PromiseState,
    ReleaseAgent,
    Restored,
    SeekAgent,
)
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids

MIDNIGHT = 1_759_939_200.0  # in Shanghai
LISTENS_S = 5.0  # an agent to a machine


@dataclass(frozen=True, slots=True)
class Day:
    """What would happen, whoever dials. Times are seconds since the campaign began."""

    seed: int
    begins: float  # Unix s
    lasts_s: float
    talk_s: float  # mean, of all conversations
    wrap_up_s: float
    rates: tuple[tuple[float, float], ...]  # from when on, and what share of customers answers
    agents: tuple[tuple[float, int], ...]  # when somebody logs in (+1) or out (-1)
    live: tuple[tuple[float, float], ...]  # when a live caller comes, and how long he talks
    machines: float  # share of what answers

    def rate(self, at: float) -> float:
        return next(rate for since, rate in reversed(self.rates) if since <= at)


def draw(seed: int, longest_s: float, most_agents: int) -> Day:
    chance = random.Random(seed)
    lasts_s = chance.uniform(0.4, 1.0) * longest_s
    talk_s, staff = chance.uniform(30.0, 120.0), chance.randint(3, most_agents)
    rates, at, rate = [], 0.0, chance.uniform(0.1, 0.7)
    while at < lasts_s:
        rates.append((at, rate))
        jump = chance.random() < 0.3
        rate = chance.uniform(0.05, 0.9) if jump else min(0.9, max(0.05, rate * chance.uniform(0.7, 1.4)))
        at += chance.expovariate(1 / 900.0)
    shifts = [(0.0, 1)] * staff
    at = chance.expovariate(staff / 1800.0)
    while at < lasts_s:
        many = chance.randint(2, max(2, staff // 3)) if chance.random() < 0.1 else 1  # a whole team has its break
        back = chance.expovariate(1 / 600.0)
        shifts += [(at, -1)] * many + [(at + back, 1)] * many
        at += chance.expovariate(staff / 1800.0)
    load = chance.choice((0.0, 0.1, 0.2, 0.3))  # agents whom live callers keep busy, of all
    per_s = load * staff / (talk_s + 15.0)
    live, at, burst_until = [], 0.0, 0.0
    while at < lasts_s and per_s:
        at += chance.expovariate(per_s * (4.0 if at < burst_until else 1.0))
        live.append((at, chance.expovariate(1 / talk_s)))
        if at > burst_until and chance.random() < 0.005:
            burst_until = at + chance.uniform(30.0, 180.0)
    begins = MIDNIGHT + chance.uniform(0.0, 86400.0 - lasts_s / 2)  # some go on over midnight
    machines = chance.choice((0.0, 0.0, 0.15))
    return Day(seed, begins, lasts_s, talk_s, chance.uniform(5.0, 25.0), tuple(rates), tuple(sorted(shifts)),
               tuple(live), machines)  # fmt: skip


@dataclass
class Outcome:
    talk_s: float = 0.0  # of agents with customers of the campaign
    dials: int = 0
    answered: Counter[float] = field(default_factory=Counter)  # by window: served or abandoned
    abandoned: Counter[float] = field(default_factory=Counter)
    highest: float = 0.0  # share abandoned, at any moment of any window

    @property
    def share(self) -> float:
        """Of all answered calls, over all windows."""
        return self.abandoned.total() / max(1, self.answered.total())


class Campaign:
    def __init__(self, day: Day, policy: Policy) -> None:
        self.day, self.policy, self.now = day, policy, day.begins
        self.end = day.begins + day.lasts_s
        self.result = Outcome()
        self._ledger = Ledger([policy], Ids(random.Random(day.seed).getrandbits))
        self._happenings: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0
        self._free = 0
        self._leaving = 0  # agents who log out when they are free
        self._ending: deque[float] = deque()  # when wrap-ups are over, Unix s
        self._live: deque[float] = deque()
        self._waiting: dict[str, Promise] = {}  # callbacks in the queue, older than any live caller
        self._online: dict[str, Promise] = {}  # customers who wait for an agent
        self._told: Capacity | None = None

    def run(self) -> Outcome:
        for at, change in self.day.agents:
            self._later(at, partial(self._shift, change))
        for at, talk_s in self.day.live:
            self._later(at, partial(self._live_call, talk_s))
        self._feed(Restored(tuple(map(self._row, range(self._most_dials())))))
        while True:
            due = self._ledger.deadline
            first = self._happenings[0][0] if self._happenings else self.end
            if min(first, self.end if due is None else due) >= self.end:
                return self.result
            if due is not None and due < first:
                self.now = max(self.now, due)
                self._perform(self._ledger.tick(self.now))
            else:
                self.now, _, happens = heapq.heappop(self._happenings)
                happens()
            self._settle()

    def _most_dials(self) -> int:
        """More than are ever made: the list does not come to its end."""
        rate = sum(rate for _, rate in self.day.rates) / len(self.day.rates)
        staff = sum(change for at, change in self.day.agents if not at)
        per_answer_s = self.day.talk_s + self.day.wrap_up_s + 5.0 / rate
        return 50 + int(1.5 * staff * self.day.lasts_s / per_answer_s / rate)

    def _row(self, n: int) -> Promise:
        number = f"+86138{n:08d}"
        queue, name = self.policy.queue, self.policy.campaign
        return Promise(f"p{n}", number, queue, "imported", PromiseState.DUE, "", self.now - 9000.0 + n, campaign=name)

    def _later(self, at: float, what: Callable[[], None], since: float | None = None) -> None:
        self._serial += 1
        heapq.heappush(self._happenings, ((self.day.begins if since is None else since) + at, self._serial, what))

    def _soon(self, seconds: float, what: Callable[[], None]) -> None:
        self._later(seconds, what, self.now)

    def _feed(self, event: LedgerInput) -> None:
        self._perform(self._ledger.handle(event, self.now))

    def _settle(self) -> None:
        """Whoever waits longest has the next free agent; then the ledger is told how many are left."""
        while self._free and (self._waiting or self._live):
            self._free -= 1
            if self._waiting:
                promise = self._waiting.pop(next(iter(self._waiting)))
                picks_up_s = self._chance(promise, "agent").uniform(0.3, 1.5)
                self._soon(picks_up_s, partial(self._agent_there, promise))
            else:
                self._soon(self._live.popleft(), self._wraps_up)
        back = tuple(self._ending)[self._leaving :]  # who logs out is not
        news = Capacity(self.policy.queue, self._free, len(self._live), len(self._waiting), ending=back)
        if news != self._told:
            self._told = news
            self._feed(news)
            self._settle()

    def _chance(self, promise: Promise, what: str = "") -> random.Random:
        return random.Random(f"{self.day.seed}/{promise.id}/{promise.attempts}/{what}")

    # ---- agents and live callers ----------------------------------------------------------------------------------

    def _shift(self, change: int) -> None:
        if change > 0:
            self._agent_free()
        elif self._free:
            self._free -= 1
        else:
            self._leaving += 1

    def _agent_free(self) -> None:
        if self._leaving:
            self._leaving -= 1
        else:
            self._free += 1

    def _wraps_up(self) -> None:
        self._ending.append(self.now + self.day.wrap_up_s)
        self._soon(self.day.wrap_up_s, self._wrapped_up)

    def _wrapped_up(self) -> None:
        self._ending.popleft()
        self._agent_free()

    def _live_call(self, talk_s: float) -> None:
        self._live.append(talk_s)

    # ---- what the ledger orders -----------------------------------------------------------------------------------

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Persist(promise, token):
                    self._feed(Persisted(promise.id, token))
                case SeekAgent(promise):
                    self._waiting[promise.id] = promise
                    self._told = None
                case DialCustomer(promise):
                    self._dial(promise, effect.first)
                case ReleaseAgent(name):
                    assert name not in self._online, "nobody is left on the line without a word"

    def _dial(self, promise: Promise, first: str) -> None:
        self.result.dials += 1
        chance = self._chance(promise)
        if chance.random() < self.day.rate(self.now - self.day.begins):
            self._soon(chance.uniform(3.0, 20.0), partial(self._answered, promise, first))
        else:
            status, rings_s = chance.choice(((480, self.policy.ring_s), (480, self.policy.ring_s), (486, 2.0)))
            self._soon(rings_s, partial(self._failed, promise, first, status))

    def _failed(self, promise: Promise, first: str, status: int) -> None:
        self._feed(AttemptFailed(promise.id, status, promise.call_id))
        if first == "agent":
            self._agent_free()

    def _answered(self, promise: Promise, first: str) -> None:
        if self._chance(promise, "machine").random() < self.day.machines:
            self._feed(MachineAnswered(promise.id, promise.call_id))
            if first == "agent":
                self._soon(LISTENS_S, self._agent_free)
            return
        self._feed(CustomerAnswered(promise.id))
        if first == "agent":
            self._talk(promise)
            return
        self._online[promise.id] = self._waiting[promise.id] = promise
        leaves_s = self._chance(promise, "patience").expovariate(1 / 20.0)
        within_s = self.policy.agent_within_s
        self._soon(min(leaves_s, within_s), partial(self._not_served, promise, leaves_s < within_s, leaves_s))

    def _not_served(self, promise: Promise, left: bool, waited_s: float) -> None:
        if self._online.pop(promise.id, None) is None:
            return
        self._waiting.pop(promise.id, None)
        if left:
            self._feed(CustomerLeft(promise.id, promise.call_id, waited_s))
            return
        self._count(abandoned=True)
        self._feed(NotServed(promise.id, promise.call_id))

    def _agent_there(self, promise: Promise) -> None:
        if self._online.pop(promise.id, None) is not None:
            self._feed(AgentFound(promise.id, "an agent"))
            self._talk(promise)
        elif any(one.state is PromiseState.SEEKING for one in self._ledger.open_for(promise.number)):
            self._feed(AgentFound(promise.id, "an agent"))
        else:
            self._agent_free()  # who was rung for it is gone

    def _talk(self, promise: Promise) -> None:
        self._count(abandoned=False)
        talk_s = self._chance(promise, "talk").expovariate(1 / self.day.talk_s)
        self.result.talk_s += min(talk_s, self.end - self.now)
        self._soon(talk_s, self._wraps_up)

    def _count(self, abandoned: bool) -> None:
        window, result = window_start(self.policy, self.now), self.result
        result.answered[window] += 1
        result.abandoned[window] += abandoned
        result.highest = max(result.highest, result.abandoned[window] / result.answered[window])
