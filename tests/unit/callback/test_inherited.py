"""A node that was declared dead begins anew, with very many promises: they are made ready before, and led at once.

Whatever the ledger does with rows that come with ``Disowned`` it does with those that were told before it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.ending import noted
from softswitch.callback.model import (
    OPEN,
    AgentFound,
    Capacity,
    Lost,
    Persist,
    Persisted,
    Promise,
    PromiseState,
    Promote,
    ReachedAgent,
    Restored,
    SeekAgent,
    Withdraw,
)
from softswitch.callback.node import Disowned, Elsewhere, Inherited, Leased, Meet, Met, Owned
from softswitch.callback.written import FIRST_PAUSE_S
from softswitch.core.effect import Effect
from tests.unit.callback.desk import NOON, NUMBER, SALES
from tests.unit.callback.pool_desk import NODE, PoolDesk, pooled

S = PromiseState
AT_ONCE = 100
MANY = 350


def row(n: int, **more: object) -> Promise:
    return pooled(n, recorded_at=NOON - 3600.0 - n, node=NODE, **more)


def begun_anew(desk: PoolDesk, rows: list[Promise], last: int = 50) -> list[Effect]:
    """``last``: so many come with the word itself."""
    told = rows[last:]
    for at in range(0, len(told), AT_ONCE):
        assert desk.feed(Inherited(tuple(told[at : at + AT_ONCE]))) == [], "nothing is done before"
    return desk.feed(Disowned(tuple(rows[:last])))


def looked_at(desk: PoolDesk) -> list[Effect]:
    effects = list(desk.last)
    while desk.ledger.deadline is not None and desk.ledger.deadline <= desk.now:
        effects += desk.ledger.tick(desk.now)
    desk.last = effects
    return effects


def test_what_was_told_before_is_led_with_the_word_and_not_sooner() -> None:
    desk = PoolDesk()
    desk.feed(Restored((row(1), row(9000))))
    for n in (1, 2):
        desk.feed(Inherited((row(n),)))
    assert [promise.id for promise in desk.ledger.promises()] == ["pooled-9000", "pooled-1"]
    desk.feed(Disowned((row(3),)))
    assert {promise.id for promise in desk.ledger.promises()} == {"pooled-1", "pooled-2", "pooled-3"}
    assert desk.ledger.open_count("sales") == 3
    desk.feed(Disowned(()))
    assert desk.ledger.promises() == [], "they are of one life"


def test_the_oldest_is_called_first_once_all_were_looked_at() -> None:
    desk = PoolDesk()
    desk.feed(Leased(NOON + 100.0))
    desk.feed(Restored(tuple(row(n) for n in range(MANY))))
    looked_at(desk)
    begun_anew(desk, [row(n) for n in range(MANY)])
    assert not [one for one in desk.feed(Capacity("sales", 1, 0)) if isinstance(one, SeekAgent)]
    effects = looked_at(desk) + desk.answer() + desk.wait(2.0) + desk.answer()
    assert [one.promise.id for one in effects if isinstance(one, SeekAgent)][:1] == [f"pooled-{MANY - 1}"]


def test_who_is_told_before_is_known_at_once() -> None:
    desk = PoolDesk(SALES, replace(SALES, queue="repairs"))
    desk.feed(Leased(NOON + 1000.0))
    rings = row(MANY, state=S.DIALLING, attempts=1, call_id="x")
    begun_anew(desk, [*(row(n) for n in range(MANY)), rings])
    desk.lose(row(340).number, contact="c-again")
    assert [(order.promise.id, order.promise.losses) for order in desk.given(Persist)] == [("pooled-340", 2)]
    desk.feed(ReachedAgent(row(341).number, "sales"))
    assert [(order.promise.id, order.promise.state) for order in desk.given(Persist)] == [("pooled-341", S.WITHDRAWN)]
    assert [promise.state for promise in desk.ledger.open_for(rings.number)] == [S.UNCERTAIN]
    desk.lose(rings.number, "repairs")
    desk.acknowledge()
    desk.feed(Capacity("repairs", 1, 0))
    effects = desk.answer() + looked_at(desk)
    assert rings.number not in [one.promise.number for one in effects if isinstance(one, SeekAgent)]


def test_an_attempt_of_the_former_life_is_let_go_before_its_row_is_led() -> None:
    desk, promise = seeking()
    desk.feed(Inherited((replace(promise, state=S.SEEKING),)))
    desk.feed(Disowned(()))
    assert (desk.only().id, desk.state) == (promise.id, S.DUE)


def test_a_new_loss_for_the_same_number_is_about_to_meet_him() -> None:
    desk = PoolDesk()
    desk.feed(Lost("+8613800000001", "sales", "abandoned", "c-1", NOON, 60.0))
    (new,) = desk.given(Persist)
    begun_anew(desk, [row(1), row(2)], last=0)
    assert {promise.id for promise in desk.ledger.promises()} == {new.promise.id, "pooled-2"}
    assert desk.ledger.open_count("sales") == 2


@pytest.mark.parametrize("last", [0, 1])
def test_an_end_that_was_not_written_is_written_and_nobody_is_led_for_it(last: int) -> None:
    desk = PoolDesk()
    desk.feed(Restored((row(1),)))
    desk.feed(Withdraw("pooled-1", "reached by mail"))
    (order,) = desk.given(Persist)
    desk.feed(Persisted(order.promise.id, order.token, False))
    begun_anew(desk, [row(1)], last)
    assert [(one.promise.id, one.promise.state) for one in desk.given(Persist)] == [("pooled-1", S.WITHDRAWN)]
    assert not desk.given(Elsewhere)
    assert desk.ledger.open_count("sales") == 0


@pytest.mark.parametrize("last", [0, 1])
def test_an_end_that_the_store_has_taken_meanwhile_is_not_undone_by_the_row_of_before(last: int) -> None:
    desk = PoolDesk()
    desk.feed(Restored((row(1),)))
    desk.feed(Inherited((row(1),)[last:]))
    desk.feed(Withdraw("pooled-1", "reached by mail"))
    desk.acknowledge()
    effects = (
        desk.feed(Disowned((row(1),)[:last])) + desk.feed(Leased(NOON + 100.0)) + desk.feed(Capacity("sales", 1, 0))
    )
    effects += desk.wait(60.0)
    assert not [one for one in effects if isinstance(one, Persist | Elsewhere | SeekAgent)]
    assert (desk.state, desk.ledger.open_count("sales")) == (S.WITHDRAWN, 0)


def test_a_promise_that_nobody_was_made_is_not_led() -> None:
    """Its first write was given up, and has come through; its end is on the way."""
    desk = PoolDesk()
    desk.lose(NUMBER, token="t")
    (order,) = desk.given(Persist)
    desk.feed(Persisted(order.promise.id, order.token, False))
    begun_anew(desk, [order.promise, row(2)], last=0)
    assert [promise.id for promise in desk.ledger.promises() if promise.state is not S.WITHDRAWN] == ["pooled-2"]


def test_a_change_of_the_former_life_that_was_not_written_is_not_written_over_his_row() -> None:
    desk = PoolDesk()
    desk.feed(Restored((row(1),)))
    desk.feed(Promote("pooled-1", 7.0))
    desk.acknowledge(ok=False)
    begun_anew(desk, [row(1, losses=2)], last=0)
    effects = desk.wait(60.0)
    assert [one.promise.losses for one in effects if isinstance(one, Persist)][:1] == [2]
    assert (desk.only().losses, desk.only().priority_s) == (2, 7.0)


@pytest.mark.parametrize("state", [S.RECORDED, S.DIALLING])
@pytest.mark.parametrize("last", [0, 1])
def test_a_loss_that_was_added_after_the_rows_were_read_is_not_forgotten(last: int, state: S) -> None:
    """The new life had begun, and so the store has taken it."""
    desk = PoolDesk()
    found = row(1, state=state, attempts=1)
    desk.feed(Restored((found,)))
    desk.feed(Inherited((found,)[last:]))
    desk.lose(found.number, contact="c-again")
    desk.acknowledge()
    desk.feed(Disowned((found,)[:last]))
    assert (desk.only().losses, desk.only().contact) == (2, "c-again")


@pytest.mark.parametrize("stored", [False, None])
def test_nor_where_the_store_has_not_taken_what_came_after_it(stored: bool | None) -> None:
    desk = PoolDesk()
    desk.feed(Restored((row(1),)))
    desk.feed(Inherited((row(1),)))
    desk.lose(row(1).number, contact="c-again")
    desk.acknowledge()
    desk.feed(Promote("pooled-1", 7.0))
    if stored is not None:
        desk.acknowledge(stored)
    desk.feed(Disowned(()))
    assert (desk.only().losses, desk.only().contact) == (2, "c-again")


def test_a_loss_of_which_the_store_tells_after_the_word_is_added_again() -> None:
    desk = PoolDesk()
    desk.feed(Restored((row(1),)))
    desk.lose(row(1).number, contact="c-again")
    (order,) = desk.given(Persist)
    begun_anew(desk, [row(1)], last=0)
    desk.feed(Persisted(order.promise.id, order.token))
    assert [(one.promise.id, one.promise.losses) for one in desk.given(Persist)] == [("pooled-1", 2)]


@pytest.mark.parametrize("led", [True, False])
def test_a_loss_that_the_store_did_not_take_before_the_word_is_told_to_who_leads_the_promise(led: bool) -> None:
    """Its write was to be tried again, which it is not, as the promise is others' by now, or as it is in the store."""
    desk = PoolDesk()
    desk.feed(Restored((row(1),)))
    desk.lose(row(1).number, contact="c-again")
    desk.acknowledge(ok=False)
    begun_anew(desk, [row(1)] if led else [], last=0)
    (meet,) = desk.given(Meet)
    assert (meet.promise.id, meet.loss.contact) == ("pooled-1", "c-again")
    desk.feed(Met("pooled-1", meet.token, row(1) if led else replace(row(1), state=S.KEPT, node=""), led))
    (order,) = desk.given(Persist)
    assert (order.promise.contact, order.promise.state in OPEN, desk.ledger.open_count("sales")) == ("c-again", True, 1)
    assert (order.promise.id, order.promise.losses) == ("pooled-1", 2) if led else order.promise.id != "pooled-1"


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("stored", [True, False, None])
@pytest.mark.parametrize("reached", [True, False])
def test_who_is_withdrawn_while_a_new_life_begins_and_his_phone_rings_is_not_called_again(
    last: int, stored: bool | None, reached: bool
) -> None:
    """His row was read before, and is ours: the store has the order by now, has refused it to the life that is over,
    or has not answered yet."""
    desk, found = ringing()
    desk.feed(Inherited((found,)[last:]))
    desk.feed(ReachedAgent(found.number, "sales") if reached else Withdraw(found.id, "asked for it", "api anna"))
    (order,) = desk.given(Persist)
    if stored is not None:
        desk.feed(Persisted(order.promise.id, order.token, stored))
    desk.feed(Disowned((found,)[:last]))
    why = "reached agent" if reached else "asked for it"
    if stored is False:
        desk.wait(FIRST_PAUSE_S)
    (told,) = desk.given(Persist)
    assert (told.promise.state, told.promise.outcome) == (S.UNCERTAIN, noted(why)), "a crash must not forget it"
    assert not desk.given(Elsewhere), "it is ours"
    desk.acknowledge()
    if stored is None:
        desk.feed(Persisted(order.promise.id, order.token))
    desk.feed(Leased(NOON + 1000.0))
    desk.feed(Capacity("sales", 1, 0))
    quiet_at = desk.only().not_before
    assert NOON + SALES.ring_s + SALES.settle_s <= quiet_at <= NOON + 100.0
    effects = desk.wait(quiet_at - 1.0 - desk.now)
    assert desk.state is S.UNCERTAIN, "until then nobody else may ring him"
    effects += desk.wait(2.0)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, why)
    assert not [one for one in effects if isinstance(one, SeekAgent)]


