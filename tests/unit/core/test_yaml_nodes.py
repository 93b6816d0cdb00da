"""Every value keeps its place, and telephone numbers stay text."""

from __future__ import annotations

import pytest

from softswitch.core.yaml_nodes import did_you_mean, dotted, load_yaml, locate


def test_each_key_and_item_has_its_line_and_column() -> None:
    value, positions, problems = load_yaml("a: 1\nb:\n  - x\n  - {c: y}\n", "f.yaml")
    assert value == {"a": 1, "b": ["x", {"c": "y"}]}
    assert problems == []
    assert positions[("b",)] == (2, 1)
    assert positions[("b", 0)] == (3, 5)
    assert positions[("b", 1, "c")] == (4, 6)


@pytest.mark.parametrize("text", ["0123", "+8613800138000", "09:00", "no", "2026-10-01", "off", "1e3", "0x10"])
def test_what_is_not_plainly_a_number_stays_text(text: str) -> None:
    assert load_yaml(f"a: {text}", "f")[0] == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("-3", -3), ("1.5", 1.5), ("true", True), ("~", None), ("", None)]
)
def test_plain_numbers_and_words(text: str, value: object) -> None:
    assert load_yaml(f"a: {text}", "f")[0] == {"a": value}


def test_what_is_quoted_is_text() -> None:
    assert load_yaml("'1001': 'true'", "f")[0] == {"1001": "true"}


def test_a_repeated_key_is_a_problem_and_the_first_one_wins() -> None:
    value, _, problems = load_yaml("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert value == {"a": 1, "b": 2}
    assert [str(problem) for problem in problems] == ["f.yaml:3:1: a: written twice; the first one is in line 1"]


def test_a_number_and_the_same_in_quotes_are_one_key() -> None:
    value, _, problems = load_yaml("1: a\n'1': b\n", "f.yaml")
    assert value == {1: "a"}
    assert [str(problem) for problem in problems] == ["f.yaml:2:1: 1: written twice; the first one is in line 1"]


@pytest.mark.parametrize(
    ("key", "told"), [("true", "a truth value"), ("False", "a truth value"), ("~", "nothing"), ("1.5", "a fraction")]
)
def test_a_key_is_text_or_a_whole_number(key: str, told: str) -> None:
    value, _, problems = load_yaml(f"a:\n  {key}: x\n  1: y\n", "f.yaml")
    assert value == {"a": {key: "x", 1: "y"}}  # as it was meant, so that the rest can be checked
    assert [(problem.line, problem.column, problem.key) for problem in problems] == [(2, 3, f"a.{key}")]
    assert f"{key} is read as {told}; as a name it must be in quotes" in problems[0].message


def test_aliases_cannot_make_much_out_of_little() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    value, _, (problem,) = load_yaml("\n".join(lines), "f.yaml")
    assert value is None
    assert (problem.line, problem.key) == (5, "a4")  # 10 to the power of 5 of them
    assert "repeat more than 100,000 values" in problem.message


def test_a_long_file_without_aliases_is_read() -> None:
    assert len(load_yaml("[" + "x, " * 150_000 + "]", "f")[0]) == 150_000


@pytest.mark.parametrize(
    ("text", "where", "remedy"),
    [
        ("a: *11", (1, 4), "quotes"),
        ("a:\n\tb: 1", (2, 1), "spaces, not tabs"),
        ("a: b: c", (1, 5), "quotes"),
        ("a: [1", (1, 6), "not readable"),
        ("a: \x01", (1, 4), "control character U+0001"),
        ("[" * 5000, (1, 201), "nested too deeply"),
        ("[" * 60 + "]" * 60, (1, 51), "nested too deeply"),
        ("&x [*x]", (1, 1), "refers to itself"),
        ("{[a]: 1}", (1, 2), "a key must be"),
        ("a: 1\nb: \ufffd", (2, 4), "no UTF-8"),
        ("a: {b: c: d}", (1, 9), "quotes"),
        ("a: {b: Hello, my friend}", (1, 15), "'my friend' has no value; put text that contains ', ' in quotes"),
        ("a:\n- " + "[" + "x, " * 250_000 + "]", (2, 749_992), "more than 250,000 values"),
        ('a:\n  say: "Welcome\n  next: b\n', (2, 8), "the quote that is opened here is never closed"),
        ("a: {say: {{ x }} hi, next: b}\n", (1, 18), "put text that begins with {{ in quotes"),
        ("a:\n  say: x\n next: z\n", (3, 2), "is this line indented as those that it belongs to"),
    ],
)
def test_what_is_not_yaml_says_where_and_what_to_do(text: str, where: tuple[int, int], remedy: str) -> None:
    _, _, problems = load_yaml(text, "f.yaml")
    assert len(problems) == 1
    assert (problems[0].line, problems[0].column) == where
    assert remedy in problems[0].message


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("a: {{ x }}", "{{ x }}", '"{{ x }}"'),
        ("{a: {{ caller.name | upper }}, b: 1}", "{{ caller.name | upper }}", '"{{ caller.name | upper }}"'),
        ("a: {{ y.z('a') }}", "{{ y.z('a') }}", "\"{{ y.z('a') }}\""),
        ('a: {{ y.z("a") }}', '{{ y.z("a") }}', "'{{ y.z(\"a\") }}'"),
    ],
)
def test_an_expression_without_quotes_is_told_once_and_taken_as_it_was_meant(text: str, value: str, told: str) -> None:
    found, _, (problem,) = load_yaml(text, "f.yaml")
    assert found["a"] == value
    assert problem.message == f"text that begins with {{{{ must be in quotes: {told}"


def test_a_mapping_whose_key_is_a_mapping_is_no_expression() -> None:
    _, _, problems = load_yaml("a: {{b: 1}: 2}\nc: {{b: 1}}\n", "f.yaml")
    assert [problem.message for problem in problems] == ["a key must be a word or a number; is a quote missing?"] * 2


def test_the_same_anchor_twice_is_no_cycle() -> None:
    assert load_yaml("a: &x [1]\nb: *x\n", "f")[0] == {"a": [1], "b": [1]}


def test_an_empty_file_is_none() -> None:
    assert load_yaml("# nothing\n", "f") == (None, {}, [])


def test_a_missing_key_is_placed_at_its_parent() -> None:
    _, positions, _ = load_yaml("a:\n  b: 1\n", "f")
    assert locate(positions, ("a", "missing", 3)) == (1, 1)
    assert locate(positions, ("a", "b", "x")) == (2, 3)
    assert locate({}, ("a",)) == (1, 1)


def test_paths_read_as_people_write_them() -> None:
    assert dotted(("queues", "orders", "needs", 0, "skill")) == "queues.orders.needs[0].skill"


def test_near_misses_are_suggested_and_otherwise_the_known_ones_listed() -> None:
    assert did_you_mean("ordres", ["orders", "service"]) == "; did you mean 'orders'?"
    assert did_you_mean("zzz", ["b", "a"]) == "; known: a, b"
    assert did_you_mean("zzz", []) == ""
