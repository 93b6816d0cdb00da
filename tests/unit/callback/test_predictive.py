"""A few of the campaigns that ``tests.bench.predictive`` dials by the thousand."""

import pytest

from tests.bench.predictive import Pair, dialled_twice


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return [dialled_twice(seed, longest_s=2400.0, most_agents=12) for seed in range(1, 11)]


def test_nobody_is_abandoned_beyond_the_limit_at_any_moment(pairs: list[Pair]) -> None:
    assert not [pair for pair in pairs if pair.exceeded]
    assert any(pair.progressive.highest > pair.limit for pair in pairs), "without a limit it would have been broken"
    assert sum(pair.predictive.abandoned.total() for pair in pairs), "nobody was at risk: this shows nothing"


def test_agents_talk_as_long_as_with_progressive_dialling(pairs: list[Pair]) -> None:
    assert sum(pair.predictive.talk_s for pair in pairs) >= 0.95 * sum(pair.progressive.talk_s for pair in pairs)