def test_whose_loss_came_after_the_order_is_called_all_the_same() -> None:
    desk, found = ringing()
    desk.feed(Withdraw(found.id, "asked for it"))
    desk.acknowledge()
    begun_anew(desk, [replace(found, losses=2, contact="c-again")])
    assert (desk.state, desk.only().outcome) == (S.UNCERTAIN, found.outcome)
    desk.wait(desk.only().not_before + 1.0 - desk.now)
    assert desk.state is S.DUE


def test_who_is_withdrawn_while_a_new_life_begins_is_withdrawn_where_others_have_him() -> None:
    desk, found = ringing()
    desk.feed(Withdraw(found.id, "asked for it"))
    begun_anew(desk, [row(7)])
    assert [one.what for one in desk.given(Elsewhere)] == [Withdraw(found.id, "asked for it", losses=1)]


@pytest.mark.parametrize("led", [True, False])
@pytest.mark.parametrize("stored", [False, None])
@pytest.mark.parametrize("reached", [True, False])
def test_an_order_is_for_the_loss_before_it_as_well_whether_the_store_has_that_or_not(
    reached: bool, stored: bool | None, led: bool
) -> None:
    """He was lost once more while his phone rang, and the database was away."""
    desk, found = ringing()
    desk.lose(found.number, contact="c-again")
    if stored is not None:
        desk.acknowledge(stored)
    desk.feed(ReachedAgent(found.number, "sales") if reached else Withdraw(found.id, "asked for it"))
    begun_anew(desk, [found] if led else [])
    why = "reached agent" if reached else "asked for it"
    assert not desk.given(Meet)
    assert [one.what for one in desk.given(Elsewhere)] == ([] if led else [Withdraw(found.id, why, losses=2)])
    assert [promise.outcome for promise in desk.ledger.promises()] == ([noted(why)] if led else [])


