"""An attempt in which the network failed before any phone rang says nothing of the customer: it is not counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    DialCustomer,
    Persist,
    PromiseState,
    Restored,
    RetryNow,
)
from softswitch.callback.retry import decide, network_failed
from tests.unit.callback.desk import SALES, Desk

S = PromiseState
TWICE = replace(SALES, max_attempts=2)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_it_is_for_now(status: int) -> None:
    assert network_failed(status, 0, False)


@pytest.mark.parametrize("status", [0, 480, 486, 404, 403, 501, 505, 513, 603])
def test_it_is_not_the_network_or_does_not_pass(status: int) -> None:
    assert not network_failed(status, 0, False)


def test_a_408_is_the_networks_where_nothing_was_heard() -> None:
    assert network_failed(408, 0, True)
    assert not network_failed(408, 0, False)
    assert not network_failed(486, 0, True)


@pytest.mark.parametrize(
    ("status", "cause", "network"),
    [(404, 34, True), (480, 41, True), (503, 17, False), (503, 3, False), (503, 27, False), (503, 16, True),
     (486, 16, False), (503, 999, True)],
)  # fmt: skip
def test_the_cause_is_believed_first(status: int, cause: int, network: bool) -> None:
    assert network_failed(status, cause, False) is network


def again(desk: Desk, status: int = 503, rang: bool = False, silent: bool = False) -> float:
    """One attempt; the pause after it."""
    desk.feed(Capacity("sales", 1, 0))
    desk.feed(AgentFound(desk.only().id, "anna"))
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    desk.feed(AttemptFailed(dial.promise.id, status, dial.promise.call_id, 0, rang, silent))
    desk.acknowledge()
    desk.feed(Capacity("sales", 0, 0))
    if desk.state is not S.RETRY_AT:
        return 0.0
    pause_s = desk.only().not_before - desk.now
    desk.wait(pause_s)
    return pause_s


def test_an_outage_ends_no_promise_and_its_attempts_are_told() -> None:
    desk = Desk(TWICE)
    desk.due()
    assert [again(desk) for _ in range(6)] == [900.0, 900.0, 1800.0, 3600.0, 3600.0, 3600.0]
    assert (desk.state, desk.only().attempts, desk.only().counted, desk.only().status) == (S.DUE, 6, 0, 503)
    again(desk, 486)
    assert desk.only().counted == 1
    again(desk, 486)
    assert (desk.state, desk.only().attempts, desk.only().status) == (S.FAILED, 8, 486)


def test_an_attempt_after_which_a_phone_rang_is_one() -> None:
    desk = Desk(TWICE)
    desk.due()
    again(desk, rang=True)
    again(desk, rang=True)
    assert (desk.state, desk.only().uncounted) == (S.FAILED, 0)


def test_silence_is_a_failure_of_the_network_and_not_of_the_customer() -> None:
    desk = Desk(TWICE)
    desk.due()
    assert again(desk, 408, silent=True) == SALES.retry_failed_s
    assert (desk.only().outcome, desk.only().counted) == ("failed", 0)
    assert again(desk, 408) == SALES.retry_no_answer_s
    assert (desk.only().outcome, desk.only().counted) == ("no answer", 1)


def test_it_is_bounded_by_the_end_of_the_promise() -> None:
    desk = Desk(TWICE)
    end = desk.due().recorded_at + TWICE.expiry_s
    dials = 0
    while desk.state is S.DUE:
        again(desk)
        dials += 1
    assert (desk.state, desk.only().outcome) == (S.EXPIRED, "failed")
    assert desk.now < end and dials <= 4 + TWICE.expiry_s / 3600.0


def test_short_figures_grow_too_and_long_ones_hold() -> None:
    short, long = replace(SALES, retry_failed_s=1.0), replace(SALES, retry_failed_s=7200.0)
    delays = [decide(short, "failed", 0, 1e9, 0.0, uncounted=n).delay_s for n in (1, 3, 4, 6, 15, 16, 5000)]
    assert delays == [1.0, 1.0, 2.0, 8.0, 3600.0, 3600.0, 3600.0]
    assert decide(long, "failed", 0, 1e9, 0.0, uncounted=9).delay_s == 7200.0
    jittered = replace(SALES, jitter=0.5)
    assert decide(jittered, "failed", 0, 1e9, 0.0, 0.5, uncounted=5).delay_s == 3600.0 * 1.25


def test_the_row_says_so_and_a_restart_goes_on_from_it() -> None:
    before = Desk(TWICE)
    promise = before.dialling()
    before.feed(AttemptFailed(promise.id, 503, promise.call_id))
    (write,) = before.given(Persist)
    assert (write.promise.uncounted, write.promise.status, write.promise.outcome) == (1, 503, "failed")
    after = Desk(TWICE)
    after.feed(Restored((write.promise,)))
    after.feed(RetryNow(promise.id))
    again(after, 486)
    assert (after.state, after.only().counted) == (S.DUE, 1)
