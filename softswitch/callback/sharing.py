"""A ledger that shares promises: it takes some out of the pool, meets those that others have, and may lose its own.

What it leads is in the book; what it gives back leaves the book with the order, so that nothing is written of it any
more. A loss whose row meets another open promise for the same number is added to that one, here or by its node. While
the lease is over nothing is dialled; once the node was declared dead, what it led is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from softswitch.callback.book import Book, Entry
from softswitch.callback.claim import GIVE_BACK_S, LOOK_S, Pool
from softswitch.callback.due import wake_at
from softswitch.callback.ending import ending
from softswitch.callback.model import OPEN, Lost, Promise, PromiseAnswer, PromiseState, ReleaseAgent, Withdraw
from softswitch.callback.mover import ENGAGED, IN_HAND, Mover
from softswitch.callback.node import (
    Claimed,
    Disowned,
    Drains,
    Elsewhere,
    GiveBack,
    Inherited,
    Leased,
    LostElsewhere,
    Meet,
    Met,
    Owned,
    Served,
    ServedElsewhere,
)
from softswitch.callback.order import Orders
from softswitch.callback.pacing import Line
from softswitch.callback.recorder import Recorder
from softswitch.callback.table import I
from softswitch.callback.written import ANSWER_S, Write

S = PromiseState
POOL = "pool"  # the key of the deadline at which the pool is looked at again
WAITING = frozenset({S.RECORDED, S.RETRY_AT, S.UNCERTAIN})
AT_ONCE = 500  # given back in one go


class Sharing:
    def __init__(self, move: Mover, recorder: Recorder, orders: Orders, as_found: Callable[[Promise], Promise]) -> None:
        self._move, self._recorder, self._orders = move, recorder, orders
        self._as_found = as_found  # a row that a node has left behind, as it is to be led on
        self._pool = Pool()
        self._gives_back = False  # to others, whatever can be
        self._leaving: list[Entry] = []  # what is looked at for that yet
        self._heirs = Book()  # what we lead in the life to come
        self._restless: list[Promise] = []  # rows of it whose attempt may go on
        self.inputs: Mapping[type, Callable[[Any], None]] = {
            Leased: self._leased,
            Inherited: self._inherited,
            Disowned: self._disowned,
            Owned: self._owned,
            Claimed: self._claimed,
            Met: self._met,
            LostElsewhere: self._lost_elsewhere,
            Drains: self._drains,
            Served: self._served,
            ServedElsewhere: self._served_elsewhere,
        }
        if move.node:
            move.may_start, move.moved_on = self._may_start, self._moved_on

    def due(self) -> None:
        """Look at the pool again, for whom there are agents."""
        move = self._move
        few = self._leaving[-AT_ONCE:]
        del self._leaving[-AT_ONCE:]
        for entry in few:
            if move.book.has(entry):
                move.advance(entry)
        if self._leaving:
            move.timers.set(POOL, move.now)
        move.turns.stir_all()

    # ---- out of the pool, and into it ------------------------------------------------------------------------------

    def _may_start(self, queue: str) -> bool:
        """Is the oldest in memory the oldest there is, of each policy of the queue? Else we ask first."""
        move = self._move
        if move.now >= move.lease_until:
            return False
        pace, waits = move.turns.pace(queue), False
        for policy in move.rules.calling(queue, move.now):
            if not move.turns.agents(pace, policy, move.now):
                continue
            line = pace.lines.setdefault(policy.name, Line())
            line.first(move.fit)  # those before it are stale
            if (order := self._pool.asks(policy.name, line, move.now)) is not None:
                move.out.append(order)
            waits |= self._pool.waits(policy.name, move.now)
            move.timers.set(POOL, move.now if self._leaving else move.now + LOOK_S)
        return not waits

    def _claimed(self, event: Claimed) -> None:
        self._lead(event.promises, claimed=True)
        self._pool.claimed(event.name, [promise.rank for promise in event.promises], event.ok, self._move.now)
        self._move.turns.stir([self._move.rules.policy(event.name).queue])

    def _owned(self, event: Owned) -> None:
        self._lead(event.promises, claimed=True)

    def _lead(self, rows: Iterable[Promise], claimed: bool, heirs: Iterable[Entry] = ()) -> None:
        """Rows that are ours. One that a new loss is about to meet is left to that; one that we have let go is not led,
        though the store has it: its end is being written. ``heirs`` are led already, and nobody has looked at them."""
        move, led = self._move, list(heirs)
        for row in rows:
            if self._knows(row) or self._recorder.has_let_go(row):
                continue
            if move.book.open_for(row.number, row.key) is None:
                entry = self._entry(row, claimed)
                move.book.add(entry)
                led.append(entry)
                if len(same := move.book.same_number(row.number)) > 1:
                    self._recorder.join([same])
        move.look_at(led)

    def _entry(self, row: Promise, claimed: bool) -> Entry:
        promise, node = self._as_found(row), self._move.node
        promise = promise if promise.node == node else replace(promise, node=node)
        return Entry(promise, self._move.now, durable=True, ending=ending(promise), claimed=claimed)

    def _knows(self, row: Promise) -> bool:
        """Not where he was lost again after we had served him: that he is owed another call is others' knowledge."""
        entry = self._move.book.get(row.id)
        if entry is None or not (entry.elsewhere and row.losses > entry.promise.losses):
            return entry is not None
        self._move.book.forget(row.id)
        return False

    def _moved_on(self, entry: Entry) -> None:
        """What was claimed and cannot be called for long goes back, once nothing of it is on its way to the store."""
        move, promise = self._move, entry.promise
        waits = promise.state in WAITING or (promise.state is S.DUE and self._gives_back)
        if not (entry.claimed or self._gives_back) or not waits or entry.writes or move.written.waits(entry):
            return
        wake = 0.0 if promise.state is S.DUE else wake_at(entry, move.rules, move.now)
        if self._gives_back or wake >= move.now + GIVE_BACK_S:
            self._drop(entry)
            # Nobody knows how long a pause lasts, or until when it is not configured; nobody takes it out meanwhile.
            stands = promise.name in move.rules.paused or not move.rules.known(promise.name)
            until = promise.not_before if stands else max(wake, promise.not_before)
            move.out.append(GiveBack(replace(promise, not_before=until)))

    def _drains(self, event: Drains) -> None:
        """Who is being dialled, or has answered, is served to the end; for whom an agent is sought, others seek."""
        move = self._move
        move.drains, self._gives_back = event.on, event.on and event.gives_back
        for entry in move.book.open():
            if move.drains and entry.promise.state is S.SEEKING:
                move.apply(entry, I.SEEK_OVER)
                move.advance(entry)
        self._leaving = move.book.open() if self._gives_back else []
        self._pool.forget()
        self.due()

    def _drop(self, entry: Entry) -> None:
        """Nothing more is written of it, and it has no claim on anybody."""
        move, promise = self._move, entry.promise
        move.deadlines.set(promise.id, None)
        move.written.forget(entry)
        entry.let_go, entry.intent, entry.last_open = True, "", None
        if promise.state in OPEN:
            move.book.drop(entry)
            move.turns.leave(promise)
            entry.promise = replace(promise, state=S.RECORDED)
            move.turns.moved(entry, promise.state)

    # ---- others who have the same number ---------------------------------------------------------------------------

    def meet(self, write: Write) -> None:
        """A row was refused: another open promise for that number and group is in the store, or others lead this."""
        move, entry = self._move, write.entry
        if not move.node:
            self._recorder.not_stored(write)
            return
        move.written.succeeded(move.now)
        if entry.let_go and self._recorder.lay(entry):
            move.out.append(Elsewhere(Withdraw(entry.promise.id, entry.promise.outcome)))
        elif not entry.let_go and entry.loss is None:
            self._lose(entry)
        if entry.let_go or entry.loss is None:
            self._pass_on(entry)
            if write.answer:
                move.out.append(PromiseAnswer(write.answer, entry.met, "" if entry.met else "store"))
            return
        self._ask(write, entry.loss)

    def _ask(self, write: Write, loss: Lost) -> None:
        """Who else is there."""
        move = self._move
        move.written.begin(write)
        move.timers.set(write.token, move.now + ANSWER_S)
        move.out.append(Meet(write.entry.promise, write.token, loss))

    def _met(self, event: Met) -> None:
        move = self._move
        write = move.written.end(event.token)
        move.timers.set(event.token, None)
        if write is None or not event.ok:
            if write is not None:
                self._recorder.not_stored(write)
            if event.there is not None and event.ours:
                self._lead([event.there], claimed=True)
            return
        ours_by_now = write.entry.durable and write.entry.promise.state in OPEN  # a later write of it has come through
        if event.there is None or ours_by_now:
            move.write(write.entry, write.answer, write.stage)
            return
        led = move.book.get(event.there.id)
        self._joins(write, event.there, event.ours)
        if led is None and (entry := move.book.get(event.there.id)) is not None:
            entry.claimed = True  # by now what was to be added to it has been
            move.advance(entry)

    def _lost_elsewhere(self, event: LostElsewhere) -> None:
        """A loss that was added before is none again, whatever has become of the promise; the last one may be told of
        a later step."""
        entry = self._move.book.get(event.promise)
        last = entry is not None and entry.promise.state in OPEN and entry.promise.contact == event.loss.contact
        if last or not event.added:
            self._recorder.lost(event.loss)

    def _joins(self, write: Write, there: Promise, ours: bool) -> None:
        """What was recorded is that one's from now on."""
        move, entry, loss = self._move, write.entry, write.entry.loss  # none: its end is durable by now
        ended = "" if entry.let_go or entry.promise.state in OPEN else entry.promise.outcome
        if not entry.let_go:
            self._drop(entry)
        entry.met = True
        if ours:
            self._lead([there], claimed=False)
        if ended:  # meanwhile, and it was that one that should have
            self._withdraw(there.id, ended)
        elif loss is None or (there.state not in OPEN and there.contact == loss.contact):
            entry.met = False  # others have led it to its end
        elif ours or there.state not in OPEN:
            self._recorder.lost(replace(loss, token=write.answer))
            return
        if write.answer:
            move.out.append(PromiseAnswer(write.answer, entry.met, "" if entry.met else "store"))

    def _withdraw(self, promise: str, why: str) -> None:
        entry = self._move.book.get(promise)
        if entry is not None:
            self._move.withdraw(entry, why)
        else:
            self._move.out.append(Elsewhere(Withdraw(promise, why)))

    def _lose(self, entry: Entry) -> None:
        """It is others' by now."""
        self._tell_end(entry)
        self._orders.refused(entry)
        self._part_with(entry)

    def _part_with(self, entry: Entry) -> None:
        if entry.promise.state is S.SEEKING or entry.promise.state in IN_HAND:
            self._move.out.append(ReleaseAgent(entry.promise.id))
        self._drop(entry)
        self._pass_on(entry)

    def _pass_on(self, entry: Entry) -> None:
        """A further loss that the store does not have: to who leads the promise, or a new one if it has ended without
        that loss. Where we have brought it to its end, that was for this loss as well."""
        if entry.further is not None and entry.promise.state in OPEN:
            self._ask(self._recorder.alone(entry), entry.further)
            entry.further = None

    def _tell_end(self, entry: Entry) -> None:
        """Nobody but us knows yet."""
        if entry.promise.state is S.KEPT:
            self._move.written.forget(entry)
            entry.elsewhere = True
            self._move.write(entry)
            return
        why = entry.promise.outcome if entry.promise.state is S.WITHDRAWN else ending(entry.promise)
        if why is not None:
            self._move.out.append(Elsewhere(Withdraw(entry.promise.id, why, losses=entry.promise.losses)))

    # ---- who was served, whoever leads his promise -----------------------------------------------------------------

    def _served(self, event: Served) -> None:
        move, entry = self._move, self._move.book.get(event.promise.id)
        if entry is not None and entry.promise.state in OPEN and entry.promise.losses <= event.promise.losses:
            move.apply(entry, I.ANSWERED, outcome="answered")
            move.advance(entry)
            return
        word = Entry(event.promise, move.now, durable=True, let_go=True)
        if entry is None:
            move.book.add(word)
        self._tell_end(word)

    def _served_elsewhere(self, event: ServedElsewhere) -> None:
        """Who has answered us meanwhile is on the line, and served."""
        entry = self._move.book.get(event.promise)
        if entry is not None and entry.promise.state in OPEN and entry.promise.state is not S.ANSWERED:
            self._lose(entry)

    # ---- the lease -------------------------------------------------------------------------------------------------

    def _leased(self, event: Leased) -> None:
        self._move.lease_until = event.until
        self._move.turns.stir_all()

    def _inherited(self, event: Inherited) -> None:
        for row in event.promises:
            if row.state in ENGAGED:  # what is known of the former life bears on it
                self._restless.append(row)
            elif self._heirs.open_for(row.number, row.key) is None:
                self._heirs.add(self._entry(row, claimed=False))

    def _disowned(self, event: Disowned) -> None:
        """All at once, as whoever is lost, calls or is reached from now on is to meet none of them; what is ours again
        is looked at step by step."""
        move, heirs = self._move, self._heirs
        rows, everybody = [*self._restless, *event.promises], move.book.open()
        stay: list[Entry] = []
        parted: list[Entry] = []
        self._heirs, self._restless = Book(), []
        newer = _newer(everybody, heirs, rows)
        for entry in everybody:
            if not entry.durable:
                stay.append(entry)
            elif entry.promise.state in ENGAGED:
                self._part_with(entry)
                parted.append(entry)
        unwritten = move.written.disown()
        known = (*stay, *move.book.ended(), *self._recorder.ghosts(), *unwritten)
        for promise in (*(one.promise for one in known), *newer.values()):
            while (heir := heirs.get(promise.id) or heirs.open_for(promise.number, promise.key)) is not None:
                heirs.drop(heir)
                rows.append(heir.promise)  # of each by itself it is asked which of the two stands
        rows = [newer.get(row.id, row) for row in rows]
        ready = heirs.open()
        move.book.part(stay, heirs)
        move.turns.part()
        ours = {row.id: row for row in rows}
        ordered = self._orders.standing(unwritten, ours)
        for entry in unwritten:
            if entry.promise.id in ours and entry.promise.state not in OPEN and not entry.elsewhere:
                entry.let_go = False  # its end is ours to write: of what is ours others are told nothing
                move.write(entry)
            else:
                self._tell_end(entry)
            if not entry.writes:  # else the answer says whether the store has it
                self._pass_on(entry)
        self._pool.forget()
        self._recorder.join(move.book.several() if ready else ())
        self._lead(rows, claimed=False, heirs=ready)
        self._call_off(parted)
        self._orders.give_again(ordered)
        self._leaving = everybody  # step by step: to free a hundred thousand at once takes as long as all this
        move.timers.set(POOL, move.now)

    def _call_off(self, formers: Iterable[Entry]) -> None:
        """Who was to be withdrawn when his attempt was over: the order may have come after the rows were read that we
        lead now."""
        for former in formers:
            why, losses, led = former.ending, former.promise.losses, self._move.book.get(former.promise.id)
            if why is None:
                continue
            if led is None:
                self._move.out.append(Elsewhere(Withdraw(former.promise.id, why, former.by, losses)))
            elif led.ending is None and led.promise.losses <= losses:
                led.by = former.by
                self._move.withdraw(led, why)


def _newer(entries: Iterable[Entry], heirs: Book, rows: Iterable[Promise]) -> dict[str, Promise]:
    """What the store has taken since the rows of the new life were read: losses that were added, what was ordered."""
    read, newer = {row.id: row for row in rows}, dict[str, Promise]()
    for stored in (one.stored for one in entries if one.stored is not None):
        heir = heirs.get(stored.id)
        row = read.get(stored.id) if heir is None else heir.promise
        if row is not None and (stored.losses, stored.updated_at) > (row.losses, row.updated_at):
            newer[stored.id] = stored
    return newer
