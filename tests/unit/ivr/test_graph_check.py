"""The checks of a plan's graph: callers lost in it, circles, menus too deep or too wide. Steps begin in line 6."""

from __future__ import annotations

import pytest

from tests.unit.ivr.conftest import HEAD
from tests.unit.ivr.test_check import FIRST, found

# ---- the graph -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (
            FIRST % "by" + "  bye: {hangup: normal}\n",
            "6:23: steps.first.next: there is no step 'by'; did you mean 'bye'?",
        ),
        (
            "  first: {menu: {say: a, keys: {1: bye, 2: orders}}, failed: bye}\n",
            "6:41: steps.first.menu.keys.2: there is no step 'orders'",
        ),
        (
            "  first:\n    when:\n      - {if: called, then: byee}\n    else: bye\n",
            "8:22: steps.first.when[0].then: there is no step 'byee'; did you mean 'bye'?",
        ),
        (FIRST % "bye" + "  lost: {say: a, next: bye}\n", "7:3: steps.lost: no caller can come here"),
        ("  first: {say: hello}\n", "6:11: steps.first.say: dead end: say needs next:"),
        ("  first: {menu: {say: a, keys: {1: bye}}}\n", "6:11: steps.first.menu: dead end: menu needs failed:"),
        ("  first: {http: {get: 'http://a'}, next: bye}\n", "6:11: steps.first.http: dead end: http needs failed:"),
        ("  first: {hours: office, open: bye}\n", "6:11: steps.first.hours: dead end: hours needs closed:"),
        ("  first: {when: {if: called, then: bye}}\n", "6:11: steps.first.when: dead end: when needs else:"),
        (
            FIRST % "a" + "  a: {set: {x: 1}, next: b}\n  b: {say: again, next: first}\n",
            "8:3: steps.b: goes round without ever waiting for the caller: first -> a -> b -> first",
        ),
        (FIRST % "first", "6:3: steps.first: goes round without ever waiting for the caller: first -> first"),
    ],
)
def test_a_graph_that_loses_callers(steps: str, problem: str) -> None:
    problems = found(steps)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_one_circle_is_one_problem_however_many_branches_close_it() -> None:
    turn = (
        "  first: {http: {get: 'http://a'}, next: b, failed: b}\n  b: {when: {if: called, then: first}, else: first}\n"
    )
    (problem,) = found(turn)
    assert problem.startswith("7:3: steps.b: goes round without ever waiting for the caller: first -> b -> first")
    names = [f"s{index}" for index in range(60)]
    ways = ", ".join(f"{{if: called, then: {name}}}" for name in names)
    dense = "".join(f"  {name}: {{when: [{ways}], else: s0}}\n" for name in names)
    (problem,) = found(dense, head=HEAD.replace("start: first", "start: s0"))
    assert problem.startswith("6:3: steps.s0: goes round")


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("  first: {queue: orders, failed: first}\n", "6:3: warning: steps.first: goes round at once where"),
        (
            "  first: {dial: {user: 1001}, busy: b, failed: bye}\n  b: {say: again, next: first}\n",
            "7:3: warning: steps.b: goes round at once where a queue is full or nobody can be reached: first -> b ->",
        ),
    ],
)
def test_a_way_round_that_waits_only_where_somebody_can_be_reached_is_a_warning(steps: str, problem: str) -> None:
    (only,) = found(steps)
    assert only.startswith(problem)


@pytest.mark.parametrize(
    "steps",
    [
        "  first: {queue: orders, timeout: first, failed: bye}\n",
        "  first: {dial: {user: 1001}, no_answer: first, failed: bye}\n",
        "  first: {queue: orders, failed: ask}\n  ask: {menu: {say: a, keys: {1: first}}, failed: bye}\n",
    ],
)
def test_a_way_round_that_rings_or_waits_is_allowed(steps: str) -> None:
    assert found(steps) == []


def test_a_way_round_that_asks_the_caller_is_allowed() -> None:
    assert found("  first: {menu: {say: a, keys: {1: first}}, failed: bye}\n") == []


def test_a_queue_without_a_way_out_is_a_warning() -> None:
    (problem,) = found("  first: {queue: orders}\n")
    assert problem.startswith(
        "6:11: warning: steps.first.queue: without failed: a caller who comes here is cut off when"
    )


def test_menus_too_deep_or_too_wide_are_warnings() -> None:
    keys = ", ".join(f"{key}: b" for key in range(6))
    steps = (
        f"  first: {{menu: {{say: a, keys: {{{keys}}}}}, failed: bye}}\n"
        "  b: {menu: {say: a, keys: {1: c, 9: first}}, failed: bye}\n"
        "  c: {menu: {say: a, keys: {1: bye}}, failed: bye}\n"
    )
    assert found(steps) == [
        "6:26: warning: steps.first.menu.keys: 6 keys; callers remember 5 at most",
        "8:7: warning: steps.c.menu: 3 menus in a row; callers bear 2",
    ]
