"""The expected wait of each queue, and whether it comes true, as the ACD has it when somebody scrapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from softswitch.switch.view import QueueView


class ExpectedWaits(Collector):
    """Where nobody is at work there is no wait, and before any outcome no share of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.queues: Mapping[str, QueueView] = {}
        self.others: Sequence[QueueView] = ()  # that have no label of their own: they are only counted
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        waits = GaugeMetricFamily(
            "softswitch_queue_expected_wait_seconds",
            "Of a caller who joins now; a tenth of the waits is to end below low, a tenth above high",
            labels=("queue", "bound"),
        )
        coverage = GaugeMetricFamily(
            "softswitch_queue_expected_wait_coverage",
            "Share of waits of late that ended between the bounds told at the beginning",
            labels=("queue",),
        )
        outcomes = CounterMetricFamily(
            "softswitch_queue_expected_waits", "Waits that were foretold, and where they ended",
            labels=("queue", "outcome"),
        )  # fmt: skip
        counts: Counter[tuple[str, str]] = Counter()
        for name, view in [*self.queues.items(), *(("other", view) for view in self.others)]:
            for outcome, count in view.predictions.counts.items():
                counts[name, outcome] += count
        for labels, count in counts.items():
            outcomes.add_metric(labels, count)
        for name, view in self.queues.items():
            wait, predictions = view.expected_wait, view.predictions
            if wait is not None:
                for bound, seconds in (("low", wait.low_s), ("likely", wait.likely_s), ("high", wait.high_s)):
                    waits.add_metric((name, bound), seconds)
            if predictions.coverage is not None:
                coverage.add_metric((name,), predictions.coverage)
        yield from (waits, coverage, outcomes)
