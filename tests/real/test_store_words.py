"""Words between nodes are heard, each of them, whatever order they come in; and one node that hangs stops no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from softswitch.callback.listed import Listed
from softswitch.callback.model import DoNotCall, Lost, PromiseState, Promote, Withdraw
from softswitch.callback.node import (
    Dialled,
    Disowned,
    Elsewhere,
    GiveBack,
    Leased,
    LostElsewhere,
    Owned,
    StoreAway,
    WithdrawNumber,
)
from softswitch.store import membership, pool, writer
from softswitch.store import node as nodes
from softswitch.store import word as words
from softswitch.store.database import Transaction
from tests.support import facts, postgres
from tests.support.process import eventually
from tests.support.store_node import Node, a, quick, url

__all__ = ["a", "quick", "url"]  # fixtures

pytestmark = pytest.mark.real
WORD = "INSERT INTO promise_words (node, promise, kind, body, at) VALUES ('b', 'p', 'Promote', '{}', 1)"


@pytest.fixture
async def two(url: str) -> AsyncIterator[tuple[Node, Node]]:
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    yield a, b
    await a.store.close()
    await b.store.close()


def word(id: str, priority_s: float) -> str:
    body = f'{{"promise":"","priority_s":{priority_s},"by":""}}'
    return WORD.replace("'p'", f"'{id}'").replace("{}", body)


async def test_a_word_that_is_committed_after_a_later_one_is_heard(two: tuple[Node, Node]) -> None:
    """Numbers are given out in one order, and transactions end in another."""
    a, b = two
    async with a.store._engines.write.connect() as connection, connection.begin():
        await connection.exec_driver_sql(word("first", 1.0))
        async with a.store._engines.write.begin() as other:
            await other.exec_driver_sql(word("second", 2.0))
        assert await b.hear(Promote) == Promote("second", 2.0)
        await asyncio.sleep(3 * membership.ROUND_S)
    assert await b.hear(Promote, 2) == Promote("first", 1.0)
    await asyncio.sleep(3 * membership.ROUND_S)
    assert len([one for one in b.heard if isinstance(one, Promote)]) == 2, "each once"


async def test_what_a_dead_node_was_to_be_told_is_heard_by_who_finds_it(
    two: tuple[Node, Node], url: str, server: postgres.Postgres
) -> None:
    a, b = two
    assert await a.put(facts.promise(1))
    assert await b.put(facts.promise(2))
    await a.stop()
    b.store.shared.elsewhere(Elsewhere(Withdraw("promise-1", "asked for it")))
    assert await b.put(facts.promise(3))
    a.store.shared.elsewhere(Elsewhere(Withdraw("promise-2", "asked for it too")))
    assert await b.hear(Withdraw) == Withdraw("promise-2", "asked for it too")
    await server.change(url, "UPDATE nodes SET lease_until = 1 WHERE node = 'a'")
    assert await b.hear(Withdraw, 2) == Withdraw("promise-1", "asked for it")


async def test_who_was_lost_again_is_not_withdrawn_for_what_was_before(two: tuple[Node, Node]) -> None:
    a, b = two
    assert all(await a.store.import_promises([facts.promise(1, losses=2), facts.promise(2, losses=2)]))
    assert await a.put(facts.promise(3, losses=2))
    for n in (1, 2, 3):
        b.store.shared.elsewhere(Elsewhere(Withdraw(f"promise-{n}", "reached agent", losses=n)))
    assert await b.put(facts.promise(9))
    assert (await a.row("promise-1")).state is PromiseState.RECORDED
    assert (await a.row("promise-2")).state is PromiseState.WITHDRAWN
    assert await a.hear(Withdraw) == Withdraw("promise-3", "reached agent", losses=3), (
        "who leads it sees to that itself"
    )


async def test_who_was_lost_after_he_had_reached_an_agent_is_called_though_that_is_heard_late(
    two: tuple[Node, Node],
) -> None:
    """One switch could not reach the database meanwhile, and another one had recorded him, or has him in the pool."""
    a, b = two
    late = [facts.promise(n, recorded_at=time.time() + 60.0) for n in (1, 2)]
    assert all(await a.store.import_promises([late[0], facts.promise(3)])) and await a.put(late[1])
    for promise in (*late, facts.promise(3)):
        b.store.shared.elsewhere(Elsewhere(WithdrawNumber(promise.number, promise.key, "reached agent")))
    assert await b.put(facts.promise(9))
    states = [(await a.row(f"promise-{n}")).state for n in (1, 2, 3)]
    assert states == [PromiseState.RECORDED, PromiseState.RECORDED, PromiseState.WITHDRAWN]
    b.store.shared.elsewhere(Elsewhere(WithdrawNumber(late[0].number, "", "do-not-call")))
    b.store.shared.elsewhere(Elsewhere(Withdraw("promise-2", "the only word")))
    assert await a.hear(Withdraw) == Withdraw("promise-2", "the only word")
    assert (await a.row("promise-1")).state is PromiseState.WITHDRAWN


@pytest.mark.parametrize("pooled", [True, False])
async def test_so_is_one_to_whose_promise_a_loss_was_added_after_he_had(two: tuple[Node, Node], pooled: bool) -> None:
    """The loss is that of a call after the conversation; one that was added before it was what he talked about."""
    a, b = two
    reached_at = time.time()
    for n, again_at in ((1, reached_at + 60.0), (2, reached_at - 60.0)):
        first = facts.promise(n, updated_at=reached_at - 120.0)
        assert await a.put(first)
        assert await a.put(replace(first, losses=2, contact="again", updated_at=again_at))
        if pooled:
            a.store.shared.give_back(GiveBack(replace(first, node="a")))
    assert await a.put(facts.promise(8))
    for n in (1, 2):
        promise = facts.promise(n)
        b.store.shared.elsewhere(Elsewhere(WithdrawNumber(promise.number, promise.key, "reached agent")))
    b.store.shared.elsewhere(Elsewhere(Withdraw("promise-8", "the last word")))
    assert await b.put(facts.promise(9))
    states = [(await a.row(f"promise-{n}")).state for n in (1, 2)]
    if pooled:
        assert states == [PromiseState.RECORDED, PromiseState.WITHDRAWN]
        return
    assert await a.hear(Withdraw, 2) == Withdraw("promise-8", "the last word")
    assert await a.hear(Withdraw) == Withdraw("promise-2", "reached agent")


async def test_so_is_one_who_was_imported_and_of_whose_promise_nothing_was_logged_before(
    two: tuple[Node, Node],
) -> None:
    a, b = two
    reached_at = time.time()
    imported = [facts.promise(n) for n in (1, 2, 3)]
    assert all(await a.store.import_promises(imported))
    assert len(await a.claim(3)) == 3
    again = replace(imported[0], losses=2, contact="again", updated_at=reached_at + 60.0, node="a")
    assert await a.put(again)
    assert await a.put(replace(imported[1], updated_at=reached_at + 60.0, node="a"))
    for promise in (again, *imported[1:]):
        a.store.shared.give_back(GiveBack(replace(promise, node="a")))
    assert await a.put(facts.promise(8))
    for promise in imported:
        b.store.shared.elsewhere(Elsewhere(WithdrawNumber(promise.number, promise.key, "reached agent")))
    assert await b.put(facts.promise(9))
    states = [(await a.row(promise.id)).state for promise in imported]
    assert states == [PromiseState.RECORDED, PromiseState.WITHDRAWN, PromiseState.WITHDRAWN]


async def test_what_our_own_claim_has_just_brought_is_withdrawn_all_the_same(
    a: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order waits for company in the queue, and the claim, whose answer we have not heard, does not."""
    monkeypatch.setattr(writer, "LAG_S", 60.0)
    await a.store.import_promises([facts.promise(n) for n in (1, 2, 3)])
    reached = WithdrawNumber(facts.promise(2).number, facts.promise(2).key, "reached agent")
    for what in (Withdraw("promise-1", "asked for it"), reached):
        a.store.shared.elsewhere(Elsewhere(what))
    assert set(await a.claim()) == {"promise-1", "promise-2", "promise-3"}, "what waits in the queue is overtaken"
    for n in (1, 2, 3):
        intent = facts.promise(n, PromiseState.DIALLING, attempts=1, call_id=f"c{n}")
        assert await a.put(intent) is (n == 3), "who was withdrawn is not dialled"
    outcomes = [(row.state, row.outcome) for row in [await a.row("promise-1"), await a.row("promise-2")]]
    assert outcomes == [(PromiseState.WITHDRAWN, "asked for it"), (PromiseState.WITHDRAWN, "reached agent")]
    logged, _ = await a.store.promise_history("promise-1")
    assert logged[-1].state == PromiseState.WITHDRAWN.value


