"""Moving one promise: the table's answer is carried out here, and what follows from it.

``apply`` is the only way into another state. ``advance`` applies what time has brought. ``start_seeks`` gives a free
agent of a queue to its oldest due promise. Orders and facts collect in ``out`` until the step is over.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from softswitch.callback.book import Book, Entry
from softswitch.callback.due import due, wake_at
from softswitch.callback.ending import noted
from softswitch.callback.model import (
    OPEN,
    DialCustomer,
    Persist,
    Promise,
    PromiseChanged,
    PromiseState,
    ReleaseAgent,
    SeekAgent,
)
from softswitch.callback.pacing import Pace
from softswitch.callback.retry import decide
from softswitch.callback.rule import Rules
from softswitch.callback.table import PROMISE, A, I
from softswitch.callback.written import ANSWER_S, Write, Written
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.core.machine import transition
from softswitch.core.timers import Deadlines

S = PromiseState
HOLD_OFF_S = 15.0  # after a seek that failed
ENGAGED = frozenset({S.SEEKING, S.DIALLING, S.UNCERTAIN})  # the number is, or may be, rung for this promise


def call_id(promise: str, attempt: int) -> str:
    """The SIP Call-ID of an attempt: the same however often it is computed, so an attempt can be found by it."""
    return hashlib.sha256(f"{promise}/{attempt}".encode()).hexdigest()[:32]


class Mover:
    """All promises, and the means to move them."""

    def __init__(self, rules: Rules, ids: Ids) -> None:
        self.rules = rules
        self.book = Book()
        self.written = Written()
        self.deadlines = Deadlines()  # by promise id and by token of a write
        self.busy: Counter[str] = Counter()  # number -> calls and places in queues that it has here
        self.spelt: dict[str, set[str]] = {}  # numbers as presented, while they are busy -> as ``busy`` has them
        self.now = 0.0
        self.out: list[Effect] = []
        self._ids = ids
        self._paces: dict[str, Pace] = {}
        self._stirred: dict[str, None] = {}  # queues in which a seek may have become possible, in order
        self._actions: Mapping[A, Callable[[Entry], None]] = {
            A.STORE: self._store,
            A.SEEK: self._seek,
            A.WRITE_INTENT: self._write_intent,
            A.DIAL: self._dial,
            A.RELEASE: self.release,
            A.HOLD_OFF: self._hold_off,
            A.WITHDRAW_LATER: self._withdraw_later,
        }

    def finish(self) -> list[Effect]:
        """End the step: start what has become possible, hand out what has collected."""
        while self._stirred:
            queue = next(iter(self._stirred))
            del self._stirred[queue]
            self._start_seeks(queue)
        out, self.out = self.out, []
        return out

    def stir(self, queues: Iterable[str]) -> None:
        self._stirred.update(dict.fromkeys(queues))

    def stir_all(self) -> None:
        self.stir(self._paces)

    def pace(self, queue: str) -> Pace:
        return self._paces.setdefault(queue, Pace())

    # ---- one promise ---------------------------------------------------------------------------------------------

    def apply(self, entry: Entry, what: I, **changes: Any) -> None:
        """Move a promise by the table; ``changes`` go with the move and are void where it stays."""
        state, actions = transition(PROMISE, entry.promise.state, what, "promise")
        if state is not entry.promise.state:
            self.change(entry, state=state, **changes)
        for action in actions:
            self._actions[action](entry)

    def change(self, entry: Entry, **changes: Any) -> None:
        old = entry.promise
        entry.promise = replace(old, updated_at=self.now, **changes)
        state = entry.promise.state
        if state is not old.state:
            entry.since, entry.intent = self.now, ""
            if old.state is S.SEEKING and state is not S.DIALLING:
                self.stir([queue for queue, pace in self._paces.items() if pace.over(old.id)])
            if state not in OPEN:
                entry.last_open = old if entry.durable else None
                self.book.close(entry)
            if old.state in ENGAGED and state not in ENGAGED:
                self.stir(other.promise.queue for other in self.book.same_number(old.number))
        if entry.durable:
            self.out.append(PromiseChanged(entry.promise, old.state))

    def _store(self, entry: Entry) -> None:
        if self.written.healthy:
            self.write(entry)
        else:
            self.written.again(entry)

    def _seek(self, entry: Entry) -> None:
        self.out.append(SeekAgent(entry.promise))

    def _write_intent(self, entry: Entry) -> None:
        if not entry.intent:
            entry.intent = "next"  # the row must say so already
            entry.intent = self.write(entry)

    def commit(self, entry: Entry) -> None:
        """The intent is durable; what was true when the agent was sought may not be any more."""
        promise = entry.promise
        if promise.number in self.busy or not self.rules.open(promise, self.now):
            self.apply(entry, I.INTENT_REFUSED)
            return
        attempt = promise.attempts + 1
        name = call_id(promise.id, attempt)
        self.apply(entry, I.INTENT_DURABLE, attempts=attempt, call_id=name, outcome="", not_before=0.0)

    def _dial(self, entry: Entry) -> None:
        policy = self.rules.policy(entry.promise.name)
        self.out.append(DialCustomer(entry.promise, policy.trunk, policy.caller_id, policy.ring_s))

    def release(self, entry: Entry) -> None:
        self.out.append(ReleaseAgent(entry.promise.id))

    def _hold_off(self, entry: Entry) -> None:
        entry.hold_until = self.now + HOLD_OFF_S

    def _withdraw_later(self, entry: Entry) -> None:
        assert entry.ending is not None, "whoever withdraws says why"
        self.change(entry, outcome=noted(entry.ending))

    def attempt_over(self, entry: Entry, result: str) -> None:
        promise = entry.promise
        policy, overdue_at = self.rules.policy(promise.name), self.rules.overdue_at(promise)
        decision = decide(policy, result, promise.attempts, overdue_at, self.now)
        if entry.ending is not None and promise.state is S.DIALLING:
            self.apply(entry, I.CALLED_OFF, outcome=entry.ending)
        elif decision.delay_s is not None:
            self.apply(entry, I.RETRY, outcome=result, not_before=self.now + decision.delay_s)
        else:
            self.apply(entry, I.LAPSE if decision.final is S.EXPIRED else I.GIVE_UP, outcome=result)

    def advance(self, entry: Entry) -> None:
        """Apply what time has brought, then say when to look again."""
        while (what := due(entry, self.rules, self.now)) is not None:
            if entry.promise.state is S.DIALLING:
                self.release(entry)
                self.attempt_over(entry, "no answer")
            else:
                self.apply(entry, what, outcome=self._reason(entry, what))
        promise = entry.promise
        self.deadlines.set(promise.id, wake_at(entry, self.rules, self.now) if promise.state in OPEN else None)
        if promise.state is S.DUE and entry.hold_until <= self.now:
            self.pace(promise.queue).line_up(promise.rank, promise.id)
            self.stir([promise.queue])

    def _reason(self, entry: Entry, what: I) -> str:
        kept = entry.promise.outcome
        return {I.SPENT: kept or "uncertain", I.OVERDUE: "expired", I.CALLED_OFF: entry.ending or ""}.get(what, kept)

    # ---- writing ------------------------------------------------------------------------------------------------

    def write(self, entry: Entry, answer: str = "", stage: str = "") -> str:
        token = self._ids.name("write")
        self.written.begin(Write(token, entry, answer, stage))
        self.deadlines.set(token, self.now + ANSWER_S)
        self.out.append(Persist(self._row(entry), token, entry.by))
        return token

    def _row(self, entry: Entry) -> Promise:
        """What must be durable: with an intent under way the row says so, whatever else is written meanwhile."""
        promise = entry.promise
        if not entry.intent:
            return promise
        attempt = promise.attempts + 1
        return replace(
            promise,
            state=S.DIALLING,
            attempts=attempt,
            call_id=call_id(promise.id, attempt),
            outcome="",
            updated_at=self.now,
        )

    # ---- seeking ------------------------------------------------------------------------------------------------

    def _start_seeks(self, queue: str) -> None:
        pace = self._paces.get(queue)
        if pace is None or not self.written.healthy:
            return
        if pace.room(0) and (promise := pace.next(self._fit)) is not None:
            entry = self.book.get(promise)
            assert entry is not None, "the line was asked for fitting promises only"
            for each in self._paces.values():
                each.void(promise)
            self.apply(entry, I.TURN)
            self.advance(entry)

    def _fit(self, rank: float, promise: str) -> bool | None:
        """May this promise have the next agent? None: this place in the line is stale."""
        entry = self.book.get(promise)
        if entry is None or entry.promise.state is not S.DUE or entry.promise.rank != rank:
            return None
        if entry.hold_until > self.now:
            return None
        policy = self.rules.policy(entry.promise.name)
        if not self.rules.open(entry.promise, self.now) or not self.pace(entry.promise.queue).room(policy.reserve):
            return False
        return entry.promise.number not in self.busy and not self._engaged(entry)

    def _engaged(self, entry: Entry) -> bool:
        """Is the same number rung, or perhaps still rung, for another promise?"""
        same = self.book.same_number(entry.promise.number)
        return any(other is not entry and other.promise.state in ENGAGED for other in same)
