"""A contact in a queue: how it gets in and out again, the agent who is found, and the promise to call back instead.

What the caller hears there is ``visit``; who is found is the ACD's decision, and whether a promise holds the ledger's.
"""

from __future__ import annotations

from typing import ClassVar

from softswitch.acd.model import (
    CancelOffer,
    Join,
    Leave,
    Need,
    Offer,
    Refused,
    WaitedTooLong,
)
from softswitch.callback.model import Lost, PromiseAnswer, ReachedAgent
from softswitch.contact.journey import Facts, Table
from softswitch.contact.order import Directory, HoldMusicTo, SilenceTo, TellAcd, TellLedger
from softswitch.contact.script import Script
from softswitch.contact.transfer import Transferable
from softswitch.contact.visit import Visit
from softswitch.core.effect import Effect
from softswitch.ivr.model import EnterQueue, MakePromise, Promised, Prompt, QueueEnded
from softswitch.ivr.speech import sentence


class Queued(Transferable):
    """What queues and promises add to a contact with a script."""

    def __init__(self, facts: Facts, directory: Directory, leg: str, script: Script, language: str) -> None:
        super().__init__(facts, directory, leg, script, language)
        self.visit: Visit | None = None
        self._promise_token = ""  # the script's own promise

    # ---- the queue ---------------------------------------------------------------------------------------------

    def _on_enter_queue(self, order: EnterQueue, now: float) -> list[Effect]:
        self.visit = Visit.begin(order, self.directory, now)
        self.record.queue = order.queue
        needs = None if order.needs is None else tuple(Need(skill, level) for skill, level in order.needs)
        join = Join(self.id, order.queue, now, needs, order.priority_s)
        return [*self._accept(now), HoldMusicTo(self.leg, self.music), TellAcd(join)]

    def _on_offer(self, event: Offer, now: float) -> list[Effect]:
        return self.ring_agent(event, self.facts.caller, event.queue)

    def _on_refused(self, event: Refused, now: float) -> list[Effect]:
        full = event.why == "full"
        orders = [self._lost("queue-full", "", now)] if full else []
        self.visit = None
        self.record.outcome = "queue-full" if full else ""
        return [*orders, SilenceTo(self.leg), *self._tell(QueueEnded("full" if full else "error"), now)]

    def _leave_queue(self, ended: str, now: float) -> list[Effect]:
        """Back to the script without an agent."""
        self.visit = None
        return [*self.cancel_hunt(), SilenceTo(self.leg), *self._tell(QueueEnded(ended), now)]

    def _agent_answered(self, agent: str, leg: str, now: float) -> list[Effect]:
        visit = self.visit
        assert visit is not None
        self.visit, self.after = None, QueueEnded("answered")
        queue = visit.order.queue
        orders = self.agent_won(agent, leg)
        orders.append(TellLedger(ReachedAgent(self.facts.caller, queue)))
        orders += self.connect(self.leg, leg, self.directory.records(queue), now - visit.joined_at, now)
        language = self.directory.told_in(queue, agent)
        assert self.bridge is not None
        return orders + (self.bridge.tell(leg, f"{leg}.told", visit.told(language, now)) if language else [])

    # ---- promises ----------------------------------------------------------------------------------------------

    def _new_token(self) -> str:
        self.serial += 1
        return f"{self.id}/{self.serial}"

    def _lost(self, stage: str, token: str, now: float) -> TellLedger:
        assert self.visit is not None
        order, since = self.visit.order, self.visit.joined_at
        lost = Lost(self.facts.caller, order.queue, stage, self.id, self.unix(since), now - since, token)
        return TellLedger(lost)

    def _on_make_promise(self, order: MakePromise, now: float) -> list[Effect]:
        self._promise_token = self._new_token()
        number = order.number or self.facts.caller
        lost = Lost(number, order.queue, order.stage, self.id, self.unix(now), 0.0, self._promise_token)
        return [TellLedger(lost)]

    def _on_promise_answer(self, event: PromiseAnswer, now: float) -> list[Effect]:
        if event.token == self._promise_token:
            self._promise_token = ""
            return self._tell(Promised(event.ok, event.why), now)
        visit = self.visit
        if visit is None or event.token != visit.promise_token:
            return []
        if not event.ok:  # the truth, and the place is kept
            visit.promise_token = ""
            return self._play_to_caller((self._phrase("apology", visit),), "visit")
        self.visit = None
        self.record.outcome = "callback"
        leave = [*self.cancel_hunt(), TellAcd(Leave(self.id, "callback")), SilenceTo(self.leg)]
        return [*leave, *self._play_to_caller((self._phrase("callback_promised", visit),), "goodbye")]

    def _phrase(self, key: str, visit: Visit) -> Prompt:
        return sentence(key, visit.order.language)

    _INPUTS: ClassVar[Table] = {
        Offer: _on_offer,
        CancelOffer: lambda self, event, now: self.cancel_offer(event),
        Refused: _on_refused,
        WaitedTooLong: lambda self, event, now: self._leave_queue("timeout", now),
        PromiseAnswer: _on_promise_answer,
    }
    _PERFORM: ClassVar[Table] = {
        EnterQueue: _on_enter_queue,
        MakePromise: _on_make_promise,
    }
