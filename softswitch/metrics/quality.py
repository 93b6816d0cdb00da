"""How well streams were heard, as histograms: one observation per stream and direction, when it ends."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from softswitch.metrics.histogram import Histogram
from softswitch.rtp import quality

_MOS = (1.5, 2.0, 2.5, 3.0, 3.3, 3.6, 3.8, 4.0, 4.2, 4.4)
_LOSS = (0.0, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)


class Quality:
    """``direction`` is "in", from the peer to us, or "out", as the peer reports it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def made(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(registry, f"softswitch_stream_{name}", text, buckets, *labels)

        self._mos = made("mos", "Score of streams by the E-model, 1 to 4.5", _MOS, "direction")
        self._loss = made("loss_ratio", "Share of the packets of streams that were lost", _LOSS, "direction")
        self._jitter = made("jitter_seconds", "Jitter of streams at their end", _SECONDS, "direction")
        self._trip = made("round_trip_seconds", "The way to the peer and back, by RTCP", _SECONDS)

    def observe(self, found: quality.Quality) -> None:
        """What is not known of a stream is not observed."""
        directions = (
            ("in", found.mos_in, found.jitter_in_ms, found.lost_in, found.packets_in + found.lost_in),
            ("out", found.mos_out, found.jitter_out_ms, found.lost_out, found.packets_out),
        )
        for direction, mos, jitter_ms, lost, packets in directions:
            if mos >= 0 and packets:
                self._mos.observe(mos, direction)
                self._jitter.observe(jitter_ms / 1000.0, direction)
                self._loss.observe(min(1.0, lost / packets), direction)
        if found.round_trip_ms >= 0:
            self._trip.observe(found.round_trip_ms / 1000.0)
