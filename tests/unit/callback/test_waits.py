"""Why a promise waits, in the ledger's own words; and whose order it was, in what it asks the store to write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from softswitch.callback import waits
from softswitch.callback.model import (
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    NoAgent,
    NumberBusy,
    Persist,
    Persisted,
    Policies,
    Policy,
    PromiseState,
    Promote,
    Restored,
    RetryNow,
    Window,
    Withdraw,
)
from softswitch.callback.node import Dialled, Leased
from softswitch.callback.waits import Wait
from tests.unit.callback.desk import E164, NOON, SALES, Desk
from tests.unit.callback.pool_desk import PoolDesk, pooled

S = PromiseState
MORNING = Window("Asia/Shanghai", 9 * 60, 12 * 60)  # NOON is 16:53 there
NINE = NOON + 16 * 3600 + 6 * 60 + 40  # of the next day


def wait(desk: Desk) -> Wait | None:
    return desk.ledger.glance.wait(desk.only().id, desk.now)


def test_nobody_is_free() -> None:
    desk = Desk()
    desk.due()
    assert wait(desk) == Wait(waits.NO_AGENT)


def test_live_callers_go_first() -> None:
    desk = Desk()
    desk.due()
    desk.feed(Capacity("sales", 1, 2))
    assert wait(desk) == Wait(waits.LIVE_CALLERS)


def test_an_agent_who_is_kept_back_is_not_free() -> None:
    desk = Desk(replace(SALES, reserve=1))
    desk.due()
    desk.feed(Capacity("sales", 1, 0))
    assert wait(desk) == Wait(waits.KEPT_BACK)
    desk.feed(Capacity("sales", 0, 0))
    assert wait(desk) == Wait(waits.NO_AGENT)


def test_a_trunk_that_is_down_goes_before_agents_and_callers() -> None:
    desk = Desk()
    desk.due()
    desk.feed(Capacity("sales", 1, 1, cut_off=frozenset({"sales"})))
    assert wait(desk) == Wait(waits.TRUNK_DOWN, trunk="carrier")


def test_a_lease_that_is_over() -> None:
    desk = PoolDesk()
    desk.feed(Leased(NOON + 9.0))
    desk.due()
    assert wait(desk) == Wait(waits.NO_AGENT)
    desk.now = NOON + 9.0
    assert wait(desk) == Wait(waits.LEASE_OVER)


def test_a_list_has_said_when() -> None:
    desk = Desk(replace(SALES, campaign="fair"))
    desk.feed(Restored((pooled(1, campaign="fair", group="fair", not_before=NOON + 60.0),)))
    assert wait(desk) == Wait(waits.NOT_YET, NOON + 60.0)


def test_outside_hours_until_they_begin() -> None:
    desk = Desk(replace(SALES, window=MORNING))
    desk.lose()
    desk.acknowledge()
    assert wait(desk) == Wait(waits.OUTSIDE_HOURS, NINE)


def test_a_pause_is_told_until_its_end_and_then_the_hours() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(AttemptFailed(promise.id, 486))
    desk.acknowledge()
    assert wait(desk) == Wait(waits.PAUSE, desk.now + 300)
    desk.feed(Policies((replace(SALES, window=MORNING),)))
    assert wait(desk) == Wait(waits.OUTSIDE_HOURS, NINE), "which is later than the end of the pause"


def test_its_number_is_on_a_call_here() -> None:
    desk = Desk()
    desk.due()
    desk.feed(NumberBusy(E164, True))
    desk.feed(Capacity("sales", 1, 0))
    assert wait(desk) == Wait(waits.ON_A_CALL)


def test_its_number_is_called_for_another_promise() -> None:
    desk = Desk(SALES, replace(SALES, queue="service"))
    desk.seeking()
    desk.lose(queue="service")
    desk.acknowledge()
    other = next(one for one in desk.ledger.promises() if one.queue == "service")
    assert desk.ledger.glance.wait(other.id, desk.now) == Wait(waits.RUNG_FOR_ANOTHER)


def test_the_store_is_away() -> None:
    desk = Desk()
    desk.due()
    desk.lose("13800138001")
    desk.acknowledge(ok=False)
    waiting = {one.number: desk.ledger.glance.wait(one.id, desk.now) for one in desk.ledger.promises()}
    assert waiting[E164] == Wait(waits.STORE_AWAY)


def test_it_is_not_written_yet() -> None:
    desk = Desk()
    desk.lose()
    assert wait(desk) == Wait(waits.NOT_WRITTEN) and desk.ledger.glance.promise(desk.only().id) is None


def test_its_queue_has_no_callbacks_any_more() -> None:
    desk = Desk()
    desk.due()
    desk.feed(Policies(()))
    assert wait(desk) == Wait(waits.NO_POLICY)


def test_the_agent_did_not_answer() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(NoAgent(promise.id))
    held = wait(desk)
    assert held is not None and held.why == waits.AGENT_LOST and held.until > desk.now


def test_what_happens_is_told_instead() -> None:
    desk = Desk()
    promise = desk.seeking()
    assert wait(desk) == Wait(waits.WORDS[S.SEEKING])
    desk = Desk()
    promise = desk.dialling()
    assert wait(desk) == Wait(waits.WORDS[S.DIALLING])
    desk.feed(CustomerAnswered(promise.id))
    assert wait(desk) == Wait("")
    assert desk.ledger.glance.wait("promise-9", desk.now) is None


def test_a_phone_may_still_ring() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(NoAgent(promise.id))
    assert wait(desk) == Wait(waits.UNCERTAIN, desk.now + SALES.settle_s)


# ---- in the pool -------------------------------------------------------------------------------------------------


def rests(policy: Policy, **row: object) -> Wait | None:
    desk = PoolDesk(policy)
    desk.feed(Leased(desk.now + 3600.0))
    desk.feed(Dialled(attempts=((E164, NOON - 600.0),)))
    return desk.ledger.glance.rest(pooled(0, number=E164, state=S.RETRY_AT, attempts=1, outcome="busy", **row), NOON)


def test_one_in_the_pool_waits_for_what_it_was_put_there_for() -> None:
    hours = replace(SALES, window=MORNING)
    assert rests(hours, not_before=NINE) == Wait(waits.OUTSIDE_HOURS, NINE)
    assert rests(hours, not_before=NINE + 600.0) == Wait(waits.PAUSE, NINE + 600.0)
    assert rests(SALES, not_before=NOON + 600.0) == Wait(waits.PAUSE, NOON + 600.0)
    assert rests(SALES, not_before=NOON) is None
    assert rests(SALES, not_before=NOON + 60.0, queue="gone") == Wait(waits.NO_POLICY)


def test_a_number_in_the_pool_was_dialled_often_enough() -> None:
    often, free_at = replace(SALES, most_per_day=1), NOON - 600.0 + 86_400.0
    midnight = NINE - 9 * 3600.0  # up to which its hours are known to be open
    assert rests(often, not_before=midnight) == Wait(waits.LEFT_ALONE, free_at)
    assert rests(often, not_before=midnight, expires_at=free_at - 1.0) == Wait(waits.TOO_LATE, free_at - 1.0)


def test_a_phone_of_one_in_the_pool_may_still_ring() -> None:
    row = pooled(0, state=S.UNCERTAIN, not_before=NOON + 62.0)
    assert PoolDesk().ledger.glance.rest(row, NOON) == Wait(waits.UNCERTAIN, NOON + 62.0)


# ---- whose order it was ------------------------------------------------------------------------------------------


def ordered(desk: Desk) -> list[tuple[S, str]]:
    return [(order.promise.state, order.by) for order in desk.given(Persist)]


def test_who_ordered_it_is_written_with_the_row() -> None:
    desk = Desk()
    promise = desk.due()
    desk.feed(Promote(promise.id, 600.0, "api anna"))
    assert ordered(desk) == [(S.DUE, "api anna")]
    desk.acknowledge()
    desk.feed(Withdraw(promise.id, "by mail", "api bob"))
    assert ordered(desk) == [(S.WITHDRAWN, "api bob")]


def test_who_ordered_a_retry_has_not_ordered_what_comes_of_it() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(AttemptFailed(promise.id, 486))
    assert ordered(desk) == [(S.RETRY_AT, "")]
    desk.acknowledge()
    desk.feed(RetryNow(promise.id, "api anna"))
    assert [by for _, by in ordered(desk)] == ["api anna"]
    desk.acknowledge()
    desk.feed(Withdraw(promise.id, "enough"))
    assert ordered(desk) == [(S.WITHDRAWN, "")]


def test_an_order_that_could_not_be_written_keeps_its_name() -> None:
    desk = Desk()
    promise = desk.due()
    desk.feed(Withdraw(promise.id, "by mail", "api anna"))
    (order,) = desk.given(Persist)
    desk.feed(Persisted(promise.id, order.token, False))
    again = [order for order in desk.wait(60.0) if isinstance(order, Persist) and order.promise.id == promise.id]
    assert again and all(order.by == "api anna" for order in again)


def test_the_words_are_those_of_the_manual() -> None:
    manual = " ".join((Path(__file__).parents[3] / "docs/callbacks.md").read_text("utf-8").split())
    words = [word for name, word in vars(waits).items() if name.isupper() and isinstance(word, str)]
    assert len(words) > 10 and [word for word in words if word not in manual] == []
