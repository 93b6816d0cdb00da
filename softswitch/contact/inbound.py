"""A contact that came to us: a caller's leg, a script, and whatever the script asks for.

The caller's leg is there from the first moment to the last. What it is occupied with is one of: the script itself, a
visit to a queue, a hunt of the dial verb, a bridge, a voicemail. Each of them ends with an input to the script.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from softswitch.acd.model import (
    CancelOffer,
    Join,
    Leave,
    Need,
    Offer,
    OfferAnswered,
    OfferFailed,
    Refused,
    WaitedTooLong,
)
from softswitch.call.signal import Answered, Failed, Progress, Reject, Release, Released, Ring, Texted, Updated
from softswitch.callback.model import Lost, PromiseAnswer, ReachedAgent
from softswitch.contact.handover import LegReplaced, TransferJoin, TransferTo
from softswitch.contact.hunt import AGENT_RING_GRACE_S, Hunt, dial_targets, outcome
from softswitch.contact.journey import Facts, Journey, Table
from softswitch.contact.order import (
    Directory,
    FetchEnded,
    HangUp,
    HoldMusicTo,
    JoinRoom,
    Key,
    LeaveRoom,
    PromptEnded,
    SilenceTo,
    TellAcd,
    TellLedger,
    TellLeg,
)
from softswitch.contact.script import Script
from softswitch.contact.scripted import Scripted
from softswitch.contact.transfer import Transferable
from softswitch.contact.visit import Visit
from softswitch.contact.voicemail import BEEP, Voicemail
from softswitch.core.effect import DomainEvent, Effect
from softswitch.ivr.model import (
    DialEnded,
    DialOut,
    EndCall,
    EnterQueue,
    Fetched,
    HungUp,
    MakePromise,
    PlayEnded,
    Pressed,
    Promised,
    Prompt,
    QueueEnded,
    RecordVoicemail,
    Start,
    VoicemailEnded,
)
from softswitch.ivr.speech import phrase

_STATUS = {"normal": 480, "busy": 486, "declined": 603, "unavailable": 480, "error": 500}


class InboundContact(Transferable):
    """Caller's leg ``leg``; ``script`` decides what happens next."""

    def __init__(self, facts: Facts, directory: Directory, leg: str, script: Script, language: str) -> None:
        super().__init__(facts, directory, leg, script, language)
        self.visit: Visit | None = None
        self.voicemail: Voicemail | None = None
        self._promise_token = ""  # the script's own promise

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
        voicemail, visit = self.voicemail, self.visit
        parts = (self.script.deadline, visit.deadline if visit else None, voicemail.until if voicemail else None)
        return min((part for part in parts if part is not None), default=None)

    def tick(self, now: float) -> list[Effect]:
        if self.over:
            return []
        orders: list[Effect] = []
        if self.voicemail is not None and self.voicemail.until <= now:
            orders += self._end_voicemail(now)
        if self.visit is not None:
            prompts = self.visit.due(self.directory.position(self.id), now)
            if prompts and self.bridge is None:
                orders += self._play_to_caller(prompts, "visit")
        if self.script.deadline is not None and self.script.deadline <= now:
            orders += self._run(self.script.tick(now), now)
        return orders

    @property
    def state(self) -> str:
        """One word for people."""
        if self.bridge is not None:
            return "talking"
        if self.hunt is not None:
            return "ringing"
        if self.visit is not None:
            return "queued"
        return "voicemail" if self.voicemail is not None else "ivr"

    # ---- keys, the end ------------------------------------------------------------------------------------------

    def _on_prompt_ended(self, event: PromptEnded, now: float) -> list[Effect]:
        if self.bridge is not None and event.leg == self.bridge.telling:
            return self.bridge.told()
        if event.leg != self.leg or event.play != self._play:
            return []  # of something that was replaced meanwhile
        self._play = ""
        if self._play_for == "script":
            return self._tell(PlayEnded(event.ok), now)
        if self._play_for == "goodbye":
            return self._tell(QueueEnded("callback"), now)
        if self._play_for == "beep":
            return self.voicemail.start(self.leg, now) if self.voicemail else []
        return [HoldMusicTo(self.leg, self.music)] if self.visit and self.bridge is None else []

    def _on_key(self, event: Key, now: float) -> list[Effect]:
        if self.bridge is not None or (self.hunt is not None and self.hunt.early):
            return self.keyed(event, now)
        if event.leg != self.leg:
            return []
        if self.voicemail is not None:
            return self._end_voicemail(now) if event.digit == "#" else []
        if self.visit is None:
            return [] if self.hunt else self._tell(Pressed(event.digit), now)
        if not self.visit.accepts(event.digit):
            return []
        self.visit.promise_token = self._new_token()
        return [self._lost("accepted-offer", self.visit.promise_token, now)]

    def _on_end_call(self, order: EndCall, now: float) -> list[Effect]:
        return self._hang_up("us", now, order.status or _STATUS.get(order.cause, 480))

    def _hang_up(self, by: str, now: float, status: int = 480) -> list[Effect]:
        """We end it: every leg, whatever it is doing."""
        end = TellLeg(self.leg, Release(causes=self.causes) if self.answered else Reject(status))
        return [*self._take_down(now), end, *self.finish("completed" if self.answered else "rejected", by, now)]

    def _take_down(self, now: float) -> list[Effect]:
        """Everything but the caller's leg."""
        other = self.bridge.right if self.bridge else ""
        orders = [*self._call_off(), *self.disconnect(now), *self.release(other), *self.cancel_hunt()]
        if self.visit is not None:
            self.visit = None
            orders.append(TellAcd(Leave(self.id, "ended")))
        if self.voicemail is not None:
            orders += self.voicemail.stop(now, self.unix(now))
            self.voicemail = None
        return orders

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
        return [*self.disconnect(now), *self._tell(self.after, now)]

    def _caller_gone(self, by: str, ended: str, now: float) -> list[Effect]:
        orders: list[Effect] = []
        if self.visit is not None and self.bridge is None:
            # A promise that is being written may fail: this loss is kept then, and is none beside it.
            self.record.outcome = "callback" if self.visit.promise_token else "abandoned"
            orders = [self._lost("abandoned", "", now), TellAcd(Leave(self.id, "abandoned"))]
            self.visit = None
        orders += self._take_down(now)
        orders += [effect for effect in self.script.handle(HungUp(), now) if isinstance(effect, DomainEvent)]
        return orders + self.finish(ended, "caller" if by == "peer" else by, now)

    # ---- the queue ---------------------------------------------------------------------------------------------

    def _on_enter_queue(self, order: EnterQueue, now: float) -> list[Effect]:
        self.visit = Visit.begin(order, self.directory, now)
        self.record.queue = order.queue
        needs = None if order.needs is None else tuple(Need(skill, level) for skill, level in order.needs)
        join = Join(self.id, order.queue, now, needs, order.priority_s)
        return [*self._accept(now), HoldMusicTo(self.leg, self.music), TellAcd(join)]

    def _on_offer(self, event: Offer, now: float) -> list[Effect]:
        targets = self.directory.user_targets(self.directory.agent_user(event.agent))
        if not targets:
            return [TellAcd(OfferFailed(self.id, event.agent, "unreachable"))]
        ring_s = event.ring_timeout_s + AGENT_RING_GRACE_S
        self.hunt = Hunt("agent", self.new_prefix("agent"), targets, self.facts.caller, event.queue, ring_s)
        self.hunt.agent = event.agent
        return self.hunt.start()

    def _on_refused(self, event: Refused, now: float) -> list[Effect]:
        full = event.why == "full"
        orders = [self._lost("queue-full", "", now)] if full else []
        self.visit = None
        self.record.outcome = "queue-full" if full else ""
        return [*orders, SilenceTo(self.leg), *self._tell(QueueEnded("full" if full else "error"), now)]

    def _leave_queue(self, ended: str, now: float) -> list[Effect]:
        """Back to the script without an agent."""
        self.visit = None
        return [*self.cancel_hunt(), SilenceTo(self.leg), *self._tell(QueueEnded(ended), now)]

    def _agent_answered(self, leg: str, now: float) -> list[Effect]:
        hunt, visit = self.hunt, self.visit
        assert hunt is not None and visit is not None
        self.hunt, self.visit, self.after = None, None, QueueEnded("answered")
        self.agents[leg] = (hunt.agent, self.id)
        queue = visit.order.queue
        orders = [*hunt.answered(leg), TellAcd(OfferAnswered(self.id, hunt.agent))]
        orders.append(TellLedger(ReachedAgent(self.facts.caller, queue)))
        orders += self.connect(self.leg, leg, self.directory.records(queue), now - visit.joined_at, now)
        language = self.directory.told_in(queue, hunt.agent)
        assert self.bridge is not None
        return orders + (self.bridge.tell(leg, f"{leg}.told", visit.told(language, now)) if language else [])

    # ---- hunts -------------------------------------------------------------------------------------------------

    def _on_dial_out(self, order: DialOut, now: float) -> list[Effect]:
        targets = dial_targets(order, self.directory)
        if not targets:
            return self._tell(DialEnded("failed" if order.trunk else "no answer"), now)
        caller, name = self.facts.caller, self.facts.caller_name
        outside = [self.occupy(order.number)] if order.number else []
        prefix = self.new_prefix("dial")
        self.hunt = Hunt("dial", prefix, targets, caller, name, order.ring_s, parallel=order.parallel)
        return [*outside, *self._meanwhile(order), *self.hunt.start()]

    def _meanwhile(self, order: DialOut) -> list[Effect]:
        """What a caller hears who is connected with us already."""
        if not self.answered:
            return []
        if order.ringing:
            return self._play_to_caller((Prompt("", tone="ringback", silence_s=order.ring_s),), "ringing")
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
        return self.bridge.updated(event.leg, event.media) if self.bridge else []

    def _on_answered(self, event: Answered, now: float) -> list[Effect]:
        if event.leg == self.leg or (self.bridge is not None and event.leg == self.bridge.right):
            return []
        if self.hunt is None or event.leg not in self.hunt.ringing:
            return self.release(event.leg)  # it lost a race that was over already
        return self._hunt_won(event.leg, now)

    def _hunt_won(self, leg: str, now: float) -> list[Effect]:
        assert self.hunt is not None
        if self.hunt.purpose == "agent":
            return self._agent_answered(leg, now)
        hunt, self.hunt = self.hunt, None
        return [*hunt.answered(leg), *self._accept(now), *self._take_leg(leg, now)]

    def _hunted_leg_failed(self, event: Failed, now: float) -> list[Effect]:
        orders, hunt = self.hunt_on(event)
        if hunt is None:
            return orders
        if hunt.purpose == "agent":
            return [*orders, self.offer_failed(hunt)]
        alone = [LeaveRoom(self.leg)] if hunt.early else []
        ended = DialEnded(outcome(hunt.status), hunt.status)
        return [*orders, *alone, SilenceTo(self.leg), *self._tell(ended, now)]

    # ---- promises ----------------------------------------------------------------------------------------------

    def _new_token(self) -> str:
        self.serial += 1
        return f"{self.id}/{self.serial}"

    def _lost(self, stage: str, token: str, now: float) -> TellLedger:
        assert self.visit is not None
        order, since = self.visit.order, self.visit.joined_at
        lost = Lost(self.facts.caller, order.queue, stage, self.id, self.unix(since), now - since, token)
        return TellLedger(lost)

    def _on_make_promise(self, order: MakePromise, now: float) -> list[Effect]:
        self._promise_token = self._new_token()
        number = order.number or self.facts.caller
        lost = Lost(number, order.queue, order.stage, self.id, self.unix(now), 0.0, self._promise_token)
        return [TellLedger(lost)]

    def _on_promise_answer(self, event: PromiseAnswer, now: float) -> list[Effect]:
        if event.token == self._promise_token:
            self._promise_token = ""
            return self._tell(Promised(event.ok, event.why), now)
        visit = self.visit
        if visit is None or event.token != visit.promise_token:
            return []
        if not event.ok:  # the truth, and the place is kept
            visit.promise_token = ""
            return self._play_to_caller((self._phrase("apology", visit),), "visit")
        self.visit = None
        self.record.outcome = "callback"
        leave = [*self.cancel_hunt(), TellAcd(Leave(self.id, "callback")), SilenceTo(self.leg)]
        return [*leave, *self._play_to_caller((self._phrase("callback_promised", visit),), "goodbye")]

    def _phrase(self, key: str, visit: Visit) -> Prompt:
        language = visit.order.language
        return Prompt(language, text=phrase(key, language))

    # ---- voicemail ---------------------------------------------------------------------------------------------

    def _on_record_voicemail(self, order: RecordVoicemail, now: float) -> list[Effect]:
        file = self.recorded_as(f"voicemail-{order.mailbox}-{self.id}")
        self.voicemail = Voicemail.begin(order.mailbox, self.id, self.facts.caller, file, order.max_s, now)
        self.record.outcome = self.record.outcome or "voicemail"
        return [*self._accept(now), *self._play_to_caller((BEEP,), "beep")]

    def _end_voicemail(self, now: float) -> list[Effect]:
        voicemail, self.voicemail = self.voicemail, None
        assert voicemail is not None
        return [*voicemail.stop(now, self.unix(now)), *self._tell(VoicemailEnded(now - voicemail.started), now)]

    # ---- what is told and ordered ------------------------------------------------------------------------------

    _INPUTS: ClassVar[Table] = {
        Progress: _on_progress,
        Answered: _on_answered,
        Failed: _on_failed,
        Released: _on_released,
        Updated: _on_updated,
        Texted: Journey.texted,
        Key: _on_key,
        PromptEnded: _on_prompt_ended,
        FetchEnded: lambda self, event, now: self._tell(Fetched(event.status, event.body, event.error), now),
        Offer: _on_offer,
        CancelOffer: lambda self, event, now: self.cancel_hunt(),
        Refused: _on_refused,
        WaitedTooLong: lambda self, event, now: self._leave_queue("timeout", now),
        PromiseAnswer: _on_promise_answer,
        TransferTo: Transferable._on_transfer_to,
        TransferJoin: Transferable._on_transfer_join,
        LegReplaced: Transferable._on_leg_replaced,
        HangUp: lambda self, event, now: self._hang_up("us", now),
    }
    _PERFORM: ClassVar[Table] = {
        **Scripted._PERFORM,
        EnterQueue: _on_enter_queue,
        MakePromise: _on_make_promise,
        DialOut: _on_dial_out,
        RecordVoicemail: _on_record_voicemail,
        EndCall: _on_end_call,
    }
