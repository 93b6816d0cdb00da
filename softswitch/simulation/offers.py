"""Whoever waits is offered to be called back, and takes the offer or does not.

When the offer is made is what a dialplan says of a queue (``ivr.model.CallbackOffer``), looked at as often as in life
(``contact.visit``): after so long a wait, or as soon as position or expected wait call for it, once. Who takes it is a
matter of ``people``. Nothing is offered that could not be promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from softswitch.contact.visit import LOOK_S
from softswitch.ivr.model import CallbackOffer

if TYPE_CHECKING:
    from softswitch.simulation.run import Run


class Offers:
    """Of all queues. Calendars are not asked: an offer before closing time is none here."""

    def __init__(self, run: Run, offers: Mapping[str, CallbackOffer]) -> None:
        self._run = run
        self._offers = offers

    def joined(self, contact: str, queue: str) -> None:
        run, offer = self._run, self._offers.get(queue)
        if offer is None:
            return
        if offer.after_s is not None:
            run.later(run.now + offer.after_s, partial(self._make, contact))
        if offer.position_above is None and offer.expected_above_s is None:
            return
        if run.habits.offered_s:
            run.later(run.now + run.habits.offered_s, partial(self._look, contact, offer))
        else:
            self._look(contact, offer)

    def _look(self, contact: str, offer: CallbackOffer) -> None:
        if not self._open(contact):
            return
        if self._calls_for(contact, offer):
            self._make(contact)
        else:
            self._run.later(self._run.now + LOOK_S, partial(self._look, contact, offer))

    def _calls_for(self, contact: str, offer: CallbackOffer) -> bool:
        acd, now = self._run.acd, self._run.now
        place = acd.position(contact) if offer.position_above is not None else None
        if place is not None and offer.position_above is not None and place > offer.position_above:
            return True
        expected = acd.expected(contact, now) if offer.expected_above_s is not None else None
        return (
            expected is not None and offer.expected_above_s is not None and expected.likely_s > offer.expected_above_s
        )

    def _make(self, contact: str) -> None:
        if self._open(contact) and self._run.callbacks.can_promise(self._run.caller(contact)):
            caller = self._run.caller(contact)
            caller.offered = True
            if self._run.habits.takes(caller.number):
                self._run.take_offer(contact, caller)

    def _open(self, contact: str) -> bool:
        """He waits, and was offered nothing yet."""
        return self._run.waits(contact) and not self._run.caller(contact).offered
