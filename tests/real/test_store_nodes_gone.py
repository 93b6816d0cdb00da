"""Which nodes there are, when each was seen, and that one is forgotten that is gone for good and owns nothing."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from softswitch.acd.statistics import QueueFigures
from softswitch.callback.node import Disowned, Inherited, Leased
from softswitch.contact.outbox import Delivery
from softswitch.ivr.path import CallPath
from softswitch.store import membership
from softswitch.store import node as nodes
from softswitch.store.database import Transaction
from softswitch.store.store import Store
from tests.support import facts, postgres
from tests.support.store_node import Node, a, quick, url

__all__ = ["a", "quick", "url"]  # fixtures

pytestmark = pytest.mark.real
DAY_S = 86_400.0
PATH = CallPath("c-1", "shop", "1", 1000.0, 1001.0, False, 0, ())


async def do(store: Store, *statements: str) -> None:
    def work(transaction: Transaction) -> None:
        for sql in statements:
            transaction.change(sql, {})

    await store._database.run(work)


async def put_gone(node: Node, name: str, days: float, lease_until: float = 0.0) -> None:
    """One that was seen last so long ago."""

    def work(transaction: Transaction) -> None:
        transaction.change(
            f"""INSERT INTO nodes (node, epoch, lease_until, quiet_s, seen_at)
            VALUES (:name, 7, :lease_until, 62, {nodes.clock(transaction)} - :ago_s)""",
            {"name": name, "lease_until": lease_until, "ago_s": days * DAY_S},
        )

    await node.store._database.run(work)


async def names(node: Node) -> list[str]:
    return [one.node for one in await node.store.nodes()]


async def until(node: Node, left: list[str]) -> None:
    async with asyncio.timeout(10):
        while await names(node) != left:  # noqa: ASYNC110 (nothing tells that a row is gone)
            await asyncio.sleep(0.05)


async def test_a_node_that_is_gone_for_good_is_forgotten_and_one_that_may_come_back_is_not(
    a: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_gone(a, "lately", 6.9)
    await put_gone(a, "long", 7.1)
    await put_gone(a, "hung", 30.0, lease_until=1.0)  # nobody has declared it dead yet
    a.store.put_queue_interval(900.0, "orders", QueueFigures(offered=3))
    monkeypatch.setattr(membership, "FORGET_EVERY_S", 0.0)
    await until(a, ["a", "lately"])
    await a.store.settled()
    assert await a.store.queue_figures(0.0, 1800.0, False), "what was counted stays"


async def test_it_stays_while_something_is_its_own(a: Node) -> None:
    await a.stop()  # nobody else clears up
    a.store.put_delivery(Delivery("m", "crm", "call.rated", "c", "{}", 1.0, state="dead"))
    a.store.put_path(PATH)
    a.store.put_binding(facts.binding(expires_at=time.time() + 3600.0))
    a.store.put_promise(facts.promise(1, node="a"), "t")
    await a.store.settled()
    await do(a.store, "INSERT INTO promise_words (node, promise, kind, body, at) VALUES ('a', 'p', 'Lost', '', 1)")
    over = {
        "bindings": "UPDATE bindings SET expires_at = 1", "deliveries": "DELETE FROM deliveries",
        "paths": "UPDATE paths SET ended = TRUE", "promise_words": "DELETE FROM promise_words",
        "promises": "UPDATE promises SET state = 'kept'",
    }  # fmt: skip
    for table in over:
        await put_gone(a, table, 30.0)
        await do(a.store, f"UPDATE {table} SET node = '{table}'")
    assert await a.store._database.run(nodes.forget) == 0
    left = list(over)
    for table, sql in over.items():
        await do(a.store, sql)
        assert await a.store._database.run(nodes.forget) == 1
        left.remove(table)
        assert await names(a) == ["a", *left]


async def test_what_is_written_for_a_life_of_before_it_was_forgotten_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process was stopped for eight days, and another one has its name since."""
    clock = nodes.clock
    with monkeypatch.context() as patched:
        patched.setattr(nodes, "clock", lambda transaction: f"({clock(transaction)} - 8 * 86400)")
        old = await Node.open(url, "a")
        await old.hear(Leased)
        await old.stop()
    other = await Node.open(url, "b")
    await until(other, ["b"])
    new = await Node.open(url, "a")
    assert not await old.put(facts.promise(1)) and await new.put(facts.promise(2))
    for node in (new, other, old):
        await node.store.close()


async def test_an_operator_sees_which_nodes_there_are_and_when_each_was_seen(url: str) -> None:
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    began = time.time()
    await b.store.close()
    await put_gone(a, "c", 2.0)
    shown = {one.node: one for one in await a.store.nodes()}
    assert {name: (one.alive, one.here) for name, one in shown.items()} == {
        "a": (True, True), "b": (False, False), "c": (False, False),
    }  # fmt: skip
    assert shown["b"].seen_at == pytest.approx(began, abs=5.0)
    assert shown["c"].seen_at == pytest.approx(began - 2 * DAY_S, abs=5.0)
    count = len(a.heard)
    await a.hear(Leased, count + 1)
    assert (await a.store.nodes())[0].seen_at > shown["a"].seen_at, "it is renewed"
    await a.store.close()


async def test_who_is_alone_on_a_file_is_alive_without_renewals(tmp_path: Path) -> None:
    a = await Node.open(f"sqlite:///{tmp_path}/switch.db")
    await do(a.store, "UPDATE nodes SET lease_until = 1, seen_at = 1")
    (shown,) = await a.store.nodes()
    assert (shown.alive, shown.here) == (True, True) and shown.seen_at == pytest.approx(time.time(), abs=5.0)
    await a.store.close()


async def test_whoever_asks_for_them_is_not_in_the_way_of_what_is_written(url: str) -> None:
    a = await Node.open(url, "a")
    await a.stop()
    async with AsyncExitStack() as taken, asyncio.timeout(5):
        for _ in range(3):  # all that there are for those that write
            await taken.enter_async_context(a.store._engines.write.connect())
        assert await names(a) == ["a"]
    await a.store.close()


async def test_very_many_are_told_some_at_a_time_before_the_life_begins_that_leads_them(
    url: str, server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "IN_ONE_GO", 2)
    node = await Node.open(url)
    for n in range(5):
        assert await node.put(facts.promise(n))
    await node.stop()
    await server.change(url, "UPDATE nodes SET lease_until = 0, epoch = epoch + 1")
    node.heard.clear()
    node.store.shared._member.start(node.heard.append)  # type: ignore[union-attr]
    last = await node.hear(Disowned)
    told = [one.promises for one in node.heard if isinstance(one, Inherited)]
    assert [type(one) for one in node.heard][:2] == [Inherited, Inherited]
    assert [len(some) for some in (*told, last.promises)] == [2, 2, 1]
    assert sorted(row.id for some in (*told, last.promises) for row in some) == [f"promise-{n}" for n in range(5)]
    await node.store.close()
