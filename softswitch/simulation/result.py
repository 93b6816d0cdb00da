"""What came of a run, per queue and altogether, as plain numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from softswitch.acd.statistics import AgentFigures, QueueFigures, Statistics
from softswitch.simulation.run import Outcome


@dataclass(frozen=True, slots=True)
class Result:
    outcome: Outcome
    queues: dict[str, QueueFigures]
    agents: AgentFigures  # all together


def result(outcome: Outcome, statistics: Statistics) -> Result:
    queues: dict[str, QueueFigures] = {}
    for (_, name), figures in sorted(statistics.queues.items()):
        queues.setdefault(name, QueueFigures()).add(figures)
    everybody = AgentFigures()
    for one in statistics.agents.values():
        everybody.add(one)
    return Result(outcome, queues, everybody)


def rows(results: Iterable[tuple[str, Result]]) -> list[dict[str, Any]]:
    """One per configuration and queue, the same queue of each configuration side by side."""
    listed = list(results)
    names = dict.fromkeys(name for _, one in listed for name in one.queues)
    return [_row(label, name, one.queues[name], one) for name in names for label, one in listed if name in one.queues]


def _row(label: str, queue: str, figures: QueueFigures, whole: Result) -> dict[str, Any]:
    return {
        "configuration": label,
        "queue": queue,
        **figures.told(),
        "occupancy": whole.agents.occupancy,  # of all agents: they serve more than one queue
        "refused": whole.outcome.refused,
        "digest": whole.outcome.digest,
    }
