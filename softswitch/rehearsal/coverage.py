"""Which steps and branches of the dialplans no transcript has taken.

A branch is a pair of steps that follow each other; two keys that lead to the same step are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from softswitch.ivr.plan import Plan, with_flows
from softswitch.rehearsal.outcome import Outcome

Branch = tuple[str, str]  # from, to


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one plan; what is missing in the order of the file."""

    plan: str
    steps: int
    branches: int
    missing_steps: tuple[str, ...]
    missing_branches: tuple[Branch, ...]  # of steps that were taken: the others have none

    @property
    def percent(self) -> float:
        """Of the steps."""
        return 100.0 * (self.steps - len(self.missing_steps)) / self.steps if self.steps else 100.0

    @property
    def branch_percent(self) -> float:
        return 100.0 * (self.branches - len(self.missing_branches)) / self.branches if self.branches else 100.0

    def as_json(self) -> dict[str, object]:
        return {
            "plan": self.plan, "steps": self.steps, "branches": self.branches, "percent": round(self.percent, 1),
            "branch_percent": round(self.branch_percent, 1), "missing_steps": list(self.missing_steps),
            "missing_branches": [list(branch) for branch in self.missing_branches],
        }  # fmt: skip


def measure(plans: Mapping[str, Plan], outcomes: Iterable[Outcome]) -> list[Coverage]:
    steps: set[tuple[str, str]] = set()
    ways: set[tuple[str, str, str]] = set()
    for outcome in outcomes:
        steps |= set(outcome.steps)
        ways |= set(outcome.ways)
    return [_measured(plan, steps, ways) for plan in with_flows(plans).values()]


def _measured(plan: Plan, steps: set[tuple[str, str]], ways: set[tuple[str, str, str]]) -> Coverage:
    branches = dict.fromkeys((name, target) for name, step in plan.steps.items() for _, target in step.verb.links())
    return Coverage(
        plan.name,
        len(plan.steps),
        len(branches),
        tuple(name for name in plan.steps if (plan.name, name) not in steps),
        tuple(branch for branch in branches if (plan.name, *branch) not in ways),
    )
