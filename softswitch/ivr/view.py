"""What the checks of one plan look at, and how they tell what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from softswitch.core.yaml_nodes import Path
from softswitch.ivr.graph import Edges
from softswitch.ivr.parse import Draft
from softswitch.ivr.plan import Plan
from softswitch.ivr.scope import Scope
from softswitch.ivr.world import World


@dataclass(slots=True)
class View:
    draft: Draft
    world: World
    following: Edges
    scope: Scope = field(default_factory=Scope)  # once the templates are checked

    @property
    def plan(self) -> Plan:
        return self.draft.plan

    @property
    def leading(self) -> Mapping[str, frozenset[str]]:
        """Campaigns that lead here, and what their lists say."""
        return (self.world.columns or {}).get(self.plan.name, {})

    def problem(self, step: str, below: Path, message: str, level: str = "error") -> None:
        """At a key of the step."""
        self.draft.sheet.problem(self.draft.at(step, below), message, level)

    def of_step(self, step: str, message: str, level: str = "error") -> None:
        """At the name of the step itself."""
        self.draft.sheet.problem(self.draft.at(step)[:2], message, level)

    def of_head(self, path: Path, message: str, level: str = "error") -> None:
        """At a key above the steps."""
        self.draft.sheet.problem(path, message, level)
