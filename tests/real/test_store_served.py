"""That a customer was served reaches his promise's row whoever leads it, and then its node dials him no more."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from structlog.testing import capture_logs

from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.node import Served, ServedElsewhere
from softswitch.store import membership, statement
from softswitch.store.database import Transaction
from softswitch.store.fence import others
from tests.real.test_pool_drained import POLICY
from tests.support import facts
from tests.support.ledger_node import Dial, LedgerNode, after_kept, unix
from tests.support.process import eventually
from tests.support.store_node import Node, quick, url

__all__ = ["quick", "url"]  # fixtures

pytestmark = pytest.mark.real
S = PromiseState
AT = 1_760_000_100.0
DIALLED = facts.promise(1, S.DIALLING, attempts=1, call_id="c-1", updated_at=AT)
SERVED = replace(DIALLED, state=S.KEPT, outcome="answered", updated_at=AT + 20.0)


@pytest.fixture
async def two(url: str) -> AsyncIterator[tuple[Node, Node]]:
    """The second one leads what the first one has dialled, and was declared dead in."""
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    assert await a.put(DIALLED)
    await b.store._database.run(partial(changed, "UPDATE promises SET node = 'b', state = 'due'"))
    yield a, b
    await a.store.close()
    await b.store.close()


def changed(sql: str, transaction: Transaction) -> None:
    transaction.change(sql, {})


async def tell(node: Node, promise: Promise = SERVED) -> bool:
    token = uuid.uuid4().hex
    node.store.put_served(promise, token)
    await eventually(lambda: token in node.answers, 10, "an answer")
    return node.answers[token]


async def test_he_is_not_dialled_by_who_leads_his_promise(two: tuple[Node, Node]) -> None:
    a, b = two
    assert not await a.put(SERVED), "it is not a's any more"
    assert await tell(a)
    row = await b.row("promise-1")
    assert (row.state, row.outcome, row.attempts) == (S.KEPT, "answered", 1)
    assert not await b.put(replace(DIALLED, attempts=2, call_id="c-2"))
    assert len(b.taken) == 1, "as of a promise that others lead"
    assert (await b.row("promise-1")).state is S.KEPT
    assert await b.hear(ServedElsewhere) == ServedElsewhere("promise-1")
    log, attempts = await b.store.promise_history("promise-1")
    assert [(line.state, line.at) for line in log] == [("dialling", AT), ("kept", AT + 20.0)]
    assert [(one.attempt, one.outcome) for one in attempts] == [(1, "answered")]


async def test_no_intent_of_ours_comes_after_that_word_in_one_transaction(two: tuple[Node, Node]) -> None:
    """Whose the promise is was asked before both."""
    _, b = two
    b.store.put_served(SERVED, "word")
    assert not await b.put(replace(DIALLED, attempts=2, call_id="c-2")), "though it was ours"
    assert b.answers["word"]
    assert (await b.row("promise-1")).state is S.KEPT


async def test_it_may_be_told_again_and_how_it_ended_as_well(two: tuple[Node, Node]) -> None:
    a, _ = two
    for told in (SERVED, SERVED, replace(SERVED, disposition="sold", updated_at=AT + 30.0), SERVED):
        assert await tell(a, told)
    log, _ = await a.store.promise_history("promise-1")
    assert [(line.state, line.disposition) for line in log if line.state == "kept"] == [("kept", ""), ("kept", "sold")]
    assert (await a.row("promise-1")).disposition == "sold", "who told it last did not know yet"


async def test_what_others_made_of_it_meanwhile_does_not_matter(two: tuple[Node, Node]) -> None:
    a, b = two
    assert await b.put(replace(DIALLED, state=S.FAILED, attempts=3, call_id="c-3", outcome="busy"))
    assert await tell(a) and (await b.row("promise-1")).state is S.KEPT
    await asyncio.sleep(3 * membership.ROUND_S)
    assert not any(isinstance(one, ServedElsewhere) for one in b.heard), "it has ended there"


async def test_who_was_lost_again_since_then_is_owed_another_call(two: tuple[Node, Node]) -> None:
    a, b = two
    assert await b.put(replace(DIALLED, state=S.DUE, losses=2))
    assert await tell(a)
    assert await b.put(replace(DIALLED, losses=2, attempts=2, call_id="c-2"))
    assert (await b.row("promise-1")).state is S.DIALLING
    _, attempts = await b.store.promise_history("promise-1")
    assert [(one.attempt, one.outcome) for one in attempts] == [(1, "answered"), (2, "")]


async def test_in_the_pool_it_is_nobody_s_to_claim(two: tuple[Node, Node]) -> None:
    a, b = two
    await b.store.import_promises([facts.promise(2)])
    assert await tell(a, facts.promise(2, S.KEPT, attempts=1, updated_at=AT))
    assert await b.claim() == []


async def test_one_that_is_not_there_is_no_mistake(two: tuple[Node, Node]) -> None:
    assert await tell(two[0], facts.promise(7, S.KEPT))


async def test_an_intent_that_is_being_committed_is_before_the_word_or_refused(two: tuple[Node, Node]) -> None:
    a, b = two
    me = b.store.shared.me
    assert me is not None
    inside, order = asyncio.Event(), list[str]()
    loop = asyncio.get_running_loop()

    def intent(transaction: Transaction) -> None:
        assert others(transaction, me, ["promise-1"]) == set()
        loop.call_soon_threadsafe(inside.set)
        transaction.ask("SELECT pg_sleep(0.5)", {})
        order.append("intent")

    async def word() -> None:
        await inside.wait()
        assert await tell(a)
        order.append("word")

    await asyncio.gather(b.store._database.run(intent), word())
    assert order == ["intent", "word"], "the word waits"


async def test_the_word_and_a_write_of_the_same_attempt_do_not_wait_for_each_other(two: tuple[Node, Node]) -> None:
    a, b = two
    me = b.store.shared.me
    assert me is not None
    inside, loop = asyncio.Event(), asyncio.get_running_loop()

    def write(transaction: Transaction) -> None:
        assert others(transaction, me, ["promise-1"]) == set()
        loop.call_soon_threadsafe(inside.set)
        transaction.ask("SELECT pg_sleep(0.5)", {})
        for change in statement.promise(replace(DIALLED, state=S.DUE, node="b", updated_at=AT + 5.0)):
            transaction.execute((change.table, change.verb), [change.row])

    async def word() -> None:
        await inside.wait()
        assert await tell(a)

    await asyncio.gather(b.store._database.run(write), word())
    assert (await b.row("promise-1")).state is S.KEPT
    _, attempts = await b.store.promise_history("promise-1")
    assert [(one.attempt, one.outcome) for one in attempts] == [(1, "answered")]


async def test_of_two_that_wait_for_each_other_one_gives_way_and_is_done_again(two: tuple[Node, Node]) -> None:
    """The database is not away because of that, and callers are promised what they ask for."""
    a, b = two
    assert await b.put(facts.promise(2, S.DUE))
    inside = asyncio.Event()

    def both(transaction: Transaction) -> None:
        transaction.ask("SELECT 1 FROM promises WHERE id = 'promise-1' FOR UPDATE", {})
        inside.set()
        transaction.ask("SELECT pg_sleep(0.5)", {})
        transaction.ask("SELECT 1 FROM promises WHERE id = 'promise-2' FOR UPDATE", {})

    async def words() -> None:
        await inside.wait()
        told = tell(a, facts.promise(2, S.KEPT, updated_at=AT)), tell(a)  # in one transaction
        assert await asyncio.gather(*told) == [True, True]

    with capture_logs() as logs:
        await asyncio.gather(b.store._database.run(both), words())
    assert [line["event"] for line in logs if "away" in line["event"]] == []
    assert {(await b.row(f"promise-{n}")).state for n in (1, 2)} == {S.KEPT}


# ---- ledgers -------------------------------------------------------------------------------------------------------


class Pair:
    """``a`` dials, is cut off while its customer talks, and others lead his promise when its lease is over."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dials: list[Dial] = []
        self.a = LedgerNode("a", POLICY, self.dials, agents=1)
        self.b = LedgerNode("b", POLICY, self.dials, agents=0)

    async def begin(self) -> None:
        a, b = self.a, self.b
        await b.open(self.url)
        await b.store.import_promises([facts.promise(1, recorded_at=unix() - 60.0)])
        await a.open(self.url)
        put = a.store.put_promise
        a.store.put_promise = self._cut_off  # type: ignore[method-assign]
        await eventually(lambda: self.dials and self.dials[0].kept, 10, "he is served")
        member = a.store.shared._member
        assert member is not None and member._round is not None
        member._round.cancel()
        a.store.put_promise = put  # type: ignore[method-assign]
        await b.store._database.run(partial(changed, "UPDATE nodes SET lease_until = 1 WHERE node = 'a'"))

    def _cut_off(self, promise: Promise, token: str, by: str = "") -> None:
        """Its end reaches nobody."""
        if promise.state is not S.KEPT:
            type(self.a.store).put_promise(self.a.store, promise, token, by)

    async def led_by_others(self) -> None:
        async with asyncio.timeout(10):
            while (await self.row()).node == "a":  # noqa: ASYNC110 (the database tells nobody)
                await asyncio.sleep(0.05)

    async def row(self) -> Promise:
        (row,) = await self.b.store.promises()
        return row

    async def agents_at_b(self) -> None:
        """And time enough to call everybody."""
        self.b._free = 1
        self.b._capacity()
        await asyncio.sleep(POLICY.ring_s + POLICY.settle_s + 1.0)


