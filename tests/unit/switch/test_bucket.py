"""Token buckets by source."""

from softswitch.switch.bucket import Buckets


def test_a_burst_is_let_through_and_then_the_rate() -> None:
    buckets = Buckets(rate=10, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert [buckets.take("a", 0.1), buckets.take("a", 0.1)] == [True, False]
    assert [buckets.take("a", 100.0) for _ in range(4)] == [True, True, True, False]


def test_one_source_does_not_spend_what_another_has() -> None:
    buckets = Buckets(rate=1, burst=1)
    assert buckets.take("a", 0.0)
    assert not buckets.take("a", 0.0)
    assert buckets.take("b", 0.0)


def test_the_table_is_bounded_and_who_was_heard_longest_ago_is_forgotten() -> None:
    buckets = Buckets(rate=0, burst=1, most=2)
    for source in ("a", "b", "a", "c"):
        buckets.take(source, 0.0)
    assert len(buckets) == 2
    assert not buckets.take("a", 0.0)
    assert buckets.take("b", 0.0), "forgotten, so it begins afresh"
