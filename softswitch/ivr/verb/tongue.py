"""In which language the caller is spoken to from here on: ``language``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from softswitch.ivr.run import Exit, Run
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.base import Name, Verb, language_of, spoken


class Language(Verb):
    """The language of all that follows: recordings, texts, numbers and what the switch itself says. Written out, or
    computed: `language: "{{ customer.language }}"`."""

    verb: ClassVar[str] = "language"
    words: ClassVar[bool] = True
    lone: ClassVar[str] = "to"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")

    to: str = Field(description="`zh`, `en`, `yue`, or one of a region such as `zh-HK`")
    next: Name | None = None
    failed: Name | None = Field(default=None, description="it was computed, and is not spoken here")

    @field_validator("to")
    @classmethod
    def _spoken(cls, to: str) -> str:
        return to if is_template(to) else spoken(to)

    def sets(self) -> dict[str, Any]:
        return {"language": None if is_template(self.to) else self.to}

    def enter(self, run: Run) -> Exit | None:
        run.keep("language", language_of(run.text(self.to)))
        return Exit("next")