def seeking() -> tuple[PoolDesk, Promise]:
    """For whom an agent is sought, and what he was before."""
    desk = PoolDesk()
    desk.feed(Leased(NOON + 1000.0))
    desk.feed(Capacity("sales", 0, 0))
    promise = desk.due()
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    assert desk.state is S.SEEKING
    return desk, promise


def ringing() -> tuple[PoolDesk, Promise]:
    """Whose phone rings, and his row as the new life finds it."""
    desk, promise = seeking()
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge()
    assert desk.state is S.DIALLING
    return desk, desk.only()


def test_two_promises_to_one_number_in_what_is_one_group_by_now_are_joined() -> None:
    desk = PoolDesk(replace(SALES, group="shop"), replace(SALES, queue="repairs", group="shop"))
    number = row(1).number
    begun_anew(desk, [row(1), row(2, number=number, queue="repairs", group="repairs")], last=0)
    assert sorted(promise.state.value for promise in desk.ledger.promises()) == ["due", "withdrawn"]


def test_rows_that_are_led_already_are_led_on() -> None:
    desk = PoolDesk()
    begun_anew(desk, [row(n) for n in range(MANY)])
    before = desk.ledger.promises()
    desk.feed(Owned(tuple(row(n, losses=5) for n in range(MANY))))
    assert {promise.losses for promise in desk.ledger.promises()} == {1}
    assert len(before) == MANY
