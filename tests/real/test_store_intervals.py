"""What is counted of queues and agents: memory, SQLite and PostgreSQL keep it, add it up and forget it alike."""

from __future__ import annotations

import pytest

from softswitch.acd.model import AgentState
from softswitch.acd.statistics import AgentFigures, Intervals, QueueFigures
from tests.real.test_store_contract import Kept, kept

__all__ = ["kept"]  # a fixture

pytestmark = pytest.mark.real
FIRST, SECOND, THIRD = 1_795_000_500.0, 1_795_001_400.0, 1_795_002_300.0
SHORT = QueueFigures(offered=3, answered=2, answered_in_time=1, abandoned=1, waited_answered_s=30.5, longest_s=20.25)
LONG = QueueFigures(offered=1, missed=1, callbacks=2, transfers=1, longest_s=60.0, talk_s=10.0, hold_s=2.0)


def anna(talked_s: float) -> AgentFigures:
    figures = AgentFigures(answered=1, missed=2, transfers=3, hold_s=talked_s / 2)
    figures.seconds.update({AgentState.TALKING: talked_s, AgentState.READY: 100.0})
    return figures


async def put(kept: Kept) -> None:
    for start, queue, figures in ((FIRST, "orders", SHORT), (SECOND, "orders", LONG), (SECOND, "安全", SHORT)):
        kept.store.put_queue_interval(start, queue, figures)
    for start, agent, talked_s in ((FIRST, "anna", 20.0), (SECOND, "anna", 40.0), (SECOND, "bob", 60.0)):
        kept.store.put_agent_interval(start, agent, anna(talked_s))
    await kept.settled()


async def test_an_interval_is_put_by_its_begin_and_name(kept: Kept) -> None:
    await put(kept)
    await put(kept)  # a second time changes nothing
    assert await kept.store.intervals(SECOND) == Intervals(
        {(SECOND, "orders"): LONG, (SECOND, "安全"): SHORT},
        {(SECOND, "anna"): anna(40.0), (SECOND, "bob"): anna(60.0)},
    )
    kept.store.put_queue_interval(SECOND, "orders", SHORT)
    await kept.settled()
    assert (await kept.store.intervals(SECOND)).queues[SECOND, "orders"] == SHORT


async def test_intervals_are_added_up_by_name_or_by_time(kept: Kept) -> None:
    await put(kept)
    both = QueueFigures()
    both.add(SHORT)
    both.add(LONG)
    store = kept.store
    assert await store.queue_figures(FIRST, THIRD, False) == {(0.0, "orders"): both, (0.0, "安全"): SHORT}
    assert await store.queue_figures(FIRST, SECOND, False) == {(0.0, "orders"): SHORT}
    assert await store.queue_figures(FIRST, THIRD, True) == {(FIRST, ""): SHORT, (SECOND, ""): both}
    assert await store.queue_figures(FIRST, THIRD, True, "安全") == {(SECOND, "安全"): SHORT}
    assert await store.queue_figures(0.0, FIRST, False) == await store.agent_figures(0.0, FIRST, True) == {}
    whole = anna(20.0)
    whole.add(anna(40.0))
    assert await store.agent_figures(FIRST, THIRD, False, "anna") == {(0.0, "anna"): whole}
    assert (await store.agent_figures(SECOND, THIRD, True))[SECOND, ""].seconds[AgentState.TALKING] == 100.0


async def test_old_intervals_are_forgotten(kept: Kept) -> None:
    await put(kept)
    kept.store.forget_intervals(SECOND)
    await kept.settled()
    left = await kept.store.intervals(0.0)
    assert {start for start, _ in (*left.queues, *left.agents)} == {SECOND}
