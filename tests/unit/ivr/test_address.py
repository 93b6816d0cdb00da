"""What a caller presses or is called cannot change where an http step leads."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.ivr.address import render
from softswitch.ivr.template import BadTemplate

BASE = "http://crm/customers/"


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("13800138000", "13800138000"),
        ("+8613800138000", "%2B8613800138000"),
        ("../admin?all=1", "..%2Fadmin%3Fall%3D1"),
        ("1#2&3;4 5", "1%232%263%3B4%205"),
        ("a@evil.example", "a%40evil.example"),
        ("http://evil.example", "http%3A%2F%2Fevil.example"),
        ("1\r\nX: 1", "1%0D%0AX%3A%201"),
        ("李", "%E6%9D%8E"),
        (7, "7"),
        (None, ""),
        ("...", "..."),
    ],
)
def test_a_value_is_one_part(value: Any, part: str) -> None:
    assert render(BASE + "{{ x }}", {"x": value}) == BASE + part
    assert render(BASE + "{{ x | urlencode }}", {"x": value}) == BASE + part, "and not encoded twice"
    assert render(BASE + "?of={{ x }}&all=1", {"x": value}) == f"{BASE}?of={part}&all=1"


def test_what_is_computed_is_computed_with_the_value_as_it_is() -> None:
    assert render(BASE + "{{ x[1:] if x[0] == '+' else x }}", {"x": "+86/1"}) == BASE + "86%2F1"


@pytest.mark.parametrize("value", [".", ".."])
def test_what_no_encoding_protects_is_refused(value: str) -> None:
    with pytest.raises(BadTemplate, match="would be another address"):
        render(BASE + "{{ x }}", {"x": value})


def test_only_the_beginning_may_be_an_address() -> None:
    assert render("{{ base }}{{ x }}", {"base": BASE, "x": "a/b"}) == BASE + "a%2Fb"
    assert render("{{ x }}/y", {"x": "javascript:alert(1)"}) == "javascript%3Aalert%281%29/y"
    assert render(BASE + "{{ base }}", {"base": BASE}) == BASE + "http%3A%2F%2Fcrm%2Fcustomers%2F"


def test_the_rest_is_as_in_any_text() -> None:
    assert render("http://crm/a b", {}) == "http://crm/a b"
    with pytest.raises(BadTemplate, match="nobody"):
        render(BASE + "{{ nobody }}", {})
    with pytest.raises(BadTemplate, match="longer than"):
        render(BASE + "{{ x }}", {"x": "/" * 4000})
