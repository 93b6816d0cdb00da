"""Time that goes by: ``wait``."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from softswitch.ivr.model import PlayMusic
from softswitch.ivr.run import Exit, Run, Wait
from softswitch.ivr.verb.base import Duration, Name, Verb

LONGEST_S = 600.0


class Pause(Verb):
    """Let time go by. Keys that are pressed meanwhile are kept for the next question. A caller whose call was not
    answered yet goes on hearing it ring, unless there is music."""

    verb: ClassVar[str] = "wait"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "for"

    time: Duration = Field(gt=0, le=LONGEST_S, alias="for", description="how long")
    hears: Literal["silence", "music"] = Field(default="silence", description="what is heard meanwhile")
    next: Name | None = None

    def enter(self, run: Run) -> Exit | None:
        run.wait(Wait.PAUSE, self.time)
        return self.resume(run)

    def resume(self, run: Run) -> Exit | None:
        if self.hears == "music":
            run.answer()
            run.state.playing = True
            run.emit(PlayMusic())
        return None

    def expire(self, run: Run) -> Exit | None:
        return Exit("next")
