"""Results side by side, interval by interval, as curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch.acd.statistics import INTERVAL_S
from softswitch.drawing.plot import Panel, Plot
from softswitch.simulation.account import Moment
from softswitch.simulation.result import Result

_CURVES: tuple[tuple[str, str, Callable[[Moment], float | None]], ...] = (
    ("Calls offered, per quarter of an hour", "", lambda one: one.queues.offered),
    ("Service level: in time, of answered and abandoned", "%", lambda one: one.queues.service_levels()["of_all"]),
    ("Mean wait of those answered", "s", lambda one: one.queues.speed_of_answer_s),
    ("Callers waiting, mean", "", lambda one: one.waiting_s / INTERVAL_S),
    ("Occupancy of agents", "%", lambda one: one.agents.occupancy),
    ("Callbacks kept, per quarter of an hour", "", lambda one: one.kept),
)  # fmt: skip


def picture(title: str, results: Sequence[tuple[str, Result]]) -> Plot:
    """All queues together, from the first interval in which anything was in any of them to the last."""
    starts = sorted({start for _, one in results for start in one.moments})
    first = starts[0] if starts else 0.0
    count = round((starts[-1] - first) / INTERVAL_S) + 1 if starts else 0
    panels = tuple(
        Panel(name, unit, tuple(_curve(one, read, first, count) for _, one in results)) for name, unit, read in _CURVES
    )
    return Plot(title, tuple(label for label, _ in results), first, INTERVAL_S, panels)


def _curve(one: Result, read: Callable[[Moment], float | None], first: float, count: int) -> tuple[float | None, ...]:
    moments = (one.moments.get(first + number * INTERVAL_S) for number in range(count))
    return tuple(None if moment is None else read(moment) for moment in moments)
