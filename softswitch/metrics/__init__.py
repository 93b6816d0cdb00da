"""The facts as numbers for Prometheus. docs/metrics.md lists the names, which are an interface.

``fact`` says which counters a fact raises, ``registry`` holds them and the gauges. Labels are of bounded size: queue,
state, outcome and the like, never a number, a call or an address.
"""

from softswitch.metrics.registry import Metrics

__all__ = ["Metrics"]
