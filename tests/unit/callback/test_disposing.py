"""What an agent says of a call stays with its promise, and leads to another call, or to one less; pauses hold."""

from __future__ import annotations

from dataclasses import replace

from softswitch.callback.model import (
    AgentFound,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    Disposed,
    Paused,
    Persist,
    Policy,
    Promise,
    PromiseState,
    Restored,
    SeekAgent,
)
from softswitch.callback.node import GiveBack, Leased
from softswitch.callback.rule import Rules
from tests.unit.callback.desk import E164, NOON, SALES, Desk
from tests.unit.callback.pool_desk import PoolDesk, pooled

CAMPAIGN = replace(SALES, campaign="welcome", stages=())
ROW = Promise(
    "promise-a", E164, "sales", "imported", PromiseState.RECORDED, "", NOON, losses=0, group="welcome",
    campaign="welcome", consent="C-7", variables=(("name", "Li"),),
)  # fmt: skip


def kept() -> tuple[Desk, Promise]:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(CustomerAnswered(promise.id))
    desk.acknowledge()
    return desk, promise


def again(desk: Desk) -> list[Promise]:
    return [one for one in desk.ledger.promises() if one.state is PromiseState.RECORDED]


def test_the_code_is_written_with_the_promise_and_by_whom() -> None:
    desk, promise = kept()
    desk.feed(Disposed(promise.id, "sold", "agent anna"))
    (order,) = desk.given(Persist)
    assert (order.promise.disposition, order.promise.state, order.by) == ("sold", PromiseState.KEPT, "agent anna")
    assert again(desk) == []


def test_who_is_to_be_called_again_has_a_new_promise_after_the_pause() -> None:
    desk = Desk(CAMPAIGN)
    desk.feed(Restored((replace(ROW, state=PromiseState.DIALLING, attempts=1, updated_at=NOON),)))
    desk.feed(CustomerAnswered(ROW.id))
    desk.acknowledge()
    desk.feed(Disposed(ROW.id, "call again", "agent anna", 7200.0))
    desk.acknowledge()
    (new,) = again(desk)
    assert (new.number, new.campaign, new.consent, new.variables) == (E164, "welcome", "C-7", ROW.variables)
    assert (new.not_before, new.attempts, new.id != ROW.id) == (NOON + 7200, 0, True)
    desk.feed(Capacity("sales", 1, 0))
    desk.wait(7199)
    assert not desk.given(SeekAgent) and not desk.given(DialCustomer)
    desk.wait(2)
    assert [order.promise.id for order in desk.given(SeekAgent)] == [new.id]


def test_said_twice_it_is_one_call_and_taken_back_it_is_none() -> None:
    desk, promise = kept()
    for _ in range(2):
        desk.feed(Disposed(promise.id, "call again", "", 600.0))
        desk.acknowledge()
    assert len(again(desk)) == 1
    desk.feed(Disposed(promise.id, "sold", ""))
    assert again(desk) == []
    desk.acknowledge()
    desk.feed(Disposed(promise.id, "call again", "", 600.0))
    assert len(again(desk)) == 1


def test_of_a_promise_that_is_forgotten_nothing_is_written() -> None:
    desk = Desk()
    assert desk.feed(Disposed("promise-x", "sold", "", 600.0)) == []


def test_a_paused_campaign_calls_nobody_and_goes_on_where_it_was() -> None:
    desk = Desk(CAMPAIGN)
    desk.feed(Paused(frozenset({"welcome"})))
    desk.feed(Restored((ROW,)))
    desk.feed(Capacity("sales", 2, 0))
    desk.wait(3600)
    assert not desk.given(SeekAgent) and desk.state is PromiseState.RECORDED
    desk.feed(Paused(frozenset()))
    assert [order.promise.id for order in desk.given(SeekAgent)] == [ROW.id]


def test_who_was_paused_after_the_seek_is_not_dialled() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(Paused(frozenset({"sales"})))
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge()
    assert not desk.given(DialCustomer) and desk.state is PromiseState.RECORDED


def test_a_campaign_calls_from_its_first_to_its_last_day() -> None:
    policy = Policy("sales", "carrier", campaign="welcome", begins_at=NOON + 100, ends_at=NOON + 200)
    rules = Rules([policy], "CN")
    assert [rules.open(ROW, NOON + at) for at in (99, 100, 199, 200)] == [False, True, True, False]
    assert rules.changes_at(ROW, NOON) == NOON + 100
    assert rules.changes_at(ROW, NOON + 150) == rules.overdue_at(ROW) == NOON + 200
    assert rules.changes_at(ROW, NOON + 200) == float("inf")


def test_what_goes_back_to_the_pool_for_a_pause_is_due_when_the_pause_is_over() -> None:
    rows = [pooled(1, campaign="welcome", group="welcome"), pooled(2, campaign="welcome", group="welcome")]
    desk = PoolDesk(CAMPAIGN, rows=rows)
    desk.feed(Leased(NOON + 1e6))
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.feed(Capacity("sales", 0, 0))  # one is being sought for, the other waits
    desk.feed(Paused(frozenset({"welcome"})))
    (back,) = desk.given(GiveBack)
    assert (back.promise.id, back.promise.not_before) == ("pooled-2", 0.0)
