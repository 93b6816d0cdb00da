"""A contact that came to us: a caller's leg, a script, and whatever the script asks for.

The caller's leg is there from the first moment to the last. What it is occupied with is one of: the script itself, a
visit to a queue, a hunt of the dial verb, a bridge, a voicemail. Each of them ends with an input to the script.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from softswitch.acd.model import (
    Leave,
)
from softswitch.call.signal import Answered, Failed, Progress, Release, Released, Ring, Texted, Updated
from softswitch.contact import ending
from softswitch.contact.asking import Asking
from softswitch.contact.handover import LegReplaced, TransferJoin, TransferTo
from softswitch.contact.hunt import Hunt, dial_targets, longest_s, outcome
from softswitch.contact.journey import Journey, Table
from softswitch.contact.leaving import Leaving
from softswitch.contact.meeting import Meeting
from softswitch.contact.order import (
    FetchEnded,
    HangUp,
    HoldMusicTo,
    JoinRoom,
    Key,
    LeaveRoom,
    PromptEnded,
    SilenceTo,
    TellAcd,
    TellLeg,
)
from softswitch.contact.paging import Paging
from softswitch.contact.parked import Parked
from softswitch.contact.queued import Queued
from softswitch.contact.referring import Referring
from softswitch.contact.scripted import Scripted
from softswitch.contact.transfer import Transferable
from softswitch.core.effect import Effect
from softswitch.core.timers import earliest
from softswitch.ivr.model import (
    DialEnded,
    DialOut,
    EndCall,
    PlayEnded,
    Pressed,
    Prompt,
    QueueEnded,
    Start,
)

_PLAIN = EndCall()


class InboundContact(Queued, Asking, Paging, Parked, Meeting, Referring, Leaving):
    """Caller's leg ``leg``; ``script`` decides what happens next."""

    # ---- the machine -------------------------------------------------------------------------------------------

    def start(self, wall: datetime, now: float) -> list[Effect]:
        """The call has been offered; ``wall`` is aware local time."""
        facts = self.facts
        start = Start(
            self.id, facts.caller, facts.caller_name, facts.called, facts.trunk, wall, self.language,
            facts.origin.diverted, facts.origin.note,
        )  # fmt: skip
        return [*self.begun(now), self.occupy(facts.caller), *self._tell(start, now)]

    @property
    def deadline(self) -> float | None:
        visit, place, hunt, page = self.visit, self.place, self.hunt, self.page
        return earliest(
            self.script.deadline, visit.deadline if visit else None, self.leaving_until, place.until if place else None,
            hunt.deadline if hunt else None, page.until if page else None,
        )  # fmt: skip

    def tick(self, now: float) -> list[Effect]:
        if self.over:
            return []
        orders = self.leave_in_time(now)
        if self.place is not None and self.place.until <= now:
            orders += self._park_timeout(now)
        if self.page is not None and self.page.until <= now:
            orders += self._page_over(now)
        orders += self._asked_in_vain(now)
        orders += self._announce(now)
        if self.script.deadline is not None and self.script.deadline <= now:
            orders += self._run(self.script.tick(now), now)
        return orders

    @property
    def place_name(self) -> str:
        """The conference room, or the slot in which it is parked; "" neither."""
        return self.seat.order.room if self.seat is not None else self.place.slot if self.place is not None else ""

    @property
    def state(self) -> str:
        """One word for people."""
        if self.bridge is not None:
            return "talking"
        if self.seat is not None:
            return "conference"
        if self.place is not None:
            return "parked"
        if self.page is not None:
            return "paging"
        if self.hunt is not None or self.offers:
            return "ringing"
        if self.visit is not None:
            return "queued"
        return "voicemail" if self.take is not None and self.take.mailbox else "ivr"

    # ---- keys, the end ------------------------------------------------------------------------------------------

    def _on_prompt_ended(self, event: PromptEnded, now: float) -> list[Effect]:
        if self.bridge is not None and event.leg in self.bridge.hearing:
            return self.bridge.told(event.leg, event.play)
        if event.leg != self.leg or event.play != self._play:
            return []  # of something that was replaced meanwhile
        self._play = ""
        if self._play_for == "script":
            return self._tell(PlayEnded(event.ok), now)
        if self._play_for == "keying":
            return self._keyed_heard(now)
        if self._play_for == "goodbye":
            return self._tell(QueueEnded("callback"), now)
        return self._announced(now)

    def _on_key(self, event: Key, now: float) -> list[Effect]:
        if self.bridge is not None or (self.hunt is not None and self.hunt.early):
            return self.keyed(event, now)
        if event.leg != self.leg:
            return []
        if self.visit is None:
            return [] if self.hunt else self._tell(Pressed(event.digit), now)
        if self.visit.keying is not None:
            return self._keyed_digit(self.visit, event.digit, now)
        if self.visit.leaves(event.digit):
            return self._step_aside(now)
        return self._takes_offer(self.visit, now) if self.visit.accepts(event.digit) else []

    def _on_end_call(self, order: EndCall, now: float) -> list[Effect]:
        return self._hang_up("us", now, order)

    def _hang_up(self, by: str, now: float, order: EndCall = _PLAIN) -> list[Effect]:
        """We end it: every leg, whatever it is doing."""
        release = Release(causes=self.causes or ending.causes(order))
        end = TellLeg(self.leg, release if self.answered else ending.refusal(order))
        ended = "completed" if self.answered else ending.outcome(order)
        told = self.last_words(self.script, "ended", now)
        taken_down, lost = self._take_down(now), self.lost_in_plan(self.defective, now)
        return [*taken_down, end, *lost, *told, *self.finish(ended, by, now)]

    def _on_hang_up(self, event: HangUp, now: float) -> list[Effect]:
        self.defective = event.broken
        return [*(self._gives_up(now) if event.broken else []), *self._hang_up("us", now)]

    def _take_down(self, now: float) -> list[Effect]:
        """Everything but the caller's leg."""
        other = self.bridge.right if self.bridge else ""
        orders = [*self._call_off(), *self.disconnect(now), *self.release(other), *self.cancel_hunt()]
        orders += [*self.unpark("hung up", now), *self.end_page()]
        if self.visit is not None:
            self.visit = None
            orders.append(TellAcd(Leave(self.id, "ended")))
        return orders + self.take_off(now)

    # ---- the caller's leg --------------------------------------------------------------------------------------

    def _on_failed(self, event: Failed, now: float) -> list[Effect]:
        if event.leg != self.leg:
            return self._hunted_leg_failed(event, now)
        return self._caller_gone(event.by, "cancelled", now)

    def _on_released(self, event: Released, now: float) -> list[Effect]:
        if event.leg == self.leg:
            return self._caller_gone(event.by, "completed", now)
        left = self._transferor_left(event.leg)
        if left is not None:
            return left
        if self.bridge is None or event.leg != self.bridge.right:
            return []
        self.record.ended_by = "called"
        return [*self.disconnect(now, "agent"), *self._tell(self.after, now)]

    def _caller_gone(self, by: str, ended: str, now: float) -> list[Effect]:
        orders = [*self._gives_up(now), *self._take_down(now), *self.lost_in_plan(True, now)]
        orders += self.last_words(self.script, "hangup", now)
        return orders + self.finish(ended, "caller" if by == "peer" else by, now)

    # ---- hunts -------------------------------------------------------------------------------------------------

    def _on_dial_out(self, order: DialOut, now: float) -> list[Effect]:
        self.referring = False
        targets = dial_targets(order, self.directory)
        if not targets:
            return self._tell(DialEnded("failed" if order.trunk else "no answer"), now)
        caller, name = self.facts.caller, self.facts.caller_name
        outside = [self.occupy(order.number)] if order.number else []
        prefix = self.new_prefix("dial")
        self.hunt = Hunt("dial", prefix, targets, caller, name, order.ring_s, parallel=order.parallel,
                         rings=dict(order.rings), question=order.question)  # fmt: skip
        return [*outside, *self._meanwhile(order), *self.hunt.start()]

    def _meanwhile(self, order: DialOut) -> list[Effect]:
        """What a caller hears who is connected with us already."""
        if not self.answered:
            return []
        if order.ringing:
            return self._play_to_caller((Prompt("", tone="ringback", silence_s=longest_s(order)),), "ringing")
        return [HoldMusicTo(self.leg, self.music)]

    def _on_progress(self, event: Progress, now: float) -> list[Effect]:
        hunt = self.hunt
        if hunt is None or event.leg not in hunt.ringing or hunt.early:
            return []
        if event.media is not None and hunt.purpose == "dial" and len(hunt.ringing) == 1:
            hunt.early = True
            return self._early_media(event.leg)
        return self._progress(180) if self.answered else [TellLeg(self.leg, Ring())]

    def _early_media(self, leg: str) -> list[Effect]:
        """What a network says before anybody answers (RFC 3960): a ringing of its own, or why nobody will."""
        heard = self._progress(183) if self.answered else [TellLeg(self.leg, Ring(183))]
        return [*heard, SilenceTo(self.leg), JoinRoom(self.room, self.leg), JoinRoom(self.room, leg)]

    def _on_updated(self, event: Updated, now: float) -> list[Effect]:
        self._holds(event.leg, event.media.held)
        return self.updated(event, now)

    def _on_answered(self, event: Answered, now: float) -> list[Effect]:
        if event.leg == self.leg or (self.bridge is not None and event.leg == self.bridge.right):
            return []
        if agent := self.rung_at(event.leg):
            return self._agent_answered(agent, event.leg, now)
        if self.hunt is None or event.leg not in self.hunt.ringing:
            return self.release(event.leg)  # it lost a race that was over already
        return self._hunt_won(event.leg, now)

    def _hunt_won(self, leg: str, now: float) -> list[Effect]:
        hunt, self.hunt = self.hunt, None
        assert hunt is not None
        by = hunt.reached(leg)
        orders = [*hunt.answered(leg), *self._accept(now), *self._take_leg(leg, now)]
        self.after = DialEnded("answered", by=by)
        return orders

    def _hunted_leg_failed(self, event: Failed, now: float) -> list[Effect]:
        if agent := self.rung_at(event.leg):
            return self.offered_leg_failed(agent, event)
        orders, hunt = self.hunt_on(event)
        return orders if hunt is None else [*orders, *self._hunt_lost(hunt, now)]

    def _hunt_lost(self, hunt: Hunt, now: float) -> list[Effect]:
        alone = [LeaveRoom(self.leg)] if hunt.early else []
        ended = DialEnded(outcome(hunt.status), hunt.status)
        return [*alone, SilenceTo(self.leg), *self._tell(ended, now)]

    # ---- what is told and ordered ------------------------------------------------------------------------------

    _INPUTS: ClassVar[Table] = {
        **Queued._INPUTS,
        **Meeting._INPUTS,
        **Leaving._INPUTS,
        **Parked._INPUTS,
        **Referring._INPUTS,
        Progress: _on_progress,
        Answered: _on_answered,
        Failed: _on_failed,
        Released: _on_released,
        Updated: _on_updated,
        Texted: Journey.texted,
        Key: _on_key,
        PromptEnded: _on_prompt_ended,
        FetchEnded: Scripted._on_fetch_ended,
        TransferTo: Transferable._on_transfer_to,
        TransferJoin: Transferable._on_transfer_join,
        LegReplaced: Transferable._on_leg_replaced,
        HangUp: _on_hang_up,
    }
    _PERFORM: ClassVar[Table] = {
        **Scripted._PERFORM,
        **Queued._PERFORM,
        **Meeting._PERFORM,
        **Leaving._PERFORM,
        **Parked._PERFORM,
        **Paging._PERFORM,
        **Referring._PERFORM,
        DialOut: _on_dial_out,
        EndCall: _on_end_call,
    }
