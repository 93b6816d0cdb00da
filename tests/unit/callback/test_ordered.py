"""What people order of a promise (``retry``, ``promote``) holds, also where its node begins a new life just then.

The rows of that life were read before the order came; or the order was refused to the life that is over.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import Persist, Persisted, Promise, PromiseState, Promote, Restored, RetryNow
from softswitch.callback.node import Disowned, Elsewhere, Inherited
from tests.unit.callback.desk import NOON
from tests.unit.callback.pool_desk import NODE, PoolDesk, pooled

S = PromiseState
LATER = NOON + 1000.0
PROMOTE = Promote("pooled-1", 7.0, "api anna")
RETRY = RetryNow("pooled-1", "api anna")


def pausing(**more: object) -> Promise:
    fields = {"updated_at": NOON - 60.0, "not_before": LATER} | more
    return pooled(1, node=NODE, state=S.RETRY_AT, attempts=1, **fields)


def ordered(desk: PoolDesk, order: Promote | RetryNow, stored: bool | None) -> Persist:
    """``stored``: what the store says of it; None: nothing yet."""
    desk.feed(order)
    (write,) = desk.given(Persist)
    if stored is not None:
        desk.feed(Persisted(write.promise.id, write.token, stored))
    return write


def is_done(order: Promote | RetryNow, promise: Promise) -> bool:
    return promise.priority_s == 7.0 if isinstance(order, Promote) else promise.not_before <= NOON


@pytest.mark.parametrize("order", [PROMOTE, RETRY])
@pytest.mark.parametrize("stored", [True, False, None])
@pytest.mark.parametrize("last", [0, 1])
def test_an_order_that_came_after_the_rows_of_a_new_life_were_read_is_done(
    last: int, stored: bool | None, order: Promote | RetryNow
) -> None:
    desk = PoolDesk()
    desk.feed(Restored((pausing(),)))
    desk.feed(Inherited((pausing(),)[last:]))
    ordered(desk, order, stored)
    desk.feed(Disowned((pausing(),)[:last]))
    assert is_done(order, desk.only())
    assert not desk.given(Elsewhere), "it is ours"
    if not stored:
        assert [(one.by, is_done(order, one.promise)) for one in desk.given(Persist)] == [("api anna", True)]


@pytest.mark.parametrize("order", [PROMOTE, RETRY])
def test_an_order_that_was_refused_to_the_life_that_is_over_is_done_by_the_next_one(order: Promote | RetryNow) -> None:
    desk = PoolDesk()
    desk.feed(Restored((pausing(),)))
    desk.feed(order)
    (write,) = desk.given(Persist)
    desk.feed(Persisted(write.promise.id, write.token, False, taken=True))
    desk.feed(Disowned((pausing(),)))
    assert is_done(order, desk.only())
    assert [one.by for one in desk.given(Persist)] == ["api anna"]


@pytest.mark.parametrize("order", [PROMOTE, RETRY])
@pytest.mark.parametrize("refused", [True, False])
def test_an_order_is_told_to_who_leads_the_promise_by_now(refused: bool, order: Promote | RetryNow) -> None:
    desk = PoolDesk()
    desk.feed(Restored((pausing(),)))
    desk.feed(order)
    (write,) = desk.given(Persist)
    if refused:
        desk.feed(Persisted(write.promise.id, write.token, False, taken=True))
    else:
        desk.feed(Disowned(()))
    assert [one.what for one in desk.given(Elsewhere)] == [order]


@pytest.mark.parametrize("said", [{"ok": False}, {"ok": False, "taken": True}])
@pytest.mark.parametrize("state", [S.RECORDED, S.RETRY_AT])
@pytest.mark.parametrize("last", [0, 1])
def test_a_promise_that_may_be_called_when_the_new_life_begins_counts_as_older_all_the_same(
    last: int, state: PromiseState, said: dict[str, bool]
) -> None:
    """It moves on in that very moment, which is later than the order."""
    row = replace(pausing(not_before=NOON + 20.0), state=state)
    desk = PoolDesk()
    desk.feed(Restored((row,)))
    desk.feed(PROMOTE)
    (write,) = desk.given(Persist)
    desk.feed(Persisted(write.promise.id, write.token, **said))
    desk.now += 30.0
    desk.feed(Inherited((row,)[last:]))
    desk.feed(Disowned((row,)[:last]))
    assert (desk.only().state, desk.only().priority_s) == (S.DUE, 7.0)


def test_both_orders_are_done_and_of_each_kind_the_last() -> None:
    desk = PoolDesk()
    desk.feed(Restored((pausing(),)))
    for order in (Promote("pooled-1", 3.0), RETRY, PROMOTE):
        desk.feed(order)
    desk.feed(Disowned((pausing(),)))
    assert is_done(PROMOTE, desk.only()) and is_done(RETRY, desk.only())


def test_what_the_store_has_had_long_since_is_not_ordered_again() -> None:
    """Others lead it by now, and somebody may have ordered something else of them."""
    desk = PoolDesk()
    desk.feed(Restored((pausing(),)))
    ordered(desk, PROMOTE, True)
    desk.feed(Disowned(()))
    assert not desk.given(Elsewhere)


def test_an_order_does_not_undo_what_was_done_after_it() -> None:
    desk = PoolDesk()
    desk.feed(Restored((pausing(),)))
    ordered(desk, PROMOTE, False)
    desk.feed(Disowned((pausing(updated_at=NOON + 1.0, priority_s=2.0),)))
    assert desk.only().priority_s == 2.0
