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


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (
            "  first: {menu: {say: a, keys: {1: bye}}, failed: first}\n",
            "6:3: steps.first: a caller who presses nothing stays here for ever: first -> first",
        ),
        (
            "  first: {menu: {say: a, keys: {1: bye}}, failed: b}\n"
            "  b: {collect: {say: a, save: x}, next: bye, failed: c}\n"
            "  c: {hours: office, open: first, closed: b}\n",
            "8:3: steps.c: a caller who presses nothing stays here for ever: first -> b -> c -> first",
        ),
        (
            "  first: {record: {save: x, say: a}, next: bye, failed: b}\n  b: {say: again, next: first}\n",
            "7:3: steps.b: a caller who presses nothing stays here for ever: first -> b -> first",
        ),
        (
            "  first: {survey: {name: x, questions: [{id: a, say: a}]}, next: bye, failed: first}\n",
            "6:3: steps.first: a caller who presses nothing stays here for ever: first -> first",
        ),
        (
            "  first: {conference: {room: a, pin: '4711'}, wrong_pin: b, failed: bye}\n  b: {say: a, next: first}\n",
            "7:3: steps.b: a caller who presses nothing stays here for ever: first -> b -> first",
        ),
        (
            "  first: {voicemail: {mailbox: '1001', say: a}, next: b, failed: bye}\n"
            "  b: {menu: {say: a, keys: {1: bye}}, failed: first}\n",
            "7:3: steps.b: a caller who presses nothing stays here for ever: first -> b -> first",
        ),
    ],
)
def test_a_wait_without_end(steps: str, problem: str) -> None:
    assert found(steps) == [problem]


@pytest.mark.parametrize(
    "steps",
    [
        "  first: {menu: {say: a, keys: {1: first}}, failed: bye}\n",
        "  first: {menu: {say: a, keys: {1: bye}}, failed: b}\n  b: {queue: orders, failed: first}\n",
        "  first: {menu: {say: a, keys: {1: bye}}, failed: b}\n"
        "  b: {when: {if: time.hour > 9, then: first}, else: bye}\n",
        "  first: {voicemail: {mailbox: '1001', say: a}, failed: first}\n",
        "  first: {conference: a, next: first, failed: first}\n",
        "  first: {record: {save: x, say: a, silence: 0s}, next: bye, failed: first}\n",
    ],
)
def test_a_silent_caller_who_gets_out_somewhere_is_no_mistake(steps: str) -> None:
    assert [problem for problem in found(steps) if "for ever" in problem] == []


def test_a_long_way_round_is_told_in_short() -> None:
    steps = "  first: {answer: {}, next: s1}\n"
    steps += "".join(f"  s{index}: {{answer: {{}}, next: s{index + 1}}}\n" for index in range(1, 60))
    (problem,) = found(steps + "  s60: {answer: {}, next: first}\n")
    assert "first -> s1 -> s2 -> s3 -> s4 -> s5 -> s6 -> s7 -> ... (51 more) -> s59 -> s60 -> first" in problem


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("menu: {say: a, keys: {1: bye}, timeout: 0s}, failed: bye", "timeout: must be greater than 0"),
        ("menu: {say: a, keys: {1: bye}, timeout: 1h}, failed: bye", "timeout: must be less than or equal to 600"),
        (
            "collect: {say: a, save: x, timeout: 1d}, next: bye, failed: bye",
            "timeout: must be less than or equal to 600",
        ),
        ("dial: {user: '1001', ring: 30m}, failed: bye", "ring: must be less than or equal to 600"),
        ("transfer: {user: '1001', ring: 10d}, failed: bye", "ring: must be less than or equal to 600"),
    ],
)
def test_every_wait_for_somebody_has_an_end_that_a_caller_lives_to_see(step: str, told: str) -> None:
    (problem,) = found(f"  first: {{{step}}}\n")
    assert problem.endswith(told)
