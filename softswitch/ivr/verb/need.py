"""How it is written what an agent must know: a skill with levels, or several joined by ``any``, ``all``, ``not``.

Dialplans and ``queues.yaml`` write it alike. What it means is the affair of whoever reads the plain form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field, model_validator

from softswitch.ivr.verb.base import KeyPath, Name, Written

PlainNeed = tuple[Any, ...]  # ("skill", name, lowest level, highest), ("any", ...), ("all", ...), ("not", one)

_KINDS = ("skill", "any", "all", "not")
_DEEPEST = 20  # of expressions within one another; nobody reads more


class SkillNeed(Written):
    """`{skill: orders, level: 3}`, or just the skill; `{any: [...]}`, `{all: [...]}` or `{not: ...}` of such."""

    also: ClassVar[tuple[dict[str, Any], ...]] = ({"type": ["string", "number"], "title": "name"},)

    skill: Name | None = Field(default=None, description="what the agent must know")
    level: int = Field(default=1, ge=1, le=10, description="how well, at least")
    at_most: int = Field(default=10, ge=1, le=10, description="how well, at most")
    any: tuple[SkillNeed, ...] | None = Field(default=None, description="one of these")
    all: tuple[SkillNeed, ...] | None = Field(default=None, description="each of these")
    not_: SkillNeed | None = Field(default=None, alias="not", description="not this")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        return written if isinstance(written, dict) else {"skill": written}

    @model_validator(mode="after")
    def _one(self) -> SkillNeed:
        said = {"not" if name == "not_" else name for name in self.model_fields_set}
        kinds = said & {*_KINDS}
        if len(kinds) != 1 or all(of is None for of in (self.skill, self.any, self.all, self.not_)):  # an empty line
            raise ValueError("a need is exactly one of skill, any, all and not")
        if kinds != {"skill"} and said & {"level", "at_most"}:
            raise ValueError("level and at_most go with a skill")
        if () in (self.any, self.all):
            raise ValueError("any and all speak of one need at least")
        if self.at_most < self.level:
            raise ValueError(f"at_most ({self.at_most}) is below level ({self.level}): nobody can have both")
        if self._depth() > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} expressions within one another")
        return self

    def _depth(self) -> int:
        return 1 + max((below._depth() for _, below in self._below()), default=0)

    def plain(self) -> PlainNeed:
        if self.skill is not None:
            return ("skill", self.skill, self.level, self.at_most)
        kind = next(name for name in _KINDS if getattr(self, "not_" if name == "not" else name) is not None)
        return (kind, *(below.plain() for _, below in self._below()))

    def of_skills(self) -> Iterator[tuple[SkillNeed, KeyPath]]:
        """Those of it that are about one skill, and where each stands."""
        if self.skill is not None:
            yield self, ()
        for path, below in self._below():
            yield from ((one, (*path, *rest)) for one, rest in below.of_skills())

    def _below(self) -> Iterator[tuple[KeyPath, SkillNeed]]:
        for kind, of in (("any", self.any), ("all", self.all)):
            yield from (((kind, index), one) for index, one in enumerate(of or ()))
        if self.not_ is not None:
            yield ("not",), self.not_
