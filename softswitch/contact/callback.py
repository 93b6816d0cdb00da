"""A contact that we make: a promise being kept, agent first.

The agent is reserved and answers before anything is dialled, so no customer can be abandoned; the customer is dialled
only on the ledger's ``DialCustomer``, which follows the durable intent. The order of things:

    SeekAgent -> Join the queue at the promise's age -> Offer -> agent's phone -> whisper -> AgentFound
    -> (ledger commits) DialCustomer -> customer's leg -> answered -> CustomerAnswered (KEPT) -> bridge
"""

from __future__ import annotations

from typing import ClassVar

from softswitch.acd.model import (
    CancelOffer,
    Join,
    Leave,
    Moved,
    Offer,
    Refused,
    Reprioritise,
    WaitedTooLong,
)
from softswitch.call.signal import Answered, Failed, Progress, Released, Texted, Updated
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    CustomerAnswered,
    DialCustomer,
    NoAgent,
    Promise,
    ReleaseAgent,
)
from softswitch.contact.hunt import Hunt, outcome
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts, Journey, Table
from softswitch.contact.offering import Offering
from softswitch.contact.order import (
    Directory,
    ForgetPlace,
    HangUp,
    HoldMusicTo,
    Key,
    PlayTo,
    PromptEnded,
    TellAcd,
    TellLedger,
)
from softswitch.contact.script import DirectDial
from softswitch.core.effect import Effect
from softswitch.ivr.model import DialOut
from softswitch.ivr.speech import sentence


