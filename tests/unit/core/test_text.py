"""Text from hostile octets."""

import pytest

from softswitch.core.text import printable


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("忙 😀\t\u00a0", "忙 😀\t\u00a0"),
        ("a\x00b", "a\ufffdb"),
        ("\udcff\ud800x\udfff", "\ufffd\ufffdx\ufffd"),
    ],
)
def test_nul_and_lone_surrogates_are_replaced(text: str, clean: str) -> None:
    assert printable(text) == clean
    printable(text).encode("utf-8")
