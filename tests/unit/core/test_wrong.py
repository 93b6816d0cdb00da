"""pydantic's errors in our words."""

from __future__ import annotations

import pytest

from softswitch.core.wrong import wrong


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        (
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer",
            "must be a whole number",
        ),
        ("greater_than_equal", "Input should be greater than or equal to 1", "must be greater than or equal to 1"),
        ("string_too_short", "String should have at least 1 character", "must have at least 1 character"),
        ("value_error", "Value error, '9-17' is not a span of one day", "'9-17' is not a span of one day"),
    ],
)
def test_what_is_said(kind: str, message: str, said: str) -> None:
    assert wrong(kind, message) == said
