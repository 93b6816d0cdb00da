"""What came of a day, per queue and altogether, as plain numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from softswitch.acd.model import AgentState
from softswitch.acd.statistics import AgentFigures, QueueFigures
from softswitch.simulation.account import Account, Kept, Moment, quantile
from softswitch.simulation.run import Outcome


@dataclass(frozen=True, slots=True)
class Result:
    outcome: Outcome
    queues: dict[str, QueueFigures]
    waits_s: dict[str, array[float]]
    callbacks: dict[str, Kept]
    agents: AgentFigures  # all together
    moments: dict[float, Moment]

    @property
    def talk(self) -> float | None:
        """The share of the agents' time at work in which a customer talks to them."""
        seconds = self.agents.seconds
        there_s = sum(seconds[state] for state in _THERE)
        return self.outcome.talked_s / there_s if there_s else None


_THERE = (AgentState.READY, AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)


def result(outcome: Outcome, account: Account) -> Result:
    account.settle(outcome.ended_at)
    queues: dict[str, QueueFigures] = {}
    for (_, name), figures in sorted(account.statistics.queues.items()):
        queues.setdefault(name, QueueFigures()).add(figures)
    everybody = AgentFigures()
    for one in account.statistics.agents.values():
        everybody.add(one)
    return Result(outcome, queues, account.waits_s, account.callbacks, everybody, account.moments())


def rows(results: Iterable[tuple[str, Result]]) -> list[dict[str, Any]]:
    """One per configuration and queue, the same queue of each configuration side by side."""
    listed = list(results)
    names = dict.fromkeys(name for _, one in listed for name in one.queues)
    return [_row(label, name, one.queues[name], one) for name in names for label, one in listed if name in one.queues]


def _row(label: str, queue: str, figures: QueueFigures, whole: Result) -> dict[str, Any]:
    waits_s, callbacks = whole.waits_s.get(queue, ()), whole.callbacks.get(queue, Kept()).told()
    lost = figures.abandoned + figures.short_abandoned + figures.elsewhere + whole.outcome.refused_of[queue]
    came = figures.answered + lost - whole.outcome.again_of[queue]
    return {
        "configuration": label,
        "queue": queue,
        **figures.told(),
        "wait_p50_s": quantile(waits_s, 0.5),
        "wait_p90_s": quantile(waits_s, 0.9),
        "refused": whole.outcome.refused_of[queue],
        "again": whole.outcome.again_of[queue],  # calls of people who had called before and were lost
        "callback": callbacks,
        "served": (figures.answered + callbacks["kept"]) / came if came else None,  # of all who came, sooner or later
        "occupancy": whole.agents.occupancy,  # of all agents: they serve more than one queue
        "talk": whole.talk,
        "digest": whole.outcome.digest,
    }
