"""The ACD and the ledger: the two machines that outlive every call, and the store behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from softswitch.acd.model import (
    AcdInput,
    AgentState,
    AskWrapUp,
    CancelOffer,
    LogIn,
    LogOut,
    Moved,
    Offer,
    Refused,
    Reprioritise,
    SetPaused,
    SetReady,
    WaitedTooLong,
)
from softswitch.callback.campaign import PauseSet
from softswitch.callback.model import (
    Capacity,
    DialCustomer,
    DoNotCall,
    KeepTally,
    LedgerInput,
    Persist,
    Persisted,
    Policies,
    Policy,
    PromiseAnswer,
    ReleaseAgent,
    SeekAgent,
)
from softswitch.callback.node import Claim, Elsewhere, GiveBack, KeepServed, Meet, NodeInput, quiet_s
from softswitch.contact.order import TellAcd, TellLedger
from softswitch.core.effect import Effect
from softswitch.switch.arrivals import Arrivals
from softswitch.switch.auditing import Auditing
from softswitch.switch.campaigns import Campaigns
from softswitch.switch.draining import Draining, draining
from softswitch.switch.outcomes import Outcomes
from softswitch.switch.ports import Stored

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class Offices:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._capacity: dict[str, Capacity] = {}
        self._acd_worked = True
        self.auditing = Auditing(switch)
        self.campaigns = Campaigns(switch)
        self.draining = Draining(switch)
        self.arrivals = Arrivals(switch)
        self.outcomes = Outcomes(switch)
        self.shared = switch.ports.shared
        switch.directory.can_promise = switch.ledger.can_promise
        switch.directory.takes_keyed = switch.ledger.takes_keyed

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        calls = self._switch.calls
        return {
            TellAcd: lambda order: self.to_acd(order.event),
            TellLedger: lambda order: self.to_ledger(order.event),
            Offer: lambda order: calls.to_contact(order.contact, order),
            CancelOffer: lambda order: calls.to_contact(order.contact, order),
            Refused: lambda order: calls.to_contact(order.contact, order),
            WaitedTooLong: lambda order: calls.to_contact(order.contact, order),
            Moved: lambda order: calls.to_contact(order.contact, order),
            Persist: self._persist,
            KeepServed: self._keep_served,
            KeepTally: self._keep_tally,
            Claim: lambda order: self._tell(self.shared.claim, order),
            Meet: lambda order: self._tell(self.shared.meet, order),
            Elsewhere: self._elsewhere,
            GiveBack: lambda order: self._tell(self.shared.give_back, order),
            SeekAgent: self._seek,
            DialCustomer: calls.outgoing.dial,
            ReleaseAgent: lambda order: calls.outgoing.tell(order.promise, order),
            PromiseAnswer: self._answer,
        }

    def _answer(self, answer: PromiseAnswer) -> Sequence[Effect]:
        if draining(answer.token):
            return self.draining.answered(answer)
        return self._switch.calls.to_contact(answer.token.partition("/")[0], answer)

    def _tell(self, take: Callable[[Any], None], order: Effect) -> Sequence[Effect]:
        take(order)
        return ()

    def to_acd(self, event: AcdInput) -> list[Effect]:
        effects = self._switch.workplaces.settle()  # who has begun a call in this unit of work is not rung besides
        acd = self._switch.acd
        effects += acd.handle(event, self._switch.now)
        if isinstance(event, Reprioritise):  # which outlives this process with the contact
            effects += self._switch.calls.to_contact(event.contact, event)
        # Who is removed by a reload may be gone with what he has ordered.
        if isinstance(event, LogIn | LogOut | SetReady | SetPaused | AskWrapUp) and acd.is_employed(event.agent):
            self._switch.journal.touch_agent(event.agent)
            self.keep_wish(event.agent)
        self._worked()
        return effects

    def keep_wish(self, name: str) -> None:
        """Of an agent in wrap-up: the record of his call, by which a next process would know it, is no more."""
        agent = self._switch.acd.agent(name)
        if agent.state is AgentState.WRAP_UP:
            stays = agent.wish is not AgentState.LOGGED_OUT
            desk = self._switch.directory.seats.desk(name) if stays else ""
            self._switch.ports.keeper.put_agent(name, stays, agent.wish_reason, desk)

    def to_ledger(self, event: LedgerInput | NodeInput) -> list[Effect]:
        if isinstance(event, PauseSet):
            event = self.campaigns.heard(event)
        if isinstance(event, Policies):
            self.shared.rings(quiet_s(event.policies))
        if isinstance(event, DoNotCall):
            self._switch.do_not_call.heard(event)
        effects = self._switch.ledger.handle(event, self._switch.unix)
        self._arm_ledger()
        return effects

    def due(self, kind: str) -> Sequence[Effect]:
        if kind == "gatherings":
            return self._switch.gatherings.due()
        if kind == "arrivals":
            return self.arrivals.due()
        if kind == "drain":
            return list(self.draining.due())
        if kind == "audit":
            effects = list(self.auditing.due())
            self._settled()
            return effects
        if kind == "acd":
            effects = self._switch.acd.tick(self._switch.now)
            self._worked()
            return effects
        effects = self._switch.ledger.tick(self._switch.unix)
        self._arm_ledger()
        return effects

    def stored(self, event: Stored) -> Sequence[Effect]:
        for others in (self._switch.archive.stored, self._switch.outbox.stored):
            if (effects := others(event)) is not None:
                return effects
        self.outcomes.stored(event)
        return self.to_ledger(Persisted(event.key, event.token, event.ok, event.taken))

    def settle(self) -> list[Effect]:
        """The end of a unit of work: tell the ledger how many agents are free now, where that has changed."""
        if not self._acd_worked:
            return []
        acd = self._switch.acd
        policies = self._switch.configuration.policies
        for queue in dict.fromkeys(policy.queue for policy in policies):
            free = 0 if self._switch.rollcall.awaits(queue) else acd.free_for_callbacks(queue)
            cut_off = frozenset(policy.name for policy in policies if policy.queue == queue and self._cut_off(policy))
            waiting = acd.live_waiting(queue), acd.callbacks_waiting(queue)
            shared, ending = self._shared_agents(queue), self._ending(queue)
            capacity = Capacity(queue, free, *waiting, cut_off, shared, ending)
            if self._capacity.get(queue) != capacity:
                self._capacity[queue] = capacity
                if effects := self.to_ledger(capacity):
                    return effects  # an agent may serve several queues: count again before the next queue is told
        self._acd_worked = False
        return []

    def _shared_agents(self, queue: str) -> tuple[tuple[str, int], ...]:
        """Free ones, with each other queue for which customers are dialled before an agent is found."""
        acd = self._switch.acd
        counts = [(other, acd.free_for_callbacks(queue, other)) for other in self._others(queue)]
        return tuple((other, count) for other, count in counts if count)

    def _others(self, queue: str) -> list[str]:
        """For which customers are dialled before an agent is found."""
        first = (one.queue for one in self._switch.configuration.policies if one.first == "customer")
        return [other for other in dict.fromkeys(first) if other != queue]

    def _ending(self, queue: str) -> tuple[float, ...]:
        """Wrap-ups, where somebody counts on them; to a tenth, that a clock which is slewed is no news each time."""
        policies = self._switch.configuration.policies
        if not any(one.queue == queue and one.pacing == "predictive" for one in policies):
            return ()
        ahead_s = self._switch.unix - self._switch.now
        return tuple(round(at + ahead_s, 1) for at in self._switch.acd.about_to_be_free(queue, self._others(queue)))

    def recount(self) -> None:
        """A trunk has come up or gone down; whoever may have been waiting is, or is gone."""
        self._acd_worked = True

    def _cut_off(self, policy: Policy) -> bool:
        """No agent is taken, and no attempt spent, for a call that cannot leave. Phones of ours need no trunk."""
        return not policy.numbers and self._switch.trunks.down(policy.trunk)

    def _seek(self, order: SeekAgent) -> Sequence[Effect]:
        # The ledger has taken one off its count; who it was (perhaps nobody it had counted) is known after the join.
        self._capacity.clear()
        self._acd_worked = True
        return self._switch.calls.outgoing.seek(order.promise)

    def _worked(self) -> None:
        self.auditing.worked()
        self._settled()

    def _settled(self) -> None:
        self._acd_worked = True
        self._switch.arm(("acd", ""), self._switch.acd.deadline)

    def _arm_ledger(self) -> None:
        self._switch.arm_unix(("ledger", ""), self._switch.ledger.deadline)

    def _keep_tally(self, order: KeepTally) -> Sequence[Effect]:
        self._switch.ports.keeper.put_tally(order.tally)
        return []

    def _persist(self, order: Persist) -> Sequence[Effect]:
        self.outcomes.put(order)
        self._switch.ports.keeper.put_promise(order.promise, order.token, order.by)
        return []

    def _elsewhere(self, order: Elsewhere) -> Sequence[Effect]:
        self.shared.elsewhere(order)
        self.outcomes.passed_on(order)
        return []

    def _keep_served(self, order: KeepServed) -> Sequence[Effect]:
        self.outcomes.put(order)
        self._switch.ports.keeper.put_served(order.promise, order.token, order.by)
        return []
