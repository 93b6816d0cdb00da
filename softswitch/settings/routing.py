"""How ``queues.yaml`` says who may answer and who comes first: needs, their relaxation, the reserve.

Expressions are written as in dialplans. Here is checked what one queue says about itself; whether anybody has such a
skill, and what queues say of each other, is ``check``'s.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from softswitch.acd.model import Needs, Relaxation, Reserve
from softswitch.acd.skill import from_plain
from softswitch.ivr.verb.need import SkillNeed
from softswitch.settings.kind import PositiveSeconds, Seconds, Strict

WrittenNeeds = tuple[SkillNeed, ...]


def read(needs: WrittenNeeds) -> Needs:
    return tuple(from_plain(need.plain()) for need in needs)


class Relax(Strict):
    after: PositiveSeconds
    needs: WrittenNeeds = ()  # none: any agent

    def step(self) -> Relaxation:
        return Relaxation(self.after, read(self.needs))


def one_or_more(value: Any) -> Any:
    """A single step may stand without the list around it."""
    return [value] if isinstance(value, dict) else value


def _rising(steps: tuple[Relax, ...]) -> tuple[Relax, ...]:
    for first, then in pairwise(steps):
        if then.after <= first.after:
            raise ValueError(f"the step after {then.after:g} s is written behind that after {first.after:g} s")
    return steps


RelaxSteps = Annotated[tuple[Relax, ...], BeforeValidator(one_or_more), AfterValidator(_rising)]


class ReserveSettings(Strict):
    agents: int = Field(ge=1, le=10_000)  # so many free ones are kept ...
    priority: PositiveSeconds  # ... for contacts with at least so much of their own

    def reserve(self) -> Reserve:
        return Reserve(self.agents, self.priority)


class LastAgent(Strict):
    """Whoever served this number last is asked first."""

    within: PositiveSeconds = 7 * 86400.0  # longer ago counts no more
    for_: Seconds = Field(default=20.0, alias="for")  # so long nobody else is asked
