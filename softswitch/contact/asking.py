"""Whoever answers is asked first: the question is heard, and the key that says yes connects the two.

So that no answering machine takes a call that was meant for a person, and so that who is transferred to knows who
comes. Until then the caller hears what he heard before, and other phones that ring go on ringing.
"""

from __future__ import annotations

from abc import abstractmethod

from softswitch.call.signal import Answered, Failed, Released
from softswitch.contact.hunt import Hunt
from softswitch.contact.order import HoldMusicTo, Key, LeaveRoom
from softswitch.contact.transfer import Transferable
from softswitch.core.effect import Effect

_DECLINED, _SILENT = 603, 480  # as which hanging up counts, and saying nothing


class Asking(Transferable):
    """What questions add to a contact that hunts."""

    def handle(self, event: object, now: float) -> list[Effect]:
        hunt = self.hunt
        if self.over or hunt is None or hunt.question is None:
            return super().handle(event, now)
        leg = getattr(event, "leg", "")
        if leg not in {*hunt.ringing, *hunt.asked}:
            return super().handle(event, now)
        if isinstance(event, Answered):
            return [*self._no_longer_early(hunt), *hunt.ask(leg, now)]
        if leg in hunt.ringing:
            return super().handle(event, now)
        self.hear_causes(event)
        match event:
            case Key(digit=digit) if digit == hunt.question.key:
                return self._hunt_won(leg, now)
            case Released() | Failed():
                return self._not_taken(hunt, leg, _DECLINED, now)
        return []

    def _no_longer_early(self, hunt: Hunt) -> list[Effect]:
        """What a network said is over, and what its user hears is not for the caller yet."""
        if not hunt.early:
            return []
        hunt.early = False
        return [LeaveRoom(self.leg), *(LeaveRoom(leg) for leg in hunt.legs), HoldMusicTo(self.leg, self.music)]

    def _asked_in_vain(self, now: float) -> list[Effect]:
        """Those who have said nothing are let go."""
        hunt = self.hunt
        orders: list[Effect] = []
        for leg in hunt.silent(now) if hunt is not None else ():
            assert hunt is not None
            orders += [*self.release(leg), *self._not_taken(hunt, leg, _SILENT, now)]
        return orders

    def _not_taken(self, hunt: Hunt, leg: str, status: int, now: float) -> list[Effect]:
        orders = hunt.refused(leg, status)
        if not hunt.exhausted:
            return orders
        self.hunt = None
        return [*orders, *self._hunt_lost(hunt, now)]

    @abstractmethod
    def _hunt_lost(self, hunt: Hunt, now: float) -> list[Effect]:
        """Nobody has answered, or taken the call."""
