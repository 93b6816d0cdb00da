"""A promise of which a node does not know that it is in the store, and which others lead since: it is led once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from softswitch.callback.ledger import Ledger
from softswitch.callback.model import OPEN, Lost, Persisted, PromiseState
from softswitch.callback.node import Claim, Claimed, Owned
from softswitch.store import membership
from softswitch.store.fence import Fenced
from tests.real.test_pool_drained import POLICY
from tests.support import facts, postgres
from tests.support.ledger_node import Dial, LedgerNode, overlapping, unix
from tests.support.process import eventually
from tests.support.store_node import Node, a

__all__ = ["a"]  # a fixture

pytestmark = pytest.mark.real
S = PromiseState
LOSS = Lost("13900000001", "sales", "abandoned", "c-1", 0.0, 60.0)
SLOW = replace(POLICY, ring_s=20.0, max_attempts=1)


class Pair:
    """Node ``a`` has no agents, and the answer to its first write was lost; ``b`` has what it wrote."""

    def __init__(self, server: postgres.Postgres) -> None:
        self.server = server
        self.url = server.database(f"t{id(self)}")
        self.dials: list[Dial] = []
        self.a = LedgerNode("a", SLOW, self.dials, agents=0)
        self.b = LedgerNode("b", SLOW, self.dials, agents=1, answer_s=3.0)

    async def begin(self, loss: Lost) -> None:
        a, b = self.a, self.b
        await a.open(self.url)
        await b.open(self.url)
        answered, lost = a.store.on_stored, list[str]()
        a.store.on_stored = lambda key, token, ok: lost.append(token)  # the commit came through, its answer did not
        a.feed(replace(loss, queued_at=unix()))
        await eventually(lambda: lost, 10, "the commit")
        a.freeze()
        a.store.on_stored = answered
        await self.server.change(self.url, "UPDATE nodes SET lease_until = 1 WHERE node = 'a'")
        await eventually(lambda: self.dials, 20, "a dial by b")
        a.feed(Persisted("", lost[0], False))  # as a timeout would say
        member = a.store.shared._member
        assert member is not None
        former = member.me
        a.thaw()
        await eventually(lambda: member.me != former and not member._unsure, 10, "a new life, and all that is its own")

    async def over(self) -> None:
        """Nobody is owed a call, and neither node has anything to write or to lead: ``a`` has tried its row again by
        then, and has heard what has become of it."""
        await eventually(lambda: idle(self.a.ledger) and idle(self.b.ledger), 30, "the end")
        await self.a.store.settled()
        assert await self.a.store.promises(open_only=True) == []


def idle(ledger: Ledger) -> bool:
    written = ledger._move.written
    return not (written.waiting or written.under_way or any(one.state in OPEN for one in ledger.promises()))


@pytest.fixture
async def pair(server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr(membership, "ROUND_S", 0.1)
    pair = Pair(server)
    yield pair
    await pair.a.close()
    await pair.b.close()


async def test_who_was_lost_silently_is_called_by_one_node(pair: Pair) -> None:
    await pair.begin(LOSS)
    pair.a._free = 1
    pair.a._capacity()
    await pair.over()
    assert [(dial.node, dial.attempt) for dial in pair.dials] == [("b", 1)] and overlapping(pair.dials) == []
    (row,) = await pair.b.store.promises()
    assert (row.state, row.node, row.losses) == (S.KEPT, "b", 1)


async def test_who_was_told_no_and_calls_again_is_added_to_what_the_other_leads(pair: Pair) -> None:
    await pair.begin(replace(LOSS, stage="accepted-offer", token="t1"))
    await eventually(lambda: "t1" in pair.a.answers, 10, "an answer")
    assert not pair.a.answers["t1"].ok
    pair.a._free = 1
    pair.a._capacity()
    pair.a.feed(replace(LOSS, stage="accepted-offer", token="t2", contact="c-2", queued_at=unix()))
    await eventually(lambda: "t2" in pair.a.answers, 20, "an answer")
    await pair.over()
    assert overlapping(pair.dials) == [] and len({dial.call_id for dial in pair.dials}) == len(pair.dials)
    assert [(dial.node, dial.attempt) for dial in pair.dials if dial.node == "b"][:1] == [("b", 1)]


async def test_a_claim_that_comes_through_after_it_was_given_up_takes_nobody(
    a: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lay in the network meanwhile; what it took would be led by nobody until the process ends."""
    await a.store.import_promises([facts.promise(1)])
    member = a.store.shared._member
    assert member is not None
    each, late = member._database.each, list[Any]()

    async def held_up(work: Any) -> Any:
        late.append(work)
        raise TimeoutError("no answer")

    monkeypatch.setattr(member._database, "each", held_up)
    a.store.shared.claim(Claim("sales", 10, float("inf")))
    assert not (await a.hear(Claimed)).ok and (await a.hear(Owned)).promises == ()
    with pytest.raises(Fenced):
        await each(late.pop())
    assert (await a.row("promise-1")).node == ""
    monkeypatch.setattr(member._database, "each", each)
    assert await a.claim() == ["promise-1"]
