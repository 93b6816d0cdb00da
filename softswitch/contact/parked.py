"""A contact that is parked, and one whose phone is given to a parked one.

Who is parked hears music. Whoever has dialled the slot himself is told its number, so that he can pass it on; so is, by
a text, a user who has transferred the caller there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from softswitch.contact.journey import Table
from softswitch.contact.order import HoldMusicTo, SilenceTo
from softswitch.contact.parking import (
    CallParked,
    CallUnparked,
    Park,
    ParkAnswer,
    Place,
    Retrieve,
    RetrieveRefused,
    TellParking,
    Unpark,
)
from softswitch.contact.transfer import Transferable
from softswitch.core.effect import Effect
from softswitch.ivr.away import ParkCaller, RetrieveCall
from softswitch.ivr.model import AwayEnded
from softswitch.ivr.speech import sentence


@dataclass(frozen=True, slots=True)
class GiveLeg(Effect):
    """The contact's leg is another's from now on, and the contact is over."""

    contact: str


@dataclass(frozen=True, slots=True)
class PickedUp(Effect):
    """Whoever is at ``leg`` talks to the one who was parked."""

    contact: str
    leg: str


@dataclass(frozen=True, slots=True)
class TellParker(Effect):
    """Write to the user who sent the call there."""

    user: str
    slot: str
    caller: str


class Parked(Transferable):
    """What parking adds to a contact with a script."""

    place: Place | None = None
    _wants: ParkCaller | None = None  # the slot is being looked for

    def _on_park(self, order: ParkCaller, now: float) -> list[Effect]:
        self._wants = order
        return [*self._accept(now), TellParking(Park(self.id, order.slots))]

    def _on_park_answer(self, event: ParkAnswer, now: float) -> list[Effect]:
        order, self._wants = self._wants, None
        if order is None:  # taken again after a crash
            return [] if event.slot else self._tell(AwayEnded("full"), now)
        if not event.slot:
            return self._tell(AwayEnded("full"), now)
        by = self.sender
        self.place = Place(event.slot, now, now + order.most_s, by)
        self.record.outcome = self.record.outcome or "parked"
        orders: list[Effect] = [HoldMusicTo(self.leg, self.music), CallParked(self.id, event.slot, by)]
        if order.tell and by:
            orders.append(TellParker(by, event.slot, self.facts.caller))
        elif order.tell and not self.facts.trunk:
            orders += self._play_to_caller((sentence("parked_at", order.language, slot=event.slot),), "parked")
        return orders

    def stay_parked(self, place: Place) -> list[Effect]:
        """In the same slot as in the former process."""
        return [TellParking(Park(self.id, (place.slot,))), HoldMusicTo(self.leg, self.music)]

    def _park_timeout(self, now: float) -> list[Effect]:
        by = self.place.by if self.place else ""
        return [*self.unpark("timeout", now), SilenceTo(self.leg), *self._tell(AwayEnded("timeout", by=by), now)]

    def unpark(self, why: str, now: float) -> list[Effect]:
        place, self.place = self.place, None
        if place is None:
            return []
        return [TellParking(Unpark(self.id)), CallUnparked(self.id, place.slot, why, now - place.since)]

    def _on_picked_up(self, event: PickedUp, now: float) -> list[Effect]:
        if self.place is None:
            return self.release(event.leg)
        orders, self.after = self.unpark("retrieved", now), AwayEnded("next")
        queue = self.record.queue
        recorded = bool(queue) and self.directory.records(queue)
        return [*orders, *self.connect(self.leg, event.leg, recorded, 0.0, now)]

    # ---- who takes a call --------------------------------------------------------------------------------------

    def _on_retrieve(self, order: RetrieveCall, now: float) -> list[Effect]:
        return [*self._accept(now), TellParking(Retrieve(self.id, order.slot))]

    def _on_retrieve_refused(self, event: RetrieveRefused, now: float) -> list[Effect]:
        return self._tell(AwayEnded(event.why), now)

    def _on_give_leg(self, event: GiveLeg, now: float) -> list[Effect]:
        last = self.last_words(self.script, "transfer", now)
        return [*last, *self.finish("retrieved", "us", now)]

    _INPUTS: ClassVar[Table] = {
        ParkAnswer: _on_park_answer,
        PickedUp: _on_picked_up,
        RetrieveRefused: _on_retrieve_refused,
        GiveLeg: _on_give_leg,
    }
    _PERFORM: ClassVar[Table] = {ParkCaller: _on_park, RetrieveCall: _on_retrieve}
