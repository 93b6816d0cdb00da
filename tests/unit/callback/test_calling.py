"""From a due promise to a kept one."""

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    NoAgent,
    NumberBusy,
    Persist,
    Persisted,
    PromiseChanged,
    PromiseState,
    ReachedAgent,
    ReleaseAgent,
    Restored,
    SeekAgent,
    Window,
    Withdraw,
)
from softswitch.callback.mover import call_id
from tests.unit.callback.desk import NOON, NUMBER, SALES, Desk

S = PromiseState
SHUT_AT = NOON + 400.0  # 17:00 in Shanghai


def test_the_intent_is_durable_before_the_dial() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(AgentFound(promise.id, "anna"))
    (write,) = desk.given(Persist)
    assert not desk.given(DialCustomer)
    assert (write.promise.state, write.promise.attempts) == (S.DIALLING, 1)
    assert write.promise.call_id == call_id(promise.id, 1)
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    assert (dial.promise.call_id, dial.trunk, dial.ring_s) == (write.promise.call_id, "carrier", 30.0)
    desk.feed(CustomerAnswered(promise.id))
    assert [write.promise.state for write in desk.given(Persist)] == [S.KEPT]


def test_as_many_seeks_as_free_agents_oldest_first() -> None:
    desk = Desk()
    for n in range(5):
        desk.lose(f"1380013800{n}", queued_at=NOON - n)
        desk.acknowledge()
    for free, sought in ((2, [NOON - 4]), (1, [NOON - 3]), (0, []), (1, [NOON - 2])):
        desk.feed(Capacity("sales", free, 0))
        assert [seek.promise.recorded_at for seek in desk.given(SeekAgent)] == sought


def test_an_agent_of_two_queues_is_asked_once() -> None:
    window = Window("Asia/Shanghai", 17 * 60, 18 * 60)
    desk = Desk(replace(SALES, window=window), replace(SALES, queue="support", window=window))
    for number, queue in (("13800138001", "sales"), ("13800138002", "support")):
        desk.feed(Capacity(queue, 1, 0))
        desk.lose(number, queue)
        desk.acknowledge()
    desk.wait(SHUT_AT - NOON)
    assert len(desk.given(SeekAgent)) == 1, "both are due now, and the two counts are of one agent"
    desk.feed(Capacity("sales", 0, 0))
    desk.feed(Capacity("support", 0, 0))
    assert not desk.given(SeekAgent)


def test_a_seek_that_found_nobody_has_a_claim_on_the_free() -> None:
    desk = Desk()
    for n in range(3):
        desk.lose(f"1380013800{n}")
        desk.acknowledge()
    seeks = []
    for capacity in (Capacity("sales", 1, 0), Capacity("sales", 1, 0, 1), Capacity("sales", 2, 0, 1)):
        desk.feed(capacity)
        seeks.append(len(desk.given(SeekAgent)))
    assert seeks == [1, 0, 1]


def test_the_agent_of_a_dial_is_not_free_before_a_count_says_so() -> None:
    desk = Desk()
    promise = desk.due()
    desk.feed(Capacity("sales", 1, 0))
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge()
    desk.lose("13800138001")
    desk.acknowledge()
    assert not desk.given(SeekAgent)


def test_a_seek_that_ended_before_it_was_counted_leaves_the_count_as_it_was() -> None:
    desk = Desk()
    promise = desk.due()
    desk.feed(Capacity("sales", 1, 0))
    desk.lose("13800138001")
    desk.acknowledge()
    assert not desk.given(SeekAgent)
    desk.feed(NoAgent(promise.id))
    assert [seek.promise.number for seek in desk.given(SeekAgent)] == ["+8613800138001"]


def test_live_callers_go_first() -> None:
    desk = Desk()
    desk.due()
    desk.feed(Capacity("sales", 3, 1))
    assert not desk.given(SeekAgent)
    desk.feed(Capacity("sales", 2, 0))
    assert desk.given(SeekAgent)


def test_a_promise_that_becomes_due_later_takes_an_agent_who_is_still_free() -> None:
    desk = Desk()
    desk.feed(Capacity("sales", 1, 0))
    desk.lose()
    desk.acknowledge()
    assert desk.given(SeekAgent)


def test_a_lost_agent_is_not_an_attempt() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(NoAgent(promise.id))
    desk.acknowledge()
    assert (desk.state, desk.only().attempts) == (S.DUE, 0)
    desk.feed(Capacity("sales", 1, 0))
    desk.wait(2.9)
    assert not desk.given(SeekAgent)
    desk.wait(0.1)
    assert desk.given(SeekAgent)


def test_an_agent_who_hangs_up_while_the_intent_is_written_stops_the_dial() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(AgentFound(promise.id, "anna"))
    (intent,) = desk.given(Persist)
    desk.feed(NoAgent(promise.id))
    assert [write.promise.state for write in desk.given(Persist)] == [S.DUE]
    assert desk.feed(Persisted(promise.id, intent.token)) == []
    assert desk.only().attempts == 0


