"""A contact that meets others in a conference: it takes its seat there, and goes back to its plan when it has none."""

from __future__ import annotations

from typing import ClassVar

from softswitch.call.signal import Updated
from softswitch.contact.conference import (
    Enter,
    MemberHolds,
    MemberPressed,
    Seat,
    Seated,
    TellConference,
    Unseated,
)
from softswitch.contact.journey import Table
from softswitch.contact.order import Key
from softswitch.contact.scripted import Scripted
from softswitch.core.effect import Effect
from softswitch.ivr.away import EnterConference
from softswitch.ivr.model import AwayEnded


class Meeting(Scripted):
    """What conferences add to a contact with a script. That it is over, the room hears from whoever closes it."""

    seat: Seat | None = None

    def handle(self, event: object, now: float) -> list[Effect]:
        """While it has a seat, its keys and its holding are the room's business."""
        if self.seat is not None and not self.over:
            match event:
                case Key(leg, digit) if leg == self.leg:
                    return [TellConference(MemberPressed(self.id, digit))]
                case Updated(leg, media) if leg == self.leg and media.held is not self.seat.held:
                    return [TellConference(MemberHolds(self.id, media.held)), *super().handle(event, now)]
        return super().handle(event, now)

    def take_seat(self, seat: Seat) -> list[Effect]:
        """The same as in the former process."""
        return [TellConference(Enter(self.id, self.leg, seat.order, self.music, seat))]

    def _on_enter_conference(self, order: EnterConference, now: float) -> list[Effect]:
        self.record.outcome = self.record.outcome or "conference"
        return [*self._accept(now), TellConference(Enter(self.id, self.leg, order, self.music))]

    def _on_seated(self, event: Seated, now: float) -> list[Effect]:
        self.seat = event.seat
        return []

    def _on_unseated(self, event: Unseated, now: float) -> list[Effect]:
        self.seat = None
        return self._tell(AwayEnded(event.outcome), now)

    _INPUTS: ClassVar[Table] = {Seated: _on_seated, Unseated: _on_unseated}
    _PERFORM: ClassVar[Table] = {EnterConference: _on_enter_conference}
