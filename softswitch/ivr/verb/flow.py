"""What is decided without asking anybody: ``set`` (variables), ``when`` (conditions in order), ``hours``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field, model_validator

from softswitch.ivr.run import Exit, Run, StepError
from softswitch.ivr.speech import DEFAULT_LANGUAGE
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import KeyPath, Name, Variable, Verb, Written, spoken


class Set(Verb):
    """Variables, in the order in which they are written. ``language`` is the language of all that follows."""

    verb: ClassVar[str] = "set"
    lone: ClassVar[str] = "values"
    wraps: ClassVar[bool] = True
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")

    values: dict[Variable, Any] = Field(min_length=1)
    next: Name | None = None
    failed: Name | None = None

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
        for name, value in self.values.items():
            run.keep(name, run.value(value))
        return Exit("next")


class Condition(Written):
    """``{if: customer.vip, then: vip}``."""

    condition: str = Field(alias="if")
    then: Name


class When(Verb):
    """The first condition that holds decides; ``else`` where none does."""

    verb: ClassVar[str] = "when"
    lone: ClassVar[str] = "conditions"
    wraps: ClassVar[bool] = True
    branches: ClassVar[tuple[str, ...]] = ("else", "failed")
    chains: ClassVar[dict[str, tuple[str, ...]]] = {"failed": ("failed", "else")}
    must: ClassVar[tuple[str, ...]] = ("else",)

    conditions: tuple[Condition, ...] = Field(min_length=1)
    otherwise: Name | None = Field(default=None, alias="else")
    failed: Name | None = None  # a condition that cannot be computed; without it ``else``

    @classmethod
    def expand(cls, value: Any) -> dict[Any, Any]:
        fields = super().expand(value)
        conditions = fields.get("conditions")
        if isinstance(conditions, dict):  # a single one
            fields["conditions"] = [conditions]
        return fields

    def links(self) -> Iterator[tuple[KeyPath, str]]:
        yield from super().links()
        for index, condition in enumerate(self.conditions):
            yield (index, "then"), condition.then

    def enter(self, run: Run) -> Exit | None:
        for condition in self.conditions:
            if run.holds(condition.condition):
                return Exit("then", to=condition.then)
        return Exit("else")


class Hours(Verb):
    """Open or closed, by a calendar."""

    verb: ClassVar[str] = "hours"
    lone: ClassVar[str] = "calendar"
    branches: ClassVar[tuple[str, ...]] = ("open", "closed", "failed")
    must: ClassVar[tuple[str, ...]] = ("open", "closed")

    calendar: Name
    open: Name | None = None
    closed: Name | None = None
    failed: Name | None = None

    def names(self) -> Iterator[tuple[str, str, KeyPath]]:
        yield "calendar", self.calendar, ("calendar",)

    def enter(self, run: Run) -> Exit | None:
        calendar = run.facts.calendars.get(self.calendar)
        if calendar is None:  # taken out of the configuration after the plan was checked
            raise StepError(f"there is no calendar {self.calendar!r}")
        return Exit("open" if calendar.is_open(run.wall) else "closed")
