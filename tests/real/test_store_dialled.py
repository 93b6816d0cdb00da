"""What the store knows of attempts: those that were made lately, and who was let go in one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import PromiseState
from softswitch.callback.node import Dialled
from tests.support import facts
from tests.support.store_node import Node, a, quick
from tests.unit.callback.desk import SALES

__all__ = ["a", "quick"]  # fixtures

pytestmark = pytest.mark.real
S = PromiseState


async def test_a_restart_reads_who_was_dialled_lately_and_by_whomever(a: Node) -> None:
    now = 1_760_000_000.0
    rows = [
        facts.promise(1, S.RETRY_AT, attempts=1, call_id="one", outcome="busy", updated_at=now - 3600.0),
        facts.promise(2, S.RETRY_AT, attempts=1, call_id="two", outcome="dropped", updated_at=now - 7200.0),
        facts.promise(3, S.RETRY_AT, attempts=2, call_id="three", outcome="dropped", updated_at=now - 90_000.0),
        facts.promise(4, S.RETRY_AT, attempts=1, call_id="four", outcome="busy", updated_at=now - 90_000.0),
    ]
    for row in rows:
        assert await a.put(row)
    assert await a.put(replace(rows[0], state=S.FAILED, updated_at=now))
    one, two, three, _ = (row.number for row in rows)
    often = replace(SALES, most_per_day=3)
    counted = ((two, now - 7200.0), (one, now - 3600.0))
    assert await a.store.dialled([often], now) == Dialled(counted, ((two, now - 7200.0),))
    first = replace(SALES, first="customer")
    let_go = ((three, now - 90_000.0), (two, now - 7200.0))
    assert await a.store.dialled([first], now) == Dialled((), let_go)
    assert await a.store.dialled([often, first], now) == Dialled(counted, let_go)
    assert await a.store.dialled([SALES], now) == Dialled()


async def test_who_was_let_go_is_known_whatever_becomes_of_his_promise(a: Node) -> None:
    """It expires, or an admin ends it: that is no outcome of the attempt."""
    now = 1_760_000_000.0
    lasting = facts.promise(1, S.RETRY_AT, attempts=1, call_id="one", outcome="dropped", updated_at=now - 3600.0)
    ends = {S.EXPIRED: "expired", S.WITHDRAWN: "reached agent", S.KEPT: "answered"}
    for n, (end, why) in enumerate(ends.items(), start=1):
        row = replace(lasting, id=f"promise-{n}", number=f"+86138{n:08d}", call_id=f"call-{n}")
        assert await a.put(row)
        assert await a.put(replace(row, state=end, outcome=why, updated_at=now))
    told = await a.store.dialled([replace(SALES, first="customer")], now)
    assert [number[-1] for number, _ in told.dropped] == ["1", "2"], "the third was served after all"


async def test_an_intent_that_led_to_no_call_is_no_attempt(a: Node) -> None:
    """The hour was over, or his line busy, when it was durable; the attempt of that number is made on another day."""
    now = 1_760_000_000.0
    one = facts.promise(1, S.RETRY_AT, attempts=1, call_id="one", outcome="busy", updated_at=now - 90_000.0)
    intent = replace(one, state=S.DIALLING, attempts=2, call_id="two", outcome="", updated_at=now - 80_000.0)
    often = replace(SALES, most_per_day=3)
    for row in (one, intent, replace(one, state=S.DUE, updated_at=now - 79_999.0)):
        assert await a.put(row)
    assert await a.store.dialled([often], now) == Dialled()
    assert [made.attempt for made in (await a.store.promise_history(one.id))[1]] == [1]
    assert await a.put(replace(intent, updated_at=now - 60.0))
    assert await a.store.dialled([often], now) == Dialled(((one.number, now - 60.0),))
    assert await a.put(replace(one, id="other", number="+8613912345678", call_id="x", state=S.DIALLING))
    assert await a.put(replace(one, id="other", number="+8613912345678", attempts=0, call_id="", state=S.WITHDRAWN))
    assert (await a.store.promise_history("other"))[1] == []
