"""A path is bounded in steps and octets, whatever callers and web services say; its beginning and its end are kept."""

from __future__ import annotations

import pytest

from softswitch.core.legible import to_json
from softswitch.ivr.model import StepLeft
from softswitch.ivr.path import ENDED, MOST_BYTES, MOST_CHARS, MOST_ITEMS, Edge, PathStep, Walk, summed, to_steps


def left(step: str, seconds: float = 1.0, **more: object) -> StepLeft:
    return StepLeft("c-1", "shop", "v1", step, "menu", "next", "b", seconds, **more)  # type: ignore[arg-type]


def walked(count: int, most: int, **more: object) -> Walk:
    """A walk of so many steps of a second each."""
    walk = Walk("shop", "v1", 1000.0, most)
    for number in range(count):
        walk.enter("shop", f"s{number}", "menu", 1000.0 + number)
        walk.leave(left(f"s{number}", **more), 1001.0 + number)
    return walk


def names(walk: Walk) -> list[str]:
    return [step.step for step in walk.path("c-1", 2000.0, over=True).steps]


def test_the_beginning_and_the_end_are_kept() -> None:
    walk = walked(100, 8)
    assert names(walk) == ["s0", "s1", "s94", "s95", "s96", "s97", "s98", "s99"]
    path = walk.path("c-1", 2000.0, over=True)
    assert path.missing == 92 and [step.missed for step in path.steps] == [0, 0, 92, 0, 0, 0, 0, 0]
    assert [step.at for step in path.steps] == [0.0, 1.0, 94.0, 95.0, 96.0, 97.0, 98.0, 99.0]


def test_one_step_may_be_all_that_is_kept() -> None:
    walk = walked(3, 1)
    path = walk.path("c-1", 2000.0, over=False)
    assert (names(walk), path.missing) == (["s0"], 2)


def test_a_path_has_no_more_octets_than_it_may() -> None:
    long = "界" * 10_000
    inputs, changed = (long,) * 1000, {f"{long}{number}": long for number in range(1000)}
    walk = walked(300, 200, inputs=inputs, changed=changed, why=long)
    path = walk.path("c-1", 2000.0, over=True)
    assert len(to_json(path.steps)) <= MOST_BYTES
    step = path.steps[0]
    assert len(step.inputs) == MOST_ITEMS and len(step.inputs[0]) == MOST_CHARS and step.inputs[0].endswith("…")
    assert path.missing == 300 - len(path.steps) and path.steps[-1].step == "s299"


def test_what_no_database_takes_is_made_legible() -> None:
    walk = walked(1, 8, inputs=("\udcff\x00",), changed={"a\x00": "\udc00"}, why="\x00")
    (step,) = to_steps(to_json(walk.path("c-1", 2000.0, over=True).steps))
    assert (step.inputs, step.changed, step.why) == (("\ufffd\ufffd",), {"a\ufffd": "\ufffd"}, "\ufffd")


def test_where_the_caller_is_is_seen_and_where_somebody_else_ended_it() -> None:
    walk = walked(1, 8)
    walk.enter("who", "hello", "say", 1001.0)
    here = walk.path("c-1", 1004.0, over=False).steps[-1]
    assert (here.step, here.plan, here.at, here.exit) == ("hello", "who", 1.0, "")
    walk.end(1004.0)
    last = walk.path("c-1", 1004.0, over=True).steps[-1]
    assert last == PathStep("hello", "say", 1.0, 3.0, ENDED, plan="who")


def test_a_step_of_a_flow_has_its_plan_and_version() -> None:
    walk = walked(1, 8)
    walk.leave(StepLeft("c-1", "who", "v9", "hello", "say", "next", "b", 0.5), 1001.5)
    assert [(step.plan, step.version) for step in walk.path("c-1", 2.0, over=True).steps] == [("", ""), ("who", "v9")]


def test_a_path_goes_on_in_a_new_process() -> None:
    former = walked(100, 8).path("c-1", 1100.0, over=False)
    walk = Walk("shop", "v1", 1105.0, 8)
    walk.go_on(former)
    walk.leave(left("later", 2.0), 1110.0)
    path = walk.path("c-1", 1111.0, over=True)
    assert [step.step for step in path.steps] == ["s0", "s1", "s95", "s96", "s97", "s98", "s99", "later"]
    assert (path.started_at, path.missing, path.steps[-1].at) == (1000.0, 93, 108.0)
    assert [step.missed for step in path.steps] == [0, 0, 93, 0, 0, 0, 0, 0]


def test_ways_are_summed_the_most_taken_first() -> None:
    edges = [Edge("a", "next", "b", 1), Edge("c", "hangup", "", 5), Edge("a", "next", "b", 6)]
    assert summed(edges) == [Edge("a", "next", "b", 7), Edge("c", "hangup", "", 5)]


@pytest.mark.parametrize("json", ["", "{}", '[{"step": 1}]', "[", b"\xff"])
def test_what_is_no_path_has_no_steps(json: str | bytes) -> None:
    assert to_steps(json) == ()
