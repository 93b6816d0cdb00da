"""A message being left: from the beep to ``#``, to its longest, or to the caller's hanging up."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.contact.order import RecordLegs, SilenceTo, StopRecording
from softswitch.core.effect import Effect
from softswitch.ivr.model import Prompt

BEEP = Prompt("tone", file="beep.wav")
BEEP_LIMIT_S = 5.0  # a beep of which nothing is heard again must not hold the caller for ever


@dataclass(slots=True)
class Voicemail:
    """``started`` and ``until`` are monotonic seconds; ``file`` lies below the recordings directory."""

    recording: str
    file: str
    max_s: float
    started: float  # of the message; of the beep, as long as that lasts
    until: float

    @classmethod
    def begin(cls, recording: str, file: str, max_s: float, now: float) -> Voicemail:
        """The beep begins."""
        return cls(recording, file, max_s, now, now + BEEP_LIMIT_S + max_s)

    def start(self, leg: str, now: float) -> list[Effect]:
        """The beep is over."""
        self.started, self.until = now, now + self.max_s
        return [SilenceTo(leg), RecordLegs(self.recording, self.file, leg, None)]

    def stop(self) -> list[Effect]:
        return [StopRecording(self.recording)]
