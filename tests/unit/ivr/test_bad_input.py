"""Whatever lies in a file: a clear error with its place, in bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable

import pytest

from softswitch.core.errors import Problem
from softswitch.ivr.check import check_plan
from softswitch.ivr.load import load_plans
from tests.unit.ivr.conftest import HEAD

MOST_S = 10.0  # of CPU, on a slow machine that others use too; a tenth of it is usual
MOST_BYTES = 40_000_000


def steps(lines: Iterable[str]) -> str:
    return HEAD.replace("start: first", "start: s0") + "".join(f"  {line}\n" for line in lines)


def chain(length: int) -> str:
    """Each step has a variable of its own, so that the last one has them all."""
    lines = [f"s{number}: {{set: {{v{number}: 1}}, next: s{number + 1}}}" for number in range(length)]
    return steps([*lines, f"s{length}: {{hangup: normal}}"])


def check(text: str) -> list[Problem]:
    """The problems; there is at least one, and none takes long to find."""
    started = time.process_time()
    plan, problems = check_plan(text, "p.yaml")
    assert time.process_time() - started < MOST_S
    assert plan is None or all(problem.level == "warning" for problem in problems)
    assert sum(len(problem.message) for problem in problems) < 1_000_000
    return problems


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "\tfirst: {hangup: normal}\n", "6:1: not readable as YAML: while scanning for the next token found"),
        (HEAD + "  first: {hangup: normal}\n  first: {hangup: busy}\n", "7:3: steps.first: written twice; the first"),
        (HEAD + "  first: {wait: 5 seconds, next: bye}\n", "6:11: steps.first.wait: '5 seconds' is not a duration; wr"),
        (HEAD + "  first: {hangup: normal, foo: 1}\n", "6:27: steps.first.foo: unknown key"),
        (BOMB, "5:1: e: aliases (*) repeat more than 100,000 values"),
        (HEAD + "  first: &a {set: {x: *a}, next: first}\n", "6:20: steps.first.set.x: refers to itself"),
        (HEAD + "  first: {say: 'a\0b', next: bye}\n", "6:18: not readable as YAML: the control character U+0000"),
        (HEAD + "  first: {say: 'a\udc80b', next: bye}\n", "6:18: not readable as YAML: the control character U+DC80"),
        (b"a: 1\nb: caf\xe9".decode("utf-8", "replace"), "2:7: here is no UTF-8; save the file in that encoding"),
        ("\ufeff" + HEAD + "  first: {hangup: nrmal}\n", "6:11: steps.first.hangup: must be 'normal', 'busy'"),
        ((HEAD + "  first: {hangup: nrmal}\n").replace("\n", "\r\n"), "6:11: steps.first.hangup: must be 'normal'"),
        (HEAD + "  first: {hangup: normal}\n---\n", "7:1: not readable as YAML: expected a single document"),
        (HEAD + "  first: !!python/name:os.system x\n", "6:3: steps.first: a step is a mapping with one verb"),
        (HEAD.replace("start: first", "start: ''") + "  first: {hangup: normal}\n", "4:1: start: must have at least 1"),
        (HEAD.replace("[8000]", "['8 0']").replace("first", "5") + "  5: {hangup: normal}\n", "2:11: numbers[0]: must"),
        ("", "1:1: a dialplan is a mapping"),
        ("- a", "1:1: a dialplan is a mapping"),
        (HEAD + "  first: " + "[" * 100_000, "6:208: nested too deeply"),
        (HEAD + "  first: " + "{a: " * 100_000, "6:"),
        (HEAD + "  first: {" + "a" * 900 + ": 1}\n", "6:11: steps.first.aaa"),
        (HEAD + "  first: {wait: " + "9" * 900_000 + "s, next: first}\n", "6:11: steps.first.wait: '99999"),
        (HEAD + "  first: {say: '" + "a {{ b }} " * 90_000 + "', next: first}\n", "6:"),
    ],
    ids=[
        "tab", "key-twice", "unit", "unknown-key", "anchors", "refers-to-itself", "nul", "surrogate", "no-utf-8", "bom",
        "crlf", "two-documents", "tag", "empty-start", "numbers", "empty", "list",
        "deep-lists", "deep-mappings", "long-key", "long-number",
        "long-text",
    ],
)  # fmt: skip
def test_the_place_is_told(text: str, told: str) -> None:
    problems = [str(problem).removeprefix("p.yaml:") for problem in check(text)]
    assert any(problem.startswith(told) for problem in problems), [problem[:200] for problem in problems[:5]]
    assert max(map(len, problems)) < 1500


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (steps(f"s{number}: {{hangup: }}" for number in range(12_000)), "12,000 steps, and 5,000 at most are read"),
        (steps(f"s{number}: {{answer: {{}}, next: x{number}}}" for number in range(1_500)), "there is no step 'x0'"),
        (steps(f"s{number}: {{ply: [x{number}]}}" for number in range(2_000)), "and more than 1,000 errors before"),
        (
            steps(["s0: {say: [" + ", ".join(["{txt: x}"] * 8_000) + "], next: s0}"]),
            "unknown key; did you mean 'text'?",
        ),
        (
            steps(["s0: {say: [" + ", ".join(f"'{{{{ b{n} }}}}'" for n in range(2_000)) + "], next: s0}"]),
            "nothing sets",
        ),
        (steps(["s0: {set: {a: [" + "a," * 260_000 + "]}, next: s0}"]), "more than 250,000 values; divide the file"),
    ],
    ids=["steps", "unknown-steps", "unknown-verbs", "wrong-items", "unknown-variables", "values"],
)
def test_very_many_mistakes_take_a_while_and_no_more(text: str, told: str) -> None:
    problems = check(text)
    assert len(problems) <= 1001
    assert any(told in problem.message for problem in problems)


def test_a_long_plan_takes_little_memory() -> None:
    """Sets of variables for each step would be ten times as much."""
    text = chain(1_500)
    tracemalloc.start()
    try:
        plan, problems = check_plan(text, "p.yaml")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (plan is not None, problems) == (True, [])
    assert peak < MOST_BYTES


def test_flows_that_call_one_another() -> None:
    flow = "flow: {name}\nstart: a\nsteps:\n  a: {{flow: {other}, next: b, failed: b}}\n  b: {{return: next}}\n"
    texts = {f"{name}.yaml": flow.format(name=name, other=other) for name, other in (("f", "g"), ("g", "f"))}
    texts["p.yaml"] = HEAD + "  first: {flow: f, next: bye, failed: bye}\n  bye: {hangup: normal}\n"
    plans, problems = load_plans(texts)
    assert plans == {}
    assert [str(problem) for problem in problems] == [
        "g.yaml:4:7: steps.a.flow: flows call one another in a circle: f -> g -> f"
    ]


def test_very_many_warnings_neither_hide_an_error_nor_are_one() -> None:
    deep = "".join(
        f"  s{number}: {{menu: {{say: a, keys: {{1: s{number + 1}}}}}, failed: bye}}\n" for number in range(1_500)
    )
    head = HEAD.replace("start: first", "start: s0")
    plan, problems = check_plan(f"{head}{deep}  s1500: {{hangup: normal}}\n  bye: {{hangup: normal}}\n", "plan.yaml")
    assert plan is not None and len(problems) == 1_001
    assert any("and more than 1,000 warnings before" in problem.message for problem in problems)
    plan, problems = check_plan(
        f"{head}{deep}  s1500: {{say: a, next: nowhere}}\n  bye: {{hangup: normal}}\n", "p.yaml"
    )
    (error,) = [problem for problem in problems if problem.level == "error"]
    assert plan is None and "there is no step 'nowhere'" in error.message
