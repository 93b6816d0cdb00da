"""No expression runs longer than 10 ms: the worst that we can think of, on the largest data that variables may hold."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from softswitch.ivr import template
from softswitch.ivr.filters import filters
from softswitch.ivr.meter import METER, TooDear
from softswitch.ivr.proof import _nodes, parsed
from softswitch.ivr.template import BadTemplate

LONGEST_MS = 10.0
SHUFFLED = list(range(9000))
random.Random(1).shuffle(SHUFFLED)
VARIABLES: dict[str, Any] = {
    "nums": SHUFFLED,
    "words": [f"w{number:05d}" for number in SHUFFLED[:5000]],
    "same": ["x" * 50 + str(number) for number in range(3000)],
    "recs": [{"a": {"a": number % 7}, "b": str(number)} for number in range(2000)],
    "doc": {str(number): {"n": number, "l": [1, 2, 3]} for number in range(1500)},
    "doc2": {str(number): {"n": number, "l": [1, 2, 3]} for number in range(1500)},
    "text": "ab" * 2000,
    "spaces": "a " * 2000,
    "nine": "9" * 4000,
    "big": int("9" * 4000),
    "small": {"vip": True, "name": "Li"},
    "time": datetime(2026, 1, 1, tzinfo=UTC),
}
LISTS, TEXTS = ("nums", "recs"), ("spaces", "nine")
EXPRESSIONS = """
doc==doc2  doc==doc==doc==doc2  -1·in·nums  'x'·in·words  'bb'·in·text  nums[1:]  nums[::2]  text[1:]  text[::-1]
nums+[1]  1+1+1  big//7  big+big  nums.count(0)  nums.index(0)  text.count('ab')  spaces.split()  spaces.split('·')
spaces.title()  time.strftime('%c%c')  nine.isdigit()  doc.get('1')  doc.items()|list  time.astimezone()
text.partition('c')  nums<=nums[:]  -1·is·in·nums  doc·is·eq·doc2  1·is·odd  1·if·1·else·2  text~''  doc~''
[doc,doc]|join  small.a.b.c.d  recs|map(attribute='a')  recs|sort(attribute='a.a')  recs|max(attribute='b')
recs|selectattr('b','in',words)  recs|selectattr('b','eq','7')  recs|rejectattr('b')  nums|select('in',words)
words|select('in',same)  recs|selectattr('a','eq',doc)  text|replace('a','b')  text|truncate(4000)  doc|dictsort
""".replace("\n", "  ").split("  ")
ODD = {
    "sort by a long path": "{{ recs|sort(attribute='" + "a." * 1900 + "a')|length }}",
    "sort by many keys": "{{ recs|sort(attribute='" + "b," * 1900 + "b')|length }}",
    "largest by a long path": "{{ recs|max(attribute='" + "a." * 1900 + "a') }}",
    "nested": "{{ " + "[" * 25 + ",".join(["doc"] * 150) + "]" * 25 + "|string|length }}",
    "many times the same": "{{ [" + ",".join(["doc"] * 190) + "] }}",
    "sum of lists": "{{ [" + ",".join(["nums"] * 180) + "]|sum(start=[]) }}",
    "wide dates": "{{ time.strftime('" + "%99999Y" * 100 + "') }}",
    "long dates": "{{ time.strftime('" + "%c" * 1900 + "') }}",
    "all of it": "{{ nums }}",
    "written many times": "x" + "{{ doc }}" * 90,
    "written often": "x" + "{{ 1 }}" * 190,
    "asked often": "x" + "{% if nums %}{% endif %}" * 90,
    "looked for": "{{ text.find('" + "ab" * 900 + "b') }}",
}


def worst() -> Iterator[tuple[str, str]]:
    for one in filters().keys() - {"map", "replace", "selectattr", "rejectattr"}:  # these are among the expressions
        for name in (*LISTS, *TEXTS):
            yield f"{name}|{one}", wide(f"{name}|{one}")
        yield f"recs|{one}|{one}...", "{{ recs" + f"|{one}" * 20 + " }}"
    for expression in filter(None, EXPRESSIONS):
        yield expression, wide(expression.replace("·", " "))
    yield from ODD.items()


def wide(expression: str) -> str:
    """As often as there is room for it."""
    parts = len(list(_nodes(parsed("{{ " + expression + " }}")))) - 2
    often = min(4000 // (len(expression) + 1), 60 * 3 // parts, 60)
    return "{{ [" + ",".join([expression] * often) + "]|length }}"


def took_ms(text: str) -> float:
    started = time.process_time()
    with suppress(BadTemplate):
        template.evaluate(text, VARIABLES)
    return (time.process_time() - started) * 1000


@pytest.fixture
def without_gc() -> Iterator[None]:
    """What the tests before have left is looked through by no expression."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_gc")
def test_the_worst_expressions_that_we_know_end_in_time() -> None:
    took: dict[str, float] = {}
    for name, text in worst():
        template.analyse(text)  # it is one
        took_ms(text)  # compiled once, when the first caller comes
        took[name] = took_ms(text)
        if took[name] > LONGEST_MS / 2:  # somebody else's work, perhaps
            took[name] = min(took[name], *(took_ms(text) for _ in range(4)))
    assert {name: ms for name, ms in took.items() if ms >= LONGEST_MS} == {}
    assert len(took) > 200


def test_what_would_take_too_long_is_an_error_that_says_so() -> None:
    with pytest.raises(BadTemplate, match="takes too long: it looks at too much"):
        template.evaluate(wide("nums|sort"), VARIABLES)
    with pytest.raises(BadTemplate, match="takes too long"):
        template.holds(" or ".join(["doc == nums"] * 20), VARIABLES)


def test_what_people_write_is_far_from_the_limit() -> None:
    orders = [{"id": str(number), "price": number, "open": number % 3 == 0} for number in range(200)]
    text = "{{ orders | selectattr('open') | map(attribute='price') | sum }} {{ (orders | sort(attribute='id'))[:3] }}"
    assert template.render(text, {"orders": orders})
    assert METER.left > 0


def test_each_expression_has_the_whole_budget() -> None:
    with pytest.raises(BadTemplate):
        template.evaluate(wide("nums|sort"), VARIABLES)
    assert template.evaluate("{{ nums | length }}", VARIABLES) == 9000


def test_the_meter_says_when_it_is_enough() -> None:
    METER.begin()
    with pytest.raises(TooDear):
        METER.weigh([[SHUFFLED] * 100])
