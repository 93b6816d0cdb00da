"""A contact that we make: a promise being kept, agent first.

The agent is reserved and answers before anything is dialled, so no customer can be abandoned; the customer is dialled
only on the ledger's ``DialCustomer``, which follows the durable intent. The order of things:

    SeekAgent -> Join the queue at the promise's age -> Offer -> agent's phone -> whisper -> AgentFound
    -> (ledger commits) DialCustomer -> customer's leg -> answered -> what he hears first, while the agent waits
    -> CustomerAnswered (KEPT) -> bridge
"""

from __future__ import annotations

from datetime import UTC, datetime
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
    CustomerAnswered,
    CustomerLeft,
    DialCustomer,
    NoAgent,
    NotServed,
    Policy,
    Promise,
    ReleaseAgent,
)
from softswitch.contact import attempt
from softswitch.contact.called import CalledCustomer, called, say_every_s
from softswitch.contact.hunt import outcome
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts, Journey, Table
from softswitch.contact.offering import Offering
from softswitch.contact.opening import End, Opening, Stage
from softswitch.contact.order import (
    Directory,
    ForgetPlace,
    HangUp,
    HoldMusicTo,
    Key,
    PlayTo,
    PromptEnded,
    Silent,
    TellAcd,
    TellLedger,
)
from softswitch.contact.script import DirectDial, PutThrough
from softswitch.contact.visit import CALLBACK
from softswitch.core.effect import Effect
from softswitch.core.timers import earliest
from softswitch.ivr.model import DialOut
from softswitch.ivr.speech import sentence


