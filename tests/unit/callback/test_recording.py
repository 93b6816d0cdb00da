"""From a loss to a promise."""

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AttemptFailed,
    Capacity,
    LossNotRecorded,
    Persist,
    Persisted,
    PromiseAnswer,
    PromiseChanged,
    PromiseState,
    ReachedAgent,
    SeekAgent,
    Withdraw,
)
from tests.unit.callback.desk import E164, NOON, NUMBER, SALES, Desk

S = PromiseState


def test_nothing_is_promised_before_it_is_durable() -> None:
    desk = Desk()
    desk.lose(stage="accepted-offer", token="t1")
    (write,) = desk.given(Persist)
    assert write.promise.number == E164
    assert write.promise.state is S.RECORDED
    assert not desk.given(PromiseAnswer)
    assert not desk.given(PromiseChanged)
    desk.acknowledge()
    assert desk.given(PromiseAnswer) == [PromiseAnswer("t1", True)]
    assert desk.given(PromiseChanged)[0].old is None
    assert desk.state is S.DUE


@pytest.mark.parametrize(
    ("number", "stage", "waited_s", "why"),
    [
        ("anonymous", "abandoned", 60.0, "withheld"),
        ("1001", "abandoned", 60.0, "invalid"),
        (NUMBER, "voicemail", 60.0, "policy"),
        (NUMBER, "abandoned", 4.9, "short"),
    ],
)
def test_losses_that_lead_to_no_promise_are_counted(number: str, stage: str, waited_s: float, why: str) -> None:
    desk = Desk(replace(SALES, short_abandon_s=5.0))
    desk.lose(number, stage=stage, waited_s=waited_s, token="t1")
    assert desk.last == [LossNotRecorded("sales", stage, why), PromiseAnswer("t1", False, why)]
    assert desk.ledger.promises() == []


def test_a_queue_without_policy_promises_nothing() -> None:
    desk = Desk()
    desk.lose(queue="unheard-of")
    assert desk.last == [LossNotRecorded("unheard-of", "abandoned", "policy")]


def test_an_internal_number_is_recorded_where_the_policy_takes_it() -> None:
    desk = Desk(replace(SALES, numbers="1[0-9]{3}"))
    assert desk.due("1001").number == "1001"


def test_a_second_loss_adds_to_the_promise_and_keeps_the_older_age() -> None:
    desk = Desk()
    first = desk.due()
    desk.now += 100.0
    desk.lose("+86 138 0013 8000", stage="queue-full")
    (write,) = desk.given(Persist)
    assert (write.promise.id, write.promise.losses, write.promise.stage) == (first.id, 2, "queue-full")
    assert write.promise.recorded_at == first.recorded_at
    assert desk.ledger.open_count("sales") == 1


def accepted_and_hung_up(desk: Desk, **changes: float) -> Persist:
    """The offer is taken, and the caller hangs up before the store has answered."""
    desk.lose(stage="accepted-offer", token="t1", contact="c-1")
    (write,) = desk.given(Persist)
    desk.lose(stage="abandoned", contact="c-1", **changes)
    return write


def test_a_caller_who_hangs_up_after_taking_the_offer_is_lost_once() -> None:
    desk = Desk()
    accepted_and_hung_up(desk)
    assert (desk.only().losses, desk.only().stage) == (1, "accepted-offer")
    assert not desk.given(LossNotRecorded)


@pytest.mark.parametrize("stages", [SALES.stages, ("accepted-offer",)])
def test_and_is_called_back_though_the_write_of_the_offer_failed(stages: tuple[str, ...]) -> None:
    desk = Desk(replace(SALES, stages=stages, short_abandon_s=5.0))
    write = accepted_and_hung_up(desk, waited_s=1.0)
    assert not desk.given(LossNotRecorded)
    desk.feed(Persisted(write.promise.id, write.token, ok=False))
    assert not desk.given(LossNotRecorded)
    desk.wait(5.0)
    assert [write.promise.stage for write in desk.given(Persist)] == ["accepted-offer"]
    desk.acknowledge()
    assert (desk.state, desk.only().losses) == (S.DUE, 1)


def test_an_abandon_is_kept_though_an_offer_that_was_taken_since_failed_with_it() -> None:
    desk = Desk()
    desk.lose()
    (first,) = desk.given(Persist)
    desk.lose(stage="accepted-offer", token="t1")
    desk.acknowledge(ok=False)
    desk.feed(Persisted(first.promise.id, first.token, ok=False))
    assert (desk.state, desk.only().losses) == (S.RECORDED, 2)


