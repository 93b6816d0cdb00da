"""Why nobody of a campaign is called: the first reason that holds, and until when."""

from __future__ import annotations

from dataclasses import replace

from softswitch.callback.model import Capacity, Paused, Persisted, Tallied, Tally, Window
from softswitch.callback.node import Drains, Leased
from softswitch.callback.standstill import ABANDON_LIMIT, NOT_BEGUN, OVER
from softswitch.callback.waits import (
    DRAINED,
    KEPT_BACK,
    LEASE_OVER,
    LIVE_CALLERS,
    NO_AGENT,
    NO_POLICY,
    OUTSIDE_HOURS,
    PAUSED,
    STORE_AWAY,
    TRUNK_DOWN,
    Wait,
)
from tests.unit.callback.desk import NOON, SALES, Desk
from tests.unit.callback.pool_desk import PoolDesk

SPRING = replace(SALES, campaign="spring", stages=(), reserve=1)


def stops(desk: Desk) -> Wait:
    return desk.ledger.glance.standstill("spring", desk.now)


def staffed(policy: object = SPRING, free: int = 2, live: int = 0) -> Desk:
    desk = Desk(SALES, policy)  # type: ignore[arg-type]
    desk.feed(Capacity("sales", free, live))
    return desk


def test_nothing_stops_it_with_an_agent_beyond_the_reserve() -> None:
    assert stops(staffed()) == Wait("")


def test_agents_and_callers() -> None:
    assert stops(staffed(free=0)) == Wait(NO_AGENT)
    assert stops(staffed(free=1)) == Wait(KEPT_BACK), "the reserve is one"
    assert stops(staffed(live=1)) == Wait(LIVE_CALLERS)


def test_what_stops_the_whole_switch_and_a_trunk_go_before_agents() -> None:
    desk = PoolDesk(SALES, SPRING)
    desk.feed(Capacity("sales", 0, 0, cut_off=frozenset({"spring"})))
    desk.feed(Leased(desk.now + 9.0))
    assert stops(desk) == Wait(TRUNK_DOWN, trunk="carrier")
    desk.now += 9.0
    assert stops(desk) == Wait(LEASE_OVER)
    desk.feed(Drains(True))
    assert stops(desk) == Wait(DRAINED)


def test_days_and_hours() -> None:
    assert stops(staffed(replace(SPRING, begins_at=NOON + 60))) == Wait(NOT_BEGUN, NOON + 60)
    assert stops(staffed(replace(SPRING, ends_at=NOON))) == Wait(OVER)
    night = replace(SPRING, window=Window("Asia/Shanghai", 60, 120))
    assert stops(staffed(night)) == Wait(OUTSIDE_HOURS, 1_760_029_200.0)  # 01:00 in Shanghai


def test_a_pause_goes_before_everything() -> None:
    desk = staffed(replace(SPRING, ends_at=NOON))
    desk.feed(Paused(frozenset({"spring"})))
    assert stops(desk) == Wait(PAUSED)


def test_a_store_that_does_not_answer() -> None:
    desk = staffed()
    desk.lose()
    (order, *_) = desk.last
    desk.feed(Persisted(order.promise.id, order.token, False))  # type: ignore[attr-defined]
    assert stops(desk) == Wait(STORE_AWAY)


def test_customer_first_without_credit_calls_agents_first() -> None:
    policy = replace(SPRING, first="customer", pacing="ratio", ratio=2.0)
    assert stops(staffed(policy)) == Wait(ABANDON_LIMIT)
    lenient = replace(policy, abandon_limit=1.0)
    assert stops(staffed(lenient)) == Wait("")


def test_agents_are_not_said_to_be_called_first_where_customers_are() -> None:
    customers = replace(SPRING, first="customer")
    for policy in (customers, replace(customers, plan="hello"), replace(customers, plan="hello", pacing="ratio")):
        desk = staffed(policy)
        assert not desk.ledger._move.turns.governor("spring").may_risk(policy, desk.now)
        assert stops(desk) == Wait("")
    desk = staffed(customers)
    desk.feed(Tallied((Tally("spring", desk.now - 60.0, 3, 1),)))
    assert stops(desk) == Wait(ABANDON_LIMIT), "once somebody was abandoned"


def test_a_list_that_is_configured_no_more_does_not_wait_for_an_hour() -> None:
    assert stops(Desk(SALES)) == Wait(NO_POLICY)
