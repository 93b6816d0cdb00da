"""``tone`` and ``press``."""

from __future__ import annotations

import pytest

from softswitch.ivr.model import AnswerCall, DialOut, EndCall, PlayEnded, PlayPrompts, Prompt, SendKeys, StepFailed
from tests.unit.ivr.conftest import Walker


def test_a_tone_is_heard_for_its_time(walker: Walker) -> None:
    walk = walker("  first: {tone: {name: busy, for: 3s}, next: bye}\n")
    assert walk.first == [AnswerCall(), PlayPrompts((Prompt("", tone="busy", silence_s=3.0),))]
    assert walk.feed(PlayEnded()) == [EndCall("normal")]


def test_a_tone_that_is_none_is_a_mistake(walker: Walker) -> None:
    with pytest.raises(AssertionError, match="congestion"):
        walker("  first: {tone: howler, next: bye}\n")


def test_keys_are_pressed_in_the_answered_call(walker: Walker) -> None:
    walk = walker('  first: {set: {code: "12#"}, next: open}\n  open: {press: "{{ code }}", next: bye}\n')
    assert walk.first == [AnswerCall(), SendKeys("12#"), EndCall("normal")]


def test_what_are_no_keys_fails_the_step(walker: Walker) -> None:
    walk = walker('  first: {set: {code: open}, next: open}\n  open: {press: "{{ code }}", next: bye}\n')
    assert any(isinstance(one, StepFailed) for one in [*walk.first, *walk.facts])
    assert not any(isinstance(one, SendKeys) for one in [*walk.first, *walk.facts])


@pytest.mark.parametrize("keys", ["", "12x", "1" * 65])
def test_what_are_no_keys_and_written_out_is_a_mistake(walker: Walker, keys: str) -> None:
    with pytest.raises(AssertionError, match="are no keys; write up to 64 of"):
        walker(f'  first: {{press: "{keys}", next: bye}}\n')


def test_who_waits_for_the_dialled_hears_that_it_rings(walker: Walker) -> None:
    walk = walker('  first: {dial: {user: "1001", hears: ringing}}\n')
    assert [one.ringing for one in walk.first if isinstance(one, DialOut)] == [True]
