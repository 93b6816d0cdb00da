"""One call is lost once, however often, under whatever names and at whatever stages the ledger hears of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import LossNotRecorded, Lost, Persist, PromiseState, ReachedAgent
from tests.unit.callback.desk import NUMBER, SALES, Desk

S = PromiseState
STAGES = (
    "shed",
    "early-cancel",
    "ivr",
    "closed",
    "voicemail-empty",
    "keyed",
    "accepted-offer",
    "abandoned",
    "queue-full",
)
SHOP, ORDERS = replace(SALES, stages=STAGES), replace(SALES, queue="orders", stages=STAGES, short_abandon_s=5.0)


@pytest.fixture
def desk() -> Desk:
    return Desk(SHOP, ORDERS)


def shed(desk: Desk) -> None:
    desk.lose(stage="shed", contact="shed-1", waited_s=0.0)
    desk.acknowledge()


def again(desk: Desk, queue: str, stage: str, waited_s: float = 60.0) -> None:
    """The same call, let in."""
    desk.feed(Lost(NUMBER, queue, stage, "c-1", desk.now, waited_s, step="menu", former="shed-1"))
    desk.acknowledge()


def test_a_call_that_was_shed_and_is_lost_later_is_one_loss(desk: Desk) -> None:
    shed(desk)
    again(desk, "sales", "ivr")
    promise = desk.only()
    assert (promise.stage, promise.step, promise.contact, promise.losses) == ("ivr", "menu", "c-1", 1)


def test_lost_later_to_another_queue_it_is_that_queues(desk: Desk) -> None:
    shed(desk)
    again(desk, "orders", "abandoned")
    found = {one.queue: (one.state, one.outcome, one.losses) for one in desk.ledger.promises()}
    assert found == {"orders": (S.DUE, "", 1), "sales": (S.WITHDRAWN, "lost later", 1)}


def test_where_the_other_queue_does_not_take_it_the_first_promise_stands(desk: Desk) -> None:
    shed(desk)
    desk.feed(Lost(NUMBER, "orders", "abandoned", "c-1", desk.now, 1.0, former="shed-1"))
    assert [fact.why for fact in desk.given(LossNotRecorded)] == ["short"]
    assert (desk.only().queue, desk.only().state) == ("sales", S.DUE)


def test_another_call_of_his_is_another_loss(desk: Desk) -> None:
    shed(desk)
    desk.feed(Lost(NUMBER, "sales", "ivr", "c-2", desk.now, 9.0, former="shed-2"))
    assert desk.only().losses == 2


@pytest.mark.parametrize(("stage", "state"), [("ivr", S.WITHDRAWN), ("shed", S.WITHDRAWN), ("abandoned", S.DUE)])
def test_only_what_was_guessed_is_withdrawn_by_a_queue_that_he_was_not_lost_to(
    desk: Desk, stage: str, state: PromiseState
) -> None:
    desk.lose(stage=stage)
    desk.acknowledge()
    desk.feed(ReachedAgent(NUMBER, "sales", ("shed", "ivr")))
    assert desk.state is state


def test_who_confirmed_a_number_and_hung_up_is_promised_it_though_nobody_hears_of_it(desk: Desk) -> None:
    loss = Lost("13900001111", "sales", "keyed", "c-1", desk.now, 9.0, token="t1")
    desk.feed(loss)
    (write,) = desk.given(Persist)
    desk.feed(replace(loss, token=""))
    assert (desk.only().number, desk.only().stage, desk.only().losses) == ("+8613900001111", "keyed", 1)
    assert write.promise.id == desk.only().id
