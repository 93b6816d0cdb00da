"""A ledger whose switch is being taken out of service: nothing is begun, and others get what can be theirs."""

from __future__ import annotations

import pytest

from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    Persist,
    PromiseAnswer,
    PromiseState,
    ReleaseAgent,
    SeekAgent,
)
from softswitch.callback.node import Claimed, Drains, GiveBack
from softswitch.callback.sharing import AT_ONCE
from tests.unit.callback.desk import NOON, Desk
from tests.unit.callback.pool_desk import PoolDesk, pooled

S = PromiseState


def drained(desk: Desk, gives_back: bool = True) -> None:
    desk.feed(Drains(True, gives_back))


@pytest.mark.parametrize("desk", [Desk(), PoolDesk()], ids=["alone", "a node"])
def test_nobody_is_called_any_more_until_it_is_taken_back(desk: Desk) -> None:
    desk.feed(Capacity("sales", 0, 0))
    promise = desk.due()
    drained(desk, gives_back=False)
    desk.feed(Capacity("sales", 5, 0))
    assert not desk.given(SeekAgent)
    wait = desk.ledger.glance.wait(promise.id, desk.now)
    assert wait is not None and wait.why == "this switch is being drained"
    assert desk.ledger.glance.standstill("sales", desk.now).why == "this switch is being drained"
    desk.feed(Drains(False))
    if isinstance(desk, PoolDesk):
        desk.answer()
    assert [order.promise.id for order in desk.given(SeekAgent)] == [promise.id]


def test_whose_agent_was_being_found_is_not_dialled_and_lies_in_the_pool_when_his_row_says_so() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(AgentFound("pooled-1", "ann"))
    (intent,) = desk.given(Persist)
    assert intent.promise.state is S.DIALLING
    drained(desk)
    assert [order.promise for order in desk.given(ReleaseAgent)] == ["pooled-1"] and not desk.given(GiveBack)
    after = desk.given(Persist)
    desk.last = [intent]
    desk.acknowledge()
    assert not desk.given(DialCustomer) and not desk.given(GiveBack), "its end is still being written"
    desk.last = list(after)
    desk.acknowledge()
    (back,) = desk.given(GiveBack)
    assert (back.promise.state, back.promise.attempts, back.promise.not_before) == (S.DUE, 0, 0.0)
    assert desk.ledger.promises() == []


def test_an_attempt_that_rings_ends_as_ever_and_the_next_is_others() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(AgentFound("pooled-1", "ann"))
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    drained(desk)
    assert not desk.given(ReleaseAgent)
    desk.feed(AttemptFailed("pooled-1", 486, dial.promise.call_id))
    assert not desk.given(GiveBack)
    desk.acknowledge()
    (back,) = desk.given(GiveBack)
    assert (back.promise.state, back.promise.not_before) == (S.RETRY_AT, desk.now + 300.0)


def test_who_is_answered_is_kept() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(AgentFound("pooled-1", "ann"))
    desk.acknowledge()
    drained(desk)
    desk.feed(CustomerAnswered("pooled-1"))
    (row,) = [order.promise for order in desk.given(Persist)]
    assert row.state is S.KEPT
    desk.acknowledge()
    assert not desk.given(GiveBack)


def test_who_is_lost_meanwhile_is_durable_before_others_have_him() -> None:
    desk = PoolDesk()
    drained(desk)
    desk.lose(stage="shed", token="drain/1")
    assert not desk.given(GiveBack) and not desk.given(PromiseAnswer)
    desk.acknowledge()
    assert [(one.token, one.ok) for one in desk.given(PromiseAnswer)] == [("drain/1", True)]
    (back,) = desk.given(GiveBack)
    assert back.promise.stage == "shed" and desk.ledger.promises() == []


def test_what_a_claim_brings_after_the_order_goes_back() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    drained(desk)
    desk.feed(Claimed("sales", (pooled(1),)))
    assert [order.promise.id for order in desk.given(GiveBack)] == ["pooled-1"] and not desk.given(SeekAgent)


def test_many_go_back_a_few_at_a_time() -> None:
    desk = PoolDesk()
    rows = tuple(pooled(n, NOON - 10.0 - n) for n in range(2 * AT_ONCE + 1))
    desk.feed(Claimed("sales", rows))
    drained(desk)
    assert len(desk.given(GiveBack)) == AT_ONCE and desk.ledger.deadline == desk.now
    desk.wait(0.0)
    assert len(desk.given(GiveBack)) == AT_ONCE + 1 and desk.ledger.promises() == []


def test_where_nobody_else_can_come_all_stays() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    drained(desk, gives_back=False)
    desk.acknowledge()
    assert not desk.given(GiveBack) and [promise.state for promise in desk.ledger.promises()] == [S.DUE]


def test_taken_back_it_claims_again() -> None:
    desk = PoolDesk(rows=[pooled(1)])
    desk.feed(Capacity("sales", 0, 0))
    drained(desk)
    desk.feed(Drains(False))
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    assert [order.promise.id for order in desk.given(SeekAgent)] == ["pooled-1"]
