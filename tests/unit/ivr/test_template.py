"""What a template can do, and what it cannot."""

from __future__ import annotations

import tracemalloc
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.ivr.template import MAX_TEXT, BadTemplate, analyse, analyse_condition, evaluate, holds, render

VARIABLES: dict[str, Any] = {"caller": {"number": "138"}, "n": 3, "s": "x" * 3000, "none": None}
VARIABLES |= {"rows": [{"id": 7}, {"id": 8}], "time": datetime(2026, 10, 1, 9, 30), "big": 10**15}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain } text", "plain } text"),
        ("{{ caller.number }}", "138"),
        ("{% if n > 2 %}many{% else %}few{% endif %}", "many"),
        ("{{ n | default(1) }} {{ other | default(1) }}", "3 1"),
        ("[{{ none }}]", "[]"),
        ("{{ caller.vip | default('no') }}", "no"),
        ("{{ 'a' ~ n ~ none }}", "a3None"),
        ("{{ rows | map(attribute='id') | join(', ') }}", "7, 8"),
        ("{{ caller.number | replace('1', '+861') }}", "+86138"),
        ("{{ (caller.number.strip() + 'x').upper()[:3] }}", "138"),
        ("{{ 3.14159 | round(2) }}", "3.14"),
        ("{{ time.strftime('%H:%M') }}", "09:30"),
        ("{{ time.replace(hour=8).hour }}", "8"),
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
        ("{{ s.replace('x', s) }}", "unsafe"),
        ("{{ s | replace('x', s) }}", f"longer than {MAX_TEXT}"),
        ("{{ s | join(s) }}", f"longer than {MAX_TEXT}"),
        ("{{ s.join(s) }}", "unsafe"),
        ("{{ s + s }}", f"longer than {MAX_TEXT}"),
        ("{{ '%1000000000d' % 1 }}", "numbers of ordinary size"),
        ("{{ n.to_bytes(1000000000) }}", "unsafe"),
        ("{{ 1.5 | round(1000000000, 'ceil') }}", "15 digits at most"),
        ("{{ big * big * big }}", "numbers of ordinary size"),
        ("{{ s | tojson(indent=5000000) }}", "no filter 'tojson'"),
        ("{{ s | map('upper') | join }}", "positional argument"),
        ("{{ rows | map(attribute='name') | join }}", "has no attribute 'name'"),
        ("{% set a = s ~ s %}{{ a }}", "not {% assign %}"),
        ("{{ n }}" + " " * MAX_TEXT, "at most"),
        ("{{ '%1000000000d' | format(1) }}", "no filter 'format'"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ n + 'a' }}", "unsupported operand"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ range(9) }}", "'range' is undefined"),
        ("{% for i in caller %}{{ i }}{% endfor %}", "not {% for %}"),
        ("{% include 'x' %}", "not {% include %}"),
        ("{{ n", "not readable"),
        ("{{ caller.number | truncate(2) }}", "expected length"),  # an AssertionError of jinja2's
        ("{{ " + "(" * 150 + "n" + ")" * 150 + " }}", "nested too deeply"),
        ("{{ " + "[" * 45 + "]" * 45 + " }}", "nested too deeply"),
        ("{{ " + "not " * 500 + "n }}", "nested too deeply"),
        ("{{ n" + " + 1" * 900 + " }}", "nested too deeply"),
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


@pytest.mark.parametrize(
    "condition", ["other", "other.field", "other == 1", "{{ n }}", "n ==", "caller.vip > 3", "1e999"]
)
def test_a_condition_that_cannot_be_computed(condition: str) -> None:
    with pytest.raises(BadTemplate):
        holds(condition, VARIABLES)


@pytest.mark.parametrize("condition", ["n }} x", "n }}{{ n", "n }}", "n }} {{", "", "(" * 150 + "n" + ")" * 150])
def test_a_condition_that_is_refused_before_any_call(condition: str) -> None:
    with pytest.raises(BadTemplate):
        analyse_condition(condition)


@pytest.mark.parametrize("text", ["{{ " + "(" * 150 + "n" + ")" * 150 + " }}", "{{ n" + " + 1" * 900 + " }}"])
def test_a_text_that_is_refused_before_any_call(text: str) -> None:
    with pytest.raises(BadTemplate, match="nested too deeply"):
        analyse(text)


def test_a_lone_expression_keeps_its_sign() -> None:
    assert [evaluate(text, VARIABLES) for text in ("{{ -n }}", "{{- n -}}", "{{- -n }}")] == [-3, 3, -3]


def test_a_lone_expression_keeps_its_type() -> None:
    assert evaluate({"a": ["{{ n }}", "{{ n }}{{ n }}", 1]}, VARIABLES) == {"a": [3, "33", 1]}


def test_a_variable_holds_plain_values_only() -> None:
    with pytest.raises(BadTemplate, match="not a value that a variable can hold"):
        evaluate("{{ caller.items }}", VARIABLES)


def test_whatever_computing_raises_is_the_texts_mistake() -> None:
    with pytest.raises(BadTemplate, match="name 'inf' is not defined"):  # of the code that jinja2 makes
        evaluate("{{ 1e999 }}", VARIABLES)


def test_what_a_text_reads() -> None:
    names = analyse("{{ a.b }} {{ c | default('') }} {{ e }}")
    assert names.read == {"a", "e"}
    assert names.fields == {("a", "b")}
    assert analyse_condition("a is defined and b").read == {"b"}


@pytest.mark.parametrize(("text", "near"), [("{{ a | lenght }}", "'length'"), ("{{ a is defind }}", "'defined'")])
def test_an_unknown_filter_or_test_gets_a_near_name(text: str, near: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        analyse(text)
    assert f"did you mean {near}" in str(caught.value)


STEPS = [
    *(
        " ~ s",
        " ~ s ~ s",
        " + s",
        " * 1000",
        " % 7",
        "|replace('x', s)",
        "|replace('', s)",
        "|join(s)",
        "|list",
        "|string",
    ),
    *(
        "|urlencode",
        "|title",
        "|truncate(9999, end=s)",
        ".replace('x', s)",
        ".encode()",
        ".hex()",
        ".split('x')",
        "[0]",
    ),
    *(".strftime(s)", "|sum", "|sort", "|int", "|float", "|round(99)", "|map(attribute=s)", "|dictsort", "|reverse"),
    *(
        "|wordwrap(1, wrapstring=s)",
        "|tojson",
        "|format(s)",
        "|center(99999999)",
        "|unique",
        "|first",
        "|max",
        "|items",
    ),
]


@given(
    start=st.sampled_from(["s", "n", "big", "rows", "caller", "time", "'%'"]), steps=st.lists(st.sampled_from(STEPS))
)
def test_no_way_to_make_much_out_of_little(start: str, steps: list[str]) -> None:
    text, variables = start, VARIABLES | {"s": "x%&" * 20}
    for step in steps:
        text = f"({text}){step}"
    tracemalloc.start()
    try:
        assert len(render(f"{{{{ {text} }}}}", variables)) <= MAX_TEXT
    except BadTemplate:
        pass
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 8 << 20


def test_a_number_that_could_not_be_written_down_is_no_value() -> None:
    assert evaluate("{{ x }}", {"x": 2**62}) == 2**62
    with pytest.raises(BadTemplate, match="more digits than a variable can hold"):
        evaluate("{{ [x + x] }}", {"x": 2**62})