async def test_who_is_being_dialled_by_us_is_not_withdrawn_behind_our_back(a: Node) -> None:
    await a.put(facts.promise(1, PromiseState.DIALLING, attempts=1, call_id="c1"))
    a.store.shared.elsewhere(Elsewhere(Withdraw("promise-1", "asked for it")))
    assert await a.put(facts.promise(1, PromiseState.ANSWERED, attempts=1, call_id="c1"))
    assert (await a.row("promise-1")).state is PromiseState.ANSWERED


async def test_a_loss_that_was_added_before_is_told_as_such(two: tuple[Node, Node]) -> None:
    """The former process of its node died before the word was gone."""
    a, b = two
    assert await a.put(facts.promise(1))
    assert await a.put(facts.promise(1, losses=2, contact="c-9", updated_at=5.0))
    assert await a.put(facts.promise(1, PromiseState.KEPT, losses=3, contact="c-10", updated_at=6.0))
    for contact, added in (("c-9", True), ("c-11", False)):
        loss = Lost("13800000001", "sales", "queue-full", contact, 4.0)
        told = partial(pool.word, node="a", promise="promise-1", kind="Lost", body=words.body(loss), at=4.5)
        await b.store._database.run(told)
        assert await a.hear(LostElsewhere, 1 if added else 2) == LostElsewhere("promise-1", loss, added)


