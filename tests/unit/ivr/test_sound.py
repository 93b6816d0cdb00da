"""``answer``, ``play``, ``say``."""

from __future__ import annotations

import pytest

from softswitch.ivr.model import AnswerCall, EndCall, PlayEnded, PlayPrompts, Promised, Prompt, StepFailed
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import Walk, Walker


def words(walk: Walk) -> list[tuple[str, str | float]]:
    """What is said or how long it is silent, each with its language."""
    (order,) = [order for order in walk.first if isinstance(order, PlayPrompts)]
    return [(prompt.language, prompt.text or prompt.silence_s) for prompt in order.prompts]


def test_answer_goes_on_at_once(walker: Walker) -> None:
    walk = walker("  first: {answer: {}, next: bye}\n")
    assert walk.first == [AnswerCall(), EndCall("normal")]


def test_play_answers_plays_and_goes_on_when_it_was_heard(walker: Walker) -> None:
    walk = walker("  first: {play: [a.wav, b.wav], next: bye}\n")
    assert walk.first == [AnswerCall(), PlayPrompts((Prompt("en", file="a.wav"), Prompt("en", file="b.wav")))]
    assert walk.feed(PlayEnded()) == [EndCall("normal")]


def test_a_call_is_answered_once(walker: Walker) -> None:
    walk = walker("  first: {answer: {}, next: a}\n  a: {say: hello, next: bye}\n")
    assert walk.first == [AnswerCall(), PlayPrompts((Prompt("en", text="hello"),))]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("Hello {{ caller.name }}", "Hello Li"),
        ("{text: 42}", "42"),
        ("{digits: '{{ caller.number[:3] }}'}", "one three eight"),
        ("{number: 105}", "one hundred and five"),
        ("{number: '{{ 2 + 3 }}'}", "five"),
        ("{zh: 你好, en: Hello}", "Hello"),
    ],
)
def test_what_is_said(walker: Walker, said: str, heard: str) -> None:
    written = said if said[0] == "{" else f'"{said}"'
    assert words(walker(f"  first: {{say: {written}, next: bye}}\n")) == [("en", heard)]


def test_a_list_is_said_in_order_each_in_its_language(walker: Walker) -> None:
    walk = walker("  first: {say: [Hello, {text: 你好, language: zh}, {digits: 12, language: zh}], next: bye}\n")
    assert words(walk) == [("en", "Hello"), ("zh", "你好"), ("zh", "幺二")]


def test_silence_between_what_is_heard(walker: Walker) -> None:
    files = walker("  first: {play: {file: [a.wav, b.wav, c.wav], gap: 300ms}, next: bye}\n")
    gap = Prompt("en", silence_s=0.3)
    a, b, c = (Prompt("en", file=f"{name}.wav") for name in "abc")
    assert files.first[1] == PlayPrompts((a, gap, b, gap, c))
    said = walker("  first: {say: [Hello, {pause: 1s}, {digits: 12}], next: bye}\n")
    assert words(said) == [("en", "Hello"), ("en", 1.0), ("en", "one two")]
    with pytest.raises(AssertionError, match="pause"):
        walker("  first: {say: [Hello, {pause: 1h}], next: bye}\n")


def test_nothing_to_say_is_not_waited_for(walker: Walker) -> None:
    walk = walker("  first: {say: \"{{ '' }}\", next: bye}\n")
    assert walk.first == [EndCall("normal")]


def test_a_recording_wins_over_its_stand_in_only_in_a_language_that_has_it(walker: Walker) -> None:
    steps = "  first: {play: {file: closed.wav, say: {en: Closed, zh: 关门}}, next: bye}\n"
    facts = Facts(prompts={"zh": frozenset({"closed.wav"})})
    chinese = walker("  first: {set: {language: zh}, next: closed}\n" + steps.replace("first:", "closed:"), facts)
    assert chinese.first[1] == PlayPrompts((Prompt("zh", file="closed.wav"),))
    assert walker(steps, facts).first[1] == PlayPrompts((Prompt("en", text="Closed"),))


def test_what_could_not_be_played_is_told_and_the_caller_goes_on(walker: Walker) -> None:
    walk = walker("  first: {play: a.wav, next: bye}\n")
    assert walk.feed(PlayEnded(ok=False)) == [EndCall("normal")]
    assert StepFailed("c1", "test", "first", "plan.yaml:6", "could not be played") in walk.facts


def test_what_could_not_be_played_takes_failed_where_it_is_written(walker: Walker) -> None:
    walk = walker("  first: {play: a.wav, next: bye, failed: other}\n  other: {hangup: busy}\n")
    assert walk.feed(PlayEnded(ok=False)) == [EndCall("busy")]


def test_a_prompt_whose_end_is_never_told_does_not_hold_the_caller_for_ever(walker: Walker) -> None:
    walk = walker("  first: {play: a.wav, next: bye}\n")
    assert walk.wait(299) == []
    assert walk.wait(1)[-1] == EndCall("normal")


def test_digits_during_a_play_neither_stop_it_nor_are_lost(walker: Walker) -> None:
    walk = walker("  first: {play: a.wav, next: ask}\n  ask: {menu: {say: 1?, keys: {1: bye}}, failed: bye}\n")
    assert walk.press("1") == []
    assert walk.feed(PlayEnded()) == [EndCall("normal")]


def test_a_text_that_cannot_be_computed_ends_the_call_and_names_file_and_line(walker: Walker) -> None:
    walk = walker(
        "  first: {set: {n: x}, next: say}\n  say:\n    say: {number: '{{ n }}'}\n    failed: oops\n    next: bye\n"
        "  oops: {hangup: error}\n"
    )
    assert walk.first == [EndCall("error")]
    (failed,) = [fact for fact in walk.facts if isinstance(fact, StepFailed)]
    assert (failed.step, failed.where) == ("say", "plan.yaml:7")
    assert "'x' is not a number" in failed.why


def test_a_late_answer_to_something_else_is_dropped(walker: Walker) -> None:
    walk = walker("  first: {play: a.wav, next: bye}\n")
    assert walk.feed(Promised(ok=True)) == []
    assert walk.step == "first"
