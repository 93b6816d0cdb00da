"""``callback``: a promise to call back, at the caller's number or at another one that the caller keys in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr.keying import Keying, Takes, Turn
from softswitch.ivr.model import IvrInput, MakePromise, PlayEnded, Pressed, Promised
from softswitch.ivr.run import RESTARTED, Exit, Run, StepError, Wait
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Verb, Written

PROMISE_LIMIT_S = 10.0  # a promise is one write to the store
PROMISE_STAGE = "accepted-offer"
KEYED_STAGE = "keyed"
_NOT_THE_NUMBERS = frozenset({"store", "policy", "keyed-often", ""})  # for these no other number would do better


class AskNumber(Written):
    """`true`, or `{tries: 3, timeout: 5s}`: the caller chooses a number, keys it in, hears it and confirms it."""

    tries: int = Field(default=3, ge=1, le=10, description="vain ones, of all that is asked")
    timeout: Duration = Field(default=5.0, gt=0, le=60, description="for a key, after the question and after each key")


class Callback(Verb):
    """Promise to call back. `next` is taken once the promise is kept in the store, and not before.

    With `ask` the caller says which number: 1 for the one that they call from, 2 for another one, which is keyed in
    (`#` at its end, `*` to begin anew), read back and confirmed with 1. Who withholds the number is asked for one at
    once. A number that cannot be called back is refused and asked for again; `failed` is taken after `tries`.
    """

    verb: ClassVar[str] = "callback"
    lone: ClassVar[str] = "queue"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")

    queue: Name = Field(description="whose agent will call, by name in queues.yaml")
    number: str = Field(default="{{ caller.number }}", description="to be called")
    ask: bool | AskNumber = Field(default=False, description="the caller may choose another number")
    next: Name | None = None
    failed: Name | None = None

    @model_validator(mode="after")
    def _one_number(self) -> Callback:
        if self.ask and "number" in self.model_fields_set:
            raise ValueError("ask: is about the number that the caller calls from; leave number: out")
        return self

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "queue", self.queue, ("queue",)

    def promises(self) -> Iterator[tuple[str, KeyPath]]:
        yield self.queue, ("queue",)

    def asks(self) -> Iterator[tuple[str, KeyPath]]:
        if self.ask:
            yield self.queue, ("ask",)

    def unanswered(self) -> str:
        return "failed" if self.ask else ""

    def enter(self, run: Run) -> Exit | None:
        number = run.text(self.number).strip()
        run.state.keying, run.state.ahead = None, ""
        if not self.ask:
            if not number:
                raise StepError("there is no number to call back")
            self._promise(run, number, PROMISE_STAGE)
            return None
        asked = AskNumber() if self.ask is True else self.ask
        own = run.facts.outlook.takes(number, self.queue)
        run.state.keying = keying = Keying(own, run.language, asked.tries, asked.timeout)
        return self._follow(run, keying, keying.begin(run.now))

    def again(self, run: Run) -> Exit | None:
        keying = run.state.keying
        return self.enter(run) if keying is None else self._follow(run, keying, keying.begin(run.now))

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        keying = run.state.keying
        match event:
            case Promised(True):
                return Exit("next")
            case Promised(False, why) if keying is None or why in _NOT_THE_NUMBERS:
                return Exit("failed", why=why or "the promise was refused")
            case Promised(False, why) if keying is not None and why == RESTARTED:
                return self._follow(run, keying, keying.unanswered(run.now))
            case Promised() if keying is not None:
                return self._follow(run, keying, keying.refused(run.now))
            case PlayEnded() if keying is not None:
                return self._follow(run, keying, keying.heard(run.now))
            case Pressed(digit) if keying is not None:
                run.hush()
                return self._follow(run, keying, keying.pressed(digit, self._takes(run), run.now))
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def expire(self, run: Run) -> Exit | None:
        keying = run.state.keying
        if keying is None or run.state.wait is Wait.PROMISE:
            return super().expire(run)
        return self._follow(run, keying, keying.expired(self._takes(run), run.now))

    def _takes(self, run: Run) -> Takes:
        return lambda number: run.facts.outlook.takes(number, self.queue)

    def _follow(self, run: Run, keying: Keying, turn: Turn) -> Exit | None:
        if turn.over:
            return Exit("failed", why=turn.over)
        if turn.number is not None:
            own = run.text(self.number).strip()
            self._promise(run, turn.number or own, KEYED_STAGE if turn.number else PROMISE_STAGE)
            return None
        if turn.prompts:
            run.play(turn.prompts)
        run.wait(Wait.KEYS, None if keying.due is None else keying.due - run.now)
        return None

    def _promise(self, run: Run, number: str, stage: str) -> None:
        run.emit(MakePromise(self.queue, number, stage))
        run.wait(Wait.PROMISE, PROMISE_LIMIT_S)
