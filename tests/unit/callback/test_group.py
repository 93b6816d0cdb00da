"""One open promise per number and group, whatever queues the customer is lost in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    Capacity,
    Persist,
    Policies,
    PromiseState,
    ReachedAgent,
    RetryNow,
    SeekAgent,
)
from tests.unit.callback.desk import NOON, NUMBER, SALES, Desk

S = PromiseState
STAGES = ("abandoned", "queue-full", "accepted-offer", "shed", "keyed")
SHOP = replace(SALES, group="shop", stages=STAGES)
ORDERS = replace(SHOP, queue="orders")
OTHER = replace(SALES, queue="other")


@pytest.fixture
def desk() -> Desk:
    return Desk(SHOP, ORDERS, OTHER)


def lose(desk: Desk, queue: str, stage: str = "abandoned") -> None:
    desk.lose(queue=queue, stage=stage)
    desk.acknowledge()


def test_several_queues_have_one_promise_which_the_last_one_keeps(desk: Desk) -> None:
    lose(desk, "sales")
    lose(desk, "orders", "queue-full")
    promise = desk.only()
    assert (promise.queue, promise.stage, promise.losses, promise.group) == ("orders", "queue-full", 2, "shop")
    assert (desk.ledger.open_count("sales"), desk.ledger.open_count("orders")) == (0, 1)


def test_a_queue_of_no_group_has_its_own(desk: Desk) -> None:
    lose(desk, "sales")
    lose(desk, "other")
    assert sorted(promise.queue for promise in desk.ledger.promises()) == ["other", "sales"]


@pytest.mark.parametrize("told", ["accepted-offer", "keyed"])
def test_a_queue_that_has_said_it_will_call_keeps_its_word(desk: Desk, told: str) -> None:
    lose(desk, "sales", told)
    lose(desk, "orders")
    assert (desk.only().queue, desk.only().stage, desk.only().losses) == ("sales", told, 2)
    lose(desk, "orders", "accepted-offer")
    assert (desk.only().queue, desk.only().stage, desk.only().losses) == ("orders", "accepted-offer", 3)


def test_only_the_agents_of_the_queue_that_keeps_it_are_asked(desk: Desk) -> None:
    lose(desk, "sales")
    lose(desk, "orders")
    desk.feed(Capacity("sales", 1, 0))
    assert desk.given(SeekAgent) == []
    desk.feed(Capacity("orders", 1, 0))
    assert [order.promise.queue for order in desk.given(SeekAgent)] == ["orders"]


def test_what_is_dialled_stays_with_the_queue_whose_agent_was_found(desk: Desk) -> None:
    lose(desk, "sales")
    desk.feed(Capacity("sales", 1, 0))
    desk.feed(AgentFound(desk.only().id, "anna"))
    desk.acknowledge()
    lose(desk, "orders")
    assert (desk.state, desk.only().queue, desk.only().losses) == (S.DIALLING, "sales", 2)


def test_a_queue_that_does_not_want_the_stage_does_not_take_it_over() -> None:
    desk = Desk(SHOP, replace(ORDERS, stages=("keyed",)))
    desk.lose(contact="one")
    desk.lose(contact="one", queue="orders", stage="queue-full")
    assert (desk.only().queue, desk.only().losses) == ("sales", 1)


def test_whoever_is_reached_by_one_queue_is_called_by_none_of_the_group(desk: Desk) -> None:
    lose(desk, "sales")
    desk.feed(ReachedAgent(NUMBER, "other"))
    assert desk.state is S.DUE
    desk.feed(ReachedAgent(NUMBER, "orders"))
    assert desk.state is S.WITHDRAWN


def test_queues_that_are_put_into_one_group_have_one_promise_from_now_on(desk: Desk) -> None:
    lose(desk, "sales")
    desk.now += 60.0
    lose(desk, "other", "queue-full")
    desk.feed(Policies((SHOP, ORDERS, replace(OTHER, group="shop"))))
    by_queue = {promise.queue: promise for promise in desk.ledger.promises()}
    assert (by_queue["sales"].state, by_queue["sales"].losses) == (S.DUE, 2)
    assert by_queue["other"].state is S.WITHDRAWN
    assert by_queue["sales"].id in by_queue["other"].outcome
    assert {order.promise.id for order in desk.given(Persist)} == {promise.id for promise in by_queue.values()}


def test_the_one_that_is_being_dialled_is_the_one_that_stays(desk: Desk) -> None:
    lose(desk, "sales")
    desk.now += 60.0
    lose(desk, "other")
    desk.feed(Capacity("other", 1, 0))
    (order,) = desk.given(SeekAgent)
    desk.feed(Policies((SHOP, ORDERS, replace(OTHER, group="shop"))))
    states = {promise.id: promise.state for promise in desk.ledger.promises()}
    assert states.pop(order.promise.id) is S.SEEKING
    assert list(states.values()) == [S.WITHDRAWN]


def test_a_promise_goes_by_the_group_that_its_queue_has_now(desk: Desk) -> None:
    lose(desk, "sales")
    desk.feed(Policies((replace(SHOP, group="elsewhere"), ORDERS, replace(OTHER, group="elsewhere"))))
    lose(desk, "other")
    assert (desk.only().losses, desk.only().queue) == (2, "other")


def test_and_by_the_one_it_was_made_in_lest_the_store_refuse_a_second_row(desk: Desk) -> None:
    lose(desk, "sales")
    desk.feed(Policies((replace(SHOP, group=""), ORDERS)))
    lose(desk, "orders")
    assert (desk.only().losses, desk.only().group) == (2, "shop")


def test_a_repeat_makes_it_older_by_policy_and_the_strongest_stage_counts() -> None:
    policy = replace(
        SHOP, priority_s=100.0, repeat_priority_s=10.0, stage_priority_s=(("abandoned", 1.0), ("queue-full", 50.0))
    )
    desk = Desk(policy)
    priorities = []
    for stage in ("abandoned", "queue-full", "abandoned", "shed"):
        lose(desk, "sales", stage)
        priorities.append(desk.only().priority_s)
    assert priorities == [101.0, 160.0, 170.0, 180.0]
    assert desk.only().rank == NOON - 180.0


def test_a_stronger_stage_of_the_same_call_is_no_repeat() -> None:
    desk = Desk(replace(SHOP, repeat_priority_s=10.0, stage_priority_s=(("accepted-offer", 50.0),)))
    desk.lose(contact="one", stage="abandoned")
    desk.lose(contact="one", stage="accepted-offer")
    assert (desk.only().priority_s, desk.only().losses) == (50.0, 1)


def test_the_higher_priority_is_served_first() -> None:
    desk = Desk(replace(SHOP, stage_priority_s=(("accepted-offer", 120.0),)))
    desk.lose("13800138000")
    desk.acknowledge()
    desk.now += 60.0
    desk.lose("13800138001", stage="accepted-offer")
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    assert [order.promise.number for order in desk.given(SeekAgent)] == ["+8613800138001"]


def test_a_repeat_is_kept_as_long_as_a_new_promise() -> None:
    desk = Desk(replace(SHOP, expiry_s=3600.0))
    lose(desk, "sales")
    desk.wait(3000.0)
    lose(desk, "sales")
    desk.wait(3500.0)
    assert desk.state is S.DUE
    desk.wait(101.0)
    assert (desk.state, desk.only().outcome) == (S.EXPIRED, "expired")


def test_a_shorter_expiry_holds_for_what_is_open(desk: Desk) -> None:
    lose(desk, "sales")
    desk.wait(3000.0)
    desk.feed(Policies((replace(SHOP, expiry_s=60.0),)))
    assert desk.state is S.EXPIRED


def test_a_promise_of_a_queue_without_callbacks_waits_and_is_dialled_when_it_has_them_again(desk: Desk) -> None:
    lose(desk, "sales")
    desk.feed(Policies((ORDERS,)))
    desk.feed(Capacity("sales", 1, 0))
    desk.feed(RetryNow(desk.only().id))
    assert (desk.given(SeekAgent), desk.state) == ([], S.RECORDED)
    desk.feed(Policies((SHOP, ORDERS)))
    assert desk.given(SeekAgent)
