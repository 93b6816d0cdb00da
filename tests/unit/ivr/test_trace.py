"""What is told of each step that is left, in words for people; and the pause, of which nothing else is to be told."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import (
    AnswerCall,
    AwayEnded,
    DialEnded,
    Fetched,
    HungUp,
    IvrInput,
    PlayEnded,
    PlayMusic,
    PlayPrompts,
    Promised,
    QueueEnded,
    StepFailed,
    StepLeft,
    StopPlaying,
    VoicemailEnded,
)
from softswitch.ivr.run import Facts, Wait
from softswitch.ivr.telling import MAX_SHORT, short
from tests.unit.ivr.conftest import Walk, Walker

MENU = "  first: {menu: {say: a, keys: {1: b, 2: bye}, tries: 2}, failed: bye}\n  b: {say: b, next: bye}\n"


def left(walk: Walk) -> list[StepLeft]:
    return [fact for fact in walk.facts if isinstance(fact, StepLeft)]


TOLD: list[tuple[str, IvrInput, str, tuple[str, ...]]] = [
    ('{http: {get: "http://a/"}, next: bye, failed: bye}', Fetched(200, {}, seconds=0.3123), "next",
     ("200 after 0.31 s",)),
    ('{http: {get: "http://a/"}, next: bye, failed: bye}', Fetched(0, None, "no", 3.0, "timeout"), "failed",
     ("timeout after 3.00 s",)),
    ('{http: {get: "http://a/", statuses: {4xx: bye}}, next: bye, failed: bye}', Fetched(404, None, "", 0.2),
     "statuses.4xx", ("404 after 0.20 s",)),
    ("{queue: orders, failed: bye}", QueueEnded("full"), "failed", ("full after 2.0 s",)),
    ("{callback: orders, next: bye, failed: bye}", Promised(True), "next", ("promised",)),
    ('{dial: {user: "1"}, busy: bye, failed: bye}', DialEnded("busy", 486), "busy", ("busy (486) after 2.0 s",)),
    ('{voicemail: {mailbox: "1"}, next: bye}', VoicemailEnded(12.3), "next", ("12.3 s recorded",)),
    ("{conference: team, next: bye, failed: bye}", AwayEnded("next"), "next", ("next after 2.0 s",)),
    ("{say: a, next: bye, failed: bye}", PlayEnded(False), "failed", ("could not be played",)),
    ("{say: a, next: bye, failed: bye}", PlayEnded(), "next", ()),
    ("{queue: orders, failed: bye}", HungUp(), "hangup", ("hung up",)),
    ("{queue: orders, failed: bye}", HungUp("ended"), "ended", ("was hung up",)),
]  # fmt: skip


@pytest.mark.parametrize(("step", "event", "way", "inputs"), TOLD)
def test_what_has_happened_is_told(
    walker: Walker, step: str, event: IvrInput, way: str, inputs: tuple[str, ...]
) -> None:
    walk = walker(f"  first: {step}\n")
    walk.now += 2.0
    walk.feed(event)
    first = left(walk)[0]
    assert (first.step, first.exit, first.inputs, first.seconds) == ("first", way, inputs, 2.0)
    assert first.to == ("bye" if way not in ("hangup", "ended") else "")


def test_keys_are_told_together_and_a_wrong_one_too(walker: Walker) -> None:
    walk = walker(MENU)
    walk.press("9")
    walk.press("1")
    first = left(walk)[0]
    assert (first.inputs, first.exit, first.to, first.changed) == (("pressed 91",), "keys.1", "b", {"digits": "1"})


def test_a_failure_says_why(walker: Walker) -> None:
    walk = walker(MENU)
    walk.wait(400)
    walk.wait(400)
    first = left(walk)[0]
    assert (first.exit, first.to, first.why) == ("failed", "bye", "no key was pressed (2 tries)")
    (failed,) = [fact for fact in walk.facts if isinstance(fact, StepFailed)]
    assert failed.why == first.why


def test_what_is_told_is_bounded(walker: Walker) -> None:
    collect = walker("  first: {collect: {say: a, save: n, min: 32, tries: 10}, next: bye, failed: bye}\n")
    for _ in range(9):
        collect.press("1" * 31 + "#")
    collect.feed(HungUp())
    assert sum(map(len, left(collect)[0].inputs)) < 400


SHORT: list[tuple[Any, str]] = [
    ("Li", "Li"),
    (True, "true"),
    (None, ""),
    (12.5, "12.5"),
    ({}, "{}"),
    ([], "[]"),
    ({"name": "Li", "orders": [1, 2, {"x": 1}]}, "{name: Li, orders: [1, 2, {...}]}"),
    (list(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, ...]"),
]


@pytest.mark.parametrize(("value", "text"), SHORT)
def test_values_are_told_shortly(value: Any, text: str) -> None:
    assert short(value) == text


def test_a_long_value_is_cut() -> None:
    for value in ("x" * 5000, ["y" * 5000] * 5000, {"z" * 5000: {"z" * 5000: 1}}):
        assert len(short(value)) == MAX_SHORT and short(value).endswith("...")


# ---- wait ------------------------------------------------------------------------------------------------------

PAUSE = "  first: {wait: %s, next: b}\n  b: {collect: {say: a, save: n, max: 3}, next: bye, failed: bye}\n"


def test_a_wait_is_silent_and_answers_nobody_and_keeps_keys(walker: Walker) -> None:
    walk = walker(PAUSE % "5s")
    assert walk.first == []
    assert walk.press("12") == []
    assert walk.wait(4.9) == []
    assert walk.wait(0.2) == []  # the question is answered in part, so it is not asked
    assert walk.step == "b"
    walk.press("3")
    assert walk.variables["n"] == "123"
    assert left(walk)[0].inputs == () and left(walk)[1].inputs == ("pressed 123",)


def test_a_wait_with_music(walker: Walker) -> None:
    walk = walker(PAUSE % "{for: 5s, hears: music}")
    assert walk.first == [AnswerCall(), PlayMusic()]
    orders = walk.wait(5)
    assert orders[0] == StopPlaying() and isinstance(orders[1], PlayPrompts)


def test_a_wait_goes_on_in_a_new_process_until_its_time(walker: Walker) -> None:
    walk = walker(PAUSE % "{for: 5s, hears: music}")
    again = Interpreter(walk.machine.plan, Facts(), walk.machine.state)
    assert again.resume(102.0) == [PlayMusic()]
    assert again.state.wait is Wait.PAUSE and again.deadline == 105.0


def test_a_question_is_asked_anew_in_a_new_process_and_what_was_typed_is_gone(walker: Walker) -> None:
    walk = walker("  first: {collect: {say: a, save: n, max: 4}, next: bye, failed: bye}\n")
    walk.press("12")
    walk.machine.state.ahead = "9"
    again = Interpreter(walk.machine.plan, Facts(), walk.machine.state)
    orders = again.resume(walk.now)
    assert [one for one in orders if isinstance(one, PlayPrompts)]
    assert (again.state.typed, again.state.ahead) == ("", "")
