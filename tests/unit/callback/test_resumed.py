"""Rows of a process that is no more, read by a clock that may be another one: no second dial, no expiry in a heap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    Capacity,
    DialCustomer,
    Promise,
    PromiseChanged,
    PromiseState,
    Restored,
    SeekAgent,
)
from softswitch.callback.resumed import resumed
from softswitch.callback.written import ANSWER_S
from tests.unit.callback.desk import E164, NOON, SALES, Desk

S = PromiseState
HOUR, YEAR = 3600.0, 365 * 86400.0
ROW = Promise("p1", E164, "sales", "abandoned", S.RECORDED, "c1", NOON - 60.0, attempts=1, updated_at=NOON - 10.0)
SPAN = SALES.ring_s + SALES.settle_s


@pytest.mark.parametrize(
    ("updated_at", "over_at"),
    [
        (NOON - 2.0, NOON + SPAN),  # a process took over at once; the commit may have come just before it
        (NOON - 10.0, NOON - 10.0 + ANSWER_S + SPAN),
        (NOON - 61.0, NOON + 1.0 + ANSWER_S),
        (NOON - 63.0, NOON + SPAN),  # it was away; or it was not, and the clock was set forward
        (NOON - HOUR, NOON + SPAN),
        (NOON - 10 * YEAR, NOON + SPAN),
        (NOON + HOUR, NOON + SPAN),  # the clock was set back
        (NOON + 10 * YEAR, NOON + SPAN),
    ],
)
def test_what_may_still_ring_is_left_alone_for_as_long_as_it_may(updated_at: float, over_at: float) -> None:
    row = resumed(replace(ROW, state=S.DIALLING, updated_at=updated_at), SALES, NOON)
    assert (row.state, row.not_before) == (S.UNCERTAIN, over_at)


@pytest.mark.parametrize("skew_s", [-10 * YEAR, -HOUR, -1.0, 0.0, SPAN, HOUR, 10 * YEAR])
def test_no_clock_makes_a_second_dial_while_the_first_may_ring(skew_s: float) -> None:
    """The clock is set by ``skew_s`` between the crash and the start, one second later."""
    desk = Desk(replace(SALES, expiry_s=100 * YEAR))
    desk.now = NOON + 1.0 + skew_s
    desk.feed(Restored((replace(ROW, state=S.DIALLING, updated_at=NOON),)))
    effects = desk.feed(Capacity("sales", 1, 0)) + desk.wait(SPAN - 2.0)
    assert not any(isinstance(effect, SeekAgent | DialCustomer) for effect in effects)
    effects = desk.wait(SPAN + 2.0)
    assert any(isinstance(effect, SeekAgent) for effect in effects), "and it is not forgotten either"


def test_a_pause_is_as_long_as_it_was_meant_to_be() -> None:
    row = replace(ROW, state=S.RETRY_AT, updated_at=NOON + HOUR, not_before=NOON + HOUR + 300.0)
    assert resumed(row, SALES, NOON).not_before == NOON + 300.0
    row = replace(ROW, state=S.RETRY_AT, updated_at=NOON - 10.0, not_before=NOON + 7 * 86400.0)
    assert resumed(row, SALES, NOON) is row, "next week, as somebody wanted it"


def test_who_was_lost_in_the_future_was_lost_now_unless_the_clock_is_plainly_wrong() -> None:
    row = replace(ROW, recorded_at=NOON + HOUR, updated_at=NOON + HOUR)
    assert resumed(row, SALES, NOON).recorded_at == NOON
    row = replace(ROW, recorded_at=NOON + YEAR, updated_at=NOON + YEAR)
    assert resumed(row, SALES, NOON).recorded_at == NOON + YEAR


def rows(many: int, **changes: float) -> tuple[Promise, ...]:
    return tuple(replace(ROW, id=f"p{one}", number=f"+86138{one:08d}", **changes) for one in range(many))


def test_a_clock_that_is_a_year_ahead_ends_nothing_within_an_hour_and_dials_nothing() -> None:
    desk = Desk()
    desk.now = NOON + YEAR
    effects = desk.feed(Restored(rows(50))) + desk.feed(Capacity("sales", 5, 0)) + desk.wait(HOUR - 1.0)
    assert not any(isinstance(effect, SeekAgent | PromiseChanged) for effect in effects)
    assert {promise.state for promise in desk.ledger.promises()} == {S.RECORDED}
    again = Desk()  # somebody has set it right, and has started the switch again
    again.feed(Restored(tuple(desk.ledger.promises())))
    assert {promise.state for promise in again.ledger.promises()} == {S.DUE}


def test_what_is_really_too_old_ends_after_that_hour() -> None:
    desk = Desk()
    desk.now = NOON + YEAR
    desk.feed(Restored(rows(5)))
    desk.wait(HOUR)
    assert {promise.state for promise in desk.ledger.promises()} == {S.EXPIRED}


def test_an_overdue_row_that_was_due_is_not_dialled_either() -> None:
    desk = Desk()
    desk.now = NOON + YEAR
    desk.feed(Restored(tuple(replace(row, state=S.SEEKING) for row in rows(2))))
    desk.feed(Capacity("sales", 1, 0))
    assert desk.given(SeekAgent) == []


def test_what_grows_overdue_while_we_run_ends_at_once() -> None:
    desk = Desk(replace(SALES, expiry_s=600.0))
    desk.due()
    desk.wait(601.0)
    assert desk.state is S.EXPIRED


def test_rows_of_the_future_are_served_and_those_who_came_before_first() -> None:
    desk = Desk()
    early, late = rows(2)
    desk.feed(Restored((replace(late, recorded_at=NOON + HOUR, updated_at=NOON + HOUR), early)))
    desk.feed(Capacity("sales", 1, 0))
    (order,) = desk.given(SeekAgent)
    assert order.promise.id == early.id
    desk.feed(AgentFound(early.id, "anna"))
    desk.acknowledge()
    desk.feed(Capacity("sales", 1, 0))
    assert [order.promise.id for order in desk.given(SeekAgent)] == [late.id]
