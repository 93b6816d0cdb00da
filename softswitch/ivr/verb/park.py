"""A call that waits for anybody's phone: ``park``, and ``retrieve``, which takes it from there."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from softswitch.core.errors import UsageError
from softswitch.ivr.away import ParkCaller, RetrieveCall
from softswitch.ivr.model import AwayEnded, DialEnded, DialOut, IvrInput
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import Duration, Name, Verb

MOST_SLOTS = 1000
_SLOT = re.compile(r"[0-9*#]{1,16}", re.ASCII)
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})", re.ASCII)


def slots(text: str) -> tuple[str, ...]:
    """``71``, or each of ``71-79``. Raises ``ValueError``."""
    if _SLOT.fullmatch(text):
        return (text,)
    found = _RANGE.fullmatch(text)
    first, last = (int(end) for end in found.groups()) if found else (1, 0)
    if not found or not 0 <= last - first < MOST_SLOTS:
        raise ValueError(f"{text[:32]!r} is no slot; write a number such as 71, or a range such as 71-79")
    return tuple(f"{number:0{len(found[1])}}" for number in range(first, last + 1))


def _written(text: str) -> str:
    if not is_template(text):
        slots(text.strip())
    return text


Slot = Annotated[str, AfterValidator(_written)]


class Park(Verb):
    """The caller waits, with music, until somebody takes the call from its slot.

    A phone transfers a call to a number whose plan parks it; another takes it with `retrieve`. Whoever calls such a
    number himself hears the slot; a user who transfers a call there is written a text with it. A lamp of a phone can
    watch a slot.
    """

    verb: ClassVar[str] = "park"
    lone: ClassVar[str] = "slot"
    branches: ClassVar[tuple[str, ...]] = ("next", "timeout", "full", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"timeout": ("timeout", "failed"), "full": ("full", "failed")}
    must: ClassVar[tuple[str, ...]] = ("timeout",)
    pauses: ClassVar[bool] = True
    at_once: ClassVar[tuple[str, ...]] = ("full", "failed")

    slot: Slot = Field(description='a number, a range of which the first free one is taken, or `"{{ called }}"`')
    most: Duration = Field(default=120.0, gt=0, le=86400, alias="for", description="how long the call stays there")
    back: Duration = Field(default=0.0, le=600, description="then rings who transferred it there for so long")
    tell: bool = Field(default=True, description="who parks a call is told its slot")
    next: Name | None = Field(default=None, description="whoever took the call is gone, and the caller still there")
    timeout: Name | None = Field(default=None, description="nobody took it in time")
    full: Name | None = Field(default=None, description="no slot is free")
    failed: Name | None = Field(default=None, description="what is not written of the above, and any other failure")

    def may_be(self, slot: str, numbers: Collection[str]) -> bool:
        """Whether calls may be parked there by this step of a plan that is called by ``numbers``."""
        return slot in (numbers if is_template(self.slot) else slots(self.slot.strip()))

    def enter(self, run: Run) -> Exit | None:
        try:
            free = slots(run.text(self.slot).strip())
        except ValueError as error:
            raise StepError(str(error)) from error
        run.answer()
        run.state.ahead = ""
        run.emit(ParkCaller(free, self.most, run.language, self.tell))
        run.wait(Wait.AWAY, None)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        late = Exit("timeout", why="nobody took the call", cause="unavailable")
        match event:
            case AwayEnded("timeout", by=by) if by and self.back:
                run.emit(DialOut(users=(by,), ring_s=self.back))
                run.wait(Wait.DIAL, None)
                return None
            case AwayEnded("next") | DialEnded("answered"):
                return Exit("next")
            case AwayEnded("timeout") | DialEnded():
                return late
            case AwayEnded("full"):
                return Exit("full", why="no slot is free", cause="busy")
            case AwayEnded(outcome):
                return Exit("failed", why=f"parked: {outcome}")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")


class Retrieve(Verb):
    """Take the call that is parked in this slot. It goes on in the plan of who was parked, and this one is over.

    For phones of our own: whoever calls from outside takes `failed`.
    """

    verb: ClassVar[str] = "retrieve"
    serves: ClassVar[bool] = True
    lone: ClassVar[str] = "slot"
    branches: ClassVar[tuple[str, ...]] = ("empty", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"empty": ("empty", "failed")}
    must: ClassVar[tuple[str, ...]] = ("empty",)
    pauses: ClassVar[bool] = True
    at_once: ClassVar[tuple[str, ...]] = ("empty", "failed")

    slot: Slot = Field(description='such as 71, `"{{ digits }}"`, or `"{{ called[2:] }}"`')
    empty: Name | None = Field(default=None, description="nobody is parked there")
    failed: Name | None = Field(default=None, description="the same, without `empty`, and any other failure")

    def enter(self, run: Run) -> Exit | None:
        slot = run.text(self.slot).strip()
        if not _SLOT.fullmatch(slot):
            raise StepError(f"{slot[:32]!r} is no slot")
        run.answer()
        run.state.ahead = ""
        run.emit(RetrieveCall(slot))
        run.wait(Wait.AWAY, None)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case AwayEnded("empty"):
                return Exit("empty", why="nobody is parked there", cause="unavailable")
            case AwayEnded("forbidden"):
                return Exit("failed", why="a caller from outside cannot take a call", cause="declined")
            case AwayEnded(outcome):
                return Exit("failed", why=f"retrieve: {outcome}")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")
