"""How long each caller will wait: what is learnt of each queue from the ACD's own facts, and what follows from it.

Knows no formulas (``estimate``) and no announcements: whoever tells a caller asks here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from softswitch.acd.contact import Contact, Order
from softswitch.acd.estimate import Interval, Spread, exponential, turn
from softswitch.acd.floor import Standing
from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.acd.pace import Pace
from softswitch.acd.roster import Numbers
from softswitch.acd.state import State
from softswitch.core.effect import Effect

HANDLING_S = 180.0  # ringing, talk and wrap-up, until there were conversations
PATIENCE_S = 600.0  # until callers have given up
_AT_WORK = (AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)
_AWAY = np.array([int(Standing.LOGGED_OUT), int(Standing.PAUSED), int(Standing.UNREACHABLE)], dtype=np.uint8)


@dataclass(slots=True)
class Pool:
    """Queues whose contacts the same agents serve."""

    queues: tuple[str, ...]
    agents: Numbers
    separate: bool  # all of them are served by all of these agents, who serve nothing else
    handling: Pace = field(default_factory=lambda: Pace(HANDLING_S))
    patience: Pace = field(default_factory=lambda: Pace(PATIENCE_S))


class Prospects:
    def __init__(self, state: State) -> None:
        self._state = state
        self._pools = {name: pool for pool in pools(state) for name in pool.queues}
        self._at_work: dict[str, Pool] = {}  # by agent: for whom
        self._waiting: dict[str, Pool] = {}  # by contact
        self._answered_s: dict[str, float] = {}  # by queue: the wait of whoever was answered last

    def furnish(self) -> None:
        """Agents and queues have changed. What was learnt of a queue stays; who waits or works is counted where he
        was."""
        former = self._pools
        self._pools = {name: pool for pool in pools(self._state) for name in pool.queues}
        for name, pool in self._pools.items():
            if name in former:
                pool.handling, pool.patience = former[name].handling, former[name].patience

    # ---- what happens --------------------------------------------------------------------------------------------

    def observe(self, effects: Iterable[Effect], now: float) -> None:
        for effect in effects:
            if isinstance(effect, AgentStateChanged):
                self._changed(effect, now)
            elif isinstance(effect, QueueJoined):
                self._joined(effect, now)
            elif isinstance(effect, QueueLeft):
                self._left(effect, now)

    def _changed(self, event: AgentStateChanged, now: float) -> None:
        pool = self._at_work.get(event.agent)
        if event.new is AgentState.RESERVED and pool is None:
            pool = self._waiting.get(event.contact or "")
            if pool is not None:
                self._at_work[event.agent] = pool
                pool.handling.begin(now)
        elif event.new not in _AT_WORK and pool is not None:
            del self._at_work[event.agent]
            pool.handling.end(now)
            if event.old is not AgentState.RESERVED:
                pool.handling.happen(now)

    def _joined(self, event: QueueJoined, now: float) -> None:
        pool = self._waiting[event.contact] = self._pools[event.queue]
        if event.kind == "call":
            pool.patience.begin(now)

    def _left(self, event: QueueLeft, now: float) -> None:
        pool = self._waiting.pop(event.contact)
        if event.why == "answered":
            self._answered_s[event.queue] = event.waited_s
        if event.kind == "call":
            pool.patience.end(now)
            if event.why == "abandoned":
                pool.patience.happen(now)

    # ---- what follows --------------------------------------------------------------------------------------------

    def of_newcomer(self, queue: str, now: float) -> Interval | None:
        """Raises ``LookupError`` for a queue that there is not."""
        spec = self._state.queues[queue].spec
        eligible = self._state.queues[queue].signatures[0].eligible
        pool = self._pools[queue]
        order = (now - spec.priority_s, "\U0010ffff")
        if self._state.floor.count_free(eligible) > self._ahead(pool, order):
            return Interval(0.0, 0.0, 0.0)
        spread = self._spread(pool, queue, order, 0.0, now)
        return None if spread is None else spread.interval()

    def of_contact(self, contact: Contact, now: float) -> Interval | None:
        if contact.id not in self._state.contacts:
            return None
        waited_s = now - contact.queued_at
        spread = self._spread(self._pools[contact.queue], contact.queue, contact.order, waited_s, now)
        return None if spread is None else spread.interval()

    def _spread(self, pool: Pool, queue: str, order: Order, waited_s: float, now: float) -> Spread | None:
        agents = self._agents(pool if pool.separate else None, queue)
        if not agents:
            return None
        handling_s = pool.handling.mean_s(now)
        if pool.separate:
            return turn(self._ahead(pool, order), agents / handling_s, 1 / pool.patience.mean_s(now))
        places = self._state.queues[queue].line.places
        if not places:
            return exponential(max(handling_s / agents, self._answered_s.get(queue, 0.0)))
        head = self._state.contacts[places[0][1]]
        left_s = max(now - head.queued_at - waited_s, handling_s / agents)
        return Spread(left_s, left_s**2 * 2 / (len(places) + 1))

    def _agents(self, pool: Pool | None, queue: str) -> int:
        numbers = self._state.queues[queue].signatures[0].eligible if pool is None else pool.agents
        away = np.isin(self._state.floor.standings.take(numbers), _AWAY)
        return int(numbers.size - np.count_nonzero(away))

    def _ahead(self, pool: Pool, order: Order) -> int:
        """Who is to be served before this place, and for whom nobody is being rung."""
        ahead = 0
        for name in pool.queues:
            queue = self._state.queues[name]
            rung = len(queue.line.places) - queue.live_waiting - queue.callbacks_waiting
            ahead += max(0, queue.line.position(order) - 1 - rung)
        return ahead


def pools(state: State) -> list[Pool]:
    """Every queue in exactly one: those that share an agent, themselves or by way of others, are together."""
    first: dict[int, str] = {}  # by agent number: a queue that he serves
    leader = {name: name for name in state.queues}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = name = leader[leader[name]]
        return name

    for name, queue in state.queues.items():
        for number in queue.admitted.tolist():
            leader[find(name)] = find(first.setdefault(number, name))
    together: dict[str, list[str]] = {}
    for name in state.queues:
        together.setdefault(find(name), []).append(name)
    return [_pool(state, tuple(names)) for names in together.values()]


def _pool(state: State, names: tuple[str, ...]) -> Pool:
    agents = state.queues[names[0]].admitted
    served = (one.eligible for name in names for one in state.queues[name].signatures)
    return Pool(names, agents, all(np.array_equal(one, agents) for one in served))
