"""What is signalled to the caller's side: ``tone`` (call progress, as in the listener's country), ``press`` (keys)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from softswitch.ivr.model import IvrInput, PlayEnded, Prompt, SendKeys
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import Duration, Name, Verb

LONGEST_S = 120.0
_KEYS = frozenset("0123456789*#ABCD")
_MOST_KEYS = 64


class Tone(Verb):
    """Hear a tone for a while."""

    verb: ClassVar[str] = "tone"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "name"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "next")}

    name: Literal["ringback", "busy", "congestion", "special", "waiting", "beep"] = Field(
        description="`special` is that of a number that does not exist; as in the listener's country (setting `tones`)"
    )
    time: Duration = Field(default=5.0, gt=0, le=LONGEST_S, alias="for", description="how long it is heard")
    next: Name | None = None
    failed: Name | None = None

    def enter(self, run: Run) -> Exit | None:
        run.play((Prompt("", tone=self.name, silence_s=self.time),))
        run.wait(Wait.PROMPT, self.time + LONGEST_S)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        ok = isinstance(event, PlayEnded) and event.ok
        return Exit("next") if ok else Exit("failed", why="could not be played")


def _keys(text: str) -> str:
    """What can be pressed. Raises ``ValueError``."""
    if not text or not _KEYS.issuperset(text) or len(text) > _MOST_KEYS:
        raise ValueError(f"{text!r} are no keys; write up to {_MOST_KEYS} of 0-9 * # A-D")
    return text


class Press(Verb):
    """Press keys towards the caller, in the form that its side takes: a door opener, a machine that asks for a code."""

    verb: ClassVar[str] = "press"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "keys"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "next")}

    keys: Annotated[str, AfterValidator(lambda text: text if is_template(text) else _keys(text))] = Field(
        description="up to 64 of 0-9 * # A-D"
    )
    next: Name | None = None
    failed: Name | None = None

    def enter(self, run: Run) -> Exit | None:
        try:
            keys = _keys(run.text(self.keys).strip())
        except ValueError as error:
            raise StepError(str(error)) from error
        run.answer()
        run.emit(SendKeys(keys))
        return Exit("next")