def test_the_last_step_of_one_caller_is_the_stage_where_no_offer_was_taken() -> None:
    desk = Desk()
    desk.lose(stage="queue-full", contact="c-1")
    desk.lose(stage="abandoned", contact="c-1", queued_at=NOON - 10)
    (write,) = desk.given(Persist)
    assert (write.promise.losses, write.promise.stage, write.promise.recorded_at) == (1, "abandoned", NOON - 10)
    desk.lose(stage="accepted-offer", contact="c-1", token="t1")
    desk.acknowledge()
    assert PromiseAnswer("t1", True) in desk.last
    assert (desk.only().losses, desk.only().stage) == (1, "accepted-offer")


def test_a_step_of_the_caller_who_is_recorded_does_not_undo_a_withdrawal() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(Withdraw(promise.id, "by mail"))
    desk.lose(contact=promise.contact)
    desk.feed(AttemptFailed(promise.id, 486))
    assert desk.state is S.WITHDRAWN


def test_each_queue_has_its_own_promise() -> None:
    desk = Desk(SALES, replace(SALES, queue="support"))
    desk.lose(queue="sales")
    desk.lose(queue="support")
    assert (desk.ledger.open_count("sales"), desk.ledger.open_count("support")) == (1, 1)


def test_what_could_not_be_stored_is_not_promised() -> None:
    desk = Desk()
    desk.lose(stage="accepted-offer", token="t1")
    desk.acknowledge(ok=False)
    assert desk.given(PromiseAnswer) == [PromiseAnswer("t1", False, "store")]
    assert desk.given(LossNotRecorded) == [LossNotRecorded("sales", "accepted-offer", "store")]
    assert desk.ledger.promises() == []


def test_its_id_is_used_again_because_the_row_may_be_there_all_the_same() -> None:
    desk = Desk()
    desk.lose(stage="accepted-offer", token="t1")
    (write,) = desk.given(Persist)
    desk.acknowledge(ok=False)
    desk.lose(stage="abandoned")
    (again,) = desk.given(Persist)
    assert again.promise.id == write.promise.id


def test_an_abandon_outlives_a_store_that_is_away() -> None:
    desk = Desk()
    desk.lose()
    desk.acknowledge(ok=False)
    assert desk.state is S.RECORDED
    desk.wait(5.0)
    assert [write.promise.number for write in desk.given(Persist)] == [E164]
    desk.acknowledge()
    assert desk.given(PromiseChanged)[0].old is None
    assert desk.state is S.DUE


def test_a_store_that_does_not_answer_has_not_stored() -> None:
    desk = Desk()
    desk.lose(stage="accepted-offer", token="t1")
    (write,) = desk.given(Persist)
    desk.wait(5.0)
    assert PromiseAnswer("t1", False, "store") in desk.last
    assert desk.feed(Persisted(write.promise.id, write.token)) == []


def test_no_agent_is_asked_while_the_store_is_away() -> None:
    desk = Desk()
    desk.due()
    desk.lose("13800138001")
    desk.acknowledge(ok=False)
    desk.feed(Capacity("sales", 2, 0))
    assert not desk.given(SeekAgent)
    desk.wait(5.0)
    desk.acknowledge()
    assert desk.given(SeekAgent)


def test_reaching_an_agent_withdraws_the_promise_of_that_queue() -> None:
    desk = Desk()
    desk.due()
    desk.feed(ReachedAgent(NUMBER, "support"))
    assert desk.state is S.DUE
    desk.feed(ReachedAgent(NUMBER, "sales"))
    (write,) = desk.given(Persist)
    assert (write.promise.state, write.promise.outcome) == (S.WITHDRAWN, "reached agent")


def test_an_admin_withdraws_and_a_new_loss_makes_a_new_promise() -> None:
    desk = Desk()
    promise = desk.due()
    desk.feed(Withdraw(promise.id, "asked by mail"))
    assert desk.only().outcome == "asked by mail"
    desk.acknowledge()
    desk.lose()
    assert [p.state for p in desk.ledger.promises()] == [S.RECORDED, S.WITHDRAWN]
    assert desk.ledger.promises()[0].id != promise.id


def test_an_old_promise_expires() -> None:
    desk = Desk()
    desk.due()
    desk.wait(SALES.expiry_s)
    assert desk.state is S.EXPIRED
    assert desk.only().recorded_at == NOON


def test_the_list_is_oldest_first() -> None:
    desk = Desk()
    desk.lose("13800138001", queued_at=NOON - 10)
    desk.lose("13800138002", queued_at=NOON - 30)
    assert [promise.recorded_at for promise in desk.ledger.promises()] == [NOON - 30, NOON - 10]
