"""A caller whom a queue does not take, or not any longer: where he goes, as the admin has written it for each cause.

To another queue he takes his age along, and his needs and priority; what he was told of his position stays said. He is
sent to no queue twice, however the queues are changed meanwhile, so that he is on the way for as many hops as there are
queues at most. That he will be called back is said when the promise is durable; if it cannot be made, or nothing is
written, he takes the dialplan's own way out, as for any queue without overflow. His message in the queue's mailbox is
the dialplan's affair too: it leads callers there every day.
"""

from __future__ import annotations

from dataclasses import replace

from softswitch.acd.model import Refused, WaitedTooLong
from softswitch.contact.losing import Losing
from softswitch.contact.order import HoldMusicTo, SilenceTo, TellAcd
from softswitch.contact.overflow import NO_WAY
from softswitch.contact.visit import Aside, Visit
from softswitch.core.effect import Effect
from softswitch.ivr.model import QueueEnded

FULL = "full"
MISTAKES = ("unknown queue", "unknown skill")  # somebody's, for which nobody writes an overflow


class TurnedAway(Losing):
    """What becomes of a contact with a script that an ACD's queue turns away."""

    visit: Visit | None = None

    def _on_refused(self, event: Refused, now: float) -> list[Effect]:
        return self._turned_away(event.why, True, now)

    def _on_waited_too_long(self, event: WaitedTooLong, now: float) -> list[Effect]:
        return self._turned_away(event.why, False, now)

    def _turned_away(self, why: str, at_once: bool, now: float) -> list[Effect]:
        """``at_once``: he never was in the queue."""
        visit = self.visit
        if visit is None:  # he has left in the same moment
            return []
        queue = visit.order.queue
        way = self.directory.overflow(queue).get(why, NO_WAY)
        if visit.promising:  # he has just taken the offer to be called back: the answer decides
            visit.turned_away = why
            return self.cancel_hunt()
        if way.queue and way.queue not in (*visit.been, queue):
            return [*self.cancel_hunt(), *self._sent_on(visit, way.queue, now)]
        if way.callback:
            visit.turned_away = why
            visit.promise_token = self._new_token()
            stage = "queue-full" if at_once else "accepted-offer"
            return [*self.cancel_hunt(), *self._lost(stage, visit.place, visit.promise_token, now)]
        self._taken(visit, why)
        if way.voicemail:
            self._comes_to("")
            return self._leave_queue("voicemail", now, queue)
        self._comes_to(why)
        return self._leave_queue("error" if why in MISTAKES else why, now)

    def _taken(self, visit: Visit, why: str) -> None:
        """His place: he is lost by this queue, unless the plan finds something better for him."""
        self.turned = None if why in MISTAKES else visit.place

    def _sent_on(self, visit: Visit, queue: str, now: float) -> list[Effect]:
        old, visit.been = visit.order.queue, (*visit.been, visit.order.queue)
        visit.goes_on(queue, self.directory, now)
        self.record.queue = queue
        join = replace(visit.join(self.id), overflow_of=old)
        music = [HoldMusicTo(self.leg, self.music)] if visit.speaking_until is None else []
        return [*music, TellAcd(join)]

    def _not_promised(self, visit: Visit, now: float) -> list[Effect]:
        """He was turned away to be called back, and that cannot be promised."""
        self._taken(visit, visit.turned_away)
        self._comes_to(visit.turned_away)
        return self._leave_queue(visit.turned_away, now)

    def _comes_to(self, why: str) -> None:
        """In the record; who has talked to somebody before stays answered."""
        if not self.record.connected_at:
            self.record.outcome = "queue-full" if why == FULL else ""

    def _leave_queue(self, ended: str, now: float, queue: str = "") -> list[Effect]:
        """Back to the script without an agent."""
        self.visit = None
        return [*self.cancel_hunt(), SilenceTo(self.leg), *self._tell(QueueEnded(ended, queue), now)]

    def _new_token(self) -> str:
        self.serial += 1
        return f"{self.id}/{self.serial}"

    def _lost(self, stage: str, place: Aside, token: str, now: float) -> list[Effect]:
        loss = self.loss(stage, place.queue, place.queued_at, now, token)
        return [self.ask(loss)] if token else self.tell_loss(loss)
