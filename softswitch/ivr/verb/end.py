"""How a call ends: ``voicemail`` (leave a message) and ``hangup``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from softswitch.core.errors import UsageError
from softswitch.ivr.model import IvrInput, PlayEnded, RecordVoicemail, VoicemailEnded
from softswitch.ivr.run import Exit, Run, Wait
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Verb
from softswitch.ivr.verb.sound import PROMPT_LIMIT_S, Sounding

GRACE_S = 30.0  # the beep, and writing the file


class Voicemail(Sounding):
    """Play the greeting, then record."""

    verb: ClassVar[str] = "voicemail"
    lone: ClassVar[str] = "mailbox"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    must: ClassVar[tuple[str, ...]] = ()
    pauses: ClassVar[bool] = True

    mailbox: Name
    max: Duration = Field(default=120.0, gt=0, le=3600)  # s
    next: Name | None = None
    failed: Name | None = None

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "mailbox", self.mailbox, ("mailbox",)

    def enter(self, run: Run) -> Exit | None:
        prompts = self.prompts(run)
        run.answer()
        run.state.ahead = ""
        if not prompts:
            return self._record(run)
        run.play(prompts)
        run.wait(Wait.PROMPT, PROMPT_LIMIT_S)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case PlayEnded():
                return self._record(run)
            case VoicemailEnded():
                return Exit("next")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def _record(self, run: Run) -> Exit | None:
        run.state.playing = False
        run.emit(RecordVoicemail(self.mailbox, self.max))
        run.wait(Wait.RECORD, self.max + GRACE_S)
        return None


class Hangup(Verb):
    """End the call; before it was answered, refuse it for this cause."""

    verb: ClassVar[str] = "hangup"
    lone: ClassVar[str] = "cause"
    branches: ClassVar[tuple[str, ...]] = ()
    must: ClassVar[tuple[str, ...]] = ()

    cause: Literal["normal", "busy", "declined", "unavailable", "error"] = "normal"

    def enter(self, run: Run) -> Exit | None:
        return Exit("end", cause=self.cause)
