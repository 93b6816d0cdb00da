"""A contact that leaves something: a message, a recording, a score, a text, an event; and one that hears its messages.

While the caller is recorded, keys are for the recording. While a mailbox is heard, its script leads and the plan waits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from softswitch.contact.event import RecordingStarted, SurveyAnswered
from softswitch.contact.handover import LegReplaced
from softswitch.contact.journey import Table
from softswitch.contact.losing import Losing
from softswitch.contact.mailbox import VoicemailLeft
from softswitch.contact.order import (
    EraseRecording,
    Key,
    MailboxLeft,
    PostEvent,
    PromptEnded,
    RecordingLost,
    Silent,
    TextTold,
    WriteToUser,
)
from softswitch.contact.reading import Reading
from softswitch.contact.retrieval import Retrieval
from softswitch.contact.script import DirectDial, Script
from softswitch.contact.take import BEEP, Take
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.timers import earliest
from softswitch.ivr.behind import EmitEvent, EnterMailbox, KeepAnswer, RecordCaller, RecordTalk, WriteText
from softswitch.ivr.model import (
    AwayEnded,
    DialEnded,
    DialOut,
    EndCall,
    HungUp,
    IvrInput,
    RecordEnded,
    RecordVoicemail,
    VoicemailEnded,
)


class Leaving(Losing):
    """What is left behind, added to a contact with a script."""

    take: Take | None = None
    suspended: Script | None = None  # the plan, while a mailbox is heard
    _writing = ("", 0.0)  # token of a text that the plan waits for, and until when

    def handle(self, event: object, now: float) -> list[Effect]:
        take = self.take
        if take is not None and not self.over:
            match event:
                case Key(leg, digit) if leg == self.leg:
                    return self._end_take(now) if digit == take.end else []
                case PromptEnded(leg, play) if leg == self.leg and play == self._play and self._play_for == "beep":
                    self._play = ""
                    return self._speak(take, now)
                case Silent(leg) if leg == self.leg and take.speaking:
                    return self._end_take(now, take.silence_s)
                case RecordingLost(recording) if recording == take.recording:
                    return self._lose_take(take, now)
        return super().handle(event, now)

    @property
    def leaving_until(self) -> float | None:
        """When something of this has to end."""
        take, (token, until) = self.take, self._writing
        return earliest(take.until if take is not None else None, until if token else None)

    def leave_in_time(self, now: float) -> list[Effect]:
        orders: list[Effect] = []
        if self.take is not None and self.take.until <= now:
            orders += self._end_take(now)
        if self._writing[0] and self._writing[1] <= now:
            orders += self._written(408, now)
        return orders

    # ---- recording ---------------------------------------------------------------------------------------------

    def _on_record(self, order: RecordVoicemail | RecordCaller, now: float) -> list[Effect]:
        voicemail = isinstance(order, RecordVoicemail)
        name = f"voicemail-{order.mailbox}" if isinstance(order, RecordVoicemail) else f"record-{order.name}"
        self.take = take = Take.of(order, self.id, self.facts.caller, self.recorded_as(f"{name}-{self.id}"), now)
        self.record.outcome = self.record.outcome or ("voicemail" if voicemail else "")
        if isinstance(order, RecordCaller) and not order.beep:
            return [*self._accept(now), *self._speak(take, now)]
        return [*self._accept(now), *self._play_to_caller((BEEP,), "beep")]

    def _speak(self, take: Take, now: float) -> list[Effect]:
        return [*take.start(self.leg, now), RecordingStarted(self.id, take.file)]

    def _end_take(self, now: float, silent_s: float = 0.0) -> list[Effect]:
        orders, told = self._stop_take(now, silent_s)
        return [*orders, *(self._tell(told, now) if told is not None else [])]

    def _lose_take(self, take: Take, now: float) -> list[Effect]:
        """The disk is full, say: what was recorded so far is all, and a caller who has said little is told."""
        orders, told = self._stop_take(now)
        if isinstance(told, VoicemailEnded) and told.seconds < take.min_s:
            told = replace(told, lost=True)
        return [*orders, *(self._tell(told, now) if told is not None else [])]

    def _stop_take(self, now: float, silent_s: float = 0.0) -> tuple[list[Effect], IvrInput | None]:
        take, self.take = self.take, None
        if take is None:
            return [], None
        orders, told = take.stop(self.leg, now, self.unix(now), silent_s)
        self.settled = self.settled or any(isinstance(order, VoicemailLeft) for order in orders)
        return self._erase(orders), told

    def _erase(self, orders: list[Effect]) -> list[Effect]:
        for order in orders:
            if isinstance(order, EraseRecording):
                self.erased(order.file)
        return orders

    def take_off(self, now: float) -> list[Effect]:
        """The call is over: what was said so far is kept, and nobody waits for anything."""
        self._writing = ("", 0.0)
        plan, self.suspended = self.suspended, None
        last = plan.handle(HungUp(), now) if plan is not None else []
        orders, told = self._stop_take(now)
        if isinstance(self.script, Retrieval):  # a greeting that nobody has said is to be used
            orders += self._erase(self.script.abandoned(told.file if isinstance(told, RecordEnded) else ""))
        return [*orders, *(effect for effect in last if isinstance(effect, DomainEvent))]

    def _on_record_talk(self, order: RecordTalk, now: float) -> list[Effect]:
        self.recorded = order.on and self.directory.may_record()
        return []

    # ---- a mailbox ---------------------------------------------------------------------------------------------

    def _on_enter_mailbox(self, order: EnterMailbox, now: float) -> list[Effect]:
        boxes = self.directory.mailboxes
        own = order.mailbox == self.facts.caller and not self.facts.trunk and not self.transfers
        reading = Reading(self.id, order.mailbox, order.language, own, self.facts.epoch)
        self.suspended, self.script = self.script, Retrieval(reading, boxes)
        return [*self._accept(now), *self._run(self.script.begin(now), now)]

    def _on_mailbox_left(self, order: MailboxLeft, now: float) -> list[Effect]:
        plan, self.suspended = self.suspended, None
        if plan is None:
            return self._run([EndCall()], now)
        self.script = plan
        return self._tell(AwayEnded(order.outcome), now)

    def _exchange(self, event: LegReplaced, now: float) -> list[Effect]:
        """Somebody who takes the caller's place has no mailbox here, and has not opened the one that was heard."""
        if event.old == self.leg and event.who.user != self.facts.caller:
            self.transfers += 1
            if isinstance(self.script, Retrieval):
                plan, self.suspended = self.suspended, None
                self.script = plan or DirectDial(DialOut())
                self.after = AwayEnded("failed") if plan else DialEnded("answered")
        return super()._exchange(event, now)

    # ---- what others are told ----------------------------------------------------------------------------------

    def _on_answer(self, order: KeepAnswer, now: float) -> list[Effect]:
        queue, agent = self.record.queue, self.record.agent
        asked = self.id, order.survey, order.question
        return [SurveyAnswered(*asked, order.score, order.low, order.high, queue, agent, self.unix(now))]

    def _on_write(self, order: WriteText, now: float) -> list[Effect]:
        self.serial += 1
        token = f"{self.id}/{self.serial}"
        self._writing = token, now + order.timeout_s
        return [WriteToUser(self.id, token, self.facts.called, order.to, order.text)]

    def _on_text_told(self, event: TextTold, now: float) -> list[Effect]:
        return self._written(event.status, now) if event.token == self._writing[0] else []  # else it came too late

    def _written(self, status: int, now: float) -> list[Effect]:
        self._writing = ("", 0.0)
        return self._tell(AwayEnded("next" if status == 200 else "failed", status), now)

    def _on_emit(self, order: EmitEvent, now: float) -> list[Effect]:
        return [PostEvent(self.id, order.hook, order.event, order.data)]

    _INPUTS: ClassVar[Table] = {
        TextTold: _on_text_told,
        Silent: lambda self, event, now: [],  # it was being recorded a moment ago
        RecordingLost: lambda self, event, now: [],  # of a talk, which goes on
    }
    _PERFORM: ClassVar[Table] = {
        RecordVoicemail: _on_record,
        RecordCaller: _on_record,
        RecordTalk: _on_record_talk,
        EnterMailbox: _on_enter_mailbox,
        MailboxLeft: _on_mailbox_left,
        EraseRecording: lambda self, order, now: self.erased(order.file),
        KeepAnswer: _on_answer,
        WriteText: _on_write,
        EmitEvent: _on_emit,
    }
