"""The ledger itself: inputs in, orders and facts out, one promise moved at a time by ``table``.

Order within a step: the input moves its promise, time moves what has become due, then the due promises of a
queue that something happened to are acted on, as many as there is room for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from softswitch.callback.barring import Barring
from softswitch.callback.book import Entry
from softswitch.callback.disposing import Disposing
from softswitch.callback.ending import IN_FLIGHT, REACHED_AGENT, ending
from softswitch.callback.glance import Glance
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Barred,
    Capacity,
    CustomerAnswered,
    CustomerLeft,
    Disposed,
    DoNotCall,
    LedgerInput,
    Lost,
    MachineAnswered,
    NoAgent,
    NotServed,
    NumberBusy,
    Paused,
    Persisted,
    Policies,
    Policy,
    Promise,
    PromiseChanged,
    PromiseState,
    ReachedAgent,
    ReleaseAgent,
    Restored,
    Tallied,
    Withdraw,
)
from softswitch.callback.mover import IN_HAND, STEP, Mover
from softswitch.callback.node import Dialled, Elsewhere, NodeInput, StoreAway, WithdrawNumber
from softswitch.callback.order import Orders
from softswitch.callback.recorder import Recorder
from softswitch.callback.repeat import ASKED_FOR, STRONGEST
from softswitch.callback.resumed import resumed
from softswitch.callback.retry import Outcome, network_failed, outcome
from softswitch.callback.rule import Rules
from softswitch.callback.sharing import POOL, Sharing
from softswitch.callback.table import I
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.core.timers import earliest

S = PromiseState
SPARED_S = 3600.0  # after a start nothing expires at once: the clock may be wrong, and that can be put right
STORE = "store"  # the key of the deadline at which failed writes are tried again


class Ledger:
    """All promises of this switch. ``now`` is Unix seconds."""

    def __init__(
        self, policies: Iterable[Policy], ids: Ids, region: str = "CN", node: str = "", area_code: str = ""
    ) -> None:
        self._move = Mover(Rules(policies, region, area_code), ids, node)
        self._recorder = Recorder(self._move, ids)
        self.glance = Glance(self._move)
        barring = Barring(self._move)
        orders = Orders(self._move)
        self._sharing = Sharing(self._move, self._recorder, orders, self._after_crash)
        self._inputs: Mapping[type, Callable[[Any], None]] = {
            **self._sharing.inputs,
            Lost: self._recorder.lost,
            Restored: self._restored,
            Tallied: lambda event: self._move.turns.restore(event.tallies, self._move.node),
            StoreAway: self._store_away,
            Dialled: self._dialled,
            Persisted: self._persisted,
            Policies: self._policies,
            Capacity: self._capacity,
            AgentFound: lambda event: self._word(event.promise, I.AGENT_FOUND),
            NoAgent: self._no_agent,
            CustomerAnswered: self._answered,
            AttemptFailed: self._attempt_failed,
            NotServed: lambda event: self._gone(event, "dropped"),
            CustomerLeft: self._left,
            MachineAnswered: lambda event: self._gone(event, "machine"),
            ReachedAgent: self._reached_agent,
            NumberBusy: self._number_busy,
            DoNotCall: barring.listed,
            Barred: barring.filed,
            Withdraw: self._withdraw_by_admin,
            **orders.inputs,
            Paused: self._paused,
            Disposed: Disposing(self._move).disposed,
        }

    def handle(self, event: LedgerInput | NodeInput, now: float) -> list[Effect]:
        self._move.now = now
        self._inputs[type(event)](event)
        return self._finish()

    def tick(self, now: float) -> list[Effect]:
        move = self._move
        move.now = now
        for key in move.timers.due(now, STEP):
            if key == STORE:
                move.written.retry_at = None
                self._recorder.try_again()
            elif key == POOL:
                self._sharing.due()
            elif isinstance(key, tuple):  # PACE, a queue
                move.turns.stir(key[1:])
            elif (write := move.written.end(str(key))) is not None:
                self._recorder.not_stored(write)
        move.look()
        return self._finish()

    @property
    def deadline(self) -> float | None:
        return earliest(self._move.timers.next(), self._move.deadline)

    def promises(self) -> list[Promise]:
        """The open ones, oldest first, then the last closed ones."""
        return self._move.book.promises()

    def durable(self) -> list[Promise]:
        """The same as far as the store has it: what may be shown to people, who act on it."""
        return self._move.book.durable()

    def open_count(self, queue: str) -> int:
        return self._move.book.count(queue)

    def can_promise(self, number: str, queue: str) -> bool:
        """To who waits there and calls from this number, as presented, should he take the offer."""
        return not self._move.rules.refuses(Lost(number, queue, STRONGEST, "", 0.0))

    def earned_at(self, number: str, queue: str) -> float | None:
        """Since when (Unix s) who calls from there has waited, if he was told that this queue will call him.

        A place is not for all the lines of a switchboard: it is none's where two calls of that number are here already,
        of which one may be this.
        """
        dial = self._move.rules.number(number, queue).dial
        entry = self._move.book.open_for(dial, self._move.rules.policy(queue).key)
        told = entry is not None and entry.durable and entry.promise.stage in ASKED_FOR
        return entry.promise.recorded_at if entry is not None and told and self._move.busy[dial] <= 1 else None

    def takes_keyed(self, queue: str) -> bool:
        """Whether who waits there may say at which number to be called."""
        return self._move.rules.known(queue) and "keyed" in self._move.rules.policy(queue).stages

    def open_for(self, number: str) -> list[Promise]:
        """What is promised to a normalised number, over all queues."""
        return [entry.promise for entry in self._move.book.same_number(number)]

    def _finish(self) -> list[Effect]:
        effects = self._move.finish()
        self._move.timers.set(STORE, self._move.written.retry_at)
        return effects

    # ---- the store -----------------------------------------------------------------------------------------------

    def _restored(self, event: Restored) -> None:
        for row in event.promises:
            promise = self._after_crash(row)
            spared_until = self._move.now + SPARED_S
            entry = Entry(promise, self._move.now, durable=True, ending=ending(promise), spared_until=spared_until)
            self._move.book.add(entry)
            if promise is not row:
                self._move.out.append(PromiseChanged(promise, row.state))
        self._recorder.join(self._move.book.several())
        self._move.look_at_all()

    def _after_crash(self, row: Promise) -> Promise:
        if row.state is S.DIALLING:
            self._move.turns.cut_short(row)
        elif row.state is S.ANSWERED:  # unless he outlives the crash with his contact, we have abandoned him
            self._move.count(row.name, "dropped")
            row = replace(row, outcome=row.outcome or "dropped")  # as the next restart is to find it
        if row.state is S.ANSWERED or (row.state is S.UNCERTAIN and row.outcome == "dropped"):
            self._move.let_down(row.number)
        return resumed(row, self._move.rules.policy(row.name), self._move.now)

    def _persisted(self, event: Persisted) -> None:
        write = self._move.written.end(event.token)
        if write is None:
            return  # given up long ago, or of an earlier process
        self._move.timers.set(event.token, None)
        if event.ok:
            self._recorder.stored(write)
        elif event.taken:
            self._sharing.meet(write)
        else:
            self._recorder.not_stored(write)

    def _store_away(self, event: StoreAway) -> None:
        self._move.written.away = event.away
        self._move.turns.stir_all()

    def _dialled(self, event: Dialled) -> None:
        manners = self._move.rules.manners
        manners.hear(manners.news(event), self._move.now)
        for number, _ in (*event.attempts, *event.dropped):
            for entry in self._move.book.same_number(number):
                self._move.advance(entry)

    def _policies(self, event: Policies) -> None:
        """A window that is another one now, or a queue that has none any more, holds for what is open too."""
        self._move.rules.take(event.policies)
        self._recorder.join(self._move.book.several())
        self._move.look_at_all()

    def _paused(self, event: Paused) -> None:
        self._move.rules.paused = event.campaigns
        self._move.look_at_all()

    # ---- agents and attempts -------------------------------------------------------------------------------------

    def _capacity(self, event: Capacity) -> None:
        turns = self._move.turns
        pace = turns.pace(event.queue)
        pace.capacity(event.free_agents, event.live_waiting, event.callbacks_waiting, event.cut_off)
        pace.shared, pace.ending = dict(event.shared), event.ending
        turns.stir([event.queue])

    def _word(self, promise: str, what: I) -> None:
        """Somebody's word about a promise; where we have forgotten it, an agent who waits for it is let go."""
        entry = self._move.book.get(promise)
        if entry is not None:
            kept = what is I.ANSWERED or (what is I.AGENT_FOUND and entry.promise.state is S.ANSWERED)
            self._move.apply(entry, what, outcome="answered" if kept else entry.promise.outcome)
            self._move.advance(entry)
        elif what is I.AGENT_FOUND:
            self._move.out.append(ReleaseAgent(promise))

    def _answered(self, event: CustomerAnswered) -> None:
        entry = self._move.book.get(event.promise)
        waits = event.waits or (entry is not None and entry.customer_first and entry.promise.state in IN_HAND)
        if waits and entry is not None and entry.promise.state in IN_HAND:  # it is said again while he is there
            entry.since = self._move.now
            if entry.promise.state is S.DIALLING and not entry.customer_first:  # his agent waits while he is greeted
                self._move.advance(entry)
                return
        self._word(event.promise, I.WAITS if waits else I.ANSWERED)

    def _left(self, event: CustomerLeft) -> None:
        entry = self._move.book.get(event.promise)
        if entry is not None:
            long = event.waited_s > self._move.rules.policy(entry.promise.name).agent_within_s
            self._gone(event, "dropped" if long else "hung up")

    def _no_agent(self, event: NoAgent) -> None:
        entry = self._move.book.get(event.promise)
        if entry is not None and entry.promise.state is S.DIALLING:
            quiet_at = self._move.now + self._move.rules.policy(entry.promise.name).settle_s
            lost = "agent lost" if entry.ending is None else entry.promise.outcome
            self._move.apply(entry, I.AGENT_LOST, outcome=lost, not_before=quiet_at)
            self._move.advance(entry)
        else:
            self._word(event.promise, I.AGENT_LOST)

    def _attempt_failed(self, event: AttemptFailed) -> None:
        entry = self._move.book.get(event.promise)
        if entry is not None and event.call_id in ("", entry.promise.call_id):
            network = not event.rang and network_failed(event.status, event.cause, event.silent)
            result = "failed" if network else outcome(event.status, event.cause)
            if event.sent and entry.promise.state in IN_FLIGHT:
                self._move.turns.heard(entry.promise, network, event.retry_after_s, self._move.now)
            self._move.attempt_over(entry, result, event.status, network)
            self._move.advance(entry)

    def _gone(self, event: NotServed | CustomerLeft | MachineAnswered, result: Outcome) -> None:
        """Customer first: who answered is not on the line any more, and no agent was there."""
        entry = self._move.book.get(event.promise)
        if entry is not None and event.call_id == entry.promise.call_id:
            self._attempt_over(entry, result)

    def _attempt_over(self, entry: Entry, result: Outcome) -> None:
        self._move.attempt_over(entry, result)
        self._move.advance(entry)

    # ---- the customer, by other ways -----------------------------------------------------------------------------

    def _reached_agent(self, event: ReachedAgent) -> None:
        number = self._move.rules.number(event.number, event.queue)
        entry = self._move.open_for(number.dial, event.queue)
        if entry is not None and (not event.stages or entry.promise.stage in event.stages):
            self._move.withdraw(entry, REACHED_AGENT)
        elif entry is None and number.dial:
            key = self._move.rules.policy(event.queue).key
            self._elsewhere(WithdrawNumber(number.dial, key, REACHED_AGENT, event.stages))

    def _withdraw_by_admin(self, event: Withdraw) -> None:
        entry = self._move.book.get(event.promise)
        if entry is not None and event.losses and entry.promise.losses > event.losses:
            return
        if entry is not None:
            entry.by = event.by
            self._move.withdraw(entry, event.why)
        else:
            self._elsewhere(event)

    def _elsewhere(self, what: Withdraw | WithdrawNumber) -> None:
        """A promise that we do not lead, if there is one."""
        if self._move.node:
            self._move.out.append(Elsewhere(what))

    def _number_busy(self, event: NumberBusy) -> None:
        move = self._move
        # The rules may be others when it ends; what was counted is what is taken back.
        numbers, calls = move.spelt.pop(event.number, (move.rules.spellings(event.number), 0))
        calls += 1 if event.busy else -1
        if calls < 0:
            return  # the end of a call that began before this process
        if calls:
            move.spelt[event.number] = numbers, calls
        for number in numbers:
            move.busy[number] += 1 if event.busy else -1
            if not move.busy[number]:
                del move.busy[number]
            for entry in move.book.same_number(number):
                if event.busy and entry.promise.state is S.SEEKING:
                    move.apply(entry, I.SEEK_OVER)
                    move.advance(entry)
            if not event.busy:
                move.number_free(number)
