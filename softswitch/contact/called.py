"""A contact that we make, customer first: he answers, and then somebody is found for him.

    DialCustomer (the intent is durable) -> customer's leg -> answered -> CustomerAnswered -> what he hears first
    -> Join the queue at the promise's age -> Offer -> agent's phone -> AgentFound (KEPT) -> bridge
    or -> the campaign's dialplan -> AgentFound, where it led him to somebody or to its end

From his answer on it is a contact as one that came to us, and everything that such a one can do is done there. Its own
is: nobody waits longer than the policy says where no dialplan leads (he hears an apology then), and whatever comes of
it the ledger is told, once. While it is not settled the ledger hears again and again that he is on the line, well
before it would give him up.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from softswitch.acd.model import Leave, Offer
from softswitch.call.signal import Progress
from softswitch.callback.model import (
    AgentFound,
    CustomerAnswered,
    CustomerLeft,
    DialCustomer,
    LedgerInput,
    NoAgent,
    NotServed,
    Policy,
    Promise,
    PromiseAnswer,
    ReleaseAgent,
)
from softswitch.contact import attempt
from softswitch.contact.hunt import Hunt, outcome
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts, Table
from softswitch.contact.opening import End, Opening, Stage
from softswitch.contact.order import Directory, ForgetPlace, Key, PromptEnded, Silent, TellAcd, TellLedger
from softswitch.contact.overflow import NO_WAY
from softswitch.contact.script import Script
from softswitch.contact.visit import CALLBACK, Aside, Visit
from softswitch.core.effect import Effect
from softswitch.core.timers import earliest
from softswitch.ivr.model import EndCall, EnterQueue, Prompt, Start

STILL_THERE_S = 10.0  # between two words of it, at most
_PLAIN = EndCall()


@dataclass(slots=True)
class Called:
    """Plain state: what is known of the promise. Times are monotonic seconds."""

    promise: Promise
    within_s: float  # an agent is there by then
    say_every_s: float  # that he is still there
    opening: Opening
    wall: datetime  # aware local time, at ``began``
    began: float
    serve_by: float | None = None
    ended: str = ""  # what the ledger was told of it: "kept", "lost"; "": it is not settled
    owed: bool = False  # he was promised meanwhile to be called once more

    @property
    def campaign(self) -> dict[str, str]:
        """As its dialplan sees it."""
        return {**dict(self.promise.variables), "name": self.promise.campaign}

    def moved(self, by: float) -> Called:
        """The clock of another process shows ``by`` more."""
        opening = replace(self.opening, until=_later(self.opening.until, by))
        return replace(self, began=self.began + by, opening=opening, serve_by=_later(self.serve_by, by))


class CalledCustomer(InboundContact):
    """``leg`` is the customer's, once he has answered."""

    def __init__(self, facts: Facts, directory: Directory, called: Called, script: Script, language: str) -> None:
        super().__init__(facts, directory, called.opening.leg, script, language)
        self.called = called
        self._say_at: float | None = None  # which is nothing that a next process has to know
        self.record.queue = called.promise.queue
        self.record.promise = called.promise.id

    @property
    def promise(self) -> Promise:
        return self.called.promise

    # ---- the machine -------------------------------------------------------------------------------------------

    def dial(self, order: DialCustomer, now: float) -> list[Effect]:
        """The first orders of all."""
        begun, target = self.begun(now), self.directory.customer_target(order.trunk, self.promise.number)
        if target is None:
            lost = self._settle(attempt.not_made(self.promise, 480))
            return [*begun, *lost, *self.finish("unreachable", "us", now)]
        self.hunt = attempt.hunt(order, target, self.new_prefix("customer"))
        return [*begun, *self.hunt.start()]

    def handle(self, event: object, now: float) -> list[Effect]:
        opening = self.called.opening
        if opening.stage is not Stage.OVER and not self.over and isinstance(event, Key | PromptEnded | Silent):
            self.hear_causes(event)
            return [*opening.hear(event, now), *self._opened(now)] if event.leg == self.leg else []
        return super().handle(event, now)

    @property
    def deadline(self) -> float | None:
        called = self.called
        return earliest(super().deadline, called.opening.until, called.serve_by, None if called.ended else self._say_at)

    def tick(self, now: float) -> list[Effect]:
        called, orders = self.called, list[Effect]()
        if self.over:
            return []
        if not called.ended and self._say_at is not None and self._say_at <= now:
            orders += self._still_there(now)
        orders += called.opening.tick(now)
        orders += self._opened(now)
        if called.serve_by is not None and called.serve_by <= now and not self.over:
            orders += self._not_served(now)
        return [*orders, *super().tick(now)]

    def resume(self, now: float) -> list[Effect]:
        """A new process goes on with what he was hearing."""
        opening = self.called.opening
        if opening.stage is Stage.OVER:
            return super().resume(now)
        return [*opening.resume(now), *self._opened(now)]

    @property
    def state(self) -> str:
        return super().state if self.answered else "dialling"

    # ---- what the ledger is told -------------------------------------------------------------------------------

    def _settle(self, *words: LedgerInput) -> list[Effect]:
        """How it ended; once."""
        if self.called.ended:
            return []
        self.called.ended = "kept" if isinstance(words[-1], AgentFound) else "lost"
        self.called.serve_by = None
        return [TellLedger(word) for word in words]

    def _kept(self, agent: str) -> list[Effect]:
        return self._settle(AgentFound(self.promise.id, agent))

    def _dropped(self) -> list[Effect]:
        return self._settle(NotServed(self.promise.id, self.promise.call_id))

    def _still_there(self, now: float) -> list[Effect]:
        self._say_at = now + self.called.say_every_s
        return [TellLedger(CustomerAnswered(self.promise.id, waits=True))]

    def repeat(self, now: float) -> list[Effect]:
        """To the ledger of a new process, which may not have heard of any of it."""
        ended, self.called.ended = self.called.ended, ""
        if ended == "lost":
            return self._dropped()
        return [*self._still_there(now), *(self._kept(self.record.agent) if ended else [])]

    def finish(self, outcome: str, by: str, now: float) -> list[Effect]:
        """Whatever has ended it, the ledger does not wait in vain."""
        if self.over:
            return []
        unsaid = self._dropped() if self.answered else self._settle(NoAgent(self.promise.id))
        return [*unsaid, *super().finish(outcome, by, now)]

    # ---- the customer's leg ------------------------------------------------------------------------------------

    def _hunt_won(self, leg: str, now: float) -> list[Effect]:
        if self.answered:
            return super()._hunt_won(leg, now)
        hunt, self.hunt = self.hunt, None
        assert hunt is not None
        self.leg = self.called.opening.leg = leg
        self.answered, self.record.answered_at = True, self.unix(now)
        number, opening = self.promise.number, self.called.opening
        there = [*self._still_there(now), ForgetPlace(number), self.occupy(number)]
        return [*hunt.answered(leg), *there, *opening.begin(now), *self._opened(now)]

    def _hunt_lost(self, hunt: Hunt, now: float) -> list[Effect]:
        if self.answered:
            return super()._hunt_lost(hunt, now)
        failed = self._settle(attempt.failed(self.promise, hunt, self.causes))
        return [*failed, *self.finish(outcome(hunt.status), "us", now)]

    def _on_progress(self, event: Progress, now: float) -> list[Effect]:
        return super()._on_progress(event, now) if self.answered else []

    def _gives_up(self, now: float) -> list[Effect]:
        """He has hung up."""
        visit, self.visit, self.aside = self.visit, None, None
        by_plan = visit is None or self.facts.plan  # he was not kept waiting: he has chosen to wait
        waited_s = 0.0 if visit is None or by_plan else now - visit.joined_at
        leave = [] if visit is None else [TellAcd(Leave(self.id, "abandoned"))]
        if self.defective:  # he has not: a defect of ours ends it
            return [*(self._dropped() if self.answered else []), *leave]
        if visit is None and self._done(True):
            return self._kept("")
        if not self.called.ended:
            self.record.outcome = "hung up" if visit is None else "abandoned"
        return [*self._settle(CustomerLeft(self.promise.id, self.promise.call_id, waited_s)), *leave]

    def _hang_up(self, by: str, now: float, order: EndCall = _PLAIN) -> list[Effect]:
        if self.answered:
            return super()._hang_up(by, now, order)
        return [*self.cancel_hunt(), *self.finish("cancelled", by, now)]

    # ---- what he hears first -----------------------------------------------------------------------------------

    def _opened(self, now: float) -> list[Effect]:
        """What follows where it is over."""
        end, self.called.opening.end = self.called.opening.end, None
        if end is None:
            return []
        if end is End.THROUGH:
            return self._put_through(now)
        self.record.outcome = self.record.outcome or attempt.OUTCOMES[end]
        parted = [] if end is End.APOLOGISED else self._settle(*attempt.parted(self.promise, end))
        return [*parted, *attempt.listed(self.promise, end), *self._hang_up("us", now)]

    def _put_through(self, now: float) -> list[Effect]:
        called, facts = self.called, self.facts
        if not facts.plan:
            called.serve_by = now + called.within_s
        wall = called.wall + timedelta(seconds=now - called.began)
        known_as, number = facts.caller_name, facts.called
        start = Start(self.id, facts.caller, known_as, number, "", wall, self.language, campaign=called.campaign)
        return self._tell(start, now)

    def _not_served(self, now: float) -> list[Effect]:
        """Nobody was there in time: whoever is rung for him is let go."""
        dropped, self.record.outcome, self.called.serve_by = self._dropped(), "not served", None
        return [*dropped, *self._take_down(now), *self.called.opening.apologise(now)]

    # ---- the queue ---------------------------------------------------------------------------------------------

    def _on_enter_queue(self, order: EnterQueue, now: float) -> list[Effect]:
        return super()._on_enter_queue(replace(order, priority_s=order.priority_s + self.promise.priority_s), now)

    def _kept_place(self, queue: str, now: float) -> tuple[Aside, list[Effect]]:
        """Where he would stand, had he waited all the time."""
        if self.aside is not None and self.aside.named == queue:
            return super()._kept_place(queue, now)
        return Aside(queue, min(self.promise.recorded_at - self.facts.epoch, now), kind=CALLBACK), []

    def _turned_away(self, why: str, at_once: bool, now: float) -> list[Effect]:
        visit = self.visit
        if self.facts.plan or visit is None:
            return super()._turned_away(why, at_once, now)
        onward = self.directory.overflow(visit.order.queue).get(why, NO_WAY).queue
        if onward and onward not in visit.queues:
            return super()._turned_away(why, at_once, now)
        return self._not_served(now)

    def _lost(self, stage: str, place: Aside, token: str, now: float) -> list[Effect]:
        self.called.owed = True
        return super()._lost(stage, place, token, now)

    def _on_promise_answer(self, event: PromiseAnswer, now: float) -> list[Effect]:
        self.called.owed |= event.ok
        return super()._on_promise_answer(event, now)

    def _on_offer(self, event: Offer, now: float) -> list[Effect]:
        by_itself = self.called.opening.answering.auto_answer
        return self.ring_agent(event, self.facts.caller, f"callback {event.queue}", by_itself)

    def _agent_answered(self, agent: str, leg: str, now: float) -> list[Effect]:
        return [*self._kept(agent), *super()._agent_answered(agent, leg, now)]

    def connect(
        self, left: str, right: str, recorded: bool, waited_s: float, now: float, held: Collection[str] = ()
    ) -> list[Effect]:
        """Whomever a dialplan has found for him keeps it as well."""
        return [*self._kept(self.agent), *super().connect(left, right, recorded, waited_s, now, held)]

    def _told_first(self, visit: Visit, agent: str, leg: str, now: float) -> dict[str, Prompt]:
        """He has waited for that long enough; the agent's display says what it is."""
        return {}

    # ---- the script --------------------------------------------------------------------------------------------

    def _on_end_call(self, order: EndCall, now: float) -> list[Effect]:
        return [*(self._kept("") if self._done(False) else []), *super()._on_end_call(order, now)]

    def _done(self, gone: bool) -> bool:
        """A dialplan that has led him to its end has done what was promised, unless something came to nothing there
        (``ivr.lost``). ``gone``: it is he who ends the call."""
        plan = self.script.lost(gone) if self.facts.plan else None
        return plan is not None and not plan.stage and not self.called.owed

    # ---- the ledger ----------------------------------------------------------------------------------------------

    def _on_release(self, event: ReleaseAgent, now: float) -> list[Effect]:
        """The ledger has given the attempt up."""
        if self.called.ended:
            return []
        self.called.ended = "lost"
        return self._not_served(now) if self.answered else self._hang_up("us", now)

    _INPUTS: ClassVar[Table] = {
        **InboundContact._INPUTS,
        Offer: _on_offer,
        Progress: _on_progress,
        PromiseAnswer: _on_promise_answer,
        ReleaseAgent: _on_release,
    }
    _PERFORM: ClassVar[Table] = {
        **InboundContact._PERFORM,
        EnterQueue: _on_enter_queue,
        EndCall: _on_end_call,
    }


def called(promise: Promise, policy: Policy, opening: Opening, wall: datetime, now: float) -> Called:
    """Of an attempt that begins; ``wall`` is aware local time."""
    return Called(promise, policy.agent_within_s, say_every_s(policy.agent_within_s, policy), opening, wall, now)


def say_every_s(given_s: float, policy: Policy) -> float:
    """How often the ledger hears that he is there: it gives up whom it does not hear of for so long, and then some."""
    return min(STILL_THERE_S, (given_s + policy.settle_s) / 3)


def _later(at: float | None, by: float) -> float | None:
    return None if at is None else at + by
