"""What a scrape reads of our histograms is what it would read of those of prometheus-client."""

from __future__ import annotations

import prometheus_client
from prometheus_client import CollectorRegistry, generate_latest

from softswitch.metrics.histogram import Histogram

BOUNDS = (0.0, 0.001, 0.5, 1.0, 172800.0)
AMOUNTS = (0.0, 0.0005, 0.001, 0.3, 0.5, 0.50001, 1.0, 20.25, 172800.0, 1e6)


def test_with_labels() -> None:
    registry, theirs = CollectorRegistry(), CollectorRegistry()
    ours = Histogram(registry, "wait_seconds", "How long", BOUNDS, "queue", "why")
    other = prometheus_client.Histogram("wait_seconds", "How long", ("queue", "why"), buckets=BOUNDS, registry=theirs)
    assert generate_latest(registry) == generate_latest(theirs)  # no series before there is something to tell
    for number, amount in enumerate(AMOUNTS):
        labels = ("orders", "sales")[number % 2], ('a "b"', "answered")[number % 3 == 0]
        ours.observe(amount, *labels)
        other.labels(*labels).observe(amount)
        assert generate_latest(registry) == generate_latest(theirs)
    assert b'wait_seconds_count{queue="orders",why="answered"} 2.0' in generate_latest(registry)


def test_without_labels_there_are_zeros_from_the_start() -> None:
    registry, theirs = CollectorRegistry(), CollectorRegistry()
    ours = Histogram(registry, "talk_seconds", "How long", BOUNDS)
    other = prometheus_client.Histogram("talk_seconds", "How long", buckets=BOUNDS, registry=theirs)
    assert b'talk_seconds_bucket{le="+Inf"} 0.0' in generate_latest(registry)
    for amount in AMOUNTS:
        ours.observe(amount)
        other.observe(amount)
    assert generate_latest(registry) == generate_latest(theirs)
