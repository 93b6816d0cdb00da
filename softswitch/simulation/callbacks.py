"""Whoever was lost is called back: the ledger itself (``callback.ledger``) on the clock of the run.

What the switch and a callback's contact do in life (``switch.offices``, ``contact.callback``) is done here without
phones: a promise that seeks an agent joins the queue at its age, the agent comes first, the customer answers or does
not (``people``); or, where the policy has it so, the customer is dialled first and waits for an agent as long as it
says; and after each unit of work the ledger is told how many agents could be spared. The store answers at
once. Each caller has a number that may be dialled; while he is on the line here by himself it is not dialled, and is
busy if it was dialled already.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from softswitch.acd.model import ContactEnded, Join, Leave
from softswitch.callback.ledger import Ledger
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    KeepTally,
    LedgerInput,
    Lost,
    NoAgent,
    NotServed,
    NumberBusy,
    Persist,
    Persisted,
    Policy,
    Promise,
    ReachedAgent,
    ReleaseAgent,
    SeekAgent,
)
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids

if TYPE_CHECKING:
    from softswitch.simulation.run import Caller, Run

_NUMBERS = "c[0-9]{9}"  # of callers who are given none
_NOT_ANSWERED, _BUSY = 480, 486  # SIP status


@dataclass(slots=True)
class _Call:
    """One seek, and what became of it."""

    promise: Promise
    caller: Caller  # whom it is for
    agent: str = ""  # on the line
    waits: bool = False  # customer first: he has answered
    talking: bool = False


class Callbacks:
    def __init__(self, run: Run, policies: Sequence[Policy], epoch: float, by_itself: Collection[str] = ()) -> None:
        self._run = run
        self._by_itself = frozenset(by_itself)
        self._epoch = epoch
        queues = [policy for policy in policies if not policy.campaign]  # nobody has a list here
        self._policies = {policy.queue: policy for policy in queues}
        simulated = [replace(policy, numbers=f"{_NUMBERS}|{policy.numbers or _NUMBERS}") for policy in queues]
        self._ledger = Ledger(simulated, Ids(random.Random(run.habits.seed).getrandbits))
        self._lost: dict[str, Caller] = {}  # by contact
        self._promised: set[str] = set()  # numbers as presented
        self._calls: dict[str, _Call] = {}  # by contact
        self._lines: Counter[str] = Counter()  # number -> his own calls that are here
        self._busy: set[str] = set()  # as the ledger was told
        self._contacts_made = 0
        self._contacts: dict[str, str] = {}  # promise -> contact
        self._told = {queue: Capacity(queue, 0, 0) for queue in self._policies}

    @property
    def _unix(self) -> float:
        return self._epoch + self._run.now

    @property
    def deadline(self) -> float | None:
        """On the clock of the run."""
        due = self._ledger.deadline
        return None if due is None else due - self._epoch

    @property
    def open(self) -> int:
        """Promises."""
        return sum(map(self._ledger.open_count, self._policies))

    @property
    def under_way(self) -> bool:
        """Somebody is sought or talked to for one."""
        return bool(self._calls)

    def owns(self, contact: str) -> bool:
        return contact in self._calls

    def answers_itself(self, contact: str) -> bool:
        """The phone of whoever is rung for it."""
        call = self._calls.get(contact)
        return call is not None and call.waits and call.promise.queue in self._by_itself

    # ---- what happens ---------------------------------------------------------------------------------------------

    def can_promise(self, caller: Caller) -> bool:
        return self._ledger.can_promise(caller.number, caller.queue)

    def lost(self, contact: str, caller: Caller, stage: str, waited_s: float) -> None:
        number, queue = caller.number, caller.queue
        if queue in self._policies:
            self._lost[contact] = caller
            self._promised.add(number)
            self._feed(Lost(number, queue, stage, contact, self._unix - waited_s, waited_s))
            if self._lines[number]:
                self._tell_busy(number)

    def calls(self, number: str) -> None:
        """Somebody is on the line here; that matters to the ledger where he is to be called back."""
        self._lines[number] += 1
        if number in self._promised:
            self._tell_busy(number)

    def hangs_up(self, number: str) -> None:
        self._lines[number] -= 1
        if not self._lines[number]:
            del self._lines[number]
            if number in self._busy:
                self._busy.remove(number)
                self._feed(NumberBusy(number, False))

    def _tell_busy(self, number: str) -> None:
        if number not in self._busy:
            self._busy.add(number)
            self._feed(NumberBusy(number, True))

    def reached_agent(self, caller: Caller) -> None:
        """By himself, and so nobody has to call him any more."""
        if caller.number in self._promised:
            self._feed(ReachedAgent(caller.number, caller.queue))

    def agent_found(self, contact: str, agent: str) -> None:
        call = self._calls[contact]
        call.agent = agent
        self._feed(AgentFound(call.promise.id, agent))
        if call.waits:
            self._talk(contact, call)

    def offers_over(self, contact: str) -> None:
        """Agents were rung, and nobody has picked up: not an attempt. A customer who has answered waits on."""
        call = self._calls[contact]
        if not call.agent and not call.waits:
            self._stop(contact)
            self._run.feed(Leave(contact, "no answer"))

    def no_agent(self, contact: str) -> None:
        """It has left its queue, or was never let in."""
        call = self._calls.get(contact)
        if call is not None and call.waits:
            self._not_served(contact)
        elif call is not None and not call.agent:
            self._stop(contact)

    def over(self, contact: str) -> None:
        """The two have talked."""
        if (call := self._calls.pop(contact, None)) is not None:
            self._contacts.pop(call.promise.id, None)

    def tick(self) -> None:
        due = self.deadline
        if due is not None and due <= self._run.now:
            self._run.perform(self._ledger.tick(self._unix))

    def settle(self) -> None:
        """The end of a unit of work: how many agents could be spared, where that has changed.

        An agent may serve several queues: after anything has come of it, all are counted again.
        """
        while any(map(self._count, self._policies)):
            pass

    def _count(self, queue: str) -> bool:
        """Has anything come of it? Where nobody waits to be called back there is nothing to be spared for."""
        acd, counted = self._run.acd, Capacity(queue, 0, 0)
        if self._ledger.open_count(queue):
            waiting = acd.live_waiting(queue), acd.callbacks_waiting(queue)
            counted = Capacity(queue, acd.free_for_callbacks(queue), *waiting, ending=self._ending(queue))
        if self._told.get(queue) == counted:
            return False
        self._told[queue] = counted
        return self._feed(counted)

    def _ending(self, queue: str) -> tuple[float, ...]:
        """Wrap-ups, where somebody counts on them."""
        if self._policies[queue].pacing != "predictive":
            return ()
        others = [one.queue for one in self._policies.values() if one.first == "customer" and one.queue != queue]
        return tuple(at + self._epoch for at in self._run.acd.about_to_be_free(queue, others))

    def _stop(self, contact: str) -> None:
        promise = self._calls.pop(contact).promise.id
        self._contacts.pop(promise, None)
        self._feed(NoAgent(promise))

    # ---- what the ledger orders -----------------------------------------------------------------------------------

    def _feed(self, event: LedgerInput) -> bool:
        """Has anything come of it?"""
        effects = self._ledger.handle(event, self._unix)
        self._run.perform(effects)
        return bool(effects)

    def perform(self, effect: Effect) -> bool:
        """Was it one of the ledger's orders?"""
        match effect:
            case Persist(promise, token):
                self._feed(Persisted(promise.id, token))
            case SeekAgent(promise):
                self._seek(promise)
            case DialCustomer():
                self._dial(effect)
            case ReleaseAgent(name):
                self._release(name)
            case KeepTally():
                pass  # a run that begins anew counts anew
            case _:
                return False
        return True

    def _seek(self, promise: Promise) -> None:
        self._told.clear()  # the ledger has taken one off its count; whom it got is known after the join
        self._join(self._begin(promise), promise)

    def _begin(self, promise: Promise) -> str:
        """A contact for it."""
        self._contacts_made += 1
        contact = f"b{self._contacts_made}"
        self._calls[contact] = _Call(promise, self._lost[promise.contact])
        self._contacts[promise.id] = contact
        return contact

    def _join(self, contact: str, promise: Promise) -> None:
        queued_at = min(promise.recorded_at - self._epoch, self._run.now)
        self._run.feed(Join(contact, promise.queue, queued_at, priority_s=promise.priority_s, kind="callback"))

    def _dial(self, order: DialCustomer) -> None:
        promise, habits = order.promise, self._run.habits
        contact = self._contacts[promise.id] if order.first == "agent" else self._begin(promise)
        self._calls[contact].promise = promise
        reached = habits.answers(promise.number, promise.attempts)
        rings_s = habits.answer_s if reached else order.ring_s
        then = self._reached if reached else self._not_reached
        self._run.later(self._run.now + rings_s, partial(then, contact))

    def _reached(self, contact: str) -> None:
        call = self._calls.get(contact)
        if call is None:
            return
        if self._lines[call.caller.number]:
            self._not_reached(contact, _BUSY)
        elif call.agent:
            self._feed(CustomerAnswered(call.promise.id))
            self._talk(contact, call)
        else:
            call.waits = True
            self._feed(CustomerAnswered(call.promise.id, waits=True))
            within_s = self._policies[call.promise.queue].agent_within_s
            self._run.later(self._run.now + within_s, partial(self._not_served, contact))
            self._join(contact, call.promise)

    def _talk(self, contact: str, call: _Call) -> None:
        call.waits, call.talking = False, True
        self._lost.pop(call.promise.contact, None)
        self._run.content(call.caller.number)
        self._run.talk(contact, call.agent, call.caller.arrival)

    def _not_served(self, contact: str) -> None:
        """Customer first: nobody was there in time."""
        call = self._calls.get(contact)
        if call is not None and call.waits:
            self.over(contact)
            self._feed(NotServed(call.promise.id, call.promise.call_id))
            self._run.feed(Leave(contact, "not served"))

    def _not_reached(self, contact: str, status: int = _NOT_ANSWERED) -> None:
        call = self._calls.get(contact)
        if call is None:
            return
        self.over(contact)
        self._feed(AttemptFailed(call.promise.id, status, call.promise.call_id))
        if call.agent:
            self._run.wrap_up(contact, call.agent, replace(call.caller.arrival, wrap_up_s=None))

    def _release(self, promise: str) -> None:
        contact = self._contacts.pop(promise, "")
        call = self._calls.get(contact)
        if call is None or call.talking:
            return
        del self._calls[contact]
        self._run.feed(ContactEnded(contact, call.agent) if call.agent else Leave(contact, "released"))
