"""What is proven of a template is what jinja2 and Python would say of it, and at no greater cost."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.ivr.meter import BUDGET, METER
from softswitch.ivr.proof import ENVIRONMENT, BadTemplate, Names, parsed, proven, read_by
from softswitch.ivr.template import analyse, analyse_condition, evaluate, render

NAMES = st.sampled_from(["a", "caller", "_", "l_0_a", "if", "None", "__debug__", "lambda", "ﬁ", "class"])
FILTERS = st.sampled_from(["upper", "default", "d", "join", "replace", "round", "map", "sort", "truncate", "length"])
TESTS = st.sampled_from(["defined", "none", "number", "in", "sameas", "divisibleby", "filter", "test"])
LEAVES = st.one_of(
    NAMES,
    st.integers(0, 10**30).map(str),
    st.sampled_from(["1e999", "1.5", "'x'", '"\\x00"', "''", "true", "[]", "{}", "()", "1_0", "none"]),
)


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(
        ["+", "-", "*", "/", "//", "%", "**", "~", "and", "or", "==", "<", "in", "not in", "is"]
    )
    arguments = st.lists(
        st.one_of(inner, st.builds("{}={}".format, NAMES, inner), st.builds("*{}".format, inner)), max_size=3
    ).map(", ".join)
    slices = st.builds("{}:{}".format, st.one_of(st.just(""), inner), st.one_of(st.just(""), inner))
    return st.one_of(
        st.builds("{} {} {}".format, inner, operators, inner),
        st.builds("({})".format, inner),
        st.builds("not {}".format, inner),
        st.builds("{}.{}".format, inner, NAMES),
        st.builds("{}[{}]".format, inner, st.lists(st.one_of(inner, slices), max_size=2).map(", ".join)),
        st.builds("{}({})".format, inner, arguments),
        st.builds("{} | {}({})".format, inner, FILTERS, arguments),
        st.builds("{} is {}({})".format, inner, TESTS, arguments),
        st.builds("{} if {} else {}".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
    )


@settings(max_examples=150)
@given(st.recursive(LEAVES, _more, max_leaves=10), st.sampled_from(["{{{{ {} }}}}", "x {{% if {} %}}y{{% endif %}}"]))
def test_what_is_proven_can_be_compiled(expression: str, around: str) -> None:
    text = around.format(expression)
    try:
        analyse(text)
    except BadTemplate:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # None[1] is Python all the same
        ENVIRONMENT.compile(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ a.get(b=1, b=2) }}",
        "{{ a | default(default_value=1, default_value=2) }}",
        "{{ a is sameas(other=1, other=1) }}",
        "{{ a.get(__debug__=1) }}",
        "{{ a[1:2, 3] }}",
        "{{ a[1, ::2] }}",
    ],
)
def test_what_python_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(SyntaxError):
        ENVIRONMENT.compile(text)
    with pytest.raises(BadTemplate, match="not readable"):
        analyse(text)


@pytest.mark.parametrize("left", [BUDGET, 0])
@pytest.mark.parametrize(
    "text",
    [
        "{{ not {[]: 1} }}", "{{ 1 + {('a' | list): 1} }}", "{{ [{([],): 1}][0] }}", "{{ {(a | sort): 1} }}",
        "{{ {('a' | list, 1): 1} }}", "{{ {(1, (a, {'b': a})): 1} }}", "{{ {([a] if a else a | map('upper')): 1} }}",
    ],
)  # fmt: skip
def test_a_key_that_is_no_key_is_refused(text: str, left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the expression before has left of what one may cost."""
    monkeypatch.setattr(METER, "left", left)
    with pytest.raises(BadTemplate, match="a key of a mapping is a text or a number"):
        read_by(text)
    assert METER.left == left, "nothing is computed"


@pytest.mark.parametrize("key", ["'a' | list if true else a", "(a, 1)", "([[]] | first)", "[a] | first"])
def test_a_key_that_turns_out_to_be_none_is_the_expression_s_fault(key: str) -> None:
    text = f"{{{{ {{({key}): 1}} }}}}"
    assert analyse(text).read <= {"a"}
    with pytest.raises(BadTemplate, match="unhashable"):
        evaluate(text, {"a": []})
    assert evaluate("{{ {(a | upper): 1, 'b': 2, 3: 4} }}", {"a": "x"}) == {"X": 1, "b": 2, "3": 4}


@pytest.mark.parametrize(
    ("key", "why"), [("none.x ~ 'a'", "no attribute 'x'"), ("0x" + 4000 * "f" + " ~ 'a'", "digit")]
)
def test_a_key_of_which_no_text_can_be_made_is_told_of_when_it_is_computed(key: str, why: str) -> None:
    text = f"{{{{ {{({key}): 1}} }}}}"
    assert analyse(text).read == set()
    with pytest.raises(BadTemplate, match=why):
        evaluate(text, {})


def test_many_brackets_are_no_deep_ones() -> None:
    assert analyse(" ".join(["{{ f(a) }}"] * 40)).read == {"f", "a"}
    with pytest.raises(BadTemplate, match="nested too deeply"):
        analyse("{{ " + "(" * 31 + "a" + ")" * 31 + " }}")


@pytest.mark.parametrize("sign", ["-", "not ", "a.", "a + ", "a and ", "a if b else "])
def test_the_deepest_that_is_proven_can_be_compiled(sign: str) -> None:
    """Python's own limits are never reached."""
    texts = ["{{ " + sign * times + "a }}" for times in range(40, 80)]
    refused = [_outcome(text, lambda one: proven(parsed(one))) == "refused" for text in texts]
    deepest = refused.index(True)
    assert deepest > 0 and all(refused[deepest:])
    ENVIRONMENT.compile(texts[deepest - 1])


def test_a_condition_is_proven_as_the_expression_that_it_is() -> None:
    assert analyse_condition("a.b > 1 and c is defined").read == {"a"}
    assert render("{{ a.b }}", {"a": {"b": 2}}) == "2"


PIECES = st.one_of(
    st.sampled_from(
        ["{", "}", "}}", "{{", "%", "#", "{#", "-", "+", "'", '"', " ", "\n", "text", "{{ a }}", "{{- a -}}"]
    ),
    st.builds("{{{{ {} }}}}".format, st.recursive(LEAVES, _more, max_leaves=3)),
    st.builds("{{{{{}}}}}".format, st.recursive(LEAVES, _more, max_leaves=3)),
    st.sampled_from(
        ["{{ b is defined }}", "{{ b }}", "{{ b | default(1) }}", "{{ b.c }}", "{% if b %}", "{% endif %}"]
    ),
)


def _outcome(text: str, how: Callable[[str], Names]) -> Names | str:
    try:
        return how(text)
    except BadTemplate:
        return "refused"


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=5).map("".join))
def test_a_text_reads_what_its_expressions_do(text: str) -> None:
    assert _outcome(text, read_by) == _outcome(text, lambda whole: proven(parsed(whole)))
