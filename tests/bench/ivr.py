"""Dialplans: how fast callers walk through one, what an expression costs, and how long a large one takes to check."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime

from softswitch.ivr import proof, template
from softswitch.ivr.check import check_plan
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import HungUp, PlayEnded, Pressed, Start
from softswitch.ivr.plan import Plan
from softswitch.ivr.run import Facts
from tests.bench.report import emit, spread

RUNS = 5
CALLS = 2000
STEPS_OF_CALL = 8
STEPS = 1000
START = Start("c", "13800138000", "Li", "8000", "", datetime(2026, 3, 2, 9, tzinfo=UTC))
HEAD = "dialplan: bench\nnumbers: [8000]\nlanguage: en\nstart: s0\nsteps:\n"
WALK = """\
  s0: {say: "Welcome {{ caller.number }}", next: set}
  set: {set: {n: 1}, next: menu}
  menu: {menu: {say: "1 or 2", keys: {1: when, 2: bye}}, failed: bye}
  when: {when: {if: 'n == 2', then: bye}, else: more}
  more: {set: {n: "{{ n + 1 }}"}, next: menu}
  bye: {hangup: normal}
"""


def walk(plan: Plan, facts: Facts) -> int:
    machine = Interpreter(plan, facts)
    machine.handle(START, 0.0)
    machine.handle(PlayEnded(), 1.0)
    machine.handle(Pressed("1"), 2.0)
    machine.handle(Pressed("1"), 3.0)
    machine.handle(HungUp(), 4.0)
    return STEPS_OF_CALL


def steps_per_second(plan: Plan) -> float:
    facts = Facts()
    started = time.process_time()
    steps = sum(walk(plan, facts) for _ in range(CALLS))
    return steps / (time.process_time() - started)


EXPRESSIONS = ("{{ caller.number[-4:] }}", "{{ customer.name | default('') }}", "{{ 60 if customer.vip else 0 }}s")
CONDITION = "customer.vip and time.hour < 12 and called == '8000'"
VARIABLES = {
    "caller": {"number": "13800138000", "name": "Li"}, "called": "8000", "time": START.wall,
    "customer": {"vip": True, "name": "Li"},
}  # fmt: skip


def expression_us() -> float:
    """One expression, as plans have them."""
    started = time.process_time()
    for _ in range(CALLS):
        for text in EXPRESSIONS:
            template.evaluate(text, VARIABLES)
        template.holds(CONDITION, VARIABLES)
    return (time.process_time() - started) / (CALLS * (len(EXPRESSIONS) + 1)) * 1e6


def large_plan(run: int) -> str:
    """``STEPS`` steps with a template each; ``run`` makes the texts new, so that nothing is remembered."""
    step = '  s%d: {menu: {say: "%d %d {{ caller.number }}", keys: {1: s%d}}, failed: end}\n'
    lines = [step % (number, run, number, number + 1) for number in range(STEPS - 1)]
    return HEAD + "".join(lines) + f"  s{STEPS - 1}: {{say: end, next: end}}\n  end: {{hangup: normal}}\n"


def check_ms(run: int) -> float:
    text = large_plan(run)
    for remembered in (template.analyse, proof._expression):
        remembered.cache_clear()
    started = time.process_time()
    plan, _ = check_plan(text, "large.yaml")
    assert plan is not None
    return (time.process_time() - started) * 1000


def main() -> None:
    plan, problems = check_plan(HEAD + WALK, "walk.yaml")
    assert plan is not None, problems
    speeds = [steps_per_second(plan) for _ in range(RUNS)]
    emit("ivr.steps_per_s", statistics.median(speeds), "1/s", RUNS, spread(speeds))
    costs = [expression_us() for _ in range(RUNS)]
    emit("ivr.expression_us", statistics.median(costs), "us", RUNS, spread(costs))
    times = [check_ms(run) for run in range(RUNS)]
    emit("ivr.check_1000_steps_ms", statistics.median(times), "ms", RUNS, spread(times))


if __name__ == "__main__":
    main()
