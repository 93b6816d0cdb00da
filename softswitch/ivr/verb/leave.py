"""What a caller says and leaves: ``record`` (for the plan), ``voicemail`` (for a person), ``mailbox`` (to hear it)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from softswitch.core.errors import UsageError
from softswitch.ivr.behind import EnterMailbox, RecordCaller, RecordTalk
from softswitch.ivr.model import (
    RECORDING,
    AwayEnded,
    IvrInput,
    PlayEnded,
    Pressed,
    Prompt,
    RecordEnded,
    RecordVoicemail,
    VoicemailEnded,
)
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.ask import Key
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Variable, Verb
from softswitch.ivr.verb.sound import PROMPT_LIMIT_S, Sounding

GRACE_S = 30.0  # the beep, and writing the file
SKIP = "#"  # the rest of a greeting


class _Recording(Sounding):
    """Say what is wanted, then record; a key ends the saying early."""

    pauses: ClassVar[bool] = True

    def enter(self, run: Run) -> Exit | None:
        prompts = self._greeting(run)
        run.answer()
        run.state.ahead = ""
        if not prompts:
            return self._record(run)
        run.play(prompts)
        run.wait(Wait.KEYS, PROMPT_LIMIT_S)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case PlayEnded():
                return self._record(run)
            case Pressed(digit):
                if not self._skips(digit):
                    return None
                run.hush()
                return self._record(run)
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def expire(self, run: Run) -> Exit | None:
        """The end of the greeting was never told; or that of the recording."""
        return self._record(run) if run.state.wait is Wait.KEYS else super().expire(run)

    def _greeting(self, run: Run) -> tuple[Prompt, ...]:
        return self.prompts(run)

    def _skips(self, digit: str) -> bool:
        return digit == SKIP

    @abstractmethod
    def _record(self, run: Run) -> Exit | None:
        """Begin; ``run.wait`` is called."""


class Record(_Recording):
    """Record what the caller says, after a beep: until a key, a silence, or the longest that it may last.

    `save` names the variable by which the recording can be heard, in this call: `play: "{{ complaint }}"`. How many
    seconds it lasts is in the variable `complaint_seconds`, and the file lies with the other recordings.
    Where nothing was said, `failed` is taken (else `next`), and the variable is empty.
    """

    verb: ClassVar[str] = "record"
    lone: ClassVar[str] = "save"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "next")}

    save: Variable = Field(description="the variable that has the recording afterwards")
    max: Duration = Field(default=60.0, gt=0, le=3600, description="how long it may be")
    min: Duration = Field(default=1.0, ge=0, le=60, description="what is shorter is no recording")
    end: Key = Field(default="#", description="the key that ends it")
    silence: Duration = Field(default=5.0, le=60, description="ends it too; 0 for however long")
    beep: bool = Field(default=True, description="a tone before it begins")
    next: Name | None = Field(default=None, description="it is recorded")
    failed: Name | None = Field(default=None, description="nothing was said, or it could not be recorded")

    def sets(self) -> dict[str, Any]:
        return {self.save: None, f"{self.save}_seconds": None}

    def unanswered(self) -> str:
        return "failed" if self.silence else "next"

    def enter(self, run: Run) -> Exit | None:
        self._keep(run, "", 0.0)
        return super().enter(run)

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case RecordEnded(file, seconds):
                self._keep(run, f"{RECORDING}{file}" if file else "", seconds)
                return Exit("next") if file else Exit("failed", why="nothing was recorded")
            case _:
                return super().on(run, event)

    def _skips(self, digit: str) -> bool:
        return digit == self.end

    def _keep(self, run: Run, file: str, seconds: float) -> None:
        run.keep(self.save, file)
        run.keep(f"{self.save}_seconds", round(seconds))

    def _record(self, run: Run) -> Exit | None:
        run.state.playing = False
        run.emit(RecordCaller(self.save, self.max, self.min, self.end, self.silence, self.beep))
        run.wait(Wait.RECORD, self.max + GRACE_S)
        return None


class Recording(Verb):
    """Whether those who talk in this call are recorded from here on, whatever their queue says: for callers who are
    asked. What the caller says to the plan is recorded by `record` and `voicemail` only."""

    verb: ClassVar[str] = "recording"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "talk"

    talk: Literal["start", "stop"] = Field(description="from the next agent on, or the next who is dialled")
    next: Name | None = None

    def enter(self, run: Run) -> Exit | None:
        run.emit(RecordTalk(self.talk == "start"))
        return Exit("next")


class Voicemail(_Recording):
    """Leave a message: the greeting, a beep, and what the caller says until `#` or until they hang up.

    The greeting is the one that the mailbox's owner has recorded (see `mailbox`), else what stands here. `#` skips it.
    """

    verb: ClassVar[str] = "voicemail"
    lone: ClassVar[str] = "mailbox"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    must: ClassVar[tuple[str, ...]] = ()

    mailbox: Name = Field(description="a user or a queue, whose message it is")
    max: Duration = Field(default=120.0, gt=0, le=3600, description="how long a message may be")
    min: Duration = Field(default=1.0, ge=0, le=60, description="what is shorter is no message")
    next: Name | None = Field(default=None, description="the caller pressed `#`, or the time was up")
    failed: Name | None = Field(default=None, description="it could not be recorded")

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "mailbox", self.mailbox, ("mailbox",)

    def unanswered(self) -> str:
        return "next"

    def enter(self, run: Run) -> Exit | None:
        run.seek("voicemail-empty")
        return super().enter(run)

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case VoicemailEnded(lost=True):
                return Exit("failed", why="it could not be recorded")
            case VoicemailEnded():
                return Exit("next")
            case _:
                return super().on(run, event)

    def _greeting(self, run: Run) -> tuple[Prompt, ...]:
        own = run.facts.greetings.get(self.mailbox)
        return (Prompt(run.language, file=f"{RECORDING}{own}"),) if own else self.prompts(run)

    def _record(self, run: Run) -> Exit | None:
        run.state.playing = False
        run.emit(RecordVoicemail(self.mailbox, self.max, self.min))
        run.wait(Wait.RECORD, self.max + GRACE_S)
        return None


class Mailbox(Verb):
    """Hear the messages of a mailbox, keep or delete them, call back, record a greeting: by keys, as they are told.

    Whoever comes here is asked for the PIN of the mailbox, as the settings `voicemail` want it. The feature code
    `voicemail` does the same for the own phone, without a plan.
    """

    verb: ClassVar[str] = "mailbox"
    serves: ClassVar[bool] = True
    lone: ClassVar[str] = "mailbox"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    must: ClassVar[tuple[str, ...]] = ("next", "failed")
    pauses: ClassVar[bool] = True
    at_once: ClassVar[tuple[str, ...]] = ("failed",)

    mailbox: str = Field(description="of a user or a queue; for the own one: `{{ caller.number }}`")
    next: Name | None = Field(default=None, description="the caller is done")
    failed: Name | None = Field(default=None, description="there is no such mailbox, or the PIN was wrong")

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        if not is_template(self.mailbox):
            yield "mailbox", self.mailbox, ("mailbox",)

    def unanswered(self) -> str:
        return "failed"

    def enter(self, run: Run) -> Exit | None:
        mailbox = run.text(self.mailbox).strip()
        if not mailbox:
            raise StepError("no mailbox is named")
        run.answer()
        run.state.ahead = ""
        run.emit(EnterMailbox(mailbox, run.language))
        run.wait(Wait.AWAY, None)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case AwayEnded(outcome):
                return Exit(outcome, why="" if outcome == "next" else "the mailbox was not opened")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")
