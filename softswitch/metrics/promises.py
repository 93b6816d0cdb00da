"""What becomes of promises, in numbers: attempts by outcome, how long a recovery took, what waits, and what must be 0.

An attempt ends with its promise's way out of the states in which its number is rung or its customer talked to. Why a
promise was withdrawn is anybody's words, and no label.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge

from softswitch.callback.model import OPEN, Promise, PromiseChanged, PromiseState
from softswitch.metrics.histogram import Histogram
from softswitch.store.promises import Lying
from softswitch.switch.view import PromiseDesk

S = PromiseState
Bounded = Callable[[str, str], str]  # label and value -> value, or "other"
MOST_WATCHED = 200_000  # promises whose last attempt is known
IN_HAND = frozenset({S.DIALLING, S.ANSWERED})
_WAIT_S = (30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0, 172800.0)


class PromiseMetrics:
    def __init__(self, registry: CollectorRegistry, bounded: Bounded) -> None:
        self._bounded = bounded
        self._attempts = Counter(
            "softswitch_promise_attempts", "Attempts to keep promises, by what came of them",
            ("queue", "campaign", "outcome"), registry=registry,
        )  # fmt: skip
        self._wait = Histogram(
            registry, "softswitch_promise_wait_seconds",
            "From the loss of a caller, or the import of a row, to the promise kept", _WAIT_S, "queue", "campaign",
        )  # fmt: skip
        self._double = Counter(
            "softswitch_promise_double_dials", "Attempts that were dialled a second time, or after the end: must be 0",
            registry=registry,
        )  # fmt: skip
        self._open = Gauge(
            "softswitch_promises_open", "Open promises at this node", ("queue", "campaign", "state"), registry=registry
        )
        self._elsewhere = Gauge(
            "softswitch_promises_elsewhere", "Open promises that this node does not lead, when they were counted last",
            ("queue", "campaign", "where"), registry=registry,
        )  # fmt: skip
        self._counted = Gauge(
            "softswitch_promises_elsewhere_timestamp_seconds", "When that was, Unix s; 0: the store has not answered",
            registry=registry,
        )  # fmt: skip
        self._oldest = Gauge(
            "softswitch_promises_oldest_due_seconds", "Age of the oldest promise that waits for an agent alone",
            ("queue",), registry=registry,
        )  # fmt: skip
        self._trouble = Gauge(
            "softswitch_promise_store_trouble", "1 while promises cannot be written: none is made, none is dialled",
            registry=registry,
        )  # fmt: skip
        self._unwritten = Gauge(
            "softswitch_promises_unwritten", "Promises that wait for the store to come back", registry=registry
        )
        self._lying: Sequence[Lying] = ()
        self._dialled: dict[str, int] = {}  # open promise -> its last attempt

    def observe(self, event: PromiseChanged, at: float) -> None:
        promise = event.promise
        if promise.state is event.old:
            return
        queue, campaign = self._bounded("queue", promise.queue), self._bounded("campaign", promise.campaign)
        if event.old in IN_HAND and promise.state not in IN_HAND:
            self._attempts.labels(queue, campaign, self._bounded("promise_outcome", _outcome(promise))).inc()
        if promise.state is S.KEPT:
            self._wait.observe(max(0.0, at - promise.recorded_at), queue, campaign)
        self._guard(promise, event.old)

    def _guard(self, promise: Promise, old: PromiseState | None) -> None:
        if promise.state is S.DIALLING:
            again = self._dialled.get(promise.id, 0) >= promise.attempts
            if again or (old is not None and old not in OPEN):
                self._double.inc()
            self._dialled[promise.id] = promise.attempts
            if len(self._dialled) > MOST_WATCHED:  # another node may have led some of them to their end
                del self._dialled[next(iter(self._dialled))]
        elif promise.state not in OPEN:
            self._dialled.pop(promise.id, None)

    def elsewhere(self, lying: Sequence[Lying] | None, at: float) -> None:
        """As the store has them at ``at`` (Unix s); None: it does not answer."""
        self._lying = lying or ()
        self._counted.set(0.0 if lying is None else at)

    def sample(self, desk: PromiseDesk, queues: Iterable[str]) -> None:
        """Those of ``queues`` are there with 0 as well."""
        now, _ = desk.moment()
        count: Tally[tuple[str, str, str]] = Tally()
        oldest: dict[str, float] = {}
        for promise in desk.promises():
            if promise.state not in OPEN:
                continue
            queue = self._bounded("queue", promise.queue)
            count[queue, self._bounded("campaign", promise.campaign), promise.state.value] += 1
            if promise.state is S.DUE and queue == promise.queue:  # of several queues it is no age of anything
                oldest[queue] = min(oldest.get(queue, now), promise.recorded_at)
        self._open.clear()
        for labels, number in count.items():
            self._open.labels(*labels).set(number)
        self._oldest.clear()
        for queue in queues:
            self._oldest.labels(queue).set(0.0)
        for queue, recorded_at in oldest.items():
            self._oldest.labels(queue).set(now - recorded_at)
        if desk.store_trouble():
            self.elsewhere(None, now)  # what was counted before is old, and nobody knows how old it becomes
        self._sample_elsewhere(desk.policies())
        self._trouble.set(int(desk.store_trouble()))
        self._unwritten.set(desk.unwritten())

    def _sample_elsewhere(self, policies: Mapping[str, str]) -> None:
        """What nobody has configured any more stands among the campaigns: their lists are what is left behind."""
        count: Tally[tuple[str, str, str]] = Tally()
        for one in self._lying:
            queue = policies.get(one.name, "")
            campaign = "" if queue == one.name else one.name
            where = "other_node" if one.node else "pool_later" if one.not_before else "pool"
            count[self._bounded("queue", queue), self._bounded("campaign", campaign), where] += one.promises
        self._elsewhere.clear()
        for labels, number in count.items():
            self._elsewhere.labels(*labels).set(number)


def _outcome(promise: Promise) -> str:
    match promise.state:
        case S.KEPT:
            return "answered"
        case S.WITHDRAWN:
            return "withdrawn"
        case S.UNCERTAIN:
            return "uncertain"
        case _:
            return promise.outcome or "failed"
