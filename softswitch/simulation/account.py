"""What a day's facts come to beyond the counts of ``acd.statistics``: waits one by one, lengths of queues, callbacks.

It is told the facts of a simulated day, or those that a switch has kept of a real one; it does not know which.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from softswitch.acd.model import QueueJoined, QueueLeft
from softswitch.acd.statistics import INTERVAL_S, AgentFigures, Promise, QueueFigures, Statistics
from softswitch.callback.model import PromiseChanged, PromiseState
from softswitch.core.effect import DomainEvent

_GIVEN_UP = frozenset({PromiseState.FAILED, PromiseState.EXPIRED, PromiseState.WITHDRAWN})


@dataclass(slots=True)
class Kept:
    """The callbacks of a queue."""

    recorded: int = 0
    attempts: int = 0
    given_up: int = 0  # failed, expired or withdrawn
    dropped: int = 0  # attempts: customer first, he answered and no agent was there in time
    waited_s: array[float] = field(default_factory=lambda: array("d"))  # of those kept, since they were recorded

    def told(self) -> dict[str, Any]:
        return {
            "recorded": self.recorded, "kept": len(self.waited_s), "attempts": self.attempts, "given_up": self.given_up,
            "dropped": self.dropped,
            "open": self.recorded - len(self.waited_s) - self.given_up,
            "wait_p50_s": quantile(self.waited_s, 0.5), "wait_p90_s": quantile(self.waited_s, 0.9),
        }  # fmt: skip


@dataclass(slots=True)
class Moment:
    """One interval, all queues together."""

    queues: QueueFigures = field(default_factory=QueueFigures)
    agents: AgentFigures = field(default_factory=AgentFigures)
    waiting_s: float = 0.0  # the time of all who waited, added up: divided by the interval it is the queue's length
    recorded: int = 0  # promises
    kept: int = 0

    def told(self, start: float) -> dict[str, Any]:
        return {
            "start_s": start, "offered": self.queues.offered, "service_level": self.queues.service_levels(),
            "asa_s": self.queues.speed_of_answer_s, "occupancy": self.agents.occupancy,
            "waiting": self.waiting_s / INTERVAL_S, "callbacks_recorded": self.recorded, "callbacks_kept": self.kept,
        }  # fmt: skip


class Account:
    """A listener. ``epoch`` is what the ledger's Unix time is ahead of the time that it is told."""

    def __init__(self, promises: Mapping[str, Promise], epoch: float = 0.0) -> None:
        self.statistics = Statistics(promises)
        self.waits_s: dict[str, array[float]] = defaultdict(lambda: array("d"))  # by queue, of those answered
        self.callbacks: dict[str, Kept] = defaultdict(Kept)
        self._epoch = epoch
        self._moments: dict[float, Moment] = defaultdict(Moment)
        self._waiting = 0
        self._since = 0.0
        self._joined: set[str] = set()

    def observe(self, event: DomainEvent, now: float) -> None:
        self.statistics.observe(event, now)
        match event:
            case QueueJoined(contact=contact, kind="call"):
                self._pass(now)
                self._waiting += contact not in self._joined
                self._joined.add(contact)
            case QueueLeft(kind="call"):
                self._left(event, now)
            case PromiseChanged(promise=promise, old=old) if promise.state is not old:
                self._promise(event, now)

    def settle(self, until: float) -> None:
        """It is over."""
        self._pass(until)
        self.statistics.settle(until)

    def moments(self) -> dict[float, Moment]:
        """By begin, without gaps, from the first interval in which anything was to the last."""
        found = dict(self._moments)
        for (start, _), queue in self.statistics.queues.items():
            found.setdefault(start, Moment()).queues.add(queue)
        for (start, _), agent in self.statistics.agents.items():
            found.setdefault(start, Moment()).agents.add(agent)
        if not found:
            return {}
        first, last = min(found), max(found)
        starts = (first + number * INTERVAL_S for number in range(round((last - first) / INTERVAL_S) + 1))
        return {start: found.get(start) or Moment() for start in starts}

    def _left(self, event: QueueLeft, now: float) -> None:
        self._pass(now)
        self._waiting -= event.contact in self._joined
        self._joined.discard(event.contact)
        if event.why == "answered":
            self.waits_s[event.queue].append(event.waited_s)

    def _promise(self, event: PromiseChanged, now: float) -> None:
        promise, kept = event.promise, self.callbacks[event.promise.queue]
        moment = self._moments[self.statistics.start(now)]
        if event.old is None:
            kept.recorded += 1
            moment.recorded += 1
        if promise.state is PromiseState.DIALLING:
            kept.attempts += 1
        elif promise.state is PromiseState.KEPT:
            kept.waited_s.append(now + self._epoch - promise.recorded_at)
            moment.kept += 1
        elif promise.state in _GIVEN_UP:
            kept.given_up += 1
        if event.old is PromiseState.ANSWERED and promise.outcome == "dropped":
            kept.dropped += 1

    def _pass(self, until: float) -> None:
        """Put the time of those who wait into its intervals."""
        since, self._since = self._since, max(until, self._since)
        while self._waiting and since < until:
            start = self.statistics.start(since)
            end = min(until, start + INTERVAL_S)
            self._moments[start].waiting_s += self._waiting * (end - since)
            since = end


def quantile(values: Iterable[float], share: float) -> float | None:
    """The least value that so many are not above (the nearest rank); None of none."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None