async def test_others_are_told_who_was_dialled(two: tuple[Node, Node]) -> None:
    a, b = two
    told = Dialled(attempts=(("+8613800138000", 1_760_000_000.125),))
    a.store.shared.elsewhere(Elsewhere(told))
    assert await b.hear(Dialled) == told


async def test_a_word_that_cannot_be_read_is_no_word(two: tuple[Node, Node]) -> None:
    _, b = two
    async with b.store._engines.write.begin() as connection:
        await connection.exec_driver_sql(WORD)
        await connection.exec_driver_sql(word("second", 2.0))
    assert await b.hear(Promote) == Promote("second", 2.0)


async def test_a_node_that_hangs_in_a_transaction_stops_no_other(
    two: tuple[Node, Node], url: str, server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that is stopped, or cut off, between an intent and its commit."""
    monkeypatch.setattr(nodes.renew, "__defaults__", (1.0,))
    a, b = two
    assert await a.put(facts.promise(1))
    await a.stop()
    async with a.store._engines.write.connect() as connection, connection.begin():
        await connection.exec_driver_sql("SELECT 1 FROM nodes WHERE node = 'a' FOR SHARE")
        until = b.store.shared._member.leased.until  # type: ignore[union-attr]
        await eventually(lambda: b.store.shared._member.leased.until > until + 4.0, 8, "its own lease")  # type: ignore[union-attr]


async def test_who_was_declared_dead_hears_whom_others_have_listed_meanwhile(
    two: tuple[Node, Node], url: str, server: postgres.Postgres
) -> None:
    a, b = two
    await a.stop()
    await server.change(url, "UPDATE nodes SET lease_until = 0, epoch = epoch + 1 WHERE node = 'a'")
    b.store.put_do_not_call([Listed("+8613800000001", "asked for it", "anna", 1.0)])
    b.store.shared.elsewhere(Elsewhere(DoNotCall(add=("+8613800000001",))))
    assert await b.put(facts.promise(2))
    a.store.shared._member.start(a.heard.append)  # type: ignore[union-attr]
    assert (await a.hear(DoNotCall)).add == ("+8613800000001",)


async def test_what_a_node_writes_while_it_begins_a_new_life_is_led_in_it(
    two: tuple[Node, Node], url: str, server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its rows were read, and before it drops what it led: the store has it, and he may have been told."""
    a, _ = two
    await a.stop()
    await server.change(url, "UPDATE nodes SET lease_until = 0, epoch = epoch + 1 WHERE node = 'a'")
    inside, standing = asyncio.Event(), words.standing

    def slowly(transaction: Transaction) -> list[words.Heard]:
        inside.set()
        transaction.ask("SELECT pg_sleep(0.5)", {})
        return standing(transaction)

    monkeypatch.setattr(words, "standing", slowly)
    a.store.shared._member.start(a.heard.append)  # type: ignore[union-attr]
    await inside.wait()
    assert await a.put(facts.promise(1))
    assert (await a.hear(Disowned)).promises == ()
    assert [row.id for row in (await a.hear(Owned)).promises] == ["promise-1"]


async def test_so_is_one_that_could_not_be_told_of_it_at_first(
    two: tuple[Node, Node], url: str, server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away in the middle: the list is heard all the same, before anybody is dialled."""
    a, b = two
    await a.stop()
    await server.change(url, "UPDATE nodes SET lease_until = 0, epoch = epoch + 1 WHERE node = 'a'")
    b.store.put_do_not_call([Listed("+8613800000001", "asked for it", "anna", 1.0)])
    assert await b.put(facts.promise(2))
    standing, away = words.standing, [OSError("away"), OSError("away")]

    def again(transaction: Transaction) -> list[words.Heard]:
        if away:
            raise away.pop()
        return standing(transaction)

    monkeypatch.setattr(words, "standing", again)
    heard = len(a.heard)
    a.store.shared._member.start(a.heard.append)  # type: ignore[union-attr]
    await a.hear(Disowned)
    told = [type(one) for one in a.heard[heard:] if not isinstance(one, StoreAway)]
    assert told[:3] == [DoNotCall, Disowned, Leased]
    assert await a.put(facts.promise(1))
