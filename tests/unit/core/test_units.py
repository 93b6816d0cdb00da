"""Durations as people write them, and which ones no step can wait for."""

from __future__ import annotations

import pytest

from softswitch.core.units import seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("250ms", 0.25), ("20s", 20.0), ("1m30s", 90.0), ("2d", 172800.0), (0, 0.0), ("3650d", 3650 * 86400)],
)
def test_a_duration(text: str | float, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["99999999999999999999d", "3651d", "9" * 400 + "s"])
def test_a_duration_that_nobody_means(text: str) -> None:
    with pytest.raises(ValueError, match="is longer than 10 years"):
        seconds(text)


@pytest.mark.parametrize("text", ["20", 20, "20 s", "s", "-5s", "", True])
def test_what_is_no_duration(text: str | float) -> None:
    with pytest.raises(ValueError, match="write for example"):
        seconds(text)
