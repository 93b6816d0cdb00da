"""Who else is told: ``message`` (a text to somebody's phone), ``emit`` (an event for a web service)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from softswitch.core.errors import UsageError
from softswitch.ivr.behind import EmitEvent, WriteText
from softswitch.ivr.model import AwayEnded, IvrInput
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Verb

MOST_TEXT = 1300  # octets: a MESSAGE must fit into one packet (RFC 3428 section 8)


class Message(Verb):
    """Write to the phones of a user (SIP MESSAGE), or to the caller's own where that is one of ours."""

    verb: ClassVar[str] = "message"
    words: ClassVar[bool] = True
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "next")}

    to: str = Field(default="{{ caller.number }}", description="a user; without it the caller")
    text: str = Field(min_length=1, description="what is written")
    timeout: Duration = Field(default=5.0, gt=0, le=32, description="for a phone to take it; the caller waits so long")
    next: Name | None = Field(default=None, description="a phone has it")
    failed: Name | None = Field(default=None, description="no phone has taken it in time")

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        if not is_template(self.to):
            yield "user", self.to, ("to",)

    def enter(self, run: Run) -> Exit | None:
        to, text = run.text(self.to).strip(), run.text(self.text)
        if run.state.private:  # who traces the messages of calls would read it
            raise StepError("what is marked as secret is written to nobody")
        if not to or not text.strip():
            raise StepError("a message needs somebody to write to, and something to say")
        if len(text.encode(errors="replace")) > MOST_TEXT:
            raise StepError(f"a text may have {MOST_TEXT} octets, and this one has more")
        run.emit(WriteText(to, text, self.timeout))
        run.wait(Wait.AWAY, None)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case AwayEnded(outcome, status):
                return Exit(outcome, why="" if outcome == "next" else f"no phone has taken the text (status {status})")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")


class Emit(Verb):
    """Tell a web service that something has happened. The caller does not wait: it is written down, sent in a moment,
    and again until it was taken."""

    verb: ClassVar[str] = "emit"
    words: ClassVar[bool] = True
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "next")}

    hook: Name = Field(description="who is told, by name in the setting `webhooks`")
    event: str = Field(pattern=r"^[\w.-]{1,64}$", description="what has happened, such as `call.rated`")
    data: Any = Field(default=None, description="what is told of it; texts in it may hold expressions")
    next: Name | None = None
    failed: Name | None = Field(default=None, description="a value could not be computed")

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "webhook", self.hook, ("hook",)

    def enter(self, run: Run) -> Exit | None:
        run.emit(EmitEvent(self.hook, self.event, run.value(self.data)))
        return Exit("next")