def test_an_agent_who_hangs_up_while_the_customer_rings_costs_the_attempt() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(NoAgent(promise.id))
    assert desk.given(ReleaseAgent)
    assert (desk.state, desk.only().outcome, desk.only().not_before) == (S.UNCERTAIN, "agent lost", desk.now + 32.0)
    desk.acknowledge()
    desk.wait(32.0)
    assert (desk.state, desk.only().attempts) == (S.DUE, 1)


def test_a_withdrawal_while_the_phone_may_still_ring_counts_when_it_is_quiet() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(NoAgent(promise.id))
    desk.acknowledge()
    desk.feed(ReachedAgent(NUMBER, "sales"))
    assert desk.state is S.UNCERTAIN
    desk.wait(32.0)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "reached agent")


def test_an_intent_that_cannot_be_written_frees_the_agent() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge(ok=False)
    assert desk.given(ReleaseAgent) == [ReleaseAgent(promise.id)]
    assert not desk.given(DialCustomer)
    assert (desk.state, desk.only().attempts) == (S.DUE, 0)


def test_a_loss_during_the_intent_does_not_undo_it_in_the_store() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(AgentFound(promise.id, "anna"))
    desk.lose()
    (write,) = desk.given(Persist)
    assert (write.promise.state, write.promise.attempts, write.promise.losses) == (S.DIALLING, 1, 2)


def test_no_agent_in_time() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.wait(120.0)
    assert ReleaseAgent(promise.id) in desk.last
    assert desk.state is S.DUE


def test_an_agent_who_comes_too_late_is_let_go() -> None:
    desk = Desk()
    promise = desk.due()
    assert desk.feed(AgentFound(promise.id, "anna")) == [ReleaseAgent(promise.id)]
    assert desk.feed(AgentFound("promise-forgotten", "anna")) == [ReleaseAgent("promise-forgotten")]


@pytest.mark.parametrize(
    ("status", "state", "delay_s"),
    [(486, S.RETRY_AT, 300.0), (480, S.RETRY_AT, 1800.0), (503, S.RETRY_AT, 900.0), (404, S.FAILED, None)],
)
def test_a_failed_attempt(status: int, state: PromiseState, delay_s: float | None) -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(AttemptFailed(promise.id, status, promise.call_id))
    assert desk.state is state
    if delay_s is not None:
        assert desk.only().not_before == desk.now + delay_s
        desk.acknowledge()
        desk.wait(delay_s)
        assert desk.state is S.DUE


def test_the_next_attempt_has_another_call_id_and_the_last_one_fails() -> None:
    desk = Desk(replace(SALES, max_attempts=2))
    first = desk.dialling()
    desk.feed(AttemptFailed(first.id, 486))
    desk.acknowledge()
    desk.wait(300.0)
    desk.feed(Capacity("sales", 1, 0))
    desk.feed(AgentFound(first.id, "anna"))
    desk.acknowledge()
    (dial,) = desk.given(DialCustomer)
    assert dial.promise.call_id == call_id(first.id, 2) != first.call_id
    desk.feed(AttemptFailed(first.id, 486, first.call_id))
    assert desk.state is S.DIALLING, "that was late word of the first attempt"
    desk.feed(AttemptFailed(first.id, 486))
    assert (desk.state, desk.only().outcome) == (S.FAILED, "busy")


def test_an_attempt_of_which_nothing_is_heard_ends() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.wait(61.9)
    assert desk.state is S.DIALLING
    desk.wait(0.1)
    assert ReleaseAgent(promise.id) in desk.last
    assert (desk.state, desk.only().outcome) == (S.RETRY_AT, "no answer")
    desk.feed(CustomerAnswered(promise.id))
    assert desk.state is S.KEPT, "the customer was reached, however late we hear of it"


def test_who_talks_here_is_not_dialled() -> None:
    desk = Desk()
    desk.due()
    desk.feed(NumberBusy(NUMBER, True))
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    desk.feed(NumberBusy(NUMBER, False))
    assert desk.given(SeekAgent)


def test_who_calls_while_an_agent_is_sought_is_not_dialled() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(NumberBusy(NUMBER, True))
    assert ReleaseAgent(promise.id) in desk.last
    assert desk.state is S.DUE


def test_one_number_rings_for_one_promise_at_a_time() -> None:
    desk = Desk(SALES, replace(SALES, queue="support"))
    first = desk.dialling()
    desk.feed(Capacity("support", 1, 0))
    desk.lose(queue="support")
    desk.acknowledge()
    assert not desk.given(SeekAgent)
    desk.feed(AttemptFailed(first.id, 486))
    assert [seek.promise.queue for seek in desk.given(SeekAgent)] == ["support"]


def test_a_withdrawal_while_seeking_frees_the_agent() -> None:
    desk = Desk()
    promise = desk.seeking()
    desk.feed(ReachedAgent(NUMBER, "sales"))
    assert ReleaseAgent(promise.id) in desk.last
    assert desk.state is S.WITHDRAWN


def test_a_withdrawal_while_dialling_counts_when_the_attempt_has_failed() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(Withdraw(promise.id, "by mail"))
    assert desk.state is S.DIALLING
    desk.feed(AttemptFailed(promise.id, 486))
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "by mail")