@pytest.fixture
async def pair(url: str) -> AsyncIterator[Pair]:
    pair = Pair(url)
    await pair.begin()
    await pair.led_by_others()
    yield pair
    await pair.a.close()
    await pair.b.close()


async def test_a_node_that_comes_back_says_whom_it_has_served(pair: Pair) -> None:
    member = pair.a.store.shared._member
    assert member is not None
    member.start(pair.a.feed)

    async def kept() -> None:
        while (await pair.row()).state is not S.KEPT:  # noqa: ASYNC110 (the database tells nobody)
            await asyncio.sleep(0.05)

    await asyncio.wait_for(kept(), 10)
    await pair.agents_at_b()
    assert after_kept(pair.dials) == [] and len(pair.dials) == 1
    assert (await pair.row()).state is S.KEPT


async def test_so_does_the_process_after_one_that_died(pair: Pair) -> None:
    kept = next(promise for promise in pair.a.ledger.promises() if promise.state is S.KEPT)
    await pair.a.close()
    pair.a = LedgerNode("a", POLICY, pair.dials, agents=1)
    await pair.a.open(pair.url)
    pair.a.feed(Served(kept))
    await pair.agents_at_b()
    assert after_kept(pair.dials) == [] and len(pair.dials) == 1
    assert (await pair.row()).state is S.KEPT