class CallbackContact(Offering):
    """``promise`` is what is being kept; its attempt's Call-ID comes with ``DialCustomer``."""

    step = ""

    def __init__(self, facts: Facts, directory: Directory, promise: Promise, language: str) -> None:
        super().__init__(facts, directory)
        self.promise = promise
        self.language = language
        self.agent_leg = ""
        self.customer_leg = ""
        self._dialled = False
        self.record.queue = promise.queue
        self.record.promise = promise.id

    deadline: float | None = None

    def tick(self, now: float) -> list[Effect]:
        return []

    def start(self, now: float) -> list[Effect]:
        """Join the queue with the age that the promise has kept."""
        queued_at = self.promise.recorded_at - self.facts.epoch
        return [*self.begun(now), TellAcd(Join(self.id, self.promise.queue, queued_at, kind="callback"))]

    def onward(self) -> InboundContact:
        """The two talk, the promise is kept: what may follow is as with every other contact."""
        contact = InboundContact(self.facts, self.directory, self.customer_leg, DirectDial(DialOut()), self.language)
        contact.continues(self)
        contact.answered = True
        return contact

    def handle(self, event: object, now: float) -> list[Effect]:
        self.hear_causes(event)
        return [] if self.over else self._INPUTS[type(event)](self, event, now)

    @property
    def state(self) -> str:
        if self.bridge is not None:
            return "talking"
        if self._dialled:
            return "dialling"
        return "ringing" if self.offers else "queued"

    # ---- the agent ---------------------------------------------------------------------------------------------

    def _on_offer(self, event: Offer, now: float) -> list[Effect]:
        orders = self.ring_agent(event, self.promise.number, f"callback {event.queue}")
        return [*orders, *self._unless_rung("unreachable", now)]

    def _on_cancel_offer(self, event: CancelOffer, now: float) -> list[Effect]:
        if event.agent not in self.offers:
            return []  # another agent has answered, or this one has just failed
        return [*self.cancel_offer(event), *self._unless_rung("no answer", now)]

    def _unless_rung(self, why: str, now: float) -> list[Effect]:
        """Where no phone of any agent rings any more."""
        return [] if self.offers else self._no_agent(why, now)

    def _on_moved(self, event: Moved, now: float) -> list[Effect]:
        self.record.queue = event.queue  # the promise is kept by agents of that queue, and stays its own queue's
        return []

    def _no_agent(self, why: str, now: float) -> list[Effect]:
        """Not an attempt, if nothing was dialled yet: the promise goes back, and this contact with it."""
        return [TellLedger(NoAgent(self.promise.id)), *self._stop(why, now)]

    def _stop(self, why: str, now: float) -> list[Effect]:
        """Leave queue, agent and customer alone; the ledger knows already."""
        over = self.agents_free() or [TellAcd(Leave(self.id, why))]
        legs = self.release(self.agent_leg, self.customer_leg)
        return [*self.cancel_hunt(), *over, *legs, *self.finish(why, "us", now)]

    def _on_answered(self, event: Answered, now: float) -> list[Effect]:
        if agent := self.rung_at(event.leg):
            return self._agent_answered(agent, event.leg, now)
        hunt = self.hunt
        if hunt is None or event.leg not in hunt.ringing:
            return self.release(event.leg)
        self.hunt = None
        return [*hunt.answered(event.leg), *self._customer_answered(event.leg, now)]

    def _agent_answered(self, agent: str, leg: str, now: float) -> list[Effect]:
        self.agent_leg = leg
        self.record.agent = agent
        self.record.answered_at = self.unix(now)
        whisper = sentence("whisper_callback", self.language, number=self.promise.number)
        won = self.agent_won(agent, leg)
        found = TellLedger(AgentFound(self.promise.id, agent))
        return [*won, PlayTo(leg, f"{self.id}.whisper", (whisper,)), found]

    def _on_prompt_ended(self, event: PromptEnded, now: float) -> list[Effect]:
        waiting = event.leg == self.agent_leg and self.bridge is None
        return [HoldMusicTo(self.agent_leg, self.music)] if waiting else []

    # ---- the customer ------------------------------------------------------------------------------------------

    def _on_dial(self, event: DialCustomer, now: float) -> list[Effect]:
        promise = self.promise = event.promise
        target = self.directory.customer_target(event.trunk, promise.number)
        if target is None:
            return [TellLedger(AttemptFailed(promise.id, 480, promise.call_id)), *self._stop("unreachable", now)]
        self._dialled = True
        self.hunt = Hunt("customer", self.new_prefix("customer"), (target,), event.caller_id, "", event.ring_s,
                         call_id=promise.call_id, as_given=bool(event.caller_id))  # fmt: skip
        return self.hunt.start()

    def _customer_answered(self, leg: str, now: float) -> list[Effect]:
        self.customer_leg = leg
        waited_s = self.unix(now) - self.promise.recorded_at
        recorded = self.directory.records(self.promise.queue)
        kept = [TellLedger(CustomerAnswered(self.promise.id)), ForgetPlace(self.promise.number)]
        return [*kept, self.occupy(self.promise.number), *self.connect(leg, self.agent_leg, recorded, waited_s, now)]

    def _on_failed(self, event: Failed, now: float) -> list[Effect]:
        if agent := self.rung_at(event.leg):
            offer = self.offers[agent]
            return [*self.offered_leg_failed(agent, event), *self._unless_rung(outcome(offer.status), now)]
        orders, hunt = self.hunt_on(event)
        if hunt is None:
            return orders
        failed = AttemptFailed(self.promise.id, hunt.status, self.promise.call_id)
        return [*orders, TellLedger(failed), *self._stop(outcome(hunt.status), now)]

    def _on_released(self, event: Released, now: float) -> list[Effect]:
        if event.leg not in (self.agent_leg, self.customer_leg):
            return []
        if self.bridge is None:
            return self._abort("agent", now)
        by = "called" if event.leg == self.customer_leg else "agent"
        other = self.bridge.other(event.leg)
        return [
            *self.disconnect(now, "agent" if by == "agent" else ""),
            *self.release(other),
            *self.finish("answered", by, now),
        ]

    def _abort(self, by: str, now: float) -> list[Effect]:
        """The agent (or an admin) ends it before the two talk, or while they do."""
        if self.bridge is not None:
            legs = self.release(self.bridge.left, self.bridge.right)
            return [*self.disconnect(now), *legs, *self.finish("answered", by, now)]
        return self._no_agent("agent gone", now)  # dialled already: the ledger knows, and waits until it is quiet

    # ---- what it is told ---------------------------------------------------------------------------------------

    _INPUTS: ClassVar[Table] = {
        Offer: _on_offer,
        CancelOffer: _on_cancel_offer,
        Moved: _on_moved,
        Reprioritise: lambda self, event, now: [],
        Refused: lambda self, event, now: self._no_agent("refused", now),
        WaitedTooLong: lambda self, event, now: self._no_agent("timeout", now),
        Answered: _on_answered,
        Failed: _on_failed,
        Released: _on_released,
        Updated: Journey.updated,
        Progress: lambda self, event, now: [],
        Texted: Journey.texted,
        Key: Journey.keyed,
        PromptEnded: _on_prompt_ended,
        DialCustomer: _on_dial,
        ReleaseAgent: lambda self, event, now: self._stop("released", now),
        HangUp: lambda self, event, now: self._abort("us", now),
    }
