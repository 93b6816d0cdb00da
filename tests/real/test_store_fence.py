"""Claims and fences, one statement of two transactions after the other: who waits for whom, and who is refused.

That somebody waits is what the database says of its locks. What is written for a life holds the row of its node; so it
is over before the life ends, or finds that it has ended. A renewal of the lease is in nobody's way.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.node import Claim, Claimed
from softswitch.store import engine, pool
from softswitch.store import node as nodes
from softswitch.store.database import Transaction
from softswitch.store.fence import Fenced, Me, holds
from softswitch.store.postgresql import _Transaction
from softswitch.store.statement import statements
from tests.support import facts, postgres
from tests.support.process import eventually
from tests.support.store_node import QUIET_S, Node, quick

__all__ = ["quick"]  # a fixture

pytestmark = pytest.mark.real
Work = Callable[[Transaction], Any]
ENDINGS = ("bury", "join", "leave", "refuse claims")


class Undone(Exception):
    pass


@dataclass
class Pair:
    """Node ``a``, whose lease is over, and ``b``; neither goes on by itself. A promise lies in the pool."""

    a: Node
    b: Node
    server: postgres.Postgres
    database: str

    @property
    def me(self) -> Me:
        assert self.a.store.shared.me is not None
        return self.a.store.shared.me

    def claim(self, transaction: Transaction) -> list[str]:
        rows: list[Promise] = pool.claim(transaction, self.me, 0, "sales", 10, float("inf"))
        return [row.id for row in rows]

    def intends(self, transaction: Transaction) -> bool:
        return holds(transaction, self.me)

    def bury(self, transaction: Transaction) -> list[Me]:
        assert self.b.store.shared.me is not None
        return nodes.bury(transaction, self.b.store.shared.me)

    def renew(self, transaction: Transaction) -> bool:
        return nodes.renew(transaction, self.me, QUIET_S)

    async def again(self, me: Me) -> None:
        """As it was at first."""
        life = "UPDATE nodes SET lease_until = 1, epoch = :epoch, asks = 0 WHERE node = :node"
        database = self.b.store._database
        assert await database.run(lambda transaction: transaction.change(life, me.values)) == 1
        await database.run(lambda transaction: transaction.change("UPDATE promises SET node = ''", {}))

    def ends(self, how: str) -> Work:
        """What moves on what a fence goes by."""
        return {
            "bury": self.bury,
            "join": partial(nodes.join, node="a", quiet_s=QUIET_S),
            "leave": partial(nodes.leave, me=self.me),
            "refuse claims": partial(nodes.refuse_claims, me=self.me),
        }[how]

    @asynccontextmanager
    async def open(self, node: Node, work: Work) -> AsyncIterator[Any]:
        """It is done, and not committed before the end."""
        async with node.store._engines.write.begin() as connection:
            yield await connection.run_sync(lambda sync: work(_Transaction(sync, statements("postgresql"))))

    async def waits(self, node: Node, work: Work) -> asyncio.Task[Any]:
        """For a lock that another transaction has."""
        task = asyncio.create_task(node.store._database.run(work))
        sql = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"
        await eventually(lambda: task.done() or self.server.psql(self.database, sql).strip() == "1", 10, "a lock")
        assert not task.done()
        return task

    async def now(self, node: Node, work: Work) -> Any:
        """It waits for nobody."""

        def at_once(transaction: Transaction) -> Any:
            transaction.change("SET LOCAL lock_timeout = '1ms'", {})
            return work(transaction)

        return await node.store._database.run(at_once)


@pytest.fixture(scope="module")
def url(server: postgres.Postgres) -> str:
    """One for all, as each begins with what it needs."""
    return server.database(f"t{uuid.uuid4().hex}")


@pytest.fixture
async def pair(url: str, server: postgres.Postgres) -> AsyncIterator[Pair]:
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    await a.store.import_promises([facts.promise(1)])
    await a.stop()
    await b.stop()
    pair = Pair(a, b, server, url.rpartition("/")[2])
    await pair.again(pair.me)
    yield pair
    await a.store.close()
    await b.store.close()


@pytest.mark.parametrize("what", ["claim", "intends"])
async def test_who_ends_a_life_waits_for_what_is_written_for_it(pair: Pair, what: str) -> None:
    for how in ("join", "leave", "refuse claims"):
        async with pair.open(pair.a, getattr(pair, what)) as done:
            assert done, how
            ending = await pair.waits(pair.b, pair.ends(how))
        await ending
        if what == "claim":
            assert (await pair.b.row("promise-1")).node == "a", "and finds it there"
        await pair.again(pair.me)


async def test_who_writes_is_not_declared_dead_and_keeps_nobody_waiting(pair: Pair) -> None:
    for what in (pair.claim, pair.intends):
        async with pair.open(pair.a, what) as done:
            assert done and await pair.now(pair.b, pair.bury) == []
        assert [dead.node for dead in await pair.now(pair.b, pair.bury)] == ["a"]
        await pair.again(pair.me)


async def test_a_claim_waits_for_who_ends_its_life_and_is_refused(pair: Pair) -> None:
    for how in ENDINGS:
        async with pair.open(pair.b, pair.ends(how)):
            claiming = await pair.waits(pair.a, pair.claim)
        with pytest.raises(Fenced):
            await claiming
        assert (await pair.b.row("promise-1")).node == "", how
        await pair.again(pair.me)


async def test_so_does_an_intent_but_one_of_a_claim_of_before_holds(pair: Pair) -> None:
    for how in ENDINGS:
        async with pair.open(pair.b, pair.ends(how)):
            intent = await pair.waits(pair.a, pair.intends)
        assert await intent is (how == "refuse claims"), how
        await pair.again(pair.me)


async def test_a_life_that_was_not_ended_after_all_goes_on(pair: Pair) -> None:
    for how in ENDINGS:
        with pytest.raises(Undone) as raised:
            async with pair.open(pair.b, pair.ends(how)):
                raise Undone(await pair.waits(pair.a, pair.claim))
        assert await raised.value.args[0] == ["promise-1"], how
        await pair.again(pair.me)


async def test_a_renewal_and_what_is_written_do_not_wait_for_each_other(pair: Pair) -> None:
    for what in (pair.claim, pair.intends):
        async with pair.open(pair.a, what):
            assert await pair.now(pair.a, pair.renew)
        async with pair.open(pair.a, pair.renew) as renewed:
            assert renewed
            await pair.now(pair.a, what)


@pytest.mark.parametrize("committed", ["the renewal first", "what is written first"])
async def test_what_began_beside_a_renewal_holds_the_row_that_it_makes(pair: Pair, committed: str) -> None:
    """The lock goes along to the row's next version; with a lease that is over by then, as after a long stop."""
    short = partial(nodes.renew, me=pair.me, quiet_s=QUIET_S, lease_s=-1.0)
    writing = pair.open(pair.a, pair.intends)
    async with pair.open(pair.a, short):
        assert await writing.__aenter__()
        if committed == "what is written first":
            await writing.__aexit__(None, None, None)
            assert await pair.now(pair.b, pair.bury) == [], "the renewal is under way"
    if committed == "the renewal first":
        assert await pair.now(pair.b, pair.bury) == [], "an intent is"
        leaving = await pair.waits(pair.b, pair.ends("leave"))
        await writing.__aexit__(None, None, None)
        await leaving
    else:
        assert [dead.node for dead in await pair.now(pair.b, pair.bury)] == ["a"]


