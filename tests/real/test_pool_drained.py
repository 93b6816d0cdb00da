"""Promises of the pool are dialled through, on a real store: in order, each once, by several nodes without overlap."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from softswitch.callback.claim import HIGH
from softswitch.callback.model import Lost, Policy, Promise, PromiseState, ReachedAgent, Withdraw
from softswitch.store import membership
from softswitch.store import node as nodes
from softswitch.store.store import Store
from tests.support import facts, postgres
from tests.support.ledger_node import Dial, LedgerNode, after_kept, overlapping, unix
from tests.support.process import eventually

pytestmark = pytest.mark.real
S = PromiseState
MANY, AGENTS = 2000, 40
POLICY = Policy("sales", "carrier", ring_s=0.4, settle_s=0.4, retry_busy_s=0.5, max_attempts=9, group="sales")


def rows(count: int, of: float) -> list[Promise]:
    """Recorded a second after each other, in another order than they are written."""
    order = sorted(range(count), key=lambda n: n * 7919 % count)
    return [facts.promise(n, recorded_at=of - count + n) for n in order]


async def drained(nodes: list[LedgerNode], seconds: float = 60.0) -> list[Promise]:
    """The rows, once none is open."""
    store = nodes[-1].store
    async with asyncio.timeout(seconds):
        while await store.promises(open_only=True, limit=1):  # noqa: ASYNC110 (the database tells nobody)
            await asyncio.sleep(0.1)
    return await store.promises()


async def test_many_rows_are_dialled_through_in_their_order(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/switch.db"
    before = await Store.open(url)
    assert all(await before.import_promises(rows(MANY, unix() - 3600.0)))
    await before.close()
    dials: list[Dial] = []
    node = LedgerNode("a", POLICY, dials, agents=AGENTS)
    await node.open(url)
    kept = await drained([node], 120.0)
    assert {row.state for row in kept} == {S.KEPT} and len(kept) == MANY
    assert len(dials) == len({dial.promise for dial in dials}) == MANY
    places = {key: place for place, key in enumerate(sorted((dial.rank, dial.promise) for dial in dials))}
    out_of_turn = [abs(places[dial.rank, dial.promise] - n) for n, dial in enumerate(dials)]
    assert max(out_of_turn) <= AGENTS, "as many as are being called at the same time"
    assert node.most_led <= 2 * HIGH
    await node.close()


async def test_two_nodes_drain_one_pool_and_one_is_stopped_in_the_middle(
    server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "ROUND_S", 0.1)
    monkeypatch.setattr(nodes, "LEASE_S", 1.0)
    monkeypatch.setattr(nodes, "MARGIN_S", 0.2)
    monkeypatch.setattr(nodes.renew, "__defaults__", (1.0,))
    monkeypatch.setattr(nodes.join, "__defaults__", (1.0,))
    url = server.database(f"t{uuid.uuid4().hex}")
    dials: list[Dial] = []
    a, b = (LedgerNode(name, POLICY, dials, agents=10, answer_s=0.05, talk_s=0.05) for name in "ab")
    await a.open(url)
    await b.open(url)
    some = rows(1000, unix() - 3600.0)
    for node in (a, b):
        node.fails(row.id for row in some[::7])
    await a.store.import_promises(some)
    await eventually(lambda: len([dial for dial in dials if dial.node == "a"]) > 50, 20, "the first calls")
    a.freeze()
    await asyncio.sleep(2.0)  # its lease is over, and what rang is silent
    stopped = len([dial for dial in dials if dial.node == "a"])
    a.thaw()
    kept = await drained([a, b])
    assert {row.state for row in kept} == {S.KEPT}
    assert overlapping(dials) == [] and after_kept(dials) == []
    assert len({(dial.promise, dial.attempt) for dial in dials}) == len(dials), "no attempt is made twice"
    later = [dial for dial in dials if dial.node == "a"][stopped:]
    assert later, "it works again, in another life"
    assert {dial.node for dial in dials} == {"a", "b"}
    await a.close()
    await b.close()


async def test_a_database_that_is_away_stops_dialling_and_loses_nothing(
    server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "ROUND_S", 0.1)
    url = server.database(f"t{uuid.uuid4().hex}")
    dials: list[Dial] = []
    a = LedgerNode("a", replace(POLICY, stages=("abandoned", "accepted-offer")), dials, agents=2, talk_s=0.02)
    await a.open(url)
    await a.store.import_promises(rows(400, unix() - 3600.0))
    await eventually(lambda: len(dials) > 20, 20, "the first calls")
    try:
        server.stop()
        await eventually(lambda: not a.store.healthy, 20, "nobody home")
        await asyncio.sleep(0.5)
        before = len(dials)
        a.feed(Lost("13900000001", "sales", "accepted-offer", "c-1", unix(), 60.0, "offered"))
        a.feed(Lost("13900000002", "sales", "abandoned", "c-2", unix(), 60.0))
        await eventually(lambda: "offered" in a.answers, 10, "an answer")
        assert not a.answers["offered"].ok, "nothing is promised that is not written"
        await asyncio.sleep(0.5)
        assert len(dials) == before, "and nobody is dialled"
    finally:
        server.start()
    kept = await drained([a], 90.0)
    by_number = {row.number: row.state for row in kept}
    assert "+8613900000001" not in by_number or by_number["+8613900000001"] is S.WITHDRAWN
    assert by_number.pop("+8613900000002") is S.KEPT, "who was told nothing is called"
    assert {state for number, state in by_number.items() if number != "+8613900000001"} == {S.KEPT}
    assert overlapping(dials) == [] and len({(dial.promise, dial.attempt) for dial in dials}) == len(dials)
    await a.close()


async def test_a_loss_of_a_number_that_lies_in_the_pool_or_elsewhere_is_added_to_it(server: postgres.Postgres) -> None:
    url = server.database(f"t{uuid.uuid4().hex}")
    a, b = LedgerNode("a", POLICY, [], agents=0), LedgerNode("b", POLICY, [], agents=0)
    await a.open(url)
    await b.open(url)
    await a.store.import_promises([facts.promise(n, recorded_at=unix() - 60.0) for n in (1, 2)])
    number = facts.promise(1).number

    async def losses(store: Store) -> dict[str, int]:
        return {row.id: row.losses for row in await store.promises()}

    a.feed(Lost(number, "sales", "accepted-offer", "c-1", unix(), 60.0, "t1"))
    await eventually(lambda: "t1" in a.answers, 10, "an answer")
    assert a.answers["t1"].ok and await losses(a.store) == {"promise-1": 2, "promise-2": 1}
    assert [promise.id for promise in a.ledger.promises()] == ["promise-1"], "it is led here now"
    b.feed(Lost(number, "sales", "accepted-offer", "c-2", unix(), 60.0, "t2"))
    await eventually(lambda: "t2" in b.answers, 10, "an answer")
    assert b.answers["t2"].ok and b.ledger.promises() == []
    await eventually(lambda: a.ledger.promises()[0].losses == 3, 10, "the word")
    b.feed(ReachedAgent(number, "sales"))
    b.feed(Withdraw("promise-2", "asked for it"))
    await eventually(lambda: a.ledger.promises()[0].state is S.WITHDRAWN, 10, "the other word")
    assert {row.id: row.outcome for row in await drained([a, b])} == {
        "promise-1": "reached agent", "promise-2": "asked for it",
    }  # fmt: skip
    await a.close()
    await b.close()


def test_a_disk_that_is_full_stops_dialling_and_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.full_disk_child", str(tmp_path / "switch.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["promised"] is False, "nothing is promised that is not written"
    assert (found["dialled_meanwhile"], found["overlapping"], found["twice"]) == (0, 0, 0)
    states = found["states"]
    assert states.pop("+8613900000001", "withdrawn") == "withdrawn"
    assert len(states) == 201 and set(states.values()) == {"kept"}, "who was told nothing is called too"
