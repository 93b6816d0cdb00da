"""What is marked as secret, and what is made of it, is in no fact: neither as a value nor in the words of an error."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.core.effect import Effect
from softswitch.ivr.check import check_plan
from softswitch.ivr.model import Fetched, HungUp, MaskRecording, PlayEnded, PlayPrompts, StepFailed, StepLeft
from softswitch.ivr.run import MASK
from tests.unit.ivr.conftest import BYE, HEAD, Walk, Walker
from tests.unit.ivr.test_flows import loaded

CARD = "4929123412341234"
ASK = '  first: {collect: {say: "Your card?", save: card, max: 16, timeout: 5s, secret: true}, next: b, failed: bye}\n'


def told(walk: Walk) -> str:
    """Every word of every fact."""
    return repr([fact for fact in walk.facts])


def left(walk: Walk) -> list[StepLeft]:
    return [fact for fact in walk.facts if isinstance(fact, StepLeft)]


def masks(effects: list[Effect]) -> list[bool]:
    return [effect.on for effect in effects if isinstance(effect, MaskRecording)]


def test_digits_of_a_secret_question_are_not_told(walker: Walker) -> None:
    walk = walker(ASK + "  b: {say: Thanks, next: bye}\n")
    walk.press(CARD)
    assert walk.variables["card"] == walk.variables["digits"] == CARD
    (first,) = left(walk)
    assert first.inputs == (f"pressed {MASK}",)
    assert first.changed == {"digits": MASK, "card": MASK}
    assert CARD not in told(walk) and CARD[:4] not in told(walk)


def test_digits_that_were_pressed_ahead_of_a_secret_question_are_not_told(walker: Walker) -> None:
    walk = walker(f"  first: {{play: a.wav, next: b}}\n{ASK.replace('first:', 'b:').replace('next: b', 'next: bye')}")
    walk.press(CARD)
    walk.feed(PlayEnded())
    assert walk.variables["card"] == CARD
    assert CARD[:2] not in told(walk)


def test_who_hangs_up_or_gives_up_in_the_middle_has_told_nothing(walker: Walker) -> None:
    walk = walker(ASK + "  b: {say: Thanks, next: bye}\n")
    walk.press(CARD[:9])
    walk.feed(HungUp())
    assert left(walk)[0].inputs == (f"pressed {MASK}", "hung up")
    assert CARD[:4] not in told(walk)


def test_nothing_is_recorded_while_it_is_asked(walker: Walker) -> None:
    walk = walker(ASK + "  b: {say: Thanks, next: bye}\n")
    assert walk.first[0] == MaskRecording(True)
    assert masks(walk.press(CARD[:-1])) == []
    assert masks(walk.press(CARD[-1])) == [False]
    assert masks(walk.feed(PlayEnded())) == []


def test_a_question_that_nobody_answers_ends_the_silence_too(walker: Walker) -> None:
    walk = walker(ASK.replace("timeout: 5s", "timeout: 5s, tries: 1") + "  b: {say: Thanks, next: bye}\n")
    assert masks(walk.feed(HungUp())) == [False]


def test_saying_it_aloud_is_not_recorded_either(walker: Walker) -> None:
    walk = walker(ASK + "  b: {say: {digits: '{{ card }}'}, next: c}\n  c: {say: Thanks, next: bye}\n")
    orders = walk.press(CARD)
    assert masks(orders) == [False, True]
    assert masks(walk.feed(PlayEnded())) == [False]


DERIVED = {
    "set": '{set: {part: "{{ card[:4] }}", other: 1}, next: c}',
    "default": "{set: {part: \"{{ card | default('') }}\", other: 1}, next: c}",
    "nested": '{set: {part: {deep: ["{{ card[:4] }}"]}, other: 1}, next: c}',
}


@pytest.mark.parametrize("step", DERIVED.values(), ids=DERIVED.keys())
def test_what_is_made_of_it_is_secret_and_what_is_not_is_not(walker: Walker, step: str) -> None:
    walk = walker(
        ASK + f"  b: {step}\n  c: {{set: {{again: '{{{{ part }}}}'}}, next: d}}\n  d: {{say: x, next: bye}}\n"
    )
    walk.press(CARD)
    assert left(walk)[1].changed == {"part": MASK, "other": "1"}
    assert left(walk)[2].changed == {"again": MASK}
    assert CARD[:4] not in told(walk)


def test_a_variable_that_is_set_anew_is_no_secret_any_more(walker: Walker) -> None:
    walk = walker(ASK + "  b: {set: {card: gone}, next: c}\n  c: {say: x, next: bye}\n")
    walk.press(CARD)
    assert left(walk)[1].changed == {"card": "gone"}
    assert walk.machine.state.secret == ["digits"]


def test_secrets_of_a_set(walker: Walker) -> None:
    walk = walker("  first: {set: {token: s3cr3t, secret: true}, next: b}\n  b: {say: x, next: bye}\n")
    assert walk.variables["token"] == "s3cr3t" and "secret" not in walk.variables
    assert left(walk)[0].changed == {"token": MASK}
    assert "s3cr3t" not in told(walk)


FAILING = {
    "set": '{set: {x: "{{ card | round }}"}, next: bye, failed: c}',
    "when": "{when: {if: 'card + 1', then: bye}, else: bye, failed: c}",
    "say": "{say: '{{ card + 1 }}', next: bye, failed: c}",
    "number": "{say: {number: 'x{{ card }}'}, next: bye, failed: c}",
    "press": "{press: 'x{{ card }}', next: bye, failed: c}",
    "message": "{message: {to: '1001', text: 'Card {{ card }}'}, next: bye, failed: c}",
    "http address": "{http: {get: 'ftp://{{ card }}/'}, next: bye, failed: c}",
}


@pytest.mark.parametrize("step", FAILING.values(), ids=FAILING.keys())
def test_an_error_quotes_nothing(walker: Walker, step: str) -> None:
    walk = walker(ASK + f"  b: {step}\n  c: {{say: sorry, next: bye}}\n")
    walk.press(CARD)
    (failed,) = [fact for fact in walk.facts if isinstance(fact, StepFailed)]
    assert failed.where == "plan.yaml:7" and "secret" in failed.why
    assert CARD not in told(walk)


def test_an_answer_to_a_secret_question_of_the_web_is_secret(walker: Walker) -> None:
    http = "  b: {http: {post: 'http://a/', json: {card: '{{ card }}'}, save: answer}, next: c, failed: c}\n"
    walk = walker(ASK + http + "  c: {say: x, next: bye}\n")
    walk.press(CARD)
    walk.feed(Fetched(200, {"card": CARD}, seconds=0.31))
    assert left(walk)[1].inputs == ("200 after 0.31 s",)
    assert left(walk)[1].changed == {"answer": MASK}
    walk = walker(ASK + http + "  c: {say: x, next: bye}\n")
    walk.press(CARD)
    walk.feed(Fetched(0, None, f"http://a/{CARD} cannot be reached", 0.5, "unreachable"))
    assert left(walk)[1].inputs == ("unreachable after 0.50 s",)
    assert CARD not in told(walk)


FLOW = """\
flow: verify
arguments: {order: required}
start: a
steps:
  a: {set: {half: "{{ order[:1] }}"}, next: b}
  b: {return: {outcome: known, value: {name: Li, half: "{{ half }}"}}}
