"""The garbage collector walks between ticks alone, and only where there is time for it."""

import gc
from collections.abc import Iterator

import pytest

from softswitch.media.pauses import Collector


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Which generations were walked."""
    found: list[int] = []
    collector = Collector()
    try:
        collector.begin()
        assert not gc.isenabled()
        monkeypatch.setattr(gc, "collect", found.append)
        yield found
    finally:
        gc.enable()
        gc.unfreeze()


def test_it_walks_what_is_young_every_ten_seconds_and_everything_every_five_minutes(walks: list[int]) -> None:
    collector = Collector()
    for _ in range(60 * 500):
        collector.pause(0.015)
    assert walks == ([1] * 29 + [2]) * 2


def test_it_waits_for_a_pause_that_is_long_enough(walks: list[int]) -> None:
    collector = Collector()
    for _ in range(600):
        collector.pause(0.001)
    assert walks == []
    collector.pause(0.003)
    assert walks == [1]
