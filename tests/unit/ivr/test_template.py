"""What a template can do, and what it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.ivr.template import MAX_TEXT, BadTemplate, analyse, analyse_condition, evaluate, holds, render

VARIABLES: dict[str, Any] = {"caller": {"number": "138"}, "n": 3, "s": "x" * 3000, "none": None}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain } text", "plain } text"),
        ("{{ caller.number }}", "138"),
        ("{% if n > 2 %}many{% else %}few{% endif %}", "many"),
        ("{{ n | default(1) }} {{ other | default(1) }}", "3 1"),
        ("[{{ none }}]", "[]"),
        ("{{ caller.vip | default('no') }}", "no"),
    ],
)
def test_a_text_is_filled_in(text: str, result: str) -> None:
    assert render(text, VARIABLES) == result


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ other }}", "'other' is undefined"),
        ("{{ caller.vip }}", "has no attribute 'vip'"),  # not there: cannot be read aloud
        ("{{ s ~ s }}", f"longer than {MAX_TEXT}"),
        ("{{ 'x' * 1000000000 }}", "numbers of ordinary size"),
        ("{{ 9 ** 999999999 }}", "numbers of ordinary size"),
        ("{{ 'x'.ljust(1000000000) }}", "unsafe"),
        ("{{ '%1000000000d' | format(1) }}", "no filter 'format'"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ n + 'a' }}", "unsupported operand"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ range(9) }}", "'range' is undefined"),
        ("{% for i in caller %}{{ i }}{% endfor %}", "not {% for %}"),
        ("{% include 'x' %}", "not {% include %}"),
        ("{{ n", "not readable"),
    ],
)
def test_what_a_text_may_not_do(text: str, why: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        render(text, VARIABLES)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        ("n == 3 and caller.number", True),
        ("caller.vip", False),
        ("caller.vip.deeper", False),
        ("caller.vip == 'gold'", False),
        ("caller.vip != 'gold'", True),
        ("other is defined", False),
    ],
)
def test_a_condition(condition: str, result: bool) -> None:
    assert holds(condition, VARIABLES) is result


@pytest.mark.parametrize("condition", ["other", "other.field", "other == 1", "{{ n }}", "n ==", "caller.vip > 3"])
def test_a_condition_that_cannot_be_computed(condition: str) -> None:
    with pytest.raises(BadTemplate):
        holds(condition, VARIABLES)


def test_a_lone_expression_keeps_its_type() -> None:
    assert evaluate({"a": ["{{ n }}", "{{ n }}{{ n }}", 1]}, VARIABLES) == {"a": [3, "33", 1]}


def test_a_variable_holds_plain_values_only() -> None:
    with pytest.raises(BadTemplate, match="not a value that a variable can hold"):
        evaluate("{{ caller.items }}", VARIABLES)


def test_what_a_text_reads() -> None:
    names = analyse("{{ a.b }} {{ c | default('') }} {% set d = 1 %}{{ d }}{{ e }}")
    assert names.read == {"a", "e"}
    assert names.fields == {("a", "b")}
    assert analyse_condition("a is defined and b").read == {"b"}


@pytest.mark.parametrize(("text", "near"), [("{{ a | lenght }}", "'length'"), ("{{ a is defind }}", "'defined'")])
def test_an_unknown_filter_or_test_gets_a_near_name(text: str, near: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        analyse(text)
    assert f"did you mean {near}" in str(caught.value)
