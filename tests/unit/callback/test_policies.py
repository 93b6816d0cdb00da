"""The policies of queues are exchanged while promises are open."""

from __future__ import annotations

from dataclasses import replace

from softswitch.callback.model import Capacity, NumberBusy, Policies, PromiseState, SeekAgent, Window
from tests.unit.callback.desk import NUMBER, SALES, Desk

FREE = Capacity("sales", 1, 0)


def test_a_promise_whose_queue_has_no_policy_any_more_waits_until_it_has_one() -> None:
    desk = Desk()
    desk.due()
    desk.feed(Policies(()))
    desk.acknowledge()
    desk.feed(FREE)
    assert desk.given(SeekAgent) == []
    assert desk.state is PromiseState.RECORDED
    desk.feed(Policies((SALES,)))
    assert desk.given(SeekAgent), "the agent was free already"


def test_a_window_that_has_shut_holds_for_promises_that_are_due() -> None:
    desk = Desk()
    desk.due()
    desk.feed(Policies((replace(SALES, window=Window("Asia/Shanghai", 9 * 60, 10 * 60)),)))
    desk.acknowledge()
    desk.feed(FREE)
    assert desk.given(SeekAgent) == []
    desk.wait(17 * 3600)
    assert desk.given(SeekAgent), "a quarter to ten on the next day"


def test_a_number_is_free_after_its_call_whatever_the_rules_call_it_then() -> None:
    own = replace(SALES, numbers="1[0-9]{10}")  # dialled as it is presented, not as E.164
    desk = Desk()
    desk.feed(NumberBusy(NUMBER, True))
    desk.feed(Policies((own,)))
    desk.feed(NumberBusy(NUMBER, False))
    desk.feed(Policies((SALES,)))
    desk.due()
    desk.feed(FREE)
    assert desk.given(SeekAgent)
