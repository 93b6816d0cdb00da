"""What a caller says being recorded: from the beep to a key, to its longest, to silence, or to the caller's hanging up.

It is a message for a mailbox (then ``mailbox`` names it), or something that the script will do with as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.contact.mailbox import Message, VoicemailLeft
from softswitch.contact.order import EraseRecording, RecordLegs, SilenceTo, StopRecording, WatchSilence
from softswitch.core.effect import Effect
from softswitch.ivr.behind import RecordCaller
from softswitch.ivr.model import IvrInput, Prompt, RecordEnded, RecordVoicemail, VoicemailEnded

BEEP = Prompt("tone", file="beep.wav")
BEEP_LIMIT_S = 5.0  # a beep of which nothing is heard again must not hold the caller for ever
END = "#"
ALONE = "vm"  # begins the names of these recordings for the media plane


@dataclass(slots=True)
class Take:
    """``started`` and ``until`` are monotonic seconds; ``file`` lies below the recordings directory."""

    mailbox: str  # "": it is no message
    contact: str
    caller: str
    file: str
    max_s: float
    min_s: float  # what is shorter is nothing
    end: str  # key
    silence_s: float  # ends it too; 0: however long
    started: float  # of what is said; of the beep, as long as that lasts
    until: float
    speaking: bool = False  # the beep is over

    @classmethod
    def of(cls, order: RecordVoicemail | RecordCaller, contact: str, caller: str, file: str, now: float) -> Take:
        """The beep begins."""
        until = now + BEEP_LIMIT_S + order.max_s
        if isinstance(order, RecordVoicemail):
            return cls(order.mailbox, contact, caller, file, order.max_s, order.min_s, END, 0.0, now, until)
        return cls("", contact, caller, file, order.max_s, order.min_s, order.end, order.silence_s, now, until)

    @property
    def recording(self) -> str:
        return f"{ALONE}-{self.contact}"

    def start(self, leg: str, now: float) -> list[Effect]:
        """The beep is over."""
        self.started, self.until, self.speaking = now, now + self.max_s, True
        return [SilenceTo(leg), RecordLegs(self.recording, self.file, leg, None), *self._watched(leg)]

    def resume(self, leg: str, now: float) -> list[Effect]:
        """A new process goes on: what is recorded the media plane knows; a beep is over, whether heard or not."""
        return self._watched(leg) if self.speaking else self.start(leg, now)

    def _watched(self, leg: str) -> list[Effect]:
        return [WatchSilence(leg, self.silence_s)] if self.silence_s else []

    def stop(self, leg: str, now: float, unix: float, silent_s: float = 0.0) -> tuple[list[Effect], IvrInput]:
        """It is over, after ``silent_s`` of silence: what follows, and what the script is told. ``unix`` is the time of
        it in Unix seconds."""
        lasted_s = now - self.started - silent_s if self.speaking else 0.0
        orders: list[Effect] = [WatchSilence(leg, 0.0)] if self.speaking and self.silence_s else []
        orders.append(StopRecording(self.recording))
        kept = self.speaking and lasted_s >= self.min_s
        if self.speaking and not kept:
            orders.append(EraseRecording(self.file))
        if not self.mailbox:
            return orders, RecordEnded(self.file if kept else "", lasted_s)
        if kept:
            id = self.file.rpartition(".")[0]
            left_at = unix - (now - self.started)
            message = Message(id, self.mailbox, self.contact, self.caller, self.file, left_at, lasted_s)
            orders.append(VoicemailLeft(message))
        return orders, VoicemailEnded(lasted_s)
