"""A ledger whose rows are others' sometimes: what it does with what it does not lead, or not any more."""

from __future__ import annotations

from dataclasses import replace

from softswitch.callback.model import (
    OPEN,
    Capacity,
    Disposed,
    Lost,
    Persist,
    Persisted,
    Policies,
    PromiseAnswer,
    PromiseState,
    ReachedAgent,
    ReleaseAgent,
    Restored,
    SeekAgent,
    Withdraw,
)
from softswitch.callback.node import Disowned, Elsewhere, GiveBack, Meet, Met
from softswitch.callback.written import ANSWER_S
from tests.unit.callback.desk import E164, NOON, NUMBER, SALES
from tests.unit.callback.pool_desk import NODE, PoolDesk, pooled

S = PromiseState


def refused(desk: PoolDesk) -> None:
    """The write of the last step: there is a row that is not ours."""
    (order,) = desk.given(Persist)
    desk.feed(Persisted(order.promise.id, order.token, False, taken=True))


def met(desk: PoolDesk, stage: str = "abandoned", token: str = "") -> Meet:
    desk.lose(stage=stage, token=token)
    refused(desk)
    (order,) = desk.given(Meet)
    return order


def test_who_is_reached_while_his_promise_is_looked_for_is_not_called_for_that_one() -> None:
    desk = PoolDesk()
    order = met(desk)
    desk.feed(ReachedAgent(NUMBER, "sales"))
    there = pooled(1, number=E164, node=NODE)
    desk.feed(Met(order.promise.id, order.token, there, True))
    (row,) = [one.promise for one in desk.given(Persist)]
    assert (row.id, row.state, row.outcome) == (there.id, S.WITHDRAWN, "reached agent")


def test_the_same_where_another_node_has_it() -> None:
    desk = PoolDesk()
    order = met(desk)
    desk.feed(ReachedAgent(NUMBER, "sales"))
    desk.feed(Met(order.promise.id, order.token, pooled(1, number=E164, node="b"), False))
    assert [one.what for one in desk.given(Elsewhere)] == [Withdraw("pooled-1", "reached agent")]


def test_what_others_have_led_to_its_end_is_over() -> None:
    desk = PoolDesk()
    order = met(desk)
    desk.feed(Met(order.promise.id, order.token, replace(order.promise, state=S.KEPT, node="b"), False))
    assert not desk.given(Persist) and desk.ledger.open_count("sales") == 0


def test_who_was_lost_since_then_is_promised_anew() -> None:
    desk = PoolDesk()
    order = met(desk, "accepted-offer", "t")
    ended = replace(order.promise, state=S.KEPT, node="b", contact="the call before")
    desk.feed(Met(order.promise.id, order.token, ended, False))
    (again,) = desk.given(Persist)
    assert again.promise.id != order.promise.id and not desk.given(PromiseAnswer)
    desk.acknowledge()
    assert [(one.token, one.ok) for one in desk.given(PromiseAnswer)] == [("t", True)]


def test_a_promise_that_others_lead_is_let_go_and_its_agent_too() -> None:
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    promise = desk.due()
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    assert desk.given(SeekAgent)
    desk.feed(Lost(NUMBER, "sales", "accepted-offer", "c-9", NOON, 1.0, "t"))
    refused(desk)
    assert [one.promise for one in desk.given(ReleaseAgent)] == [promise.id]
    assert [(one.token, one.ok) for one in desk.given(PromiseAnswer)] == [("t", False)]
    assert desk.ledger.promises() == []
    desk.wait(600.0)
    assert not desk.given(Persist), "nothing is written of it any more"


