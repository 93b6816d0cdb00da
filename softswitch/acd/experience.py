"""What is learnt of waits from the ACD's own facts, in the step in which they happen.

Of each pool: how long conversations last, how soon callers leave without an agent, how long phones ring for one of
them. Of each queue: who was answered last, and whether what was foretold came true. Makes no estimate of its own
(``prospect``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.acd.calibration import Calibration, Prediction
from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft, WrapUpMode
from softswitch.acd.pool import Pool, pools
from softswitch.acd.state import State
from softswitch.core.effect import Effect

_AFTER_ANSWER = frozenset({AgentState.TALKING, AgentState.WRAP_UP})


@dataclass(slots=True)
class Visit:
    """A contact in a queue."""

    pool: Pool
    joined_at: float
    rank: float  # its place on the one scale
    rung: int = 0  # agents whose phones ring for it
    prediction: Prediction | None = None  # made when it joined; None: not to be judged


@dataclass(slots=True)
class _Engaged:
    """An agent who has contacts in hand."""

    visit: Visit  # the first of them
    talks: bool = False
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """Who was answered last: at which moment, how far behind the clock he ranked."""

    at: float
    lag_s: float
    waited_s: float  # in truth, since it joined


class Experience:
    def __init__(self, state: State) -> None:
        self._state = state
        self.pools = pools(state)  # by queue
        self.answered: dict[str, Answered] = {}  # by queue
        self.visits: dict[str, Visit] = {}  # by contact
        self._engaged: dict[str, _Engaged] = {}  # by agent
        self._calibrations: dict[str, Calibration] = {}  # by queue

    def furnish(self, now: float) -> None:
        """Agents and queues have changed. What was learnt of a queue stays; of those who wait or talk the rest of it
        is left out."""
        former, self.pools = self.pools, pools(self._state)
        for pool in dict.fromkeys(self.pools.values()):
            known = next((former[name] for name in pool.queues if name in former), None)
            if known is not None:
                pool.inherit(known, now)
        for contact in self._state.contacts.values():
            if contact.needs is not None:
                self.pools[contact.queue].admit(self._state.signature(contact))

    def recall(self, queue: str, talked_s: float) -> None:
        """A conversation of a former process."""
        if (pool := self.pools.get(queue)) is not None:
            rule = self._state.queues[queue].spec.wrap_up
            pool.handling.recall(talked_s + (rule.s if rule.mode is WrapUpMode.TIMED else 0.0))

    def calibration(self, queue: str) -> Calibration:
        found = self._calibrations.get(queue)
        if found is None:
            found = self._calibrations[queue] = Calibration()
        return found

    def observe(self, effects: Iterable[Effect], now: float) -> list[str]:
        """All that one step has done; the contacts that have joined."""
        joined: list[str] = []
        for effect in effects:
            if isinstance(effect, AgentStateChanged):
                self._changed(effect, now)
            elif isinstance(effect, QueueJoined):
                self._joined(effect, now)
                joined.append(effect.contact)
            elif isinstance(effect, QueueLeft):
                self._left(effect, now)
        return joined

    def _changed(self, event: AgentStateChanged, now: float) -> None:
        engaged, new = self._engaged.get(event.agent), event.new
        if engaged is not None:
            if new in _AFTER_ANSWER if engaged.talks else new is AgentState.RESERVED:
                return
            if engaged.talks:
                self._talked(engaged, now)
            else:
                self._rang(engaged.visit, now)
                engaged.talks = new in _AFTER_ANSWER
                if engaged.talks:
                    engaged.visit.pool.handling.begin(now)
                    return
            del self._engaged[event.agent]
        visit = self.visits.get(event.contact or "")
        if new is AgentState.RESERVED and visit is not None:
            self._engaged[event.agent] = _Engaged(visit)
            visit.rung += 1
            if visit.rung == 1:
                visit.pool.ringing.begin(now)

    def _rang(self, visit: Visit, now: float) -> None:
        """One phone of all that ring for it rings no longer."""
        visit.rung -= 1
        if visit.rung == 0:
            visit.pool.ringing.end(now)

    def _talked(self, engaged: _Engaged, now: float) -> None:
        handling = engaged.visit.pool.handling
        handling.end(now)
        for _ in range(engaged.answered):
            handling.happen(now)

    def _joined(self, event: QueueJoined, now: float) -> None:
        pool = self.pools[event.queue]
        contact = self._state.contacts.get(event.contact)
        self.visits[event.contact] = Visit(pool, now, now if contact is None else contact.order[0])
        pool.leaving.begin(now)
        if contact is not None and contact.needs is not None:
            pool.admit(self._state.signature(contact))

    def _left(self, event: QueueLeft, now: float) -> None:
        visit = self.visits.pop(event.contact, None)
        if visit is None:
            return
        visit.pool.leaving.end(now)
        answered = event.why == "answered"
        if answered:
            self.answered[event.queue] = Answered(now, now - visit.rank, now - visit.joined_at)
            visit.pool.ringing.happen(now)
            engaged = self._engaged.get(event.agent or "")
            if engaged is not None:
                engaged.answered += 1
        elif event.why != "moved":
            visit.pool.leaving.happen(now)
        if visit.prediction is not None and event.why != "moved":
            theta = 1 / visit.pool.leaving.mean_s(now)
            self.calibration(event.queue).judge(visit.prediction, now - visit.joined_at, answered, theta)
