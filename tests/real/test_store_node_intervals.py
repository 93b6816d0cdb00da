"""Nodes that serve queues of one name: each counts in rows of its own, and what is read is of all of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import text

from softswitch.acd.model import AgentState
from softswitch.acd.statistics import Intervals, QueueFigures
from softswitch.store.engine import engines, upgrade
from softswitch.store.peak import read_peak
from softswitch.store.store import Store
from tests.real.test_store_intervals import FIRST, SECOND, THIRD, anna
from tests.support.store_node import Node, database_url, quick, url

__all__ = ["quick", "url"]  # fixtures

pytestmark = pytest.mark.real
AT_A = QueueFigures(offered=4, answered=3, answered_in_time=3, abandoned=1, waited_answered_s=30.0, longest_s=20.0)
AT_B = QueueFigures(offered=2, answered=1, answered_in_time=0, abandoned=1, waited_answered_s=50.0, longest_s=50.0)
MORE = QueueFigures(offered=5, answered=4, answered_in_time=4, abandoned=1, waited_answered_s=31.0, longest_s=20.0)


def added(*many: QueueFigures) -> QueueFigures:
    whole = QueueFigures()
    for one in many:
        whole.add(one)
    return whole


async def put(node: Node, figures: QueueFigures, talked_s: float) -> None:
    node.store.put_queue_interval(SECOND, "orders", figures)
    node.store.put_agent_interval(SECOND, "anna", anna(talked_s))
    await node.store.settled()


async def whole(store: Store) -> QueueFigures:
    found = await store.queue_figures(FIRST, THIRD, False)
    assert found.keys() == {(0.0, "orders")}
    assert await store.queue_figures(FIRST, THIRD, True) == {(SECOND, ""): found[0.0, "orders"]}
    assert await store.queue_figures(FIRST, THIRD, True, "orders") == {(SECOND, "orders"): found[0.0, "orders"]}
    return found[0.0, "orders"]


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return database_url(request, tmp_path)


async def test_one_after_the_other(either: str) -> None:
    """As on an SQLite file whose switch has got another name, and its former one again."""
    a = await Node.open(either, "a")
    await put(a, AT_A, 10.0)
    await a.store.close()
    b = await Node.open(either, "b")
    assert await b.store.intervals(FIRST) == Intervals(), "it does not go on with what another has counted"
    await put(b, AT_B, 30.0)
    both = await whole(b.store)
    assert both == added(AT_A, AT_B)
    assert both.speed_of_answer_s == 80.0 / 4 and both.longest_s == 50.0
    assert both.service_levels() == {"of_answered": 3 / 4, "of_ended": 3 / 6, "without_quick": 3 / 6, "of_all": 3 / 6}
    agents = await b.store.agent_figures(FIRST, THIRD, False)
    assert agents[0.0, "anna"].seconds[AgentState.TALKING] == 40.0 and agents[0.0, "anna"].answered == 2
    await b.store.close()
    a = await Node.open(either, "a")
    assert await a.store.intervals(FIRST) == Intervals({(SECOND, "orders"): AT_A}, {(SECOND, "anna"): anna(10.0)})
    await put(a, MORE, 15.0)
    assert await whole(a.store) == added(MORE, AT_B)
    peak = await read_peak(either, SECOND, THIRD, THIRD)
    assert peak.agents[SECOND].seconds[AgentState.TALKING] == 45.0 and peak.agents.keys() == {SECOND}
    a.store.forget_intervals(THIRD)
    await a.store.settled()
    assert await a.store.queue_figures(FIRST, THIRD, False) == {}, "old rows are forgotten, whoever has written them"
    await a.store.close()


async def test_what_a_node_has_in_memory_is_read_of_the_others_alone(either: str) -> None:
    for name, figures in (("a", AT_A), ("b", AT_B)):
        node = await Node.open(either, name)
        node.store.put_queue_interval(FIRST, "orders", figures)
        await put(node, figures, 10.0)
        await node.store.close()
    a = await Node.open(either, "a")
    by_interval = await a.store.queue_figures(FIRST, THIRD, True, "", SECOND)
    assert by_interval == {(FIRST, ""): added(AT_A, AT_B), (SECOND, ""): AT_B}
    assert await a.store.queue_figures(FIRST, THIRD, False, "orders", FIRST) == {(0.0, "orders"): added(AT_B, AT_B)}
    assert await a.store.agent_figures(FIRST, THIRD, False, "anna", SECOND) == {(0.0, "anna"): anna(10.0)}
    for hostile in ("orders\0", "\ud800"):  # as somebody asked for, over HTTP
        assert await a.store.queue_figures(FIRST, THIRD, True, hostile) == {}
        assert await a.store.agent_figures(FIRST, THIRD, False, hostile) == {}
    await a.store.close()


async def test_a_node_that_dies_goes_on_with_its_row_and_no_other_s(url: str) -> None:
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    await put(a, AT_A, 10.0)
    await put(b, AT_B, 30.0)
    await a.stop()
    await a.store._engines.dispose()  # as of a process that was killed
    assert await whole(b.store) == added(AT_A, AT_B)
    again = await Node.open(url, "a")
    assert (await again.store.intervals(FIRST)).queues == {(SECOND, "orders"): AT_A}
    await put(again, MORE, 15.0)
    await put(b, AT_B, 30.0)
    assert await whole(b.store) == await whole(again.store) == added(MORE, AT_B)
    for node in (again, b, a):
        await node.store.close()


async def test_what_was_counted_before_there_were_nodes_is_nobody_s_and_in_every_sum(either: str) -> None:
    spent = {f"{state.value}_s": 0.0 for state in AgentState if state is not AgentState.LOGGED_OUT}
    agent = {"answered": 1, "missed": 2, "transfers": 3, "hold_s": 5.0} | spent | {"talking_s": 10.0, "ready_s": 100.0}
    both = engines(either)
    async with both.write.begin() as connection:
        await connection.run_sync(upgrade, "0010")
        for table, row in (("queue_intervals", {"queue": "orders", **asdict(AT_A)}),
                           ("agent_intervals", {"agent": "anna", **agent})):  # fmt: skip
            names = ["start", *row]
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})"
            await connection.execute(text(sql), {"start": int(SECOND), **row})
    await both.dispose()
    b = await Node.open(either, "b")
    assert await b.store.intervals(FIRST) == Intervals(), "they are not its own"
    assert await whole(b.store) == AT_A
    await put(b, AT_B, 30.0)
    assert await whole(b.store) == added(AT_A, AT_B)
    talked = anna(10.0)
    talked.add(anna(30.0))
    assert await b.store.agent_figures(FIRST, THIRD, False) == {(0.0, "anna"): talked}
    await b.store.close()
