"""Who waits in a queue and takes its offer may say at which number he wants to be called; his place waits meanwhile.

An agent who is found in that time has him at once, and nothing was promised. Who is turned away in that time is led out
when it comes to nothing.
"""

from __future__ import annotations

from abc import abstractmethod

from softswitch.callback.model import PromiseAnswer
from softswitch.contact.order import SilenceTo
from softswitch.contact.turned_away import TurnedAway
from softswitch.contact.visit import Visit
from softswitch.core.effect import Effect
from softswitch.ivr.keying import Keying, Turn
from softswitch.ivr.speech import sentence

_NOT_THE_NUMBERS = frozenset({"store", "policy", "keyed-often"})  # reasons for which no other number would do better


class Keyed(TurnedAway):
    """What choosing a number adds to a contact in a queue."""

    def _takes_offer(self, visit: Visit, now: float) -> list[Effect]:
        """By the key of the offer."""
        offer = visit.order.offer
        if offer is None or not offer.another_number:
            return self._asks(visit, "accepted-offer", now)
        own = self.directory.can_promise(self.facts.caller, visit.order.queue)
        visit.keying = Keying(own, visit.order.language)
        return self._keyed_on(visit, visit.keying.begin(now), now)

    def _asks(self, visit: Visit, stage: str, now: float, number: str = "") -> list[Effect]:
        place = visit.place
        token = visit.promise_token = self._new_token()
        return [self.ask(self.loss(stage, place.queue, place.queued_at, now, token, number))]

    def _keyed_digit(self, visit: Visit, digit: str, now: float) -> list[Effect]:
        keying = visit.keying
        if keying is None or keying.part == "chosen":
            return []
        self._play = ""  # whatever is being said, its end is nothing to us any more
        turn = keying.pressed(digit, lambda number: self._callable(visit, number), now)
        return [SilenceTo(self.leg), *self._keyed_on(visit, turn, now)]

    def _keyed_heard(self, now: float) -> list[Effect]:
        """The end of what was said."""
        visit = self.visit
        if visit is None or visit.keying is None:
            return []
        return self._keyed_on(visit, visit.keying.heard(now), now)

    def _keyed_due(self, visit: Visit, keying: Keying, now: float) -> list[Effect]:
        if keying.due is None or keying.due > now:
            return []
        return self._keyed_on(visit, keying.expired(lambda number: self._callable(visit, number), now), now)

    def _callable(self, visit: Visit, number: str) -> bool:
        return self.directory.can_promise(number, visit.order.queue)

    def _keyed_on(self, visit: Visit, turn: Turn, now: float) -> list[Effect]:
        if turn.over:
            visit.keying = None
            return self._no_promise(visit, now)
        if turn.number is not None:
            stage = "keyed" if turn.number else "accepted-offer"
            return self._asks(visit, stage, now, turn.number)
        return self._play_to_caller(turn.prompts, "keying") if turn.prompts else []

    def _refused_promise(self, visit: Visit, event: PromiseAnswer, now: float) -> list[Effect]:
        """What he has asked for cannot be promised: the truth, and his place is kept."""
        keying, visit.promise_token = visit.keying, ""
        if keying is not None and event.why not in _NOT_THE_NUMBERS:
            return self._keyed_on(visit, keying.refused(now), now)
        visit.keying = None
        return self._no_promise(visit, now)

    def _no_promise(self, visit: Visit, now: float) -> list[Effect]:
        if visit.turned_away:
            return self._not_promised(visit, now)
        visit.speaks(now)
        return self._play_to_caller((sentence("apology", visit.order.language),), "visit")

    @abstractmethod
    def _announce(self, now: float) -> list[Effect]:
        """What is due to be said to who waits."""
