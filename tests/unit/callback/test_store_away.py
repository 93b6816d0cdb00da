"""A store that is away, as the ledger is told of it without having had anything to write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    Capacity,
    DialCustomer,
    Paused,
    Persist,
    Persisted,
    PromiseState,
    Restored,
    SeekAgent,
)
from softswitch.callback.node import Drains, Leased, StoreAway
from softswitch.callback.waits import DRAINED, LEASE_OVER, NO_AGENT, PAUSED, STORE_AWAY, TRUNK_DOWN, Wait
from tests.unit.callback.desk import SALES, Desk
from tests.unit.callback.pool_desk import PoolDesk

S = PromiseState


def stops(desk: Desk) -> str:
    return desk.ledger.glance.standstill("sales", desk.now).why


def test_nobody_is_sought_while_it_is_away_and_somebody_at_once_when_it_is_back() -> None:
    desk = Desk()
    promise = desk.due()
    assert desk.feed(StoreAway(True)) == []
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.last and not desk.wait(600.0) and desk.state is S.DUE
    assert stops(desk) == STORE_AWAY and desk.ledger.glance.wait(promise.id, desk.now) == Wait(STORE_AWAY)
    assert not desk.ledger.glance.written.healthy
    desk.feed(StoreAway(False))
    assert [order.promise.id for order in desk.given(SeekAgent)] == [promise.id]
    assert stops(desk) == NO_AGENT and desk.ledger.glance.written.healthy


def test_customer_first_nobody_is_dialled_either() -> None:
    desk = Desk(replace(SALES, first="customer"))
    desk.due()
    desk.feed(StoreAway(True))
    assert not desk.feed(Capacity("sales", 1, 0))
    desk.feed(StoreAway(False))
    desk.acknowledge()
    assert desk.given(DialCustomer)


def test_it_is_told_before_trunks_and_agents_and_behind_what_is_so_with_any_store() -> None:
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0, cut_off=frozenset({"sales"})))
    desk.feed(Leased(desk.now))
    assert stops(desk) == LEASE_OVER
    desk.feed(Drains(True))
    assert stops(desk) == DRAINED
    desk.feed(StoreAway(True))
    assert stops(desk) == STORE_AWAY
    desk.feed(Paused(frozenset({"sales"})))
    assert stops(desk) == PAUSED
    for event in (Paused(frozenset()), Drains(False), Leased(desk.now + 9.0), StoreAway(False)):
        desk.feed(event)
    assert stops(desk) == TRUNK_DOWN


def test_that_it_is_back_is_proved_by_a_write_where_the_last_one_was_refused() -> None:
    """A full disk takes transactions without rows."""
    desk = Desk()
    desk.due()
    desk.lose("13800138001")
    desk.acknowledge(ok=False)
    desk.feed(StoreAway(True))
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.feed(StoreAway(False)) and stops(desk) == STORE_AWAY
    desk.wait(4.9)
    assert not desk.last
    desk.wait(0.2)
    assert len(desk.given(Persist)) == 2, "the row that was refused, and one that is known to be good"
    desk.acknowledge()
    assert len(desk.given(SeekAgent)) == 1


def test_a_write_that_comes_through_does_not_outweigh_that_it_is_away() -> None:
    """Rows are taken, and the lease is not renewed."""
    desk = Desk()
    desk.feed(Capacity("sales", 1, 0))
    desk.feed(StoreAway(True))
    desk.lose()
    desk.acknowledge()
    assert desk.only().state is S.DUE and not desk.given(SeekAgent)
    assert desk.ledger.durable(), "it is written all the same"
    desk.feed(StoreAway(False))
    assert desk.given(SeekAgent)


@pytest.mark.parametrize("state", [S.DIALLING, S.ANSWERED])
def test_who_may_still_be_rung_is_left_alone_when_it_is_back(state: PromiseState) -> None:
    row = replace(Desk().dialling(), state=state)
    desk = Desk()
    desk.feed(Restored((row,)))
    desk.feed(Capacity("sales", 1, 0))
    (promise,) = desk.ledger.promises()
    assert promise.state is S.UNCERTAIN
    for away in (True, False):
        assert not desk.feed(StoreAway(away))
    quiet_s = promise.not_before - desk.now
    assert quiet_s >= 32.0
    desk.wait(quiet_s - 0.1)
    assert not desk.given(SeekAgent) and not desk.given(DialCustomer)
    desk.wait(0.2)
    desk.feed(Capacity("sales", 1, 0))
    assert desk.only().attempts == 1 and desk.state in (S.DUE, S.SEEKING)


def test_an_intent_that_it_has_taken_is_kept() -> None:
    """The agent is on the line, and the lease is ours for some seconds."""
    desk = Desk()
    promise = desk.seeking()
    desk.feed(AgentFound(promise.id, "anna"))
    (intent,) = desk.given(Persist)
    desk.feed(StoreAway(True))
    desk.feed(Persisted(promise.id, intent.token))
    assert desk.given(DialCustomer)
