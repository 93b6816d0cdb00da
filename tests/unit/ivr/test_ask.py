"""``menu`` and ``collect``: interruption, type-ahead, wrong keys, silence."""

from __future__ import annotations

from softswitch.ivr.model import AnswerCall, EndCall, PlayEnded, PlayPrompts, Prompt, StepFailed, StopPlaying
from tests.unit.ivr.conftest import Walker

MENU = """\
  first: {menu: {say: "1 or 2", keys: {1: one, 2: two, '#': one}, timeout: 5s, tries: 2}, failed: lost}
  one: {hangup: normal}
  two: {hangup: busy}
  lost: {hangup: declined}
"""
QUESTION = PlayPrompts((Prompt("en", text="1 or 2"),))


def test_a_key_while_the_question_plays_stops_it_and_chooses(walker: Walker) -> None:
    walk = walker(MENU)
    assert walk.first == [AnswerCall(), QUESTION]
    assert walk.press("2") == [StopPlaying(), EndCall("busy")]
    assert walk.variables["digits"] == "2"


def test_a_key_after_the_question(walker: Walker) -> None:
    walk = walker(MENU)
    walk.feed(PlayEnded())
    assert walk.press("#") == [EndCall("normal")]


def test_a_wrong_key_repeats_the_question_until_the_tries_are_used_up(walker: Walker) -> None:
    walk = walker(MENU)
    assert walk.press("9") == [StopPlaying(), QUESTION]
    assert walk.press("8") == [StopPlaying(), EndCall("declined")]
    assert walk.facts[1] == StepFailed("c1", "test", "first", "plan.yaml:6", "8 is not in the menu (2 tries)")


def test_silence_counts_from_the_end_of_the_question(walker: Walker) -> None:
    walk = walker(MENU)
    assert walk.wait(20) == []
    walk.feed(PlayEnded())
    assert walk.machine.deadline == walk.now + 5
    assert walk.wait(5) == [QUESTION]
    walk.feed(PlayEnded())
    assert walk.wait(4.9) == []
    assert walk.wait(0.1) == [EndCall("declined")]


def test_a_wrong_key_takes_invalid_at_once_where_it_is_written(walker: Walker) -> None:
    walk = walker(MENU.replace("failed: lost", "failed: lost, invalid: two"))
    assert walk.press("9") == [StopPlaying(), EndCall("busy")]


def test_what_was_typed_ahead_answers_the_next_menu_unheard(walker: Walker) -> None:
    walk = walker(
        "  first: {say: Welcome, next: a}\n"
        "  a: {menu: {say: a, keys: {1: b}}, failed: bye}\n"
        "  b: {menu: {say: b, keys: {2: two}}, failed: bye}\n"
        "  two: {hangup: busy}\n"
    )
    walk.press("12")
    assert walk.feed(PlayEnded()) == [EndCall("busy")]
    assert walk.path == ["first", "a", "b", "two"]


def test_a_wrong_key_throws_away_what_was_typed_ahead(walker: Walker) -> None:
    walk = walker("  first: {say: Welcome, next: ask}\n" + MENU.replace("first", "ask"))
    walk.press("92")
    assert walk.feed(PlayEnded()) == [QUESTION]
    assert walk.machine.state.ahead == ""


COLLECT = """\
  first: {collect: {say: Number?, save: order, min: 3, max: 5, timeout: 4s, tries: 2}, next: got, failed: lost}
  got: {say: "{{ order }}", next: bye}
  lost: {say: "none{{ order }}", next: bye}
"""
NUMBER = PlayPrompts((Prompt("en", text="Number?"),))


def heard(text: str) -> PlayPrompts:
    return PlayPrompts((Prompt("en", text=text),))


def test_the_end_key_ends_collecting(walker: Walker) -> None:
    walk = walker(COLLECT)
    assert walk.press("123#") == [StopPlaying(), heard("123")]
    assert walk.variables["digits"] == "123"


def test_the_last_possible_digit_ends_collecting(walker: Walker) -> None:
    assert walker(COLLECT).press("12345") == [StopPlaying(), heard("12345")]


def test_a_pause_between_digits_ends_collecting(walker: Walker) -> None:
    walk = walker(COLLECT)
    walk.press("12")
    walk.now += 3.9
    walk.press("3")
    assert walk.wait(3.9) == []
    assert walk.wait(0.2) == [heard("123")]


def test_too_few_digits_are_asked_for_again_and_then_the_caller_is_let_go(walker: Walker) -> None:
    walk = walker(COLLECT)
    assert walk.press("12#") == [StopPlaying(), NUMBER]
    walk.feed(PlayEnded())
    assert walk.wait(4) == [heard("none")]
    failed = [fact.why for fact in walk.facts if isinstance(fact, StepFailed)]
    assert failed == ["0 digits, 3 are needed (2 tries)"]


def test_digits_typed_ahead_are_completed_unheard_and_the_rest_is_kept(walker: Walker) -> None:
    walk = walker("  first: {say: Welcome, next: ask}\n" + COLLECT.replace("first", "ask"))
    walk.press("12")
    assert walk.feed(PlayEnded()) == []  # the caller is typing: no question
    assert walk.machine.deadline == walk.now + 4
    assert walk.press("34567") == [heard("12345")]
    assert walk.machine.state.ahead == "67"


def test_who_could_not_be_asked_leaves_an_empty_variable_as_who_says_nothing_does(walker: Walker) -> None:
    """The check counts on it: the variable is set on every way out of the step."""
    walk = walker(
        '  first: {collect: {say: "{{ caller.number.nothing }}", save: order}, next: bye, failed: b}\n'
        "  b: {when: {if: \"order == ''\", then: c}, else: bye}\n  c: {hangup: busy}\n"
    )
    assert walk.path == ["first", "b", "c"]
