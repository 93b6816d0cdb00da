"""Moving one promise: the table's answer is carried out here, and what follows from it.

``apply`` is the only way into another state. ``advance`` applies what time has brought. ``_start`` acts on the due
promises of a queue whose turn it is. Orders and facts collect in ``out`` until the step is over.

A hundred thousand may come to their end at one moment, or to the hour from which on they may be called. ``look`` takes
a few of them at a time, and no more while the store has many rows to write: neither calls nor the store are to wait
for all of them. Until each has been looked at nobody is dialled, for the oldest may be among the others (``looks``).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from softswitch.callback.book import Book, Entry
from softswitch.callback.due import due, wake_at
from softswitch.callback.ending import IN_FLIGHT, noted
from softswitch.callback.looks import Looks
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
from softswitch.callback.node import Dialled, Elsewhere, KeepServed
from softswitch.callback.pacing import Claim, Place
from softswitch.callback.repeat import ASKED_FOR, WAITS
from softswitch.callback.retry import Outcome, decide
from softswitch.callback.rule import DO_NOT_CALL, Rules
from softswitch.callback.table import PROMISE, A, I
from softswitch.callback.turn import Turns
from softswitch.callback.written import ANSWER_S, Write, Written
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.core.machine import transition
from softswitch.core.timers import Deadlines

S = PromiseState
HOLD_OFF_S = 3.0  # after a seek that failed; the ACD rests who failed it, and others are not to be idle meanwhile
ENGAGED = frozenset({S.SEEKING, S.DIALLING, S.ANSWERED, S.UNCERTAIN})  # its number is, or may be, rung or talked to
IN_HAND = frozenset({S.DIALLING, S.ANSWERED})  # an attempt is being made
PACE = "pace"  # with a queue, the key of the moment in which time alone may make one more dial possible
STEP = 100  # promises that are looked at in one go: some 10 ms with all that follows
MOST_UNDER_WAY = 1000  # writes: time moves nothing more before the store has answered some


def call_id(promise: str, attempt: int) -> str:
    """The SIP Call-ID of an attempt: the same however often it is computed, so an attempt can be found by it."""
    return hashlib.sha256(f"{promise}/{attempt}".encode()).hexdigest()[:32]


class Mover:
    """All promises, and the means to move them."""

    def __init__(self, rules: Rules, ids: Ids, node: str = "") -> None:
        self.rules = rules
        self.node = node  # "": nobody else has promises
        self.lease_until = float("inf")  # Unix s; nothing is dialled afterwards
        self.may_start: Callable[[str], bool] = lambda queue: True  # and whether the oldest of a queue is known
        self.drains = False  # nothing is begun any more
        self.moved_on: Callable[[Entry], None] = lambda entry: None
        self.book = Book()
        self.looks = Looks(self.book.open)
        self.written = Written()
        self.deadlines = Deadlines()  # by promise id
        self.timers = Deadlines()  # of writes, by token, and of looks at the store and the pool
        self.late = False  # there are more than one step can look at
        self.busy: Counter[str] = Counter()  # number -> calls and places in queues that it has here
        self.spelt: dict[str, tuple[set[str], int]] = {}  # as presented -> as ``busy`` has it, calls
        self.now = 0.0
        self.out: list[Effect] = []
        self._ids = ids
        self.turns = Turns(rules, self.book, lambda fact: self.out.append(fact))
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
        if self.late:  # those who were left may be gone, and nothing else would wake us
            self._catch_up()
        while (queue := self.turns.stirred()) is not None:
            self._start(queue)
        out, self.out = self.out, []
        return out

    # ---- what time has brought -----------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When there is something to look at."""
        if self.written.under_way >= MOST_UNDER_WAY:
            return None
        return self.now if self.looks.left else self.deadlines.next()

    def look(self) -> None:
        """At those whose time has come, and at those for whom something may have changed."""
        room = STEP if self.written.under_way < MOST_UNDER_WAY else 0
        due = self.deadlines.due(self.now, room)
        for key in due:
            if (entry := self.book.get(str(key))) is not None:
                self.advance(entry)
        for _ in range(room - len(due)):
            if (unseen := self.looks.next()) is None:
                break
            if self.book.has(unseen):
                self.advance(unseen)
        self._catch_up()

    def look_at_all(self) -> None:
        self.looks.at_all()
        self.look()

    def look_at(self, entries: Sequence[Entry]) -> None:
        """At once where they are few: those who wait for them need not wait for the store."""
        if len(entries) <= STEP:
            for entry in entries:
                self.advance(entry)
        else:
            self.looks.at(entries)
            self.look()

    def _catch_up(self) -> None:
        next_at = self.deadlines.next()
        was_late, self.late = self.late, self.looks.awaited or (next_at is not None and next_at <= self.now)
        if was_late and not self.late:
            self.turns.stir_all()

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
        told = entry.promise.losses > old.losses and entry.promise.stage in ASKED_FOR
        entry.owed = state in IN_FLIGHT and (entry.owed or told)
        if old.state is S.DUE and (state is not S.DUE or entry.promise.queue != old.queue):
            self.turns.leave(old)
        if state is not old.state:
            entry.since, entry.intent = self.now, ""
            if state is S.DIALLING:
                entry.dialled_at, entry.rang_s = self.now, None
            elif old.state is S.DIALLING:
                entry.rang_s = self.now - entry.dialled_at
            self.turns.moved(entry, old.state)
            if old.state in IN_HAND and state is S.KEPT:
                self.count(old.name, "answered", entry)
            if state not in OPEN:
                entry.last_open = old if entry.durable else None
                self.book.close(entry)
            if old.state in ENGAGED and state not in ENGAGED:
                self.number_free(old.number)
        if entry.durable:
            self.out.append(PromiseChanged(entry.promise, old.state))

    def _store(self, entry: Entry) -> None:
        """Of what the store does not have yet at once, as the loss was: it may be on its way there."""
        if self.written.answers or not entry.durable:
            self.write(entry)
        else:
            self.written.again(entry)

    def _seek(self, entry: Entry) -> None:
        self.out.append(SeekAgent(entry.promise))

    def _write_intent(self, entry: Entry) -> None:
        if not entry.intent:
            entry.intent, entry.intent_at = "next", self.now  # the row must say so already
            entry.intent = self.write(entry)

    def commit(self, entry: Entry) -> None:
        """The intent is durable; what was true when the agent was sought may not be any more."""
        promise = entry.promise
        if why := self.rules.refused(promise):
            self.apply(entry, I.WITHDRAW, outcome=why)
            return
        late = self.now >= min(self._until(entry), self.rules.overdue_at(promise))
        taken = promise.number in self.busy or self.engaged(entry)
        refused = self.turns.shut_until(promise, self.now) > 0.0
        if late or taken or refused or not self.rules.open(promise, self.now):
            self.apply(entry, I.INTENT_REFUSED)
            return
        attempt = promise.attempts + 1
        name = call_id(promise.id, attempt)
        self.apply(entry, I.INTENT_DURABLE, attempts=attempt, call_id=name, outcome="", status=0, not_before=0.0)
        self._tell_dialled(promise.number, Dialled(attempts=((promise.number, self.now),)))

    def _dial(self, entry: Entry) -> None:
        policy = self.rules.policy(entry.promise.name)
        first: Literal["agent", "customer"] = "customer" if entry.customer_first else "agent"
        until = self._until(entry)
        # Nobody rings for the first one by then: the time that its repeats were given is the next one's.
        follow_until = max(until, entry.intent_at + policy.settle_s)
        self.out.append(
            DialCustomer(entry.promise, policy.trunk, policy.caller_id, policy.ring_s, first, until, follow_until)
        )

    def _until(self, entry: Entry) -> float:
        """Whoever leads it after us counts on it that no INVITE leaves from then on (``resumed``, and the lease)."""
        return min(self.lease_until, entry.intent_at + ANSWER_S)

    def release(self, entry: Entry) -> None:
        self.out.append(ReleaseAgent(entry.promise.id))

    def _hold_off(self, entry: Entry) -> None:
        entry.hold_until = self.now + HOLD_OFF_S

    def _withdraw_later(self, entry: Entry) -> None:
        assert entry.ending is not None, "whoever withdraws says why"
        entry.further = None  # it was for that as well
        self.change(entry, outcome=noted(entry.ending))

    def withdraw(self, entry: Entry, why: str) -> None:
        """At once, or when the attempt in flight is over."""
        entry.ending = why
        self.apply(entry, I.WITHDRAW, outcome=why)
        self.advance(entry)

    def open_for(self, number: str, name: str) -> Entry | None:
        """The promise to that number in the group of a queue or campaign: by the groups of now, or when it was made."""
        key = self.rules.policy(name).key
        same = (entry for entry in self.book.same_number(number) if self.rules.key(entry.promise) == key)
        return next(same, None) or self.book.open_for(number, key)

    def number_free(self, number: str) -> None:
        """Whoever was passed over because of it may be dialled now."""
        for entry in self.book.same_number(number):
            if entry.promise.state is S.DUE:
                self.turns.line_up(entry)

    def count(self, name: str, result: str, entry: Entry | None = None) -> None:
        """``entry``: whose attempt it was, where it was one of this process."""
        rang_s, customer_first = 0.0, False
        if entry is not None:
            rang_s = self.now - entry.dialled_at if entry.rang_s is None else entry.rang_s
            customer_first = entry.customer_first
        if (order := self.turns.count(name, result, self.now, customer_first, rang_s)) is not None:
            self.out.append(replace(order, tally=replace(order.tally, node=self.node)))

    def let_down(self, number: str) -> None:
        """He has answered, and no agent was there."""
        self._tell_dialled(number, Dialled(dropped=((number, self.now),)))

    def _tell_dialled(self, number: str, told: Dialled) -> None:
        """To who counts, and to promises for that number that may not be dialled any more for a while."""
        self.rules.manners.hear(told, self.now)
        if self.node and (told.dropped or self.rules.counts):
            self.out.append(Elsewhere(told))
        for other in self.book.same_number(number):
            if other.promise.state is S.DUE:
                self.advance(other)

    def attempt_over(self, entry: Entry, result: Outcome, status: int = 0, uncounted: bool = False) -> None:
        promise = entry.promise
        left_out = promise.uncounted + uncounted
        became: dict[str, Any] = {"outcome": result, "status": status, "uncounted": left_out}
        policy, overdue_at = self.rules.policy(promise.name), self.rules.overdue_at(promise)
        chance = self._ids.fraction() if policy.jitter else 0.0
        decision = decide(
            policy, result, promise.counted - uncounted - entry.owed, overdue_at, self.now, chance, left_out * uncounted
        )
        if promise.state in IN_HAND:
            self.count(promise.name, result, entry)
        if result == "dropped":
            self.let_down(promise.number)
        if entry.ending is not None and promise.state in IN_HAND:
            self.apply(entry, I.CALLED_OFF, **{**became, "outcome": entry.ending})
        elif decision.delay_s is not None:
            self.apply(entry, I.RETRY, not_before=self.now + decision.delay_s, **became)
        else:
            self.apply(entry, I.LAPSE if decision.final is S.EXPIRED else I.GIVE_UP, **became)

    def advance(self, entry: Entry) -> None:
        """Apply what time has brought, then say when to look again."""
        self._follow(entry)
        while (what := due(entry, self.rules, self.now)) is not None:
            if entry.promise.state is S.DIALLING:
                self.release(entry)
                self.attempt_over(entry, "no answer")
            elif entry.promise.state is S.ANSWERED:
                self.attempt_over(entry, "dropped")
            else:
                self.apply(entry, what, outcome=self._reason(entry, what))
        promise = entry.promise
        self.deadlines.set(promise.id, wake_at(entry, self.rules, self.now) if promise.state in OPEN else None)
        if promise.state is S.DUE and entry.hold_until <= self.now:
            self.turns.line_up(entry)
        if entry.durable and promise.state in OPEN:
            self.moved_on(entry)

    def _follow(self, entry: Entry) -> None:
        """A campaign is another queue's since a reload or a restart; what is being dialled stays where it is."""
        promise = entry.promise
        queue = self.rules.queue(promise)
        if promise.state in WAITS and queue != promise.queue:
            self.book.move(promise.queue, queue)
            self.change(entry, queue=queue)

    def _reason(self, entry: Entry, what: I) -> str:
        kept = entry.promise.outcome
        reasons = {
            I.SPENT: kept or "uncertain", I.OVERDUE: "expired", I.CALLED_OFF: entry.ending or "",
            I.WITHDRAW: DO_NOT_CALL,
        }  # fmt: skip
        return reasons.get(what, kept)

    # ---- writing ------------------------------------------------------------------------------------------------

    def write(self, entry: Entry, answer: str = "", stage: str = "") -> str:
        token = self._ids.name("write")
        self.written.begin(Write(token, entry, answer, stage))
        self.timers.set(token, self.now + ANSWER_S)
        if entry.elsewhere:
            self.out.append(KeepServed(entry.promise, token, entry.by))
        else:
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
            status=0,
            updated_at=self.now,
        )

    # ---- whose turn it is ----------------------------------------------------------------------------------------

    def _start(self, queue: str) -> None:
        while not self.late and self.written.healthy and not self.drains and self.may_start(queue):
            turn = self.turns.next(queue, self.fit, self.now)
            if turn is None:
                self.timers.set((PACE, queue), self.turns.look_again(queue, self.now))
                return
            entry, claim = turn
            if why := self.rules.refused(entry.promise):
                self.withdraw(entry, why)
                continue
            entry.customer_first = claim is Claim.DIAL
            if claim is Claim.SEEK:
                self.turns.void(entry.promise.id)
            self.apply(entry, I.TURN if claim is Claim.SEEK else I.DIAL_FIRST)
            self.advance(entry)

    def fit(self, place: Place) -> bool:
        """May this promise be dialled now? Else it has lost its place in the line, or never had it."""
        rank, promise = place
        entry = self.book.get(promise)
        if entry is None or entry.promise.state is not S.DUE or entry.promise.rank != rank:
            return False
        if entry.hold_until > self.now or not self.rules.open(entry.promise, self.now):
            return False
        if self.now >= self.rules.overdue_at(entry.promise) or self.rules.queue(entry.promise) != entry.promise.queue:
            return False
        return entry.promise.number not in self.busy and not self.engaged(entry)

    def engaged(self, entry: Entry) -> bool:
        """Is the same number rung, or perhaps still rung, for another promise?"""
        same = self.book.same_number(entry.promise.number)
        return any(other is not entry and other.promise.state in ENGAGED for other in same)
