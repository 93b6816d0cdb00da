"""A message being left: from the end of the greeting to ``#``, to its longest, or to the caller's hanging up."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.contact.order import RecordLegs, SilenceTo, StopRecording
from softswitch.core.effect import Effect


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Times are monotonic seconds; ``file`` lies below the recordings directory."""

    contact: str
    mailbox: str
    started: float
    until: float

    @property
    def file(self) -> str:
        return f"voicemail-{self.mailbox}-{self.contact}.wav"

    def start(self, leg: str) -> list[Effect]:
        return [SilenceTo(leg), RecordLegs(self._recording, self.file, leg, None)]

    def stop(self) -> list[Effect]:
        return [StopRecording(self._recording)]

    @property
    def _recording(self) -> str:
        return f"vm-{self.contact}"