class CallbackContact(Offering):
    """``promise`` is what is being kept; its attempt's Call-ID comes with ``DialCustomer``."""

    step = ""

    def __init__(self, facts: Facts, directory: Directory, promise: Promise, language: str, policy: Policy) -> None:
        super().__init__(facts, directory)
        self.promise = promise
        self._policy = policy
        self.language = language
        self.agent_leg = ""
        self.customer_leg = ""
        self._dialled = False
        self._say_at: float | None = None  # to the ledger, that the customer is still there
        self.opening = Opening("", language, directory.answering(promise.name))
        self.record.queue = promise.queue
        self.record.promise = promise.id

    @property
    def deadline(self) -> float | None:
        return earliest(self.opening.until, self._say_at)

    def tick(self, now: float) -> list[Effect]:
        if self.over:
            return []
        there = self._still_there(now) if self._say_at is not None and self._say_at <= now else []
        return [*there, *self.opening.tick(now), *self._opened(now)]

    def start(self, now: float) -> list[Effect]:
        """Join the queue with the age that the promise has kept."""
        promise = self.promise
        queued_at = promise.recorded_at - self.facts.epoch
        join = Join(self.id, promise.queue, queued_at, priority_s=promise.priority_s, kind=CALLBACK)
        return [*self.begun(now), TellAcd(join)]

    def onward(self) -> InboundContact:
        """The two talk, the promise is kept: what may follow is as with every other contact."""
        contact = InboundContact(self.facts, self.directory, self.customer_leg, DirectDial(DialOut()), self.language)
        contact.continues(self)
        contact.answered = True
        return contact

    def without_agent(self) -> CalledCustomer:
        """As a new process goes on with it where the two do not talk yet: the customer stays on the line and hears what
        he was hearing, and the agent who was waiting for him is let go."""
        began = self.record.started_at
        wall = datetime.fromtimestamp(began, UTC)
        state = called(self.promise, self._policy, self.opening, wall, began - self.facts.epoch)
        state.ended = "lost" if self.opening.stage is Stage.SORRY else ""
        script = PutThrough(self.promise.queue, self.language)
        contact = CalledCustomer(self.facts, self.directory, state, script, self.language)
        contact.continues(self)
        contact.agents, contact.answered = {}, True
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
        by_itself = self.opening.answering.auto_answer
        orders = self.ring_agent(event, self.promise.number, f"callback {event.queue}", by_itself)
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

    def _on_heard(self, event: PromptEnded | Key | Silent, now: float) -> list[Effect]:
        """Of the agent who waits, or of the customer before the two talk."""
        if self.bridge is not None:
            return self.keyed(event, now) if isinstance(event, Key) else []
        if event.leg == self.customer_leg:
            return [*self.opening.hear(event, now), *self._opened(now)]
        whispered = isinstance(event, PromptEnded) and event.leg == self.agent_leg
        return [HoldMusicTo(self.agent_leg, self.music)] if whispered else []

    # ---- the customer ------------------------------------------------------------------------------------------

    def _on_dial(self, event: DialCustomer, now: float) -> list[Effect]:
        promise = self.promise = event.promise
        target = self.directory.customer_target(event.trunk, promise.number)
        if target is None:
            return [TellLedger(attempt.not_made(promise, 480)), *self._stop("unreachable", now)]
        self._dialled = True
        self.hunt = attempt.hunt(event, target, self.new_prefix("customer"))
        return self.hunt.start()

    def _customer_answered(self, leg: str, now: float) -> list[Effect]:
        self.customer_leg = self.opening.leg = leg
        there = [ForgetPlace(self.promise.number), self.occupy(self.promise.number)]
        begun = self.opening.begin(now)
        return [*there, *begun, *self._still_there(now), *self._opened(now)]

    def _still_there(self, now: float) -> list[Effect]:
        """What he hears first may be longer than the ledger would wait for his answer."""
        self._say_at = None
        if self.opening.stage in (Stage.OVER, Stage.SORRY):
            return []
        self._say_at = now + say_every_s(self._policy.ring_s, self._policy)
        return [TellLedger(CustomerAnswered(self.promise.id, waits=True))]

    def _opened(self, now: float) -> list[Effect]:
        """What follows where the customer has heard what he hears first."""
        end, self.opening.end = self.opening.end, None
        if end is None:
            return []
        if end is End.THROUGH:
            return self._put_through(now)
        told = [] if end is End.APOLOGISED else attempt.parted(self.promise, end)
        listed = attempt.listed(self.promise, end)
        return [*map(TellLedger, told), *listed, *self._stop(attempt.OUTCOMES[end], now)]

    def _put_through(self, now: float) -> list[Effect]:
        waited_s = self.unix(now) - self.promise.recorded_at
        recorded = self.directory.records(self.promise.queue)
        kept = TellLedger(CustomerAnswered(self.promise.id))
        return [kept, *self.connect(self.customer_leg, self.agent_leg, recorded, waited_s, now)]

    def _nobody_there(self, now: float) -> list[Effect]:
        """The agent is gone, and the customer is on the line: he is told, and let go."""
        if self.opening.stage is Stage.SORRY:
            return self._stop("not served", now)
        agent, self.agent_leg, self.record.outcome = self.agent_leg, "", "not served"
        dropped = TellLedger(NotServed(self.promise.id, self.promise.call_id))
        return [dropped, *self.agents_free(), *self.release(agent), *self.opening.apologise(now)]

    def _on_failed(self, event: Failed, now: float) -> list[Effect]:
        if agent := self.rung_at(event.leg):
            offer = self.offers[agent]
            return [*self.offered_leg_failed(agent, event), *self._unless_rung(outcome(offer.status), now)]
        orders, hunt = self.hunt_on(event)
        if hunt is None:
            return orders
        failed = attempt.failed(self.promise, hunt, self.causes)
        return [*orders, TellLedger(failed), *self._stop(outcome(hunt.status), now)]

    def _on_released(self, event: Released, now: float) -> list[Effect]:
        if event.leg not in (self.agent_leg, self.customer_leg):
            return []
        if self.bridge is None and event.leg == self.customer_leg:
            self.record.ended_by = "called"
            return [*self._customer_left(), *self._stop("hung up", now)]
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
        if self.customer_leg:
            return self._nobody_there(now)
        return self._no_agent("agent gone", now)  # dialled already: the ledger knows, and waits until it is quiet

    def _customer_left(self) -> list[Effect]:
        gone = self.opening.stage is Stage.SORRY  # the ledger knows
        return [] if gone else [TellLedger(CustomerLeft(self.promise.id, self.promise.call_id, 0.0))]

    def _on_release(self, event: ReleaseAgent, now: float) -> list[Effect]:
        """Whoever hears an apology hears it to its end."""
        return [] if self.opening.stage is Stage.SORRY else self._stop("released", now)

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
        Key: _on_heard,
        PromptEnded: _on_heard,
        Silent: _on_heard,
        DialCustomer: _on_dial,
        ReleaseAgent: _on_release,
        HangUp: lambda self, event, now: self._abort("us", now),
    }
