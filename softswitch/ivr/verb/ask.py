"""What a caller is asked: ``menu`` (one key, one branch) and ``collect`` (digits into a variable).

Decided here: a key that is pressed while the question is still being asked stops it. Digits that were pressed before
the question came answer it unheard. After a wrong key what was typed ahead is thrown away: the caller has lost the
thread, and must hear the question.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr.model import IvrInput, PlayEnded, Pressed
from softswitch.ivr.run import Exit, Run, Wait
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Variable
from softswitch.ivr.verb.sound import PROMPT_LIMIT_S, Sounding

LONGEST_S = 600.0  # whoever has not pressed a key by then is not there any more
Key = Annotated[str, Field(pattern=r"^[0-9*#A-D]$")]


class Asking(Sounding):
    """Ask, wait for keys, ask again; after ``tries`` vain ones take ``failed``."""

    must: ClassVar[tuple[str, ...]] = ("next", "failed")
    pauses: ClassVar[bool] = True

    timeout: Duration = Field(
        default=5.0, gt=0, le=LONGEST_S, description="for a key, after the question and after each key"
    )
    tries: int = Field(default=3, ge=1, le=10, description="how often it is asked")
    failed: Name | None = Field(default=None, description="every try was in vain")

    @model_validator(mode="after")
    def _heard(self) -> Any:
        if not self.play and not self.say:
            raise ValueError(f"{self.verb} needs say: or play:, the question that is asked")
        return self

    def unanswered(self) -> str:
        return "failed"

    def enter(self, run: Run) -> Exit | None:
        run.state.tries = 0
        return self._ask(run)

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case PlayEnded():
                run.state.playing = False
                run.wait(Wait.KEYS, self.timeout)
                return None
            case Pressed(digit):
                run.hush()
                return self._take(run, digit)
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def expire(self, run: Run) -> Exit | None:
        return self._again(run, "no key was pressed")

    def _ask(self, run: Run) -> Exit | None:
        """Answer with what was typed ahead; ask where that is not enough."""
        run.state.typed = ""
        while run.state.ahead:
            digit, run.state.ahead = run.state.ahead[0], run.state.ahead[1:]
            run.press(digit)
            if (way := self._take(run, digit)) is not None or run.state.playing:
                return way
        if not run.state.typed:
            self._question(run)
        return None

    def _question(self, run: Run) -> None:
        prompts = self.prompts(run)
        if prompts:
            run.play(prompts)
        run.wait(Wait.KEYS, PROMPT_LIMIT_S if prompts else self.timeout)

    @abstractmethod
    def _take(self, run: Run, digit: str) -> Exit | None:
        """One key."""

    def _again(self, run: Run, why: str) -> Exit | None:
        """A vain try."""
        run.hush()
        run.state.ahead = ""
        run.state.tries += 1
        return self._give_up(run, why) if run.state.tries >= self.tries else self._ask(run)

    def _give_up(self, run: Run, why: str) -> Exit:
        return Exit("failed", why=f"{why} ({self.tries} tries)")


class Menu(Asking):
    """One key chooses the next step. A key that is pressed while the question is heard stops it."""

    verb: ClassVar[str] = "menu"
    branches: ClassVar[tuple[str, ...]] = ("invalid", "failed")
    must: ClassVar[tuple[str, ...]] = ("failed",)

    keys: dict[Key, Name] = Field(min_length=1, description="the step that each key leads to")
    invalid: Name | None = Field(
        default=None, description="a key that is not in the menu, at once; without it the question is asked again"
    )

    def links(self) -> Iterator[tuple[KeyPath, str]]:
        yield from super().links()
        for key, target in self.keys.items():
            yield ("keys", key), target

    def _take(self, run: Run, digit: str) -> Exit | None:
        if digit in self.keys:
            run.keep("digits", digit)
            return Exit(f"keys.{digit}", to=self.keys[digit])
        if self.invalid is not None:
            run.state.ahead = ""
            return Exit("invalid")
        return self._again(run, f"{digit} is not in the menu")


class Collect(Asking):
    """Digits into a variable: until ``end``, until ``max`` of them, or until no more come."""

    verb: ClassVar[str] = "collect"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")

    next: Name | None = None
    save: Variable = Field(description="takes the digits; empty where every try was in vain")
    min: int = Field(default=1, ge=1, le=32, description="fewer digits are a vain try")
    max: int = Field(default=32, ge=1, le=32, description="with so many digits it goes on at once")
    secret: bool = Field(
        default=False, description="a card's number, say: shown in no log and no trace, and not recorded"
    )
    end: Key = Field(default="#", description="the key that says: that was all")

    @model_validator(mode="after")
    def _ordered(self) -> Collect:
        if self.min > self.max:
            raise ValueError(f"min: {self.min} is more than max: {self.max}")
        return self

    def sets(self) -> dict[str, Any]:
        return {self.save: None}

    def enter(self, run: Run) -> Exit | None:
        if self.secret:
            run.conceal()
        run.state.variables.setdefault(self.save, "")  # a question that cannot be asked leaves the step at once
        return super().enter(run)

    def expire(self, run: Run) -> Exit | None:
        return self._judge(run)

    def _take(self, run: Run, digit: str) -> Exit | None:
        if digit == self.end:
            return self._judge(run)
        run.state.typed += digit
        if len(run.state.typed) >= self.max:
            return self._judge(run)
        run.wait(Wait.KEYS, self.timeout)
        return None

    def _judge(self, run: Run) -> Exit | None:
        typed = run.state.typed
        if len(typed) < self.min:
            return self._again(run, f"{len(typed)} digits, {self.min} are needed")
        self._keep(run, typed)
        return Exit("next")

    def _give_up(self, run: Run, why: str) -> Exit:
        self._keep(run, "")
        return super()._give_up(run, why)

    def _keep(self, run: Run, typed: str) -> None:
        run.keep("digits", typed)
        run.keep(self.save, typed)
