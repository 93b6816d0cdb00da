"""Which caller a trunk is shown, and how it writes numbers."""

from __future__ import annotations

import pytest

from softswitch.contact.presentation import Presentation, Rewrite, rewritten


@pytest.mark.parametrize(
    ("rule", "caller", "shown"),
    [
        (Presentation(), "1001", "1001"),
        (Presentation("+864008001234"), "1001", "+864008001234"),
        (Presentation("+864008001234", (r"\+8621\d{8}",)), "+862188880000", "+862188880000"),
        (Presentation("+864008001234", (r"\+8621\d{8}",)), "+8621888800001", "+864008001234"),
        (Presentation("", (r"\+8621\d{8}",)), "1001", ""),
        (Presentation("+864008001234", (r".*",), anonymous=True), "1001", ""),
        (Presentation("5", (r"(a*)*b",)), "a" * 65, "5"),
        (Presentation(), "", ""),
    ],
)
def test_who_is_shown(rule: Presentation, caller: str, shown: str) -> None:
    assert rule.shown(caller) == shown


@pytest.mark.parametrize(
    ("rules", "number", "written"),
    [
        ((), "10086", "10086"),
        ((Rewrite("00", "+"),), "008613800138000", "+8613800138000"),
        ((Rewrite("+86"),), "+8613800138000", "13800138000"),
        ((Rewrite("+86"),), "13800138000", "13800138000"),
        ((Rewrite(r"1\d{10}", r"0086\g<0>"), Rewrite("1", "2")), "13800138000", "008613800138000"),
        ((Rewrite(r"(\d{3})x(\d+)", r"\2\1"),), "021x555", "555021"),
        ((Rewrite("", "86"),), "10", "8610"),
        ((Rewrite("1", ""),), "1" * 65, "1" * 65),
    ],
)
def test_how_a_number_is_written(rules: tuple[Rewrite, ...], number: str, written: str) -> None:
    assert rewritten(number, rules) == written
