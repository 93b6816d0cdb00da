"""One voice for many phones: ``page``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from softswitch.core.errors import UsageError
from softswitch.ivr.away import PageUsers
from softswitch.ivr.model import AwayEnded, IvrInput
from softswitch.ivr.run import Exit, Run, Wait
from softswitch.ivr.verb.base import Duration, KeyPath, Name
from softswitch.ivr.verb.sound import Sounding


class Page(Sounding):
    """The phones of these users answer by themselves and hear the caller, until `#` or the end of the call.

    Nobody is heard but the caller; after a beep somebody listens. With `say` or `play` the phones hear that, and the
    caller waits until all have heard it. Phones in a call are left alone, and so are those that do not answer by
    themselves (they are asked by Answer-Mode, Call-Info and Alert-Info; most have a setting that allows it).
    """

    verb: ClassVar[str] = "page"
    serves: ClassVar[bool] = True
    lone: ClassVar[str] = "users"
    branches: ClassVar[tuple[str, ...]] = ("next", "nobody", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"nobody": ("nobody", "failed")}
    must: ClassVar[tuple[str, ...]] = ()
    pauses: ClassVar[bool] = True
    at_once: ClassVar[tuple[str, ...]] = ("nobody", "failed")

    users: tuple[Name, ...] = Field(min_length=1, max_length=200, description="of users.yaml")
    ring: Duration = Field(default=5.0, gt=0, le=60, description="a phone that has not answered by then is let go")
    max: Duration = Field(default=60.0, gt=0, le=3600, description="the longest page")
    next: Name | None = Field(default=None, description="it was heard, and the caller is still there")
    nobody: Name | None = Field(default=None, description="no phone has answered, or none was free")
    failed: Name | None = None

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        for index, user in enumerate(self.users):
            yield "user", user, ("users", index)

    def enter(self, run: Run) -> Exit | None:
        prompts = self.prompts(run)
        run.answer()
        run.state.ahead = ""
        run.emit(PageUsers(self.users, self.max, self.ring, prompts))
        run.wait(Wait.AWAY, None)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case AwayEnded("next"):
                return Exit("next")
            case AwayEnded("nobody"):
                return Exit("nobody", why="no phone has answered", cause="unavailable")
            case AwayEnded(outcome):
                return Exit("failed", why=f"page: {outcome}")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")
