"""One of two switches on a PostgreSQL is taken out of service: the other calls all that it would have called."""

from __future__ import annotations

import uuid

import pytest

from softswitch.callback.model import Lost, Policy, PromiseState
from softswitch.callback.node import Drains
from softswitch.store import membership
from tests.real.test_pool_drained import drained, rows
from tests.support import postgres
from tests.support.ledger_node import Dial, LedgerNode, after_kept, overlapping, unix
from tests.support.process import eventually

pytestmark = pytest.mark.real
S = PromiseState
POLICY = Policy("sales", "carrier", stages=("shed", "abandoned"), ring_s=0.4, settle_s=0.4, retry_busy_s=0.5,
                max_attempts=9, group="sales")  # fmt: skip
OWN, POOLED, LATER = 40, 200, 10


async def lose(node: LedgerNode, first: int, count: int) -> None:
    """Callers whom this node loses, each told when it is written down."""
    tokens = [f"t/{n}" for n in range(first, first + count)]
    for n, token in enumerate(tokens, first):
        node.feed(Lost(f"139{n:08d}", "sales", "shed", f"c-{n}", unix(), token=token))
    await eventually(lambda: set(tokens) <= node.answers.keys(), 20, "all of them are written down")
    assert all(node.answers[token].ok for token in tokens)


async def test_what_one_had_to_call_the_other_calls_and_each_is_called_once(
    server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "ROUND_S", 0.1)
    url, dials = server.database(f"t{uuid.uuid4().hex}"), list[Dial]()
    leaves = LedgerNode("leaves", POLICY, dials, agents=3, answer_s=0.1, talk_s=0.1)
    stays = LedgerNode("stays", POLICY, dials, agents=0, answer_s=0.02, talk_s=0.02)
    await leaves.open(url)
    await stays.open(url)
    await leaves.store.import_promises(rows(POOLED, unix() - 3600.0))
    await lose(leaves, 0, OWN)
    await eventually(lambda: len(dials) >= 10, 20, "it calls")
    leaves.feed(Drains(True, gives_back=not leaves.store.shared.alone))
    ringing = len(dials)
    await lose(leaves, OWN, LATER)
    await eventually(lambda: leaves.ledger.open_count("sales") == 0, 20, "it leads nothing any more")
    stays._free = 10
    stays._capacity()
    kept = await drained([leaves, stays])
    assert {row.state for row in kept} == {S.KEPT} and len(kept) == POOLED + OWN + LATER
    assert {dial.node for dial in dials[:ringing]} == {"leaves"} and {dial.node for dial in dials[ringing:]} == {
        "stays"
    }
    assert overlapping(dials) == [] and after_kept(dials) == []
    assert len({(dial.promise, dial.attempt) for dial in dials}) == len(dials)
    await leaves.close()
    await stays.close()
