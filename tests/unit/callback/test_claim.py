"""Out of the pool and into it: who is asked for, when, and in which order they are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.claim import ANSWER_S, AT_ONCE, GIVE_BACK_S, HIGH, LOOK_S
from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    DialCustomer,
    Persist,
    Persisted,
    Policies,
    Policy,
    PromiseState,
    Promote,
    ReleaseAgent,
    SeekAgent,
    Window,
)
from softswitch.callback.node import Claim, Claimed, Elsewhere, GiveBack, Leased, Owned
from tests.unit.callback.desk import NOON, SALES, Desk
from tests.unit.callback.pool_desk import NODE, PoolDesk, pooled

S = PromiseState


def test_nothing_is_asked_for_where_no_agent_is_free() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 0, 0))
    assert not desk.given(Claim)
    desk.feed(Capacity("sales", 1, 1))
    assert not desk.given(Claim), "a live caller goes first"
    desk.feed(Capacity("sales", 1, 0))
    assert [(claim.name, claim.most) for claim in desk.given(Claim)] == [("sales", AT_ONCE)]


def test_a_ledger_that_shares_nothing_asks_for_nothing() -> None:
    desk = Desk()
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(Claim) and desk.ledger.deadline is None


def test_what_is_claimed_is_called_oldest_first_and_it_is_ours() -> None:
    desk = PoolDesk(rows=[pooled(1, NOON - 10.0), pooled(2, NOON - 20.0), pooled(3, NOON - 5.0, priority_s=60.0)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    assert [seek.promise.id for seek in desk.given(SeekAgent)] == ["pooled-3"]
    assert {promise.node for promise in desk.ledger.promises()} == {NODE}


def test_an_older_one_in_the_pool_goes_before_a_younger_one_in_memory() -> None:
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    desk.lose()
    desk.acknowledge()
    desk.pool = [pooled(1, NOON - 10.0)]
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent), "who knows what lies in the pool"
    desk.answer()
    assert [seek.promise.id for seek in desk.given(SeekAgent)] == ["pooled-1"]


def test_an_older_one_is_found_though_many_younger_ones_are_in_memory() -> None:
    desk = PoolDesk(rows=[pooled(n, NOON - 1000.0 + n) for n in range(HIGH)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(Capacity("sales", 0, 0))
    desk.pool = [pooled(9999, NOON - 5000.0), pooled(9998, NOON)]
    desk.wait(LOOK_S)
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    desk.answer()
    assert [seek.promise.id for seek in desk.given(SeekAgent)] == ["pooled-9999"]


def test_the_whole_pool_is_called_in_order_and_memory_stays_small() -> None:
    rows = [pooled(n, NOON - 100_000.0 + (n * 7919) % 1000) for n in range(1000)]
    desk = PoolDesk(SALES, rows=rows)
    seen, most = [], 0
    for _ in rows:
        desk.feed(Capacity("sales", 1, 0))
        desk.answer()
        (seek,) = desk.given(SeekAgent)
        seen.append(seek.promise)
        desk.feed(Capacity("sales", 0, 0))
        most = max(most, desk.ledger.open_count("sales") - len(seen))
        desk.now += 0.05
    assert [promise.id for promise in seen] == [row.id for row in sorted(rows, key=lambda row: (row.rank, row.id))]
    assert most <= 2 * HIGH
    assert len(desk.claims) < 100, "in batches"


def test_the_pool_is_looked_at_again_while_agents_are_free() -> None:
    desk = PoolDesk()
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.pool = [pooled(1)]
    desk.wait(LOOK_S)
    assert desk.given(Claim)
    desk.answer()
    assert desk.given(SeekAgent)


def test_a_store_that_does_not_answer_is_asked_again_and_nobody_is_called_meanwhile() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.lose()
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    desk.answer(ok=False)
    assert not desk.given(SeekAgent) and not desk.given(Claim)
    desk.wait(LOOK_S)
    assert len(desk.given(Claim)) == 1
    desk.wait(ANSWER_S - 0.1)
    assert not desk.given(Claim) and not desk.given(SeekAgent)
    desk.wait(LOOK_S)
    assert desk.given(Claim), "the answer has been lost"
    desk.answer()
    assert [seek.promise.id for seek in desk.given(SeekAgent)] == ["pooled-1"]


def test_campaigns_of_one_queue_share_its_agents_by_age() -> None:
    fair = Policy("sales", "carrier", campaign="fair")
    rows = [pooled(1, NOON - 10.0), pooled(2, NOON - 20.0, campaign="fair", group="fair")]
    desk = PoolDesk(SALES, fair, rows=rows)
    desk.feed(Capacity("sales", 1, 0))
    assert {claim.name for claim in desk.given(Claim)} == {"sales", "fair"}
    first, second = desk.given(Claim)
    desk.feed(Claimed(first.name, desk.take(first)))
    assert not desk.given(SeekAgent), "the other one may be older"
    desk.feed(Claimed(second.name, desk.take(second)))
    assert [seek.promise.id for seek in desk.given(SeekAgent)] == ["pooled-2"]


def test_nothing_is_asked_for_while_the_window_is_shut() -> None:
    night = replace(SALES, window=Window("Asia/Shanghai", 0, 60))
    desk = PoolDesk(night, rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(Claim)


def test_who_cannot_be_called_for_long_goes_back_until_he_can() -> None:
    abroad = replace(SALES, callee_window=Window("", 9 * 60, 10 * 60))
    desk = PoolDesk(abroad, rows=[pooled(1), pooled(2)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    backs = desk.given(GiveBack)
    assert {back.promise.id for back in backs} == {"pooled-1", "pooled-2"}
    assert all(back.promise.not_before >= NOON + GIVE_BACK_S for back in backs)
    assert desk.ledger.promises() == [] and not desk.given(SeekAgent)


def test_who_is_to_be_tried_again_much_later_waits_in_the_pool() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(Capacity("sales", 0, 0))
    desk.feed(AgentFound("pooled-1", "anna"))
    desk.acknowledge()
    desk.feed(AttemptFailed("pooled-1", 486))
    assert not desk.given(GiveBack), "its row does not say yet what came of it"
    desk.acknowledge()
    (back,) = desk.given(GiveBack)
    assert (back.promise.state, back.promise.not_before) == (S.RETRY_AT, desk.now + SALES.retry_busy_s)


def test_a_dialling_row_of_the_pool_is_uncertain() -> None:
    row = pooled(1, state=S.DIALLING, attempts=1, call_id="c", updated_at=NOON - 1.0)
    desk = PoolDesk(rows=[row])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    assert not desk.given(SeekAgent)
    (back,) = desk.given(GiveBack)
    assert (back.promise.state, back.promise.not_before) == (S.UNCERTAIN, NOON + SALES.ring_s + SALES.settle_s)


def test_an_answer_that_comes_too_late_is_ours_all_the_same() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    (claim,) = desk.given(Claim)
    desk.wait(ANSWER_S + 1.0)
    desk.feed(Claimed(claim.name, desk.take(claim)))
    desk.answer()
    assert desk.state is S.SEEKING
    desk.feed(Claimed(claim.name, (pooled(1),)))
    assert desk.state is S.SEEKING, "and it is not led twice"


# ---- the lease ----------------------------------------------------------------------------------------------------


def test_nothing_is_dialled_after_the_lease() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Leased(NOON + 9.0))
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(AgentFound("pooled-1", "anna"))
    (intent,) = [order.token for order in desk.given(Persist)]
    desk.now = NOON + 9.0  # the process was stopped
    desk.feed(Persisted("pooled-1", intent, True))
    assert not desk.given(DialCustomer) and desk.given(ReleaseAgent)
    desk.acknowledge()
    desk.wait(60.0)
    assert not desk.given(SeekAgent) and not desk.given(Claim)
    desk.feed(Leased(desk.now + 9.0))
    desk.answer()
    assert desk.given(SeekAgent), "it goes on by itself"


# ---- promises that others lead -------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [Promote("nobody", 60.0)])
def test_what_we_do_not_lead_is_told_elsewhere(what: Promote) -> None:
    desk = PoolDesk()
    desk.feed(what)
    assert [order.what for order in desk.given(Elsewhere)] == [what]
    alone = Desk()
    alone.feed(what)
    assert not alone.given(Elsewhere)


def test_a_policy_that_is_new_is_asked_for() -> None:
    desk = PoolDesk(rows=[pooled(1, campaign="fair", group="fair")])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    assert not desk.given(SeekAgent)
    desk.feed(Policies((SALES, Policy("sales", "carrier", campaign="fair"))))
    desk.wait(LOOK_S)
    desk.answer()
    assert desk.given(SeekAgent)


def test_a_row_of_ours_that_nobody_leads_is_led_and_the_others_are_led_on() -> None:
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    mine = desk.due()
    desk.feed(Owned((replace(mine, attempts=9), pooled(1, node=NODE))))
    assert {promise.id: promise.attempts for promise in desk.ledger.promises()} == {mine.id: 0, "pooled-1": 0}
