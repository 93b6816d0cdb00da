"""Whoever was lost is called back: the ledger itself (``callback.ledger``) on the clock of the run.

What the switch and a callback's contact do in life (``switch.offices``, ``contact.callback``) is done here without
phones: a promise that seeks an agent joins the queue at its age, the agent comes first, the customer answers or does
not (``people``), and after each unit of work the ledger is told how many agents could be spared. The store answers at
once. Each caller has a number of his own, which may be dialled, and does not call in again by himself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
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
    LedgerInput,
    Lost,
    NoAgent,
    Persist,
    Persisted,
    Policy,
    Promise,
    ReleaseAgent,
    SeekAgent,
)
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.simulation.arrival import Arrival

if TYPE_CHECKING:
    from softswitch.simulation.run import Run

_NUMBERS = "c[0-9]+"  # of simulated callers, who are called like their first contact
_NOT_ANSWERED = 480  # SIP status
_NOTHING = (0, 0, 0)


@dataclass(slots=True)
class _Call:
    """One seek, and what became of it."""

    promise: Promise
    arrival: Arrival  # the caller whom it is for
    agent: str = ""  # on the line
    talking: bool = False


class Callbacks:
    def __init__(self, run: Run, policies: Sequence[Policy], epoch: float) -> None:
        self._run = run
        self._epoch = epoch
        self._policies = {policy.queue: policy for policy in policies}
        simulated = [replace(policy, numbers=_NUMBERS) for policy in policies]
        self._ledger = Ledger(simulated, Ids(random.Random(run.habits.seed).getrandbits))
        self._callers: dict[str, Arrival] = {}  # by number: who has an open promise
        self._calls: dict[str, _Call] = {}  # by contact
        self._seeks = 0
        self._contacts: dict[str, str] = {}  # promise -> contact
        self._told = dict.fromkeys(self._policies, _NOTHING)

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

    # ---- what happens ---------------------------------------------------------------------------------------------

    def lost(self, contact: str, arrival: Arrival, queue: str, stage: str, waited_s: float) -> None:
        if queue in self._policies:
            self._callers[contact] = arrival
            self._feed(Lost(contact, queue, stage, contact, self._unix - waited_s, waited_s))

    def agent_found(self, contact: str, agent: str) -> None:
        call = self._calls[contact]
        call.agent = agent
        self._feed(AgentFound(call.promise.id, agent))

    def offers_over(self, contact: str) -> None:
        """Agents were rung, and nobody has picked up: not an attempt."""
        if not self._calls[contact].agent:
            self._stop(contact)
            self._run.feed(Leave(contact, "no answer"))

    def no_agent(self, contact: str) -> None:
        """It has left its queue, or was never let in."""
        if contact in self._calls and not self._calls[contact].agent:
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
        acd, counted = self._run.acd, _NOTHING
        if self._ledger.open_count(queue):
            counted = acd.free_for_callbacks(queue), acd.live_waiting(queue), acd.callbacks_waiting(queue)
        if self._told.get(queue) == counted:
            return False
        self._told[queue] = counted
        return self._feed(Capacity(queue, *counted))

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
            case DialCustomer(promise):
                self._dial(promise)
            case ReleaseAgent(name):
                self._release(name)
            case _:
                return False
        return True

    def _seek(self, promise: Promise) -> None:
        self._told.clear()  # the ledger has taken one off its count; whom it got is known after the join
        self._seeks += 1
        contact = f"b{self._seeks}"
        self._calls[contact] = _Call(promise, self._callers[promise.number])
        self._contacts[promise.id] = contact
        queued_at = promise.recorded_at - self._epoch
        self._run.feed(Join(contact, promise.queue, queued_at, kind="callback"))

    def _dial(self, promise: Promise) -> None:
        contact = self._contacts[promise.id]
        reached = self._run.habits.answers(promise.number, promise.attempts)
        rings_s = self._run.habits.answer_s if reached else self._policies[promise.queue].ring_s
        then = self._reached if reached else self._not_reached
        self._run.later(self._run.now + rings_s, partial(then, contact, promise))

    def _reached(self, contact: str, promise: Promise) -> None:
        call = self._calls.get(contact)
        if call is not None:
            call.talking = True
            self._callers.pop(promise.number, None)
            self._feed(CustomerAnswered(promise.id))
            self._run.talk(contact, call.agent, call.arrival)

    def _not_reached(self, contact: str, promise: Promise) -> None:
        call = self._calls.get(contact)
        if call is not None:
            self.over(contact)
            self._feed(AttemptFailed(promise.id, _NOT_ANSWERED, promise.call_id))
            self._run.wrap_up(contact, call.agent, replace(call.arrival, wrap_up_s=None))

    def _release(self, promise: str) -> None:
        contact = self._contacts.pop(promise, "")
        call = self._calls.get(contact)
        if call is None or call.talking:
            return
        del self._calls[contact]
        self._run.feed(ContactEnded(contact, call.agent) if call.agent else Leave(contact, "released"))
