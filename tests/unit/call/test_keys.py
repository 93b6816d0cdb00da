"""Keys by SIP INFO towards the peer, and keys that come in several forms."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.call.press import MERGE_S, Form, Presses
from softswitch.call.signal import Accept, Digit, Offered, SendKeys
from softswitch.call.table import S
from softswitch.sip.message import Message, Request
from tests.support.sip_pair import Pair

EVENT, TONE, INFO = Form.EVENT, Form.TONE, Form.INFO


def up() -> Pair:
    pair = Pair()
    pair.hear = lambda _side, signal: [(0, "b", Accept())] if isinstance(signal, Offered) else []
    pair.dial()
    pair.run(5.0)
    assert pair.a.every[0].state is pair.b.every[0].state is S.UP
    return pair


def digits(pair: Pair, side: str) -> str:
    return "".join(signal.digit for _, signal in pair.sides[side].signals if isinstance(signal, Digit))


def test_keys_go_one_after_the_other() -> None:
    pair = up()
    pair.tell("a", SendKeys("12"))
    pair.tell("a", SendKeys("#"))
    pair.run(6.0)
    assert digits(pair, "b") == "12#"
    assert pair.ladder()[-6:] == ["a INFO", "b 200 INFO"] * 3


def test_a_lost_answer_does_not_double_a_key_nor_stop_the_next() -> None:
    pair = up()
    lost: list[Message] = []

    def lose_one(side: str, message: Message) -> bool:
        if not lost and side == "b" and message.cseq.method == "INFO":
            lost.append(message)
            return True
        return False

    pair.drop = lose_one
    pair.tell("a", SendKeys("55"))
    pair.run(20.0)
    assert digits(pair, "b") == "55"


def test_a_phone_that_answers_no_info_loses_the_keys_and_not_the_call() -> None:
    pair = up()
    pair.drop = lambda _side, message: isinstance(message, Request) and message.method == "INFO"
    pair.tell("a", SendKeys("12"))
    pair.run(120.0)
    assert digits(pair, "b") == "" and pair.a.every[0].state is S.UP


def test_a_leg_that_is_not_up_is_not_pressed() -> None:
    pair = Pair()
    pair.dial()
    pair.run(0.1)
    assert pair.a.every[0].handle(SendKeys("1"), 0.1) == []


# ---- one press in several forms ----------------------------------------------------------------------------------


def heard(*reports: tuple[str, Form, float]) -> str:
    presses = Presses()
    return "".join(digit for digit, form, at in reports if presses.hear(digit, form, at))


def test_one_form_alone_is_counted_as_it_is() -> None:
    assert heard(("5", EVENT, 0.0), ("5", EVENT, 0.1), ("5", EVENT, 0.2)) == "555"


@pytest.mark.parametrize("other", [TONE, INFO])
def test_the_second_form_adds_nothing(other: Form) -> None:
    assert heard(("5", EVENT, 0.0), ("5", other, 0.1), ("5", EVENT, 0.3), ("5", other, 0.4)) == "55"


def test_the_second_form_may_lag_behind_by_several_keys() -> None:
    assert heard(("1", EVENT, 0.0), ("1", EVENT, 0.2), ("2", EVENT, 0.4), *((d, INFO, 1.0) for d in "112")) == "112"


def test_either_form_may_be_first() -> None:
    assert heard(("1", INFO, 0.0), ("1", EVENT, 0.1), ("2", EVENT, 0.5), ("2", INFO, 0.6)) == "12"


def test_what_one_form_misses_the_other_tells() -> None:
    assert heard(("1", EVENT, 0.0), ("1", TONE, 0.1), ("2", EVENT, 0.5), ("3", TONE, 1.0), ("3", EVENT, 1.1)) == "123"


def test_a_press_that_only_a_late_form_knew_doubles_none_of_those_that_came_after_it() -> None:
    """The tone of the second 5 was lost, and its INFO came only after the tone of the 7."""
    reports = (("5", INFO, 0.0), ("5", TONE, 0.1), ("7", TONE, 0.7), ("5", INFO, 0.9), ("7", INFO, 0.95))
    assert heard(*reports, ("7", TONE, 1.1), ("7", INFO, 1.2)) == "5757"


def test_much_later_it_is_another_press() -> None:
    assert heard(("1", EVENT, 0.0), ("1", INFO, MERGE_S + 0.1)) == "11"


def test_an_echo_of_what_was_sent_is_no_press() -> None:
    presses = Presses()
    presses.sent("12", 0.0)
    assert not presses.hear("1", TONE, 0.3)
    assert not presses.hear("2", TONE, 0.5)
    assert presses.hear("2", TONE, 0.8)  # it came back once already: that is somebody
    presses.sent("3", 1.0)
    assert presses.hear("3", EVENT, 1.1)  # no echo has this form
    assert presses.hear("3", TONE, 1.0 + 4.5)


def test_10_000_presses_in_three_forms() -> None:
    """Each form has its own delay, tones miss 2 %, and the INFOs are at times retransmitted; the order is kept."""
    random = np.random.default_rng(11)
    pressed = "".join("0123456789*#ABCD"[key] for key in random.integers(0, 16, 10_000))
    reports, last, at = [], {form: 0.0 for form in Form}, 0.0
    for number, digit in enumerate(pressed):
        at += random.uniform(0.12, 0.6)
        for form, delay in ((EVENT, 0.02), (TONE, 0.1), (INFO, 0.03 + 0.5 * (random.random() < 0.02))):
            if form is not TONE or random.random() >= 0.02:
                last[form] = max(last[form], at + delay)
                reports.append((last[form], number, form, digit))
    presses = Presses()
    told = [digit for when, _, form, digit in sorted(reports) if presses.hear(digit, form, when)]
    assert "".join(told) == pressed
