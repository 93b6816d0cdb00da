"""A caller who walks through a plan that the test writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from softswitch.core.effect import DomainEvent, Effect
from softswitch.ivr.check import check_plan
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import IvrInput, Pressed, Start, StepEntered
from softswitch.ivr.plan import Plan
from softswitch.ivr.run import Facts

WALL = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
HEAD = "dialplan: test\nnumbers: [8000]\nlanguage: en\nstart: first\nsteps:\n"  # steps begin in line 6
BYE = "  bye: {hangup: normal}\n"


def plan_of(steps: str, language: str = "language: en") -> Plan:
    """The plan with these steps; ``first`` is the first. It must be without mistakes."""
    plan, problems = check_plan(
        HEAD.replace("language: en", language) + steps + (BYE if ": bye" in steps else ""), "plan.yaml"
    )
    assert plan is not None, "\n".join(str(problem) for problem in problems)
    return plan


class Walk:
    """One caller; ``now`` moves only when the test moves it."""

    def __init__(self, plan: Plan, facts: Facts | None = None, caller: str = "13800138000") -> None:
        self.machine = Interpreter(plan, facts or Facts())
        self.now = 100.0
        self.facts: list[DomainEvent] = []
        self.caller = caller
        self.first: list[Effect] = []  # what the start ordered

    def start(self, **values: Any) -> list[Effect]:
        start = {
            "contact": "c1",
            "caller": self.caller,
            "caller_name": "Li",
            "called": "8000",
            "trunk": "",
            "wall": WALL,
        }
        return self.feed(Start(**(start | values)))

    def feed(self, event: IvrInput) -> list[Effect]:
        """The orders that follow; facts are kept aside."""
        return self._orders(self.machine.handle(event, self.now))

    def press(self, digits: str) -> list[Effect]:
        return [effect for digit in digits for effect in self.feed(Pressed(digit))]

    def wait(self, seconds: float) -> list[Effect]:
        self.now += seconds
        return self._orders(self.machine.tick(self.now))

    def _orders(self, effects: list[Effect]) -> list[Effect]:
        self.facts += [effect for effect in effects if isinstance(effect, DomainEvent)]
        return [effect for effect in effects if not isinstance(effect, DomainEvent)]

    @property
    def step(self) -> str:
        return self.machine.state.step

    @property
    def path(self) -> list[str]:
        return [fact.step for fact in self.facts if isinstance(fact, StepEntered)]

    @property
    def variables(self) -> dict[str, Any]:
        return self.machine.state.variables


Walker = Callable[..., Walk]


@pytest.fixture
def walker() -> Walker:
    """``walker(steps, **start values)``: a caller who has started; what the start ordered is in ``walk.first``."""

    def walk(steps: str, facts: Facts | None = None, **values: Any) -> Walk:
        made = Walk(plan_of(steps), facts)
        made.first = made.start(**values)
        return made

    return walk
