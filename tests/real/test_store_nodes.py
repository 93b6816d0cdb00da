"""Nodes on one database: whose a promise is, when a node is dead, and that what a dead one writes is refused."""

from __future__ import annotations

import asyncio
import errno
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from softswitch.callback.model import Lost, Promise, PromiseState, Promote, RetryNow, Withdraw
from softswitch.callback.node import (
    Claim,
    Claimed,
    Disowned,
    Elsewhere,
    GiveBack,
    Leased,
    LostElsewhere,
    Meet,
    Met,
    Owned,
    StoreAway,
    WithdrawNumber,
)
from softswitch.contact.outbox import Delivery
from softswitch.store import membership
from softswitch.store import node as nodes
from softswitch.store.database import Transaction
from softswitch.store.membership import NodeTaken
from softswitch.store.store import Store
from tests.support import facts, postgres
from tests.support.process import eventually
from tests.support.store_node import QUIET_S, Node, a, quick, url

__all__ = ["a", "quick", "url"]  # fixtures

pytestmark = pytest.mark.real
S = PromiseState


# ---- the pool -------------------------------------------------------------------------------------------------------


async def test_a_claim_takes_the_first_of_its_policy_by_rank(a: Node) -> None:
    rows = [facts.promise(n) for n in (3, 1, 2)]
    rows += [facts.promise(9, priority_s=3600.0), facts.promise(8, campaign="spring", group="spring")]
    rows.append(facts.promise(7, not_before=4e9))  # it waits for another century
    assert all(await a.store.import_promises(rows))
    assert await a.claim(most=2) == ["promise-9", "promise-1"]
    assert await a.claim(below=rows[0].recorded_at) == ["promise-2"]
    assert await a.claim() == ["promise-3"]
    assert await a.claim() == []
    assert await a.claim(name="spring") == ["promise-8"]


async def test_a_promise_may_be_claimed_when_its_time_has_come(a: Node) -> None:
    await a.store.import_promises([facts.promise(1, S.RETRY_AT, not_before=1000.0, attempts=1)])
    await eventually_claimed(a, "promise-1")


async def eventually_claimed(node: Node, id: str) -> None:
    async with asyncio.timeout(10):
        while await node.claim() != [id]:  # noqa: ASYNC110 (nothing tells that a row may be claimed)
            await asyncio.sleep(0.05)


async def test_what_is_given_back_is_led_by_nobody(a: Node) -> None:
    await a.store.import_promises([facts.promise(1)])
    assert await a.claim() == ["promise-1"]
    a.store.shared.give_back(GiveBack(facts.promise(1, S.RETRY_AT, not_before=4e9, node="a")))
    assert await a.put(facts.promise(2))
    row = await a.row("promise-1")
    assert (row.node, row.state, row.not_before) == ("", S.RETRY_AT, 4e9)
    a.store.shared.give_back(GiveBack(replace(row, not_before=0.0)))
    assert await a.put(facts.promise(3))
    assert (await a.row("promise-1")).not_before == 4e9, "it is nobody's to give back"


async def test_a_restart_reads_what_is_its_own_and_no_more(a: Node, request: pytest.FixtureRequest) -> None:
    await a.store.import_promises([facts.promise(n) for n in range(5)])
    assert await a.claim(most=1) == ["promise-0"]
    assert await a.put(facts.promise(9))
    assert await a.put(facts.promise(8, S.KEPT))
    await a.stop()
    again = await a.store.shared._member._begin()  # type: ignore[union-attr]
    assert [row.id for row in again] == ["promise-0", "promise-9"]