"""


def test_a_flow_knows_that_its_argument_is_secret_and_the_caller_that_the_value_is() -> None:
    walk = Walk(loaded(FLOW))
    walk.machine.plan.steps["ask"].verb.__dict__["secret"] = True
    walk.start()
    orders = walk.press("12")
    assert [prompt.text for one in orders if isinstance(one, PlayPrompts) for prompt in one.prompts] == ["Hello Li, 12"]
    changed: dict[str, Any] = {}
    for fact in left(walk):
        changed |= fact.changed
    assert changed == {"digits": MASK, "order": MASK, "half": MASK, "result": MASK}


def test_the_check_warns_of_secrets_that_others_would_read() -> None:
    steps = ASK + (
        "  b: {set: {part: '{{ card[:4] }}'}, next: c}\n"
        "  c: {http: {get: 'http://a/{{ part }}', save: found}, next: d, failed: d}\n"
        "  d: {http: {post: 'http://a/', json: {card: '{{ card }}'}}, next: e, failed: e}\n"
        "  e: {message: {to: '1001', text: 'It is {{ found.card }}'}, next: bye, failed: bye}\n"
    )
    plan, problems = check_plan(HEAD + steps + BYE, "plan.yaml")
    assert plan is not None
    assert [(one.line, one.level) for one in problems] == [(8, "warning"), (10, "warning")]
    assert check_plan(HEAD + steps.replace(", secret: true", "") + BYE, "plan.yaml")[1] == []
