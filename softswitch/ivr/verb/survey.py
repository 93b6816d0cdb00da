"""What callers think: ``survey`` asks for scores and keeps each of them as soon as it is given.

Decided here: how a score is typed. A key that can only be a score by itself is one at once; on a scale from 0 to 10 a 1
waits for a moment whether a 0 follows, and ``*`` is the highest score, for those who would rather press one key. ``#``
ends what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr.behind import KeepAnswer
from softswitch.ivr.model import IvrInput, PlayEnded, Pressed, Prompt
from softswitch.ivr.run import Exit, Run, Wait
from softswitch.ivr.verb.base import Duration, KeyPath, Name, Variable, Verb, Written
from softswitch.ivr.verb.item import Item
from softswitch.ivr.verb.sound import PROMPT_LIMIT_S, Say

SECOND_KEY_S = 2.0  # a 10 is pressed in one go
HIGHEST, ENTER = "*", "#"
MOST = 99  # of a scale
_SCALE = re.compile(r"\s*([0-9]{1,2})\s*-\s*([0-9]{1,2})\s*$")


def _scale(written: Any) -> Any:
    match = _SCALE.match(written) if isinstance(written, str) else None
    if match is None or int(match[1]) >= int(match[2]):
        raise ValueError(f"{written!r} is not a scale; write for example 0-10 or 1-5")
    return int(match[1]), int(match[2])


Scale = Annotated[
    tuple[int, int],
    BeforeValidator(_scale),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d{1,2}\s*-\s*\d{1,2}\s*$"}),
]


class Question(Written):
    """One question, and the scale of its scores."""

    id: Variable = Field(description="its name in the results")
    say: tuple[Item, ...] = Field(default=(), description="the question; of `say` and `play` one is needed")
    play: tuple[str, ...] = Field(default=(), description="the question as a recording")
    scale: Scale = Field(default=(1, 5), description="lowest and highest score, as in `0-10`, `1-5`")

    @model_validator(mode="before")
    @classmethod
    def _mapping(cls, written: Any) -> Any:
        if not isinstance(written, dict):
            raise ValueError('a question is {id: ..., say: ..., scale: "1-5"}')
        return written

    @field_validator("say", "play", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:
        return written if isinstance(written, (list, tuple)) else (written,)

    @model_validator(mode="after")
    def _heard(self) -> Question:
        if not self.play and not self.say:
            raise ValueError(f"question {self.id} needs say: or play:")
        return self

    def prompts(self, run: Run) -> tuple[Prompt, ...]:
        return Say.model_construct(play=self.play, say=self.say, gap=0.0).prompts(run)

    def scores(self) -> range:
        return range(self.scale[0], self.scale[1] + 1)


class Survey(Verb):
    """Ask for scores, one question after the other; each answer is kept at once, so that who hangs up in the middle has
    answered what came before.

    A score of two digits is pressed in one go; `*` is the highest. The answers are stored with the queue and the agent
    that the caller had, so a survey may follow `queue` by its `next`. On a scale of `0-10` the results have the net
    promoter score. What the caller answered is also in the variable of the survey's name: `{{ quality.friendly }}`.
    """

    verb: ClassVar[str] = "survey"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "next")}
    pauses: ClassVar[bool] = True

    name: Variable = Field(description="of the survey, in the results; and of the variable with the answers")
    questions: tuple[Question, ...] = Field(min_length=1, max_length=20, description="in this order")
    timeout: Duration = Field(default=5.0, gt=0, le=60, description="for an answer, after the question")
    tries: int = Field(default=2, ge=1, le=5, description="how often a question is asked, in vain or wrongly answered")
    next: Name | None = Field(default=None, description="all questions are answered")
    failed: Name | None = Field(default=None, description="a question was not answered")

    @model_validator(mode="after")
    def _each_once(self) -> Survey:
        ids = [question.id for question in self.questions]
        twice = next((id for id in ids if ids.count(id) > 1), None)
        if twice is not None:
            raise ValueError(f"two questions have the id {twice!r}")
        return self

    def sets(self) -> dict[str, Any]:
        return {self.name: None}

    def parts(self) -> Iterator[tuple[KeyPath, Sequence[str], Sequence[Item]]]:
        for index, question in enumerate(self.questions):
            yield ("questions", index), question.play, question.say

    def unanswered(self) -> str:
        return "failed"

    def enter(self, run: Run) -> Exit | None:
        run.state.ahead = ""
        if run.state.part and run.state.part < len(self.questions):  # another process goes on
            return self._ask(run, run.state.part)
        run.keep(self.name, {})
        return self._ask(run, 0)

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case PlayEnded():
                run.wait(Wait.KEYS, self.timeout)
                return None
            case Pressed(digit):
                run.hush()
                return self._take(run, digit)
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def expire(self, run: Run) -> Exit | None:
        return self._judge(run)

    def _ask(self, run: Run, place: int) -> Exit | None:
        run.state.part, run.state.tries = place, 0
        return self._question(run)

    def _question(self, run: Run) -> Exit | None:
        run.state.typed = ""
        prompts = self.questions[run.state.part].prompts(run)
        if prompts:
            run.play(prompts)
        run.wait(Wait.KEYS, PROMPT_LIMIT_S if prompts else self.timeout)
        return None

    def _take(self, run: Run, digit: str) -> Exit | None:
        question = self.questions[run.state.part]
        if digit == ENTER:
            return self._judge(run)
        if digit == HIGHEST and not run.state.typed:
            return self._answered(run, question, question.scale[1])
        run.state.typed += digit
        if any(str(score).startswith(run.state.typed) and str(score) != run.state.typed for score in question.scores()):
            run.wait(Wait.KEYS, SECOND_KEY_S)
            return None
        return self._judge(run)

    def _judge(self, run: Run) -> Exit | None:
        """What was typed is all that comes."""
        question, typed = self.questions[run.state.part], run.state.typed
        if typed in {str(score) for score in question.scores()}:
            return self._answered(run, question, int(typed))
        run.hush()
        run.state.tries += 1
        if run.state.tries >= self.tries:
            return Exit("failed", why=f"question {question.id} was not answered")
        return self._question(run)

    def _answered(self, run: Run, question: Question, score: int) -> Exit | None:
        low, high = question.scale
        run.emit(KeepAnswer(self.name, question.id, score, low, high))
        run.keep(self.name, {**run.state.variables[self.name], question.id: score})
        following = run.state.part + 1
        return Exit("next") if following == len(self.questions) else self._ask(run, following)
