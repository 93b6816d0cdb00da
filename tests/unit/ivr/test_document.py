"""Paths into documents (RFC 9535, singular queries), and what a variable may hold of one."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.ivr.document import MAX_DEPTH, fits, pick, steps

DOCUMENT = {"customer": {"name": "Li", "tags": ["vip", "old"], "due date": "1 May", "名": True}, "orders": []}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("$.customer.name", "Li"),
        ("$['customer'][\"name\"]", "Li"),
        ("$.customer['due date']", "1 May"),
        ("$.customer.名", True),
        ("$.customer.tags[0]", "vip"),
        ("$.customer.tags[-1]", "old"),
        ("$.customer.tags[2]", None),
        ("$.customer.tags[-3]", None),
        ("$.orders[0].id", None),
        ("$.nobody.name", None),
        ("$.customer[0]", None),
        ("$.customer.tags.name", None),
        ("$.customer.name.first", None),
    ],
)
def test_a_path_gives_one_value_or_none(path: str, value: Any) -> None:
    assert pick(DOCUMENT, path) == value


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("customer.name", ""),
        ("", ""),
        ("$customer", "'customer'"),
        ("$.", "'.'"),
        ("$.a..b", "'..b'"),
        ("$.a[*]", "'[*]'"),
        ("$.a[?@.b]", "'[?@.b]'"),
        ("$.a[0", "'[0'"),
        ("$.0", "'.0'"),
        ("$.a[99999999999]", "'[99999999999]'"),
    ],
)
def test_what_is_no_path_says_from_where_on(path: str, rest: str) -> None:
    with pytest.raises(ValueError, match="not a path into a document") as caught:
        steps(path)
    assert rest in str(caught.value)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth - 1):
        value = [value]
    return value


def test_what_fits_and_what_is_too_much() -> None:
    for good in (None, "x" * 50_000, {str(n): n for n in range(9_999)}, nested(MAX_DEPTH), 2**63 - 1, 1e300):
        fits(good)
    for bad, why in (
        ({str(n): n for n in range(10_000)}, "more than 10000 values"),
        ({"a": "x" * 25_000, "b": ["x" * 25_001]}, "more than 50000 letters"),
        ({"k" * 50_001: 1}, "more than 50000 letters"),
        (nested(MAX_DEPTH + 1), "more than 32 deep"),
        (nested(500_000), "deep"),
        ({"id": 10**40}, "too large for a number"),
    ):
        with pytest.raises(ValueError, match=why):
            fits(bad)
