"""A message being left: from the beep to ``#``, to its longest, or to the caller's hanging up."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.contact.mailbox import Message, VoicemailLeft
from softswitch.contact.order import RecordLegs, SilenceTo, StopRecording
from softswitch.core.effect import Effect
from softswitch.ivr.model import Prompt

BEEP = Prompt("tone", file="beep.wav")
BEEP_LIMIT_S = 5.0  # a beep of which nothing is heard again must not hold the caller for ever
SHORTEST_S = 1.0  # a caller who hangs up at the beep has left no message


@dataclass(slots=True)
class Voicemail:
    """``started`` and ``until`` are monotonic seconds; ``file`` lies below the recordings directory."""

    mailbox: str
    contact: str
    caller: str
    file: str
    max_s: float
    started: float  # of the message; of the beep, as long as that lasts
    until: float
    speaking: bool = False  # the beep is over

    @classmethod
    def begin(cls, mailbox: str, contact: str, caller: str, file: str, max_s: float, now: float) -> Voicemail:
        """The beep begins."""
        return cls(mailbox, contact, caller, file, max_s, now, now + BEEP_LIMIT_S + max_s)

    @property
    def recording(self) -> str:
        return f"vm-{self.contact}"

    def start(self, leg: str, now: float) -> list[Effect]:
        """The beep is over."""
        self.started, self.until, self.speaking = now, now + self.max_s, True
        return [SilenceTo(leg), RecordLegs(self.recording, self.file, leg, None)]

    def stop(self, now: float, unix: float) -> list[Effect]:
        """The message is over; ``unix`` is the time of it in Unix seconds."""
        lasted_s = now - self.started
        if not self.speaking or lasted_s < SHORTEST_S:
            return [StopRecording(self.recording)]
        id = self.file.rpartition(".")[0]
        message = Message(id, self.mailbox, self.contact, self.caller, self.file, unix - lasted_s, lasted_s)
        return [StopRecording(self.recording), VoicemailLeft(message)]
