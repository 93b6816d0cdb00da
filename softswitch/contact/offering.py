"""The agents who are rung for a contact: each at all of his phones, and the first who answers has it.

One agent as a rule, several at once where the queue rings all of them. Each is a hunt of its own: it can fail, or be
called off by the ACD, while the others go on. The phones that lose hear that the call was answered elsewhere, so that
they show no missed call (RFC 3326). Two may answer in the same moment: the second finds its hunt over, and is released.
Whom to ring is the ACD's decision.
"""

from __future__ import annotations

from softswitch.acd.model import CancelOffer, Offer, OfferAnswered, OfferFailed
from softswitch.call.signal import Failed
from softswitch.contact.hunt import AGENT_RING_GRACE_S, Hunt, outcome
from softswitch.contact.journey import Facts, Journey
from softswitch.contact.order import Directory, TellAcd
from softswitch.core.effect import Effect
from softswitch.sip.reason import ELSEWHERE

_ELSEWHERE = "answered elsewhere"


class Offering(Journey):
    """What offers of the ACD add to a contact; ``offers`` are by agent."""

    def __init__(self, facts: Facts, directory: Directory) -> None:
        super().__init__(facts, directory)
        self.offers: dict[str, Hunt] = {}

    @property
    def ringing(self) -> list[str]:
        return [*super().ringing, *(leg for hunt in self.offers.values() for leg in hunt.ringing)]

    def ring_agent(self, event: Offer, caller: str, caller_name: str, by_itself: bool = False) -> list[Effect]:
        """All his phones ring; none is registered: the offer has failed already.

        ``by_itself``: they are asked to answer without him.
        """
        users = self.directory.agent_users(event.agent)
        targets = tuple(target for user in users for target in self.directory.user_targets(user))
        if not targets:
            return [TellAcd(OfferFailed(self.id, event.agent, "unreachable"))]
        ring_s = event.ring_timeout_s + AGENT_RING_GRACE_S
        hunt = Hunt("agent", self.new_prefix("agent"), targets, caller, caller_name, ring_s, agent=event.agent,
                    by_itself=by_itself)  # fmt: skip
        self.offers[event.agent] = hunt
        return hunt.start()

    def cancel_offer(self, event: CancelOffer) -> list[Effect]:
        """This one agent's phones stop."""
        hunt = self.offers.pop(event.agent, None)
        return hunt.cancel((ELSEWHERE,) if event.why == _ELSEWHERE else self.causes) if hunt else []

    def cancel_hunt(self) -> list[Effect]:
        orders = [order for hunt in self.offers.values() for order in hunt.cancel(self.causes)]
        self.offers.clear()
        return [*super().cancel_hunt(), *orders]

    def rung_at(self, leg: str) -> str:
        """The agent whose phone rings there; "" nobody's."""
        return next((agent for agent, hunt in self.offers.items() if leg in hunt.ringing), "")

    def agent_won(self, agent: str, leg: str) -> list[Effect]:
        """He has answered, at ``leg``: every other phone stops, his own and theirs."""
        orders = [order for hunt in self.offers.values() for order in hunt.answered(leg)]
        self.offers.clear()
        self.agents[leg] = (agent, self.id)
        return [*orders, TellAcd(OfferAnswered(self.id, agent))]

    def offered_leg_failed(self, agent: str, event: Failed) -> list[Effect]:
        """One of his phones; only when the last has failed the offer has."""
        hunt = self.offers[agent]
        orders = hunt.failed(event, self.directory)
        if not hunt.exhausted:
            return orders
        del self.offers[agent]
        why = outcome(hunt.status)
        return [*orders, TellAcd(OfferFailed(self.id, agent, "unreachable" if why == "failed" else why))]
