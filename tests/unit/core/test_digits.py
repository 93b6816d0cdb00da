"""Numbers as protocols write them."""

import pytest

from softswitch.core.digits import whole


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("1234567890", 1234567890)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert whole(text) == number


@pytest.mark.parametrize("text", [None, "", "-1", "+1", " 1", "1_000", "1.0", "\u0661", "\u00b2", "12345678901"])
def test_what_int_would_read_is_none(text: str | None) -> None:
    assert whole(text) is None


def test_how_long_it_may_be_is_said() -> None:
    assert (whole("999", 3), whole("1000", 3)) == (999, None)
