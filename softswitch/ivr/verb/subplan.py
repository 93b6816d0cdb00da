"""Plans within plans: ``flow`` calls one, ``return`` leaves it. How the two meet, the interpreter knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field, model_validator

from softswitch.ivr.run import Back, Call, Exit, Run
from softswitch.ivr.verb.base import KeyPath, Name, Variable, Verb


class Flow(Verb):
    """Go through a flow, which is a plan of its own with arguments, and come back. The flow says with `return` how it
    ended: a step of `outcomes` follows, else `next`. A flow in which a step fails without a way out takes `failed`."""

    verb: ClassVar[str] = "flow"
    lone: ClassVar[str] = "name"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    must: ClassVar[tuple[str, ...]] = ("failed",)

    name: Name = Field(description="as in the line `flow:` of its file")
    given: dict[Variable, Any] = Field(default_factory=dict, alias="with", description="a value for each argument")
    save: Variable | None = Field(default=None, description="takes the `value` that the flow returns, else nothing")
    outcomes: dict[str, Name] = Field(default_factory=dict, description="a step for each outcome, by its name")
    next: Name | None = Field(default=None, description="the outcome is none of `outcomes`")
    failed: Name | None = None

    @model_validator(mode="after")
    def _some_way(self) -> Flow:
        if self.next is None and not self.outcomes:
            raise ValueError("flow needs next:, or outcomes: with a step for each outcome")
        if "failed" in self.outcomes:
            raise ValueError("outcomes: the step for failed is written as failed:")
        return self

    def links(self) -> Iterator[tuple[KeyPath, str]]:
        yield from super().links()
        for outcome, target in self.outcomes.items():
            yield ("outcomes", outcome), target

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "flow", self.name, ("name",)

    def sets(self) -> dict[str, Any]:
        return {self.save: None} if self.save else {}

    def enter(self, run: Run) -> Call:
        arguments = {name: run.value(value) for name, value in self.given.items()}
        secret = tuple(name for name, value in self.given.items() if run.reads_secret(value))
        return Call(self.name, arguments, secret)

    def returned(self, run: Run, back: Back) -> Exit:
        """The flow is over."""
        if self.save:
            run.keep(self.save, back.value, back.secret)
        if back.outcome in self.outcomes:
            return Exit(f"outcomes.{back.outcome}", to=self.outcomes[back.outcome])
        return Exit("failed", why=back.why or "the flow says so") if back.outcome == "failed" else Exit("next")


class Return(Verb):
    """Leave the flow; the plan goes on behind the step that called it."""

    verb: ClassVar[str] = "return"
    lone: ClassVar[str] = "outcome"
    branches: ClassVar[tuple[str, ...]] = ()
    must: ClassVar[tuple[str, ...]] = ()

    outcome: Name = Field(
        default="next", min_length=1, description="which step follows there: `next`, `failed`, or one of its `outcomes`"
    )
    value: Any = Field(default=None, description="what the caller of the flow saves")

    def enter(self, run: Run) -> Back:
        return Back(self.outcome, run.value(self.value), run.reads_secret(self.value))
