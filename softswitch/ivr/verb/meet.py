"""Where callers meet: ``conference``.

Decided here: whether somebody may come in, and as what. A PIN is compared and forgotten: it becomes no variable, and no
word of a fact.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from softswitch.core.errors import UsageError
from softswitch.core.units import seconds
from softswitch.ivr.away import EnterConference
from softswitch.ivr.model import AwayEnded, IvrInput, Prompt
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.speech import sentence
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.ask import Asking, Key
from softswitch.ivr.verb.base import Name

LONGEST_PIN = 16
_PIN = re.compile(rf"[0-9]{{3,{LONGEST_PIN}}}", re.ASCII)
_ROOM = re.compile(r"[\w.-]{1,64}")
_END = "#"
_PATIENCE_S = 1800.0  # of who waits for a moderator, where the plan does not say


def _pin(text: str) -> str:
    if not is_template(text) and not _PIN.fullmatch(text):
        raise ValueError("a PIN is 3 to 16 digits in quotes")
    return text


def _room(text: str) -> str:
    if not is_template(text) and not _ROOM.fullmatch(text):
        raise ValueError(f"{text!r} is no name for a room; use up to 64 letters, digits, '-', '_' and '.'")
    return text


def _patience(written: Any) -> float:
    if isinstance(written, bool):
        return _PATIENCE_S if written else 0.0
    return seconds(written)


Pin = Annotated[str, AfterValidator(_pin)]
Patience = Annotated[
    float,
    BeforeValidator(_patience),
    WithJsonSchema({"type": ["string", "boolean", "number"], "title": "duration or `true`"}),
]

_EXITS = {
    "next": Exit("next"),
    "over": Exit("over"),
    "dropped": Exit("dropped"),
    "full": Exit("full", why="the room is full", cause="busy"),
    "locked": Exit("locked", why="the room is locked", cause="declined"),
    "no_moderator": Exit("no_moderator", why="no moderator came", cause="unavailable"),
}


class Conference(Asking):
    """Talk with all who are in the same room. Without `next` the call ends when the caller leaves.

    A member presses `*6` to be heard no more or again, and `*2` to hear how many are there. A moderator presses `*5` so
    that nobody but moderators is heard, or all again, `*7` to lock or open the room, and `*8` to send away who came
    last. Where there is a `pin` or a `moderator_pin`, the caller is asked for it; with a `moderator_pin` alone, `#`
    lets anybody in as a member.
    """

    verb: ClassVar[str] = "conference"
    serves: ClassVar[bool] = True
    lone: ClassVar[str] = "room"
    branches: ClassVar[tuple[str, ...]] = (
        "next", "over", "dropped", "wrong_pin", "full", "locked", "no_moderator", "failed",
    )  # fmt: skip
    chains: ClassVar[dict[str, tuple[str, ...]]] = {
        "over": ("over", "next"),
        "dropped": ("dropped", "next"),
        "wrong_pin": ("wrong_pin", "failed"),
        "full": ("full", "failed"),
        "locked": ("locked", "failed"),
        "no_moderator": ("no_moderator", "failed"),
    }
    must: ClassVar[tuple[str, ...]] = ()
    at_once: ClassVar[tuple[str, ...]] = ("full", "locked", "failed")

    room: Annotated[str, AfterValidator(_room)] = Field(description="its name; who names the same one meets there")
    pin: Pin | None = Field(default=None, description="what a member has to key in, in quotes")
    moderator_pin: Pin | None = Field(default=None, description="what makes a moderator, in quotes")
    moderator: bool | str = Field(default=False, description="comes in as a moderator, whatever was keyed in")
    max: int = Field(default=50, ge=2, le=1000, description="how many may be in the room when this caller comes")
    wait_for_moderator: Patience = Field(
        default=0.0, description="hears music until a moderator is there, at most so long; `true` is 30 minutes"
    )
    ends_with_moderator: bool = Field(default=False, description="leaves when the last moderator does")
    tones: bool = Field(default=True, description="hears a tone when somebody comes, and two when somebody goes")
    muted: bool = Field(default=False, description="comes in unheard")
    leave: Key | None = Field(default=None, description="the key that leaves")
    next: Name | None = Field(default=None, description="the caller has left")
    over: Name | None = Field(default=None, description="the last moderator has left; without it `next`")
    dropped: Name | None = Field(default=None, description="a moderator has sent the caller away; without it `next`")
    wrong_pin: Name | None = Field(default=None, description="every try was wrong")
    full: Name | None = Field(default=None, description="as many as may be are there")
    locked: Name | None = Field(default=None, description="a moderator lets nobody in")
    no_moderator: Name | None = Field(default=None, description="none came in time")
    failed: Name | None = Field(default=None, description="what is not written of the above, and any other failure")

    @model_validator(mode="after")
    def _heard(self) -> Any:
        if self.pin is not None and self.pin == self.moderator_pin:
            raise ValueError("pin and moderator_pin must differ")
        if self.leave == "*":
            raise ValueError("leave: * begins what members press; take another key")
        return self

    def unanswered(self) -> str:
        return "" if self.pin is None and self.moderator_pin is None else "wrong_pin"

    def enter(self, run: Run) -> Exit | None:
        run.answer()
        self._named(run)
        if self.pin is None and self.moderator_pin is None:
            return self._come_in(run, moderator=False)
        run.conceal()
        return super().enter(run)

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case AwayEnded(outcome):
                return _EXITS.get(outcome) or Exit("failed", why=f"the conference said: {outcome}")
            case _:
                return super().on(run, event)

    # ---- the PIN -----------------------------------------------------------------------------------------------

    def prompts(self, run: Run) -> tuple[Prompt, ...]:
        question = super().prompts(run) or (self._phrase(run, "conference_pin"),)
        return (self._phrase(run, "conference_wrong_pin"), *question) if run.state.tries else question

    def _phrase(self, run: Run, key: str) -> Prompt:
        return sentence(key, run.language)

    def expire(self, run: Run) -> Exit | None:
        if run.state.wait is Wait.AWAY:
            raise UsageError("a conference ends by itself")
        return self._judge(run) if run.state.typed else super().expire(run)

    def _take(self, run: Run, digit: str) -> Exit | None:
        if digit == _END:
            return self._judge(run)
        run.state.typed = (run.state.typed + digit)[: LONGEST_PIN + 1]
        run.wait(Wait.KEYS, self.timeout)
        return None

    def _judge(self, run: Run) -> Exit | None:
        typed, run.state.typed = run.state.typed, ""
        pins = self._pins(run)
        if typed in pins:
            return self._come_in(run, pins[typed])
        if not typed and self.pin is None:
            return self._come_in(run, moderator=False)
        return self._again(run, "wrong PIN")

    def _pins(self, run: Run) -> dict[str, bool]:
        """What may be keyed in, and whether it makes a moderator. Raises ``StepError``."""
        pins = {}
        for written, moderator in ((self.pin, False), (self.moderator_pin, True)):
            if written is not None:
                pin = run.text(written).strip()
                if not _PIN.fullmatch(pin):
                    raise StepError("the PIN of the conference is not 3 to 16 digits")
                pins[pin] = moderator
        return pins

    def _give_up(self, run: Run, why: str) -> Exit:
        run.reveal()  # nothing of what was keyed in is in the reason
        return Exit("wrong_pin", why=f"{why} ({self.tries} tries)", cause="declined")

    # ---- the room ----------------------------------------------------------------------------------------------

    def _named(self, run: Run) -> str:
        room = run.text(self.room).strip()
        if not _ROOM.fullmatch(room):
            raise StepError(f"{room[:64]!r} is no name for a room")
        return room

    def _come_in(self, run: Run, moderator: bool) -> Exit | None:
        run.reveal()
        moderator = moderator or bool(run.value(self.moderator))
        run.state.ahead = ""
        run.hush()
        run.emit(
            EnterConference(
                self._named(run), run.language, moderator, self.max, self.wait_for_moderator,
                self.ends_with_moderator and not moderator, self.tones, self.muted, self.leave or "",
            )
        )  # fmt: skip
        run.wait(Wait.AWAY, None)
        return None
