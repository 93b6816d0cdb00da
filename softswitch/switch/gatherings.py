"""Where contacts meet: conference rooms and parking places, which belong to none of them.

Decided here: who may take a parked call (our users, not whoever can dial a plan's number from outside), and which
numbers are slots with a lamp: those that dialplans park in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from softswitch.call.signal import Release
from softswitch.contact.conference import Conferences, Left, Seated, TellConference, Unseated
from softswitch.contact.inbound import InboundContact
from softswitch.contact.parked import GiveLeg, PickedUp, TellParker
from softswitch.contact.parking import (
    CallParked,
    CallUnparked,
    ParkAnswer,
    Parking,
    ParkingInput,
    Retrieve,
    Retrieved,
    RetrieveRefused,
    TellParking,
    Unpark,
)
from softswitch.core.effect import Effect
from softswitch.ivr.verb.park import Park
from softswitch.sip.event.dialog_info import DialogState, DialogView
from softswitch.sip.page import PLAIN, Text
from softswitch.switch.lamps import DIALOG

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class Gatherings:
    """The driver's side of these machines."""

    hears = (CallParked, CallUnparked)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.conferences = Conferences()
        self.parking = Parking()

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {
            TellConference: lambda order: self._armed(self.conferences.handle(order.event, self._switch.now)),
            TellParking: lambda order: self._park(order.event),
            TellParker: self._tell_parker,
            Retrieved: self._retrieved,
            PickedUp: self._picked_up,
            **dict.fromkeys((Seated, Unseated, ParkAnswer, RetrieveRefused, GiveLeg), self._to_contact),
        }

    def due(self) -> list[Effect]:
        return self._armed(self.conferences.tick(self._switch.now))

    def finished(self, contact: str) -> list[Effect]:
        """This contact is over, in whatever way."""
        return [
            *self._armed(self.conferences.handle(Left(contact), self._switch.now)),
            *self.parking.handle(Unpark(contact)),
        ]

    def _to_contact(self, order: Any) -> Sequence[Effect]:
        return self._switch.calls.to_contact(order.contact, order)

    def _armed(self, effects: list[Effect]) -> list[Effect]:
        self._switch.arm(("gatherings", ""), self.conferences.deadline)
        return effects

    # ---- parking -----------------------------------------------------------------------------------------------

    def _park(self, event: ParkingInput) -> list[Effect]:
        if isinstance(event, Retrieve):
            contact = self._switch.calls.contacts.get(event.contact)
            leg = contact.leg if isinstance(contact, InboundContact) else ""
            if not self._switch.calls.transfers.party(leg).internal:
                return [RetrieveRefused(event.contact, "forbidden")]
        return self.parking.handle(event)

    def _retrieved(self, order: Retrieved) -> list[Effect]:
        """Two contacts, an order for each: should one of them fail, the other one is still in order."""
        contacts = self._switch.calls.contacts
        taker, parked = contacts.get(order.taker), contacts.get(order.contact)
        if not isinstance(taker, InboundContact) or taker.over:
            return []
        if parked is None or parked.over:
            return [RetrieveRefused(order.taker, "empty")]
        return [GiveLeg(order.taker), PickedUp(order.contact, taker.leg)]

    def _picked_up(self, order: PickedUp) -> Sequence[Effect]:
        calls = self._switch.calls
        parked = calls.contacts.get(order.contact)
        if parked is None or order.leg not in calls.legs:
            return calls.tell_leg(order.leg, Release())
        calls.move(order.leg, order.contact)
        calls.extensions.talks_to(order.leg, parked.facts.caller, parked.facts.caller_name)
        return calls.to_contact(order.contact, order)

    def _tell_parker(self, order: TellParker) -> list[Effect]:
        text = f"{order.caller or 'A call'} is parked at {order.slot}."
        return self._switch.texts.send(order.user, Text(PLAIN, text.encode(errors="replace")), lambda status: None)

    def note(self, fact: CallParked | CallUnparked) -> None:
        self._switch.lamps.touch(DIALOG, fact.slot)

    def lamp(self, slot: str) -> tuple[DialogView, ...] | None:
        """What a lamp shows of it; None where no dialplan parks there."""
        contact = self.parking.contact_in(slot)
        if contact:
            return (DialogView(contact, DialogState.CONFIRMED, initiator=False),)
        plans = self._switch.dialplans.release.plans.values()
        parks = ((plan, step.verb) for plan in plans for step in plan.steps.values() if isinstance(step.verb, Park))
        return () if any(verb.may_be(slot, plan.numbers) for plan, verb in parks) else None
