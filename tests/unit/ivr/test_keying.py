"""The dialogue about the number to call back at, and the verb that leads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.ivr.check import check_plan
from softswitch.ivr.keying import LONGEST, SPEECH_S, Keying, Turn
from softswitch.ivr.model import EndCall, MakePromise, PlayEnded, PlayPrompts, Promised, StepFailed
from softswitch.ivr.outlook import Nowhere
from softswitch.ivr.run import Facts
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import HEAD, Walk, Walker

STEP = (
    "  first: {callback: {queue: orders, ask: {tries: 3, timeout: 5s}}, next: bye, failed: no}\n  no: {hangup: busy}\n"
)


class Choosy(Nowhere):
    """Calls numbers of eleven digits, and those that are presented."""

    def takes(self, number: str, queue: str) -> bool:
        return queue == "orders" and len(number.removeprefix("+")) >= 11


def said(effects: list[object]) -> str:
    return " ".join(prompt.text for one in effects if isinstance(one, PlayPrompts) for prompt in one.prompts)


def asked(walker: Walker, **start: object) -> Walk:
    return walker(STEP, facts=Facts(outlook=Choosy()), **start)


def test_the_number_that_he_calls_from() -> None:
    keying = Keying(True, "en")
    assert "press 1" in keying.begin(0.0).prompts[0].text
    assert keying.pressed("1", len, 1.0) == Turn(number="")


def test_another_number_is_keyed_in_read_back_and_confirmed(walker: Walker) -> None:
    walk = asked(walker)
    assert "For another number, press 2" in said(walk.first)
    assert "Please enter the number" in said(walk.press("2"))
    assert said(walk.press("13900001111")) == ""
    assert "one three nine zero zero zero zero one one one one" in said(walk.press("#"))
    assert [one for one in walk.press("1") if isinstance(one, MakePromise)] == [
        MakePromise("orders", "13900001111", "keyed")
    ]
    assert walk.feed(Promised(True)) == [EndCall()]


def test_own_number_is_an_accepted_offer(walker: Walker) -> None:
    walk = asked(walker)
    assert MakePromise("orders", "13800138000", "accepted-offer") in walk.press("1")


def test_who_withholds_his_number_is_asked_for_one_at_once(walker: Walker) -> None:
    walk = asked(walker, caller="anonymous")
    assert "Please enter the number" in said(walk.first) and "press 2" not in said(walk.first)
    walk.press("13900001111#")
    assert MakePromise("orders", "13900001111", "keyed") in walk.press("1")


def test_star_begins_anew_and_so_does_2_after_it_was_read(walker: Walker) -> None:
    walk = asked(walker)
    walk.press("2999")
    assert "Please enter the number" in said(walk.press("*"))
    walk.press("13900001111#")
    assert "Please enter the number" in said(walk.press("2"))
    walk.press("13700002222#")
    assert MakePromise("orders", "13700002222", "keyed") in walk.press("1")


def test_who_stops_keying_is_taken_to_be_done(walker: Walker) -> None:
    walk = asked(walker)
    walk.press("2")
    walk.feed(PlayEnded())
    walk.press("13900001111")
    assert "one three nine" in said(walk.wait(5))


def test_a_number_that_cannot_be_called_is_refused_and_asked_for_again_as_often_as_the_plan_says(
    walker: Walker,
) -> None:
    walk = asked(walker)
    walk.press("2")
    assert "cannot call this number" in said(walk.press("999#"))
    assert "cannot call this number" in said(walk.press("#"))
    assert walk.press("110#")[-1:] == [EndCall("busy")]
    assert [fact.why for fact in walk.facts if isinstance(fact, StepFailed)] == ["no number was given (3 tries)"]


def test_what_was_confirmed_and_is_refused_all_the_same_is_asked_for_again(walker: Walker) -> None:
    walk = asked(walker)
    walk.press("213900001111#1")
    assert "cannot call this number" in said(walk.feed(Promised(False, "do not call")))
    walk.press("13700002222#1")
    assert walk.feed(Promised(True)) == [EndCall()]


@pytest.mark.parametrize("why", ["store", "policy"])
def test_where_no_number_would_do_nobody_is_asked_for_one(walker: Walker, why: str) -> None:
    walk = asked(walker)
    walk.press("1")
    assert walk.feed(Promised(False, why))[-1:] == [EndCall("busy")]


def test_silence_and_wrong_keys_come_to_an_end(walker: Walker) -> None:
    walk = asked(walker)
    assert "press 2" in said(walk.wait(SPEECH_S))
    assert "press 2" in said(walk.press("7"))
    walk.feed(PlayEnded())
    assert walk.wait(5)[-1:] == [EndCall("busy")]


def test_a_number_of_any_length_ends() -> None:
    keying = Keying(False, "en")
    keying.begin(0.0)
    over = ""
    for pressed in range(200):
        over = over or keying.pressed("1", lambda number: len(number) < LONGEST, 1.0).over
        assert over or len(keying.typed) < LONGEST
        assert bool(over) == (pressed >= 3 * LONGEST - 1)
    assert over == "no number was given (3 tries)"


@pytest.mark.parametrize("keys", ["*", "13900001111#2"])
def test_nobody_begins_anew_for_ever(keys: str) -> None:
    keying = Keying(False, "en")
    keying.begin(0.0)
    turns = [keying.pressed(digit, len, 1.0) for _ in range(12) for digit in keys]
    assert [turn.over for turn in turns if turn.over][:1] == ["the number was begun 10 times"]


def test_the_same_is_asked_once_more_after_a_restart(walker: Walker) -> None:
    walk = asked(walker)
    walk.press("213900001111#")
    again = walk.machine.resume(walk.now)
    assert "one three nine" in said(again)
    assert MakePromise("orders", "13900001111", "keyed") in walk.press("1")


def test_a_queue_that_takes_no_keyed_numbers_is_told_of() -> None:
    text = HEAD + STEP + "  bye: {hangup: normal}\n"
    orders, none = frozenset({"orders"}), frozenset[str]()
    _, problems = check_plan(text, "a.yaml", World(queues=orders, promising=orders, keyed=none))
    assert [str(one) for one in problems] == [
        "a.yaml:6:37: warning: steps.first.callback.ask: queue 'orders' calls nobody back at a number that is keyed "
        "in: its callback: is missing, or its stages lack keyed"
    ]
    assert not check_plan(text, "a.yaml", World(queues=orders, promising=orders, keyed=orders))[1]


def test_a_restart_while_the_promise_is_written_asks_for_it_once_more(walker: Walker) -> None:
    walk = asked(walker)
    walk.press("213900001111#1")
    assert "one three nine" in said(walk.machine.resume(walk.now))
    assert MakePromise("orders", "13900001111", "keyed") in walk.press("1")


def test_a_number_that_is_written_and_one_that_is_asked_for_are_too_many() -> None:
    steps = "  first: {callback: {queue: orders, ask: true, number: '123'}, next: bye}\n  bye: {hangup: normal}\n"
    plan, problems = check_plan(HEAD + steps, "a.yaml")
    assert plan is None and "leave number: out" in str(problems[0])


def test_keys_while_the_promise_is_written_change_nothing() -> None:
    keying = replace(Keying(False, "en"), part="chosen")
    assert keying.pressed("2", len, 1.0) == Turn() and keying.begin(1.0) == Turn() and keying.heard(1.0) == Turn()
