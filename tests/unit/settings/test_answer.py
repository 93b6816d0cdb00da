"""``answer:``: what a customer hears whom we have called."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from softswitch.contact.answering import PLAIN, Follows
from softswitch.settings.answer import AnswerSettings


def refused(**written: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        AnswerSettings.model_validate(written)
    return str(caught.value)


def test_nothing_written_is_nothing_heard() -> None:
    assert AnswerSettings().answering({}) == PLAIN


def test_everything_arrives() -> None:
    written = {
        "greeting": {"say": {"en": "Hello.", "zh": "您好。"}},
        "press_1": True,
        "press_within": "7s",
        "no_press": "declined",
        "other_key": "machine",
        "never_again": True,
        "machine_detection": True,
        "apology": "sorry.wav",
        "auto_answer": True,
    }
    one = AnswerSettings.model_validate(written).answering({"en": {"sorry.wav"}})
    assert one.greeting is not None and one.greeting.prompt("zh").text == "您好。"
    assert (one.press_1, one.press_s, one.never_again, one.machines, one.auto_answer) == (True, 7.0, True, True, True)
    assert (one.unpressed, one.otherwise) == (Follows.DECLINED, Follows.MACHINE)
    assert one.apology is not None and one.apology.prompt("en").file == "sorry.wav"


@pytest.mark.parametrize("key", ["press_within", "no_press", "other_key", "never_again"])
def test_what_is_about_a_key_needs_the_question(key: str) -> None:
    value = {"press_within": "5s", "never_again": True}.get(key, "machine")
    assert f"{key} is about a key that nobody is asked for; write press_1: true too" in refused(**{key: value})
    AnswerSettings.model_validate({key: value, "press_1": True})


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"press_1": True, "no_press": "ask"}, "machine"),
        ({"press_1": True, "press_within": "10m"}, "30"),
        ({"greeting": "hello"}, "no sound file"),
        ({"apology": {"say": "Ask {name}"}}, "nothing that is known"),
        ({"press1": True}, "press1"),
    ],
)
def test_bad_input_is_told(written: dict[str, Any], why: str) -> None:
    assert why in refused(**written)
