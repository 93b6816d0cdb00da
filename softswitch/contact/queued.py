"""A contact in a queue: how it gets in and out again, the agent who is found, and the promise to call back instead.

What the caller hears there is ``visit``; who is found is the ACD's decision, and whether a promise holds the ledger's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import ClassVar

from softswitch.acd.model import (
    CancelOffer,
    Leave,
    Moved,
    Offer,
    Refused,
    Reprioritise,
    WaitedTooLong,
)
from softswitch.callback.model import PromiseAnswer
from softswitch.contact.journey import Table
from softswitch.contact.keyed import Keyed
from softswitch.contact.order import (
    ForgetPlace,
    HoldMusicTo,
    KeepPlace,
    SilenceTo,
    TellAcd,
)
from softswitch.contact.turned_away import TurnedAway
from softswitch.contact.visit import CALLBACK, Aside, Visit
from softswitch.core.effect import Effect
from softswitch.ivr.model import EnterQueue, MakePromise, Promised, Prompt, QueueEnded
from softswitch.ivr.speech import sentence


class Queued(Keyed):
    """What queues and promises add to a contact with a script."""

    aside: Aside | None = None  # where he may come back to
    _promise_token = ""  # the script's own promise

    # ---- the queue ---------------------------------------------------------------------------------------------

    def _on_enter_queue(self, order: EnterQueue, now: float) -> list[Effect]:
        place, orders = self._kept_place(order.queue, now)
        last = None if order.prefer else self.directory.last_agent(self.facts.caller, order.queue)
        if last is not None:
            order = replace(order, prefer=last[0], prefer_s=last[1])
        self.visit = visit = Visit.back(place, order, self.directory, now)
        self.record.queue = order.queue
        orders = [*self._accept(now), HoldMusicTo(self.leg, self.music), *orders]
        if visit.earlier_s and visit.kind != CALLBACK:
            orders += self._say((self._phrase("place_kept", visit),), now)
        return [*orders, TellAcd(visit.join(self.id))]

    def _kept_place(self, queue: str, now: float) -> tuple[Aside, list[Effect]]:
        """The caller's there: at the end, unless he has left the line by a key, or lost it."""
        if self.aside is not None and self.aside.named == queue:
            place, self.aside = self.aside, None
            return place, []
        kept = self.directory.kept_place(self.facts.caller, queue)
        if kept is None:
            return Aside(queue, now), []
        return Aside(queue, min(kept - self.facts.epoch, now)), [ForgetPlace(self.facts.caller, queue)]

    def _say(self, prompts: tuple[Prompt, ...], now: float) -> list[Effect]:
        """To who waits, besides what is announced."""
        assert self.visit is not None
        self.visit.speaks(now)
        return self._play_to_caller(prompts, "visit")

    def _announce(self, now: float) -> list[Effect]:
        """What is due."""
        if self.visit is None:
            return []
        if self.visit.keying is not None:
            return self._keyed_due(self.visit, self.visit.keying, now)
        said = self.visit.due(self.directory, self.id, self.facts.caller, now)
        return [*said.facts, *(self._play_to_caller(tuple(said.prompts), "visit") if said.prompts else ())]

    def _announced(self, now: float) -> list[Effect]:
        if self.visit is None or self.bridge is not None:
            return []
        self.visit.ended(self.directory, now)
        return [HoldMusicTo(self.leg, self.music)]

    def _on_offer(self, event: Offer, now: float) -> list[Effect]:
        return self.ring_agent(event, self.facts.caller, event.queue)

    def _on_reprioritise(self, event: Reprioritise, now: float) -> list[Effect]:
        if self.visit is not None:
            self.visit.order = replace(self.visit.order, priority_s=event.priority_s)
        return []

    def _on_moved(self, event: Moved, now: float) -> list[Effect]:
        """Somebody else's order: the caller notices nothing but the position, should it be a better one."""
        self.record.queue = event.queue
        if self.visit is not None:
            self.visit.goes_on(event.queue, self.directory, now)
        return []

    def _step_aside(self, now: float) -> list[Effect]:
        """By the key: he may come back to his place, in this call."""
        assert self.visit is not None
        self.aside = self.visit.place
        return [TellAcd(Leave(self.id, "exit")), *self._leave_queue("exit", now)]

    def _gives_up(self, now: float) -> list[Effect]:
        """The caller is gone, from the line or from beside it."""
        visit, aside = self.visit, self.aside
        self.visit = self.aside = None
        if visit is not None:
            place, promised = visit.place, bool(visit.promise_token)
        elif aside is not None and self.record.outcome != "voicemail":
            place, promised = aside, False
        else:
            return []
        # A promise that is being written may fail: it is asked for once more, without anybody to hear of it.
        self.record.outcome = "callback" if promised else "abandoned"
        leave = [TellAcd(Leave(self.id, "abandoned"))] if visit is not None else []
        resume_s = self.directory.treatment(place.named).resume_s
        keeps = [self._keep(place, self.unix(now) + resume_s)] if resume_s and not promised else []
        lost = self.lost_in_plan(True, now) if promised else self._lost("abandoned", place, "", now)
        self.settled = True
        return [*lost, *leave, *keeps]

    def _keep(self, place: Aside, until: float) -> KeepPlace:
        return KeepPlace(self.facts.caller, place.named, self.unix(place.queued_at), until)

    def connect(
        self, left: str, right: str, recorded: bool, waited_s: float, now: float, held: Collection[str] = ()
    ) -> list[Effect]:
        """Whoever talks to somebody has no place in line any more."""
        self.aside = None
        return super().connect(left, right, recorded, waited_s, now, held)

    def _agent_answered(self, agent: str, leg: str, now: float) -> list[Effect]:
        visit = self.visit
        assert visit is not None
        self.visit, self.after = None, QueueEnded("answered")
        queue = visit.order.queue
        orders = self.agent_won(agent, leg)
        orders += self.found_by(visit.queues)
        if self.directory.kept_place(self.facts.caller, visit.named) is not None:  # of a line that broke meanwhile
            orders.append(ForgetPlace(self.facts.caller, visit.named))
        orders += self.connect(self.leg, leg, self.directory.records(queue), now - visit.queued_at, now)
        assert self.bridge is not None
        prompts = self._told_first(visit, agent, leg, now)
        return orders + (self.bridge.tell(prompts) if prompts else [])

    def _told_first(self, visit: Visit, agent: str, leg: str, now: float) -> dict[str, Prompt]:
        """What each of the two hears before they hear each other."""
        queue, prompts = visit.order.queue, {}
        answered = self.directory.treatment(queue).answered
        if answered is not None:
            prompts[self.leg] = answered.prompt(visit.order.language, self.directory.agent_name(agent))
        if language := self.directory.told_in(queue, agent):
            prompts[leg] = visit.told(language, now)
        return prompts

    # ---- promises ----------------------------------------------------------------------------------------------

    def _on_make_promise(self, order: MakePromise, now: float) -> list[Effect]:
        self._promise_token = self._new_token()
        return [self.ask(self.loss(order.stage, order.queue, self._waits_since(order.queue, now), now,
                                   self._promise_token, order.number))]  # fmt: skip

    def _waits_since(self, queue: str, now: float) -> float:
        """Who was turned away by the queue that is to call back is as old there as he was."""
        return self.turned.queued_at if self.turned is not None and self.turned.queue == queue else now

    def _on_promise_answer(self, event: PromiseAnswer, now: float) -> list[Effect]:
        elsewhere: list[Effect] = []
        if self.asked is not None and self.asked.token == event.token:
            elsewhere = self.keyed_instead(self.asked) if event.ok else self.promise_refused(event.why)
            self.asked, self.settled = None, self.settled or event.ok
        return [*elsewhere, *self._answered_promise(event, now)]

    def _answered_promise(self, event: PromiseAnswer, now: float) -> list[Effect]:
        if event.ok:
            self.aside = None
        if event.token == self._promise_token:
            self._promise_token = ""
            return self._tell(Promised(event.ok, event.why), now)
        visit = self.visit
        if visit is None or event.token != visit.promise_token:
            return []
        if not event.ok:
            return self._refused_promise(visit, event, now)
        self.visit = None
        self.record.outcome = "callback"
        leave = [*self.cancel_hunt(), TellAcd(Leave(self.id, "callback")), SilenceTo(self.leg)]
        return [*leave, *self._play_to_caller((self._phrase("callback_promised", visit),), "goodbye")]

    def _phrase(self, key: str, visit: Visit) -> Prompt:
        return sentence(key, visit.order.language)

    _INPUTS: ClassVar[Table] = {
        Offer: _on_offer,
        CancelOffer: lambda self, event, now: self.cancel_offer(event),
        Moved: _on_moved,
        Reprioritise: _on_reprioritise,
        Refused: TurnedAway._on_refused,
        WaitedTooLong: TurnedAway._on_waited_too_long,
        PromiseAnswer: _on_promise_answer,
    }
    _PERFORM: ClassVar[Table] = {
        EnterQueue: _on_enter_queue,
        MakePromise: _on_make_promise,
    }