def test_another_call_that_an_agent_wants_gives_way_to_what_is_promised_elsewhere() -> None:
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    promise = desk.due()
    desk.feed(Capacity("sales", 0, 0))
    desk.feed(ReachedAgent(NUMBER, "sales"))
    desk.acknowledge()
    desk.feed(Disposed(promise.id, "later", "anna", 7200.0))
    first, second = desk.given(Persist)
    desk.feed(Persisted(first.promise.id, first.token))
    desk.feed(Persisted(second.promise.id, second.token, False, taken=True))
    assert desk.ledger.open_count("sales") == 0 and desk.ledger.glance.written.healthy
    desk.wait(600.0)
    assert not desk.given(Persist)


def test_a_row_that_was_let_go_is_not_led_by_the_next_life() -> None:
    desk = PoolDesk()
    desk.lose(stage="accepted-offer", token="t")
    row = desk.only()
    desk.wait(ANSWER_S)
    assert [one.ok for one in desk.given(PromiseAnswer)] == [False]
    desk.feed(Disowned((row,)))
    assert desk.ledger.open_count("sales") == 0


def test_queues_that_came_into_one_group_call_who_lies_in_the_pool_for_both_once() -> None:
    sales, support = (replace(SALES, queue=queue, group="shop") for queue in ("sales", "support"))
    rows = [pooled(1, number=E164), pooled(2, NOON - 60.0, number=E164, queue="support", group="support")]
    desk = PoolDesk(sales, support, rows=rows)
    for queue in ("sales", "support"):
        desk.feed(Capacity(queue, 0, 0))
        desk.feed(Capacity(queue, 1, 0))
        desk.answer()
        desk.feed(Capacity(queue, 0, 0))
    assert [(one.id, one.losses) for one in desk.ledger.promises() if one.state in OPEN] == [("pooled-1", 2)]


def test_so_do_queues_that_came_into_one_group_while_the_switch_was_down() -> None:
    sales, support = (replace(SALES, queue=queue, group="shop") for queue in ("sales", "support"))
    desk = PoolDesk(sales, support)
    mine = pooled(1, number=E164, node=NODE)
    desk.feed(Restored((mine, replace(mine, id="pooled-2", queue="support", group="support"))))
    assert [(one.id, one.losses) for one in desk.ledger.promises() if one.state in OPEN] == [("pooled-1", 2)]


def test_what_is_not_configured_any_more_is_there_when_it_is_again() -> None:
    rows = [pooled(n) for n in (1, 2)]
    desk = PoolDesk(rows=rows)
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(Policies(()))
    (back,) = desk.given(GiveBack)
    assert (back.promise.id, back.promise.not_before) == ("pooled-2", 0.0), "not when it expires"


def test_who_cannot_be_called_for_long_is_added_to_before_he_goes_back() -> None:
    desk = PoolDesk()
    order = met(desk, "accepted-offer", "t")
    tomorrow = pooled(1, number=E164, node=NODE, not_before=desk.now + 86400.0)
    desk.feed(Met(order.promise.id, order.token, tomorrow, True))
    (row,) = [one.promise for one in desk.given(Persist)]
    assert (row.id, row.losses, row.stage) == (tomorrow.id, 2, "accepted-offer")
    desk.acknowledge()
    assert [(one.token, one.ok) for one in desk.given(PromiseAnswer)] == [("t", True)]
    assert [one.promise.losses for one in desk.given(GiveBack)] == [2]


def test_who_is_reached_before_the_store_has_refused_his_promise_is_not_called_for_that_one() -> None:
    desk = PoolDesk()
    desk.lose()
    (first,) = desk.given(Persist)
    desk.feed(ReachedAgent(NUMBER, "sales"))
    (end,) = desk.given(Persist)
    desk.feed(Persisted(first.promise.id, first.token, False, taken=True))
    (order,) = desk.given(Meet)
    desk.feed(Persisted(end.promise.id, end.token))  # which is no open row, so nothing is in its way
    desk.feed(Met(order.promise.id, order.token, pooled(1, number=E164, node=NODE), True))
    assert [(one.promise.id, one.promise.state) for one in desk.given(Persist)] == [("pooled-1", S.WITHDRAWN)]
