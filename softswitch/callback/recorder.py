"""From a loss to a durable promise, and what to say meanwhile: nothing is promised before the store has it.

A loss that a caller is waiting to hear about (it has a token) is let go when the store fails: he is told. Its write
may come through all the same, so its end is written behind it; else a restart would find a promise that nobody made.
A loss that nobody waits for (abandoned, refused) stays in memory and is written when the store is back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from softswitch.callback.book import Entry
from softswitch.callback.keyed import OFTEN, Keyed
from softswitch.callback.model import OPEN, LossNotRecorded, Lost, Promise, PromiseAnswer, PromiseChanged, PromiseState
from softswitch.callback.mover import STEP, Mover
from softswitch.callback.repeat import WAITS, again, first_priority_s, joined, later
from softswitch.callback.table import I
from softswitch.callback.written import Write
from softswitch.core.ids import Ids

MOST_GHOSTS = 1000  # writes given up that may come through yet; they take room from losses that wait for the store


class Recorder:
    """Makes promises and hears the store's answers."""

    def __init__(self, move: Mover, ids: Ids) -> None:
        self._move = move
        self._ids = ids
        self._keyed = Keyed()
        self._round: deque[Entry] = deque()  # rows that are being tried again
        self._ghosts: dict[tuple[str, str], Entry] = {}  # let go, though the store may have their row as an open one

    def lost(self, loss: Lost) -> None:
        number = self._move.rules.number(loss.number, loss.queue)
        entry = self._move.open_for(number.dial, loss.queue)
        if entry is not None and entry.promise.contact in (loss.contact, loss.former or loss.contact):
            self._go_on(entry, loss)
            return
        if why := self._move.rules.refuses(loss):
            self._refuse(loss, why)
            return
        if entry is None and loss.stage == "keyed" and not self._may_key(loss, number.dial):
            self._refuse(loss, OFTEN)
            return
        if loss.former:
            self._lost_again(loss, number.dial, entry)
        self._record(self._make(loss, number.dial) if entry is None else self._add(entry, loss), loss)

    def _may_key(self, loss: Lost, number: str) -> bool:
        """Else this caller has us call too many; if he may, it is one of them."""
        rules, now = self._move.rules, self._move.now
        found = rules.number(loss.caller, loss.queue)
        caller = "" if found.why == "withheld" else found.dial or loss.caller.strip()
        if self._keyed.too_often(caller, number, rules.policy(loss.queue).keyed_per_caller, now):
            return False
        self._keyed.note(caller, number, now)
        return True

    def join(self, several: Iterable[list[Entry]]) -> None:
        """Queues are in one group that were in none: their promises to one number become one."""
        move = self._move
        for same in several:
            by_group: dict[str, list[Entry]] = {}
            for entry in same:
                by_group.setdefault(move.rules.key(entry.promise), []).append(entry)
            for entries in by_group.values():
                stays, *others = sorted(entries, key=lambda one: (one.promise.state in WAITS, one.promise.rank))
                for other in others:
                    self._change(stays, **joined(stays.promise, other.promise))
                    move.withdraw(other, f"joined with {stays.promise.id}")
                if others:
                    move.write(stays)

    def stored(self, write: Write) -> None:
        move, entry = self._move, write.entry
        if not move.written.healthy:
            move.turns.stir_all()
        move.written.succeeded(move.now)
        if entry.let_go:
            self.lay(entry)
            self._add_late(entry)
            return
        if not entry.durable:
            entry.durable, entry.loss = True, None
            move.out.append(PromiseChanged(entry.promise, None))
        if not entry.writes and not move.written.waits(entry):  # the store has all of it
            entry.by, entry.orders, entry.further, entry.stored = "", (), None, entry.promise
            entry.last_open = entry.last_open if entry.promise.state in OPEN else None
        if write.answer:
            move.out.append(PromiseAnswer(write.answer, True))
        if write.token == entry.intent:
            move.commit(entry)
        move.advance(entry)

    def not_stored(self, write: Write) -> None:
        move, entry = self._move, write.entry
        move.written.failed(move.now)
        if write.answer:
            move.out.append(PromiseAnswer(write.answer, False, "store"))
        if entry.let_go:
            if entry.elsewhere or self._is_ghost(entry):
                move.written.again(entry)
            if entry.further is not None and entry.promise.state in OPEN:
                self.lost(entry.further)
            return
        if write.token == entry.intent:
            move.apply(entry, I.INTENT_REFUSED)
        elif self._worth_keeping(entry):
            move.written.again(entry)
        elif not entry.writes:
            self._let_go(entry, write.stage)
        move.advance(entry)

    def try_again(self) -> None:
        """Write what failed, a step at a time; and a row that is known to be good, lest one bad row pass for a store
        that is away."""
        move = self._move
        self._round = deque(
            entry for entry in self._round if move.written.waits(entry)
        )  # still, and not others' by now
        if not self._round:
            self._round.extend(move.written.unwritten())
            idle = (entry for entry in move.book.open() if entry.durable and not entry.writes)
            if (sound := next((entry for entry in idle if not move.written.waits(entry)), None)) is not None:
                move.write(sound)
            elif not self._round:
                move.written.answers = True  # there is nothing to find out with, and nothing to protect
        for _ in range(min(STEP, len(self._round))):
            move.write(self._round.popleft())
        if self._round:
            move.written.retry_at = move.now

    def _refuse(self, loss: Lost, why: str) -> None:
        self._move.out.append(LossNotRecorded(loss.queue, loss.stage, why, loss.contact, loss.number))
        if loss.token:
            self._move.out.append(PromiseAnswer(loss.token, False, why))

    def _make(self, loss: Lost, number: str) -> Entry:
        now, policy = self._move.now, self._move.rules.policy(loss.queue)
        ghost = self._ghosts.pop((number, policy.key), None)  # its row, if there is one, is the only open one allowed
        name = ghost.promise.id if ghost else self._ids.name("promise")
        recorded_at = min(loss.queued_at, now)
        promise = Promise(
            name, number, loss.queue, loss.stage, PromiseState.RECORDED, loss.contact, recorded_at, updated_at=now,
            group=policy.key, step=loss.step, priority_s=first_priority_s(policy, loss.stage),
            node=self._move.node,
        )  # fmt: skip
        entry = Entry(promise, since=now, loss=loss)
        self._move.book.add(entry)
        return entry

    def _add(self, entry: Entry, loss: Lost) -> Entry:
        """A second loss of a customer who has a promise: it adds to it, and the older age counts.

        A withdrawal that waits was for the losses before this one.
        """
        outcome, entry.ending = entry.promise.outcome if entry.ending is None else "", None
        self._change(entry, outcome=outcome, **again(entry.promise, loss, self._move.rules, self._move.now))
        entry.further = entry.further if loss.token else loss
        return entry

    def _go_on(self, entry: Entry, loss: Lost) -> None:
        """The contact that was recorded last is lost at a later step: no second loss, and no policy is asked again.

        Who took an offer and hung up before we could say yes or no to it has nobody to say it to: the promise is kept.
        """
        self._change(entry, **later(entry.promise, loss, self._move.rules))
        self._record(entry, loss)

    def _change(self, entry: Entry, **changes: Any) -> None:
        self._move.book.move(entry.promise.queue, changes.get("queue", entry.promise.queue))
        self._move.change(entry, **changes)

    def _lost_again(self, loss: Lost, number: str, found: Entry | None) -> None:
        """The same call was lost before, and then to another queue: it is lost once."""
        for entry in self._move.book.same_number(number):
            if entry is not found and entry.promise.contact == loss.former:
                self._move.withdraw(entry, "lost later")

    def _record(self, entry: Entry, loss: Lost) -> None:
        entry.keep = entry.keep or not loss.token
        self._move.write(entry, answer=loss.token, stage=loss.stage)
        self._move.advance(entry)

    def _worth_keeping(self, entry: Entry) -> bool:
        """What is durable stays; so does what ended before it was, for its first write may have come through."""
        if entry.durable or entry.promise.state not in OPEN:
            return True
        return entry.keep and not self._move.written.full

    def _let_go(self, entry: Entry, stage: str) -> None:
        """Nobody was promised anything, and the row says so, should it have come through."""
        move, promise = self._move, entry.promise
        lost = LossNotRecorded(promise.queue, stage or promise.stage, "store", promise.contact, promise.number)
        move.out.append(lost)
        move.book.drop(entry)
        entry.let_go, entry.further = True, None
        entry.promise = replace(promise, state=PromiseState.WITHDRAWN, outcome="not promised", updated_at=move.now)
        if len(self._ghosts) < MOST_GHOSTS:
            self._ghosts[promise.number, promise.key] = entry
            move.write(entry)  # now: whatever delays the write before it delays this one as well

    def _add_late(self, entry: Entry) -> None:
        """A further loss of a former life was written in ours, and its promise is led by a row of before."""
        led, further = self._move.book.get(entry.promise.id), entry.further
        behind = led is not None and led.promise.losses < entry.promise.losses
        if further is not None and behind and entry.promise.state in OPEN:
            entry.further = None
            self.lost(further)

    def alone(self, entry: Entry) -> Write:
        """Of the further loss by itself, as the promise that it was added to is others'."""
        loss = entry.further
        own = Entry(entry.promise, self._move.now, let_go=True, loss=loss, further=loss)
        return Write(self._ids.name("write"), own)

    def has_let_go(self, row: Promise) -> bool:
        ghost = self._ghosts.get((row.number, row.key))
        return ghost is not None and ghost.promise.id == row.id

    def ghosts(self) -> list[Entry]:
        return list(self._ghosts.values())

    def _is_ghost(self, entry: Entry) -> bool:
        """Not where a new loss has taken its row over."""
        return self._ghosts.get((entry.promise.number, entry.promise.key)) is entry

    def lay(self, entry: Entry) -> bool:
        """Its end is durable, or others have it. Was it a ghost?"""
        if not self._is_ghost(entry):
            return False
        del self._ghosts[entry.promise.number, entry.promise.key]
        return True