async def test_who_is_being_swept_does_not_come_back_meanwhile(pair: Pair) -> None:
    (dead,) = await pair.now(pair.b, pair.bury)
    assert pair.b.store.shared.me is not None
    sweep = partial(nodes.sweep, me=pair.b.store.shared.me, dead=dead)
    async with pair.open(pair.b, sweep):
        coming = await pair.waits(pair.a, pair.ends("join"))
    await coming
    assert await pair.now(pair.b, sweep) == 0, "what it has now is its own"


async def test_a_claim_does_not_wait_for_the_disk_and_all_else_does(pair: Pair) -> None:
    def waits(transaction: Transaction) -> str:
        ((found,),) = transaction.ask("SHOW synchronous_commit", {})
        return str(found)

    database = pair.a.store._database
    assert (await database.each(waits), await database.run(waits)) == ("off", "on")


async def test_a_claim_that_the_database_has_lost_is_made_again(pair: Pair) -> None:
    """It went down before the disk had it; what is written of the promise is refused meanwhile, whoever has it."""
    assert await pair.now(pair.a, pair.claim) == ["promise-1"]
    assert await pair.now(pair.b, lambda transaction: transaction.change("UPDATE promises SET node = ''", {})) == 1
    intent = facts.promise(1, PromiseState.DIALLING, attempts=1, call_id="c1", node="a")
    assert not await pair.a.put(intent) and len(pair.a.taken) == 1
    assert await pair.b.claim() == ["promise-1"]
    assert not await pair.a.put(intent) and len(pair.a.taken) == 2


async def test_a_connection_that_answers_no_more_costs_one_claim(
    url: str, server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped, as behind a firewall that has forgotten it."""
    monkeypatch.setattr(engine, "PATIENCE_S", 0.5)
    node = await Node.open(url, "a")
    await node.claim(name="nothing")
    sql = """SELECT pid FROM pg_stat_activity WHERE query LIKE '%AND asks = %'
        AND datname = current_database() AND pid <> pg_backend_pid()"""
    pid = int(server.psql(url.rpartition("/")[2], sql))
    os.kill(pid, signal.SIGSTOP)
    try:
        node.store.shared.claim(Claim("nothing", 1, 0.0))
        assert not (await node.hear(Claimed, 2)).ok
        await eventually(lambda: node.store.shared._member._asks, 10, "earlier claims are given up")  # type: ignore[union-attr]
        for _ in range(3):
            assert await node.claim(name="nothing") == []
    finally:
        os.kill(pid, signal.SIGCONT)
    await node.store.close()


async def test_a_claim_on_a_file_goes_before_others_that_wait_and_does_without_the_disk(tmp_path: Path) -> None:
    node = await Node.open(f"sqlite:///{tmp_path}/switch.db")
    await node.store.import_promises([facts.promise(1)])
    database, done, go = node.store._database, list[str](), threading.Event()

    def level(name: str, transaction: Transaction) -> int:
        done.append(name)
        ((found,),) = transaction.ask("PRAGMA synchronous", {})
        return int(found)

    first = asyncio.create_task(database.run(lambda transaction: go.wait(10)))
    await asyncio.sleep(0)
    second = asyncio.create_task(database.run(lambda transaction: level("fact", transaction)))
    await asyncio.sleep(0)
    third = asyncio.create_task(database.each(lambda transaction: level("claim", transaction)))
    await asyncio.sleep(0)
    go.set()
    full, normal = 2, 1
    assert await first and (await second, await third) == (full, normal) and done == ["claim", "fact"]
    with pytest.raises(ZeroDivisionError):
        await database.each(lambda transaction: 1 // 0)
    assert await database.run(lambda transaction: level("fact", transaction)) == full
    assert await node.claim() == ["promise-1"]
    await node.store.close()
