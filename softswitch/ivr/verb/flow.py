"""What is decided without asking anybody: ``set`` (variables), ``when`` (conditions in order), ``hours``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from softswitch.ivr.run import Exit, Run, StepError
from softswitch.ivr.speech import DEFAULT_LANGUAGE
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import KeyPath, Name, Variable, Verb, Written, language_of, spoken


class Set(Verb):
    """Variables, in the order in which they are written. `language` is the language of all that follows. With
    `secret: true` among them none of the values is shown in any log or trace."""

    verb: ClassVar[str] = "set"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "values"
    wraps: ClassVar[bool] = True
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")

    values: dict[Variable, Any] = Field(min_length=1, description="a value of any shape for each name")
    secret: bool = Field(default=False, description="the values are shown in no log and no trace")
    next: Name | None = None
    failed: Name | None = None

    @classmethod
    def expand(cls, value: Any) -> dict[Any, Any]:
        fields = super().expand(value)
        values = fields.get("values")
        if isinstance(values, dict) and isinstance(values.get("secret"), bool):
            fields["secret"] = values.pop("secret")
        return fields

    @model_validator(mode="after")
    def _text_language(self) -> Set:
        language = self.values.get("language", DEFAULT_LANGUAGE)
        if not isinstance(language, str):
            raise ValueError("language must be text, for example zh or en")
        if not is_template(language):
            spoken(language)
        return self

    def sets(self) -> dict[str, Any]:
        return {name: None if is_template(value) else value for name, value in self.values.items()}

    def enter(self, run: Run) -> Exit | None:
        run.state.private = self.secret
        for name, value in self.values.items():
            computed, secret = run.value(value), self.secret or run.reads_secret(value)
            run.keep(name, language_of(computed) if name == "language" else computed, secret)
        return Exit("next")


class Condition(Written):
    """``{if: customer.vip, then: vip}``."""

    condition: str = Field(alias="if", description="an expression without braces")
    then: Name = Field(description="the step that follows where it holds")


class When(Verb):
    """The first condition that holds decides; ``else`` where none does."""

    verb: ClassVar[str] = "when"
    lone: ClassVar[str] = "conditions"
    wraps: ClassVar[bool] = True
    branches: ClassVar[tuple[str, ...]] = ("else", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "else")}
    must: ClassVar[tuple[str, ...]] = ("else",)

    conditions: tuple[Condition, ...] = Field(min_length=1, description="one, or a list in order")
    otherwise: Name | None = Field(default=None, alias="else", description="none of them holds")
    failed: Name | None = Field(default=None, description="a condition could not be computed")

    @field_validator("conditions", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:
        return [written] if isinstance(written, dict) else written  # a single one

    def links(self) -> Iterator[tuple[KeyPath, str]]:
        yield from super().links()
        for index, condition in enumerate(self.conditions):
            yield (index, "then"), condition.then

    def enter(self, run: Run) -> Exit | None:
        for index, condition in enumerate(self.conditions):
            if run.holds(condition.condition):
                return Exit(f"then.{index}", to=condition.then)
        return Exit("else")


class Hours(Verb):
    """Open or closed, by a calendar, and by what somebody has ordered meanwhile with `softswitch calendar`."""

    verb: ClassVar[str] = "hours"
    lone: ClassVar[str] = "calendar"
    branches: ClassVar[tuple[str, ...]] = ("open", "holiday", "closed", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"holiday": ("holiday", "closed")}
    must: ClassVar[tuple[str, ...]] = ("open", "closed")

    calendar: Name = Field(description="by its name in calendars.yaml")
    open: Name | None = Field(default=None, description="it is open now")
    closed: Name | None = Field(default=None, description="it is closed now")
    holiday: Name | None = Field(
        default=None, description="it is closed because of the day: a public holiday, or one of `closed`; else `closed`"
    )
    failed: Name | None = None

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "calendar", self.calendar, ("calendar",)

    def enter(self, run: Run) -> Exit | None:
        calendar = run.facts.calendars.get(self.calendar)
        if calendar is None:  # taken out of the configuration after the plan was checked
            raise StepError(f"there is no calendar {self.calendar!r}")
        door = calendar.door(run.wall, run.facts.overrides.get(self.calendar, ()))
        run.tell(door.why)
        if not door.open:
            run.state.lost = "closed"
        elif run.state.lost == "closed":
            run.state.lost = ""
        return Exit("open" if door.open else "holiday" if door.holiday else "closed")