def test_nobody_is_dialled_outside_the_window() -> None:
    desk = Desk(replace(SALES, window=Window("Asia/Shanghai", 9 * 60, 17 * 60)))
    desk.wait(390.0)
    promise = desk.seeking()
    desk.now = SHUT_AT
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge()
    assert not desk.given(DialCustomer)
    assert ReleaseAgent(promise.id) in desk.last
    assert desk.state is S.RECORDED
    desk.acknowledge()
    assert desk.ledger.deadline == SHUT_AT + 16 * 3600.0
    desk.wait(16 * 3600.0)
    assert desk.state is S.DUE


def test_a_due_promise_steps_back_when_the_window_shuts() -> None:
    desk = Desk(replace(SALES, window=Window("Asia/Shanghai", 9 * 60, 17 * 60)))
    desk.due()
    desk.wait(400.0)
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    assert desk.state is S.RECORDED


def restarted(before: Desk) -> Desk:
    """A new process that finds the rows of the last writes."""
    desk = Desk()
    desk.now = before.now
    desk.feed(Restored(tuple(write.promise for write in before.given(Persist))))
    return desk


def test_a_withdrawal_while_dialling_outlives_a_crash() -> None:
    before = Desk()
    promise = before.dialling()
    before.feed(Withdraw(promise.id, "by mail"))
    desk = restarted(before)
    assert desk.state is S.UNCERTAIN, "the phone may ring: nobody else may dial that number yet"
    desk.feed(Capacity("sales", 1, 0))
    desk.wait(62.0)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "by mail")
    assert not desk.given(SeekAgent)


def test_a_withdrawal_while_uncertain_outlives_a_crash() -> None:
    before = Desk()
    promise = before.dialling()
    before.feed(NoAgent(promise.id))
    before.feed(Withdraw(promise.id, "by mail"))
    desk = restarted(before)
    desk.wait(32.0)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "by mail")


def test_an_agent_who_hangs_up_does_not_undo_a_withdrawal_in_the_store() -> None:
    before = Desk()
    promise = before.dialling()
    before.feed(Withdraw(promise.id, "by mail"))
    before.feed(NoAgent(promise.id))
    desk = restarted(before)
    desk.wait(32.0)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "by mail")


def test_who_answers_after_the_withdrawal_was_reached() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(Withdraw(promise.id, "by mail"))
    desk.feed(CustomerAnswered(promise.id))
    assert (desk.state, desk.only().outcome) == (S.KEPT, "answered")


def test_a_loss_after_the_withdrawal_is_called_back_for() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(Withdraw(promise.id, "by mail"))
    desk.lose(stage="accepted-offer", token="t1")
    desk.feed(AttemptFailed(promise.id, 486))
    assert (desk.state, desk.only().outcome) == (S.RETRY_AT, "busy")


# ---- after a crash ---------------------------------------------------------------------------------------------------


def test_a_dial_that_a_crash_cut_short_is_uncertain_and_then_another_attempt() -> None:
    before, desk = Desk(), Desk()
    row = before.dialling()
    desk.now = before.now + 10.0
    desk.feed(Restored((row,)))
    assert (desk.state, desk.only().not_before) == (S.UNCERTAIN, row.updated_at + 67.0)
    desk.feed(Capacity("sales", 1, 0))
    desk.wait(56.9)
    assert not desk.given(SeekAgent)
    desk.wait(0.1)
    assert desk.given(SeekAgent)
    desk.feed(AgentFound(row.id, "anna"))
    desk.acknowledge()
    assert [dial.promise.attempts for dial in desk.given(DialCustomer)] == [2]


def test_an_uncertain_last_attempt_was_the_last() -> None:
    before, desk = Desk(), Desk(replace(SALES, max_attempts=1))
    desk.feed(Restored((before.dialling(),)))
    desk.wait(62.0)
    assert (desk.state, desk.only().outcome) == (S.FAILED, "uncertain")


def test_a_search_that_a_crash_cut_short_starts_again() -> None:
    before, desk = Desk(), Desk()
    row = before.seeking()
    effects = desk.feed(Restored((row,)))
    assert effects == [PromiseChanged(replace(row, state=S.DUE), S.SEEKING)]


def test_what_was_kept_is_not_dialled() -> None:
    before, desk = Desk(), Desk()
    row = before.dialling()
    before.feed(CustomerAnswered(row.id))
    desk.feed(Restored((before.only(),)))
    desk.feed(Capacity("sales", 1, 0))
    assert desk.last == []
    assert desk.ledger.deadline is None


def test_a_promise_whose_queue_has_lost_its_policy_waits_for_it() -> None:
    before, without, again = Desk(), Desk(replace(SALES, queue="service")), Desk()
    row = before.due()
    without.feed(Restored((row,)))
    without.feed(Capacity("sales", 1, 0))
    assert not without.given(SeekAgent)
    again.feed(Restored((without.only(),)))
    again.feed(Capacity("sales", 1, 0))
    assert again.given(SeekAgent)
