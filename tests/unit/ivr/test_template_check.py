"""What the check knows of expressions beside the names in them: what can never be equal, and fields of queues."""

from __future__ import annotations

import pytest

from tests.unit.ivr.test_check import found


@pytest.mark.parametrize(
    ("condition", "compared"),
    [
        ("digits == 1", "digits"),
        ("5 < called", "called"),
        ("caller.number == 13800138000 or called", "caller.number"),
        ("'a' == called != 7.5", "called"),
    ],
)
def test_text_of_the_call_is_never_a_number(condition: str, compared: str) -> None:
    (problem,) = found(f'  first: {{when: {{if: "{condition}", then: bye}}, else: bye}}\n')
    assert problem == (
        f"6:18: steps.first.when.if: {compared!r} is text, which is no number: put the number in quotes, or write "
        f"{compared} | int"
    )


ASK = "  first: {collect: {say: hello, save: pin}, next: %s, failed: bye}\n"


def test_what_was_keyed_in_is_never_a_number_and_what_is_computed_may_be() -> None:
    (problem,) = found(ASK % "b" + "  b: {when: {if: pin == 1234, then: bye}, else: bye}\n")
    assert problem.startswith("7:14: steps.b.when.if: 'pin' is text, which is no number")
    computed = '  a: {set: {pin: "{{ pin | int }}"}, next: b}\n  b: {when: {if: pin == 1234, then: bye}, else: bye}\n'
    assert found(ASK % "a" + computed) == []


@pytest.mark.parametrize(
    "condition",
    [
        "digits == '1'",
        "digits | int > 1",
        "digits | length > 3",
        "called in (1, 2)",
        "time.hour > 9",
        "history.calls > 2",
    ],
)
def test_what_may_well_hold(condition: str) -> None:
    assert found(f'  first: {{when: {{if: "{condition}", then: bye}}, else: bye}}\n') == []


def test_a_field_that_no_queue_has() -> None:
    (problem,) = found("  first: {when: {if: queue.orders.wating > 2, then: bye}, else: bye}\n")
    assert problem.startswith("6:18: steps.first.when.if: a queue has no field 'wating'; did you mean 'waiting'?")
    assert found("  first: {when: {if: queue.orders.waiting > 2, then: bye}, else: bye}\n") == []
