"""Histograms of what facts say: a table of counts, from which a scrape makes what Prometheus reads.

A call is a dozen observations, and nobody reads them while it goes on: so one costs a look-up and a search by halves,
and no object with a lock for each series and bucket.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


class Histogram(Collector):
    """``bounds``, in order, are those of its buckets; a value that is one of them is in that bucket."""

    def __init__(
        self, registry: CollectorRegistry, name: str, text: str, bounds: tuple[float, ...], *labels: str
    ) -> None:
        self._name, self._text, self._bounds, self._labels = name, text, bounds, labels
        self._counts: dict[tuple[str, ...], list[int]] = {}  # by the values of the labels; the last: above all bounds
        self._sums: dict[tuple[str, ...], float] = {}
        if not labels:
            self._begin(())
        registry.register(self)

    def _begin(self, values: tuple[str, ...]) -> list[int]:
        self._sums[values] = 0.0
        counts = self._counts[values] = [0] * (len(self._bounds) + 1)
        return counts

    def observe(self, amount: float, *values: str) -> None:
        """``values`` are those of the labels."""
        counts = self._counts.get(values) or self._begin(values)
        counts[bisect_left(self._bounds, amount)] += 1
        self._sums[values] += amount

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        bounds = [*map(str, self._bounds), "+Inf"]
        for values, counts in self._counts.items():
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            family.add_metric(values, buckets, self._sums[values])
        yield family