async def test_more_than_a_node_leads_in_memory_goes_into_the_pool(a: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        assert await a.put(facts.promise(n, S.DIALLING if n == 4 else S.DUE))
    monkeypatch.setattr(membership, "MOST_LED", 2)
    await a.stop()
    assert [row.id for row in await a.store.shared._member._begin()] == ["promise-0", "promise-1"]  # type: ignore[union-attr]
    assert await a.claim() == ["promise-2", "promise-3"]
    assert (await a.row("promise-4")).state is S.UNCERTAIN, "its phone may ring"


# ---- the same number elsewhere --------------------------------------------------------------------------------------


async def test_a_loss_meets_what_lies_in_the_pool(a: Node) -> None:
    await a.store.import_promises([facts.promise(1)])
    new = facts.promise(1, id="new")
    assert not await a.put(new) and len(a.taken) == 1
    a.store.shared.meet(Meet(new, "t", Lost(new.number, "sales", "abandoned", "c", 1.0)))
    met = await a.hear(Met)
    assert (met.promise, met.token, met.there.id, met.ours, met.ok) == ("new", "t", "promise-1", True, True)
    assert (await a.row("promise-1")).node == "a"
    a.store.shared.meet(Meet(facts.promise(2), "t2", Lost("2", "sales", "abandoned", "c", 1.0)))
    assert (await a.hear(Met, 2)).there is None


async def test_a_phone_that_may_ring_is_silent_by_the_database_s_clock_not_by_ours(a: Node) -> None:
    ahead_s = 300.0
    member = a.store.shared._member
    assert member is not None
    member._now = lambda: time.time() + ahead_s
    row = facts.promise(1, S.UNCERTAIN, attempts=1, not_before=time.time() + QUIET_S)
    await a.store.import_promises([row])
    a.store.shared.meet(Meet(replace(row, id="new"), "t", Lost(row.number, "sales", "abandoned", "c", 1.0)))
    there = (await a.hear(Met)).there
    assert there.not_before == pytest.approx(row.not_before + ahead_s, abs=5.0)


async def test_what_is_ordered_of_promises_in_the_pool_is_done_there(a: Node) -> None:
    rows = [facts.promise(n) for n in range(4)] + [facts.promise(4, S.RETRY_AT, not_before=4e9, attempts=1)]
    rows.append(facts.promise(5, S.UNCERTAIN, not_before=4e9, attempts=1))
    await a.store.import_promises(rows)
    for what in (
        Withdraw("promise-0", "asked for it", "anna"), Promote("promise-1", 60.0), RetryNow("promise-4"),
        WithdrawNumber(rows[2].number, "sales", "reached agent"),
        WithdrawNumber(rows[3].number, "sales", "reached agent", ("queue-full", "keyed")),
        Withdraw("promise-5", "asked for it"), Withdraw("of nobody", ""),
    ):  # fmt: skip
        a.store.shared.elsewhere(Elsewhere(what))
    assert await a.put(facts.promise(9))
    now = {row.id: row for row in await a.store.promises()}
    assert (now["promise-0"].state, now["promise-0"].outcome) == (S.WITHDRAWN, "asked for it")
    assert now["promise-1"].priority_s == 60.0
    assert now["promise-2"].state is S.WITHDRAWN and now["promise-3"].state is S.RECORDED, "another stage"
    assert now["promise-4"].not_before == 0.0
    assert (now["promise-5"].state, now["promise-5"].outcome) == (S.UNCERTAIN, "to be withdrawn: asked for it")
    assert await a.claim(most=1) == ["promise-1"], "it counts as older"
    log, _ = await a.store.promise_history("promise-0")
    assert [(line.state, line.by) for line in log] == [("withdrawn", "anna")]


# ---- several nodes --------------------------------------------------------------------------------------------------


async def test_two_nodes_never_claim_the_same(url: str) -> None:
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    await a.store.import_promises([facts.promise(n) for n in range(300)])
    for node in (a, b) * 20:
        node.store.shared.claim(Claim("sales", 5, float("inf")))
    await asyncio.gather(a.hear(Claimed, 20), b.hear(Claimed, 20))
    answers = [one for one in a.heard + b.heard if isinstance(one, Claimed)]
    both = [promise.id for answer in answers for promise in answer.promises]
    assert len(both) == len(set(both)) == 200
    await a.store.close()
    await b.store.close()


async def test_another_live_node_is_told_of_a_loss_and_of_orders(url: str) -> None:
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    assert await a.put(facts.promise(1, S.RETRY_AT, not_before=4e9))
    loss = Lost("13800000001", "sales", "queue-full", "c-9", 5.0, 1.5, "token", "step")
    assert not await b.put(facts.promise(1, id="new"))
    b.store.shared.meet(Meet(facts.promise(1, id="new"), "t", loss))
    met = await b.hear(Met)
    assert (met.there.id, met.ours) == ("promise-1", False)
    told = await a.hear(LostElsewhere)
    assert (told.promise, told.loss, told.added) == ("promise-1", replace(loss, token=""), False)
    for what in (
        Promote("promise-1", 9.0, "eve"),
        RetryNow("promise-1"),
        WithdrawNumber(facts.promise(1).number, "sales", "w"),
    ):
        b.store.shared.elsewhere(Elsewhere(what))
    assert await a.hear(Promote) == Promote("promise-1", 9.0, "eve")
    assert await a.hear(RetryNow) == RetryNow("promise-1")
    assert await a.hear(Withdraw) == Withdraw("promise-1", "w")
    assert not any(isinstance(one, (LostElsewhere, Withdraw)) for one in b.heard)
    await a.put(facts.promise(5))
    assert len([one for one in a.heard if isinstance(one, LostElsewhere)]) == 1, "each word once"
    await a.store.close()
    await b.store.close()


async def test_a_dead_node_s_promises_go_to_the_pool_and_what_rings_is_uncertain(
    url: str, server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "LEASE_S", 0.5)
    monkeypatch.setattr(nodes.renew, "__defaults__", (0.5,))
    monkeypatch.setattr(nodes.join, "__defaults__", (0.5,))
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    assert await a.put(facts.promise(1)) and await a.put(facts.promise(2, S.DIALLING, attempts=1, call_id="c"))
    assert await a.put(facts.promise(4, S.ANSWERED, attempts=1, call_id="e"))
    await a.stop()
    await asyncio.sleep(0.2)
    assert await b.claim() == [], "its lease still runs"
    await eventually_claimed(b, "promise-1")
    row = await b.row("promise-2")
    database_now = float(server.psql(url.rpartition("/")[2], "SELECT extract(epoch FROM clock_timestamp())"))
    assert (row.state, row.node, row.outcome) == (S.UNCERTAIN, "", "")
    assert (await b.row("promise-4")).outcome == "dropped", "he was on the line"
    assert database_now + QUIET_S - 10 < row.not_before <= database_now + QUIET_S
    assert not await a.put(facts.promise(3)), "nothing that it writes is taken any more"
    assert not await a.put(facts.promise(1, S.DIALLING, attempts=1, call_id="d"))
    assert (await b.row("promise-1")).node == "b"
    a.store.shared._member.start(a.heard.append)  # type: ignore[union-attr]
    assert (await a.hear(Disowned)).promises == (), "it begins anew, with nothing"
    assert await a.put(facts.promise(3))
    await a.store.close()
    await b.store.close()


async def test_an_intent_that_is_being_committed_is_seen_by_who_takes_over(url: str, server: postgres.Postgres) -> None:
    """The fence: a commit under way holds the row of its node, and nobody declares it dead meanwhile."""
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    assert await a.put(facts.promise(1, S.DUE))
    await a.stop()
    await b.stop()
    await server.change(url, "UPDATE nodes SET lease_until = 1 WHERE node = 'a'")
    inside, go = asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def intent() -> None:
        engine = a.store._engines.write
        async with engine.begin() as connection:
            await connection.exec_driver_sql("SELECT 1 FROM nodes WHERE node = 'a' FOR SHARE")
            await connection.exec_driver_sql("UPDATE promises SET state = 'dialling' WHERE id = 'promise-1'")
            inside.set()
            await go.wait()
            order.append("intent")

    async def burial() -> None:
        await inside.wait()
        me = b.store.shared.me
        assert me is not None
        bury = partial(nodes.bury, me=me)
        assert await b.store._database.run(bury) == [], "it is passed over, and nobody is kept waiting"
        go.set()
        while not (dead := await b.store._database.run(bury)):
            pass
        order.append("burial")
        assert await b.store._database.run(lambda transaction: nodes.sweep(transaction, me, *dead)) == 1

    await asyncio.gather(intent(), burial())
    assert order == ["intent", "burial"]
    assert (await b.row("promise-1")).state is S.UNCERTAIN
    await a.store.close()
    await b.store.close()


async def test_a_store_that_takes_no_renewal_is_not_healthy(a: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may be full while nothing is written but that."""

    def full(transaction: Transaction) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    member = a.store.shared._member
    assert member is not None and a.store.healthy
    with monkeypatch.context() as patched:
        patched.setattr(member, "_look", full)
        await eventually(lambda: not a.store.healthy, 10, "rounds fail")
        assert await a.hear(StoreAway) == StoreAway(True), "though nobody has asked it to write"
    await eventually(lambda: a.store.healthy, 10, "and succeed again")
    assert await a.hear(StoreAway, 2) == StoreAway(False)


async def test_a_second_process_of_the_same_name_is_refused_and_a_restart_is_not(a: Node, request: Any) -> None:
    url = (
        a.store._engines.read.url.render_as_string(hide_password=False)
        .replace("+asyncpg", "")
        .replace("+aiosqlite", "")
    )
    with pytest.raises(NodeTaken):
        await Node.open(url, "a")
    assert await a.put(facts.promise(1)), "and the first one goes on"
    await a.store.close()
    a.closed = True
    again = await Node.open(url, "a")
    assert [row.id for row in again.rows] == ["promise-1"]
    await again.store.close()


async def test_a_file_has_one_switch_by_whatever_name_it_goes(tmp_path: Path) -> None:
    first = await Node.open(f"sqlite:///{tmp_path}/switch.db")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link.db").symlink_to(tmp_path / "switch.db")
    with pytest.raises(NodeTaken):
        await Node.open(f"sqlite:///{tmp_path}/elsewhere/link.db", "b")
    await first.store.close()


async def test_connections_that_outlive_their_process_keep_nobody_out_for_longer_than_its_lease(url: str) -> None:
    """A backend that waits for a lock does not see that its client is dead; one renewal may have been under way."""
    a = await Node.open(url, "a")
    assert await a.put(facts.promise(1))
    await a.stop()
    next_life = asyncio.create_task(Node.open(url, "a"))
    await asyncio.sleep(0.3)  # so that the lease is seen
    assert not next_life.done()

    def renewed(transaction: Transaction) -> None:
        transaction.change(f"UPDATE nodes SET lease_until = {nodes.clock(transaction)} + 0.8", {})

    await a.store._database.run(renewed)
    again = await next_life
    assert [row.id for row in again.rows] == ["promise-1"]
    assert not await a.put(facts.promise(2)), "it was another life"
    await again.store.close()
    await a.store.close()


async def test_a_killed_process_is_followed_at_once_and_fenced(url: str) -> None:
    """Its connections end with it, as those of a process do that was killed."""
    a = await Node.open(url, "a")
    assert await a.put(facts.promise(1))
    await a.stop()
    await a.store._engines.dispose()
    again = await Node.open(url, "a")
    assert [row.id for row in again.rows] == ["promise-1"]
    assert not await a.put(facts.promise(2)), "it was another life"
    await again.store.close()
    await a.store.close()


async def test_a_lease_is_only_renewed_by_a_database_that_answers(url: str, server: postgres.Postgres) -> None:
    a = await Node.open(url, "a")
    first = await a.hear(Leased)
    try:
        server.stop()
        await asyncio.sleep(0.3)
        count = len(a.heard)
        a.store.shared.claim(Claim("sales", 1, 9e9))
        assert (await a.hear(Claimed)).ok is False
        assert all(isinstance(one, (Claimed, StoreAway)) for one in a.heard[count:])
    finally:
        server.start()
    count = len([one for one in a.heard if isinstance(one, Leased)])
    last = await a.hear(Leased, count + 1)
    assert last.until > first.until
    assert await a.put(facts.promise(1)), "nobody had declared it dead"
    await a.store.close()


async def test_phones_agents_and_webhooks_of_one_node_are_not_the_other_s(url: str) -> None:
    before = await Store.open(url)
    before.put_binding(facts.binding("sip:old@192.0.2.1"))
    await before.close()
    a = await Node.open(url, "a")
    b = await Node.open(url, "b")
    delivery = Delivery("msg-1", "crm", "call.rated", "c-1", "{}", 1000.0, next_at=1000.0)
    a.store.put_binding(facts.binding("sip:anna@192.0.2.7"))
    a.store.put_agent("anna", True, "", "1003")
    a.store.put_delivery(delivery)
    assert await a.put(facts.promise(1)), "they are written"
    assert [one.contact for one in await a.store.bindings()] == ["sip:anna@192.0.2.7", "sip:old@192.0.2.1"]
    assert await b.store.bindings() == [] and await b.store.agents() == [] and await b.store.deliveries() == []
    assert await a.store.deliveries() == [delivery]
    b.store.put_binding(facts.binding("sip:anna@192.0.2.7"))  # she has registered there since
    assert await b.put(facts.promise(2))
    a.store.remove_binding(facts.binding("sip:anna@192.0.2.7"))
    assert await a.put(facts.promise(3))
    assert [one.contact for one in await b.store.bindings()] == ["sip:anna@192.0.2.7"]
    await a.store.close()
    await b.store.close()


async def test_a_life_that_is_over_claims_nothing(a: Node) -> None:
    await a.store.import_promises([facts.promise(1)])
    await a.stop()
    member = a.store.shared._member
    assert member is not None
    await member._database.run(lambda transaction: transaction.change("UPDATE nodes SET epoch = epoch + 1", {}))
    a.store.shared.claim(Claim("sales", 10, float("inf")))
    assert (await a.hear(Claimed)) == Claimed("sales", (), ok=False), "not that the pool is empty"
    assert (await a.row("promise-1")).node == ""


async def test_a_claim_whose_answer_was_lost_is_found_again(a: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    await a.store.import_promises([facts.promise(1)])
    member = a.store.shared._member
    assert member is not None
    each, lost = member._database.each, [True]

    async def once(work: Any) -> Any:
        found = await each(work)
        if lost and isinstance(found, list) and found and isinstance(found[0], Promise):
            lost.clear()
            raise TimeoutError("the answer came too late")
        return found

    monkeypatch.setattr(member._database, "each", once)
    a.store.shared.claim(Claim("sales", 10, float("inf")))
    assert not (await a.hear(Claimed)).ok
    owned = await a.hear(Owned)
    assert [(row.id, row.node) for row in owned.promises] == [("promise-1", "a")]
