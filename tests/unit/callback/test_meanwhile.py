"""What has changed between a loss and its dial, or a dial and its end: by time, by a reload, by another call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    OPEN,
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    Disposed,
    KeepTally,
    NotServed,
    Policies,
    Promise,
    PromiseAnswer,
    PromiseState,
    ReleaseAgent,
    Restored,
    SeekAgent,
    Withdraw,
)
from tests.unit.callback.desk import E164, NUMBER, SALES, Desk

S = PromiseState
ORDERS = replace(SALES, queue="orders", first="customer")
FAIR = replace(SALES, campaign="fair", stages=("imported",))


def row(state: S, queue: str, campaign: str, updated_at: float) -> Promise:
    return Promise(
        "row", E164, queue, "imported", state, "", updated_at, attempts=1, updated_at=updated_at, group=campaign,
        campaign=campaign,
    )  # fmt: skip


def test_nobody_is_dialled_whose_promise_has_ended_while_an_agent_was_found() -> None:
    desk = Desk(replace(SALES, expiry_s=100.0))
    desk.due()
    desk.wait(99.0)
    desk.feed(Capacity("sales", 1, 0))
    (seek,) = desk.given(SeekAgent)
    desk.wait(2.0)
    desk.feed(AgentFound(seek.promise.id, "anna"))
    desk.acknowledge()
    assert not desk.given(DialCustomer) and desk.given(ReleaseAgent)
    assert desk.state is S.EXPIRED


def test_no_agent_is_sought_in_the_moment_in_which_a_promise_ends() -> None:
    desk = Desk(replace(SALES, expiry_s=100.0))
    desk.due()
    desk.now += 100.0  # the count of agents comes before the tick
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    desk.wait(0.0)
    assert desk.state is S.EXPIRED


def test_a_phone_that_may_ring_by_another_node_is_not_rung_by_a_seek_that_began_before_we_knew() -> None:
    desk = Desk(SALES, FAIR)
    seeking = desk.seeking()
    desk.feed(Restored((row(S.DIALLING, "sales", "fair", desk.now),)))
    desk.feed(AgentFound(seeking.id, "anna"))
    desk.acknowledge()
    assert not desk.given(DialCustomer) and desk.given(ReleaseAgent)


def test_who_was_dialled_before_a_reload_and_is_dropped_after_it_counts() -> None:
    desk = Desk(ORDERS)
    desk.feed(Capacity("orders", 1, 0))
    desk.lose(queue="orders")
    desk.acknowledge()
    desk.acknowledge()
    desk.feed(CustomerAnswered(desk.only().id, waits=True))
    desk.feed(Policies((replace(ORDERS, first="agent"),)))
    desk.feed(NotServed(desk.only().id, desk.only().call_id))
    assert [order.tally.dropped for order in desk.given(KeepTally)] == [1]


def test_a_campaign_that_is_given_to_another_queue_is_called_by_that_one() -> None:
    desk = Desk(SALES, FAIR)
    desk.feed(Restored((row(S.RECORDED, "sales", "fair", desk.now - 10.0),)))
    desk.feed(Policies((SALES, replace(FAIR, queue="service"))))
    assert (desk.ledger.open_count("sales"), desk.ledger.open_count("service")) == (0, 1)
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    desk.feed(Capacity("service", 1, 0))
    assert [seek.promise.queue for seek in desk.given(SeekAgent)] == ["service"]


def test_a_disposition_promises_no_second_call_where_groups_have_been_joined_since() -> None:
    desk = Desk(SALES, ORDERS)
    kept = desk.dialling()
    desk.feed(CustomerAnswered(kept.id))
    desk.acknowledge()
    desk.feed(Policies((replace(SALES, group="shop"), replace(ORDERS, group="shop"))))
    desk.lose(NUMBER, "orders")
    desk.acknowledge()
    desk.feed(Disposed(kept.id, "call again", "anna", 60.0))
    assert len([promise for promise in desk.ledger.promises() if promise.state in OPEN]) == 1


@pytest.mark.parametrize("stage", ["accepted-offer", "abandoned"])
def test_who_is_promised_it_during_the_last_attempt_is_called_once_more(stage: str) -> None:
    """He was told that he will be called, while his phone may still have been ringing for what he was lost for."""
    desk = Desk(replace(SALES, max_attempts=1))
    last = desk.dialling()
    desk.lose(stage=stage, contact="c-2", token="t")
    desk.acknowledge()
    assert desk.given(PromiseAnswer)[-1].ok
    desk.feed(AttemptFailed(last.id, 480, last.call_id))
    assert desk.state is (S.RETRY_AT if stage == "accepted-offer" else S.FAILED)


def test_who_was_lost_again_is_not_withdrawn_for_what_was_before() -> None:
    desk = Desk()
    promise = desk.due()
    desk.lose()
    desk.acknowledge()
    assert desk.only().losses == 2
    desk.feed(Withdraw(promise.id, "reached agent", losses=1))
    assert desk.state is S.DUE
    desk.feed(Withdraw(promise.id, "reached agent", losses=2))
    assert desk.state is S.WITHDRAWN
