"""Who is never to be called is not: at the loss, while the promise waits, and right before the dial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Barred,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    DoNotCall,
    LossNotRecorded,
    Persist,
    Policies,
    Promise,
    PromiseAnswer,
    PromiseState,
    ReleaseAgent,
    Restored,
    SeekAgent,
)
from softswitch.core.effect import Effect
from tests.unit.callback.desk import E164, NOON, NUMBER, SALES, Desk

S = PromiseState
LISTED = DoNotCall((E164,))
FILED = Barred(frozenset({E164}))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("order", [LISTED, FILED])
def test_a_listed_number_has_no_promise(desk: Desk, order: DoNotCall | Barred) -> None:
    desk.feed(order)
    desk.lose("0138-0013-8000", stage="accepted-offer", token="t1")
    assert desk.last == [
        LossNotRecorded("sales", "accepted-offer", "do-not-call"),
        PromiseAnswer("t1", False, "do-not-call"),
    ]
    assert not desk.ledger.can_promise(NUMBER, "sales")
    desk.feed(DoNotCall(remove=(E164,)) if order is LISTED else Barred(frozenset()))
    desk.lose()
    assert desk.state is S.RECORDED


@pytest.mark.parametrize("order", [LISTED, FILED])
def test_listing_withdraws_what_waits(desk: Desk, order: DoNotCall | Barred) -> None:
    desk.due()
    desk.feed(order)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "do-not-call")
    assert [row.promise.state for row in desk.given(Persist)] == [S.WITHDRAWN]


def test_both_lists_must_be_left(desk: Desk) -> None:
    desk.feed(LISTED)
    desk.feed(FILED)
    desk.feed(DoNotCall(remove=(E164,)))
    desk.lose()
    assert desk.ledger.promises() == []
    desk.feed(Barred(frozenset()))
    desk.lose()
    assert desk.state is S.RECORDED


def test_the_agent_who_is_being_found_for_him_is_let_go(desk: Desk) -> None:
    desk.seeking()
    desk.feed(LISTED)
    assert desk.given(ReleaseAgent)
    assert desk.state is S.WITHDRAWN


def test_nothing_is_dialled_when_he_is_listed_while_the_intent_is_written(desk: Desk) -> None:
    promise = desk.seeking()
    writes: list[Effect] = list(desk.feed(AgentFound(promise.id, "anna")))
    desk.feed(LISTED)
    desk.last = writes
    assert not any(isinstance(effect, DialCustomer) for effect in desk.acknowledge())
    assert desk.state is S.WITHDRAWN


def test_who_is_talking_is_not_cut_off_and_whose_phone_rings_is_not_called_again(desk: Desk) -> None:
    promise = desk.dialling()
    desk.feed(LISTED)
    assert not desk.given(ReleaseAgent)
    desk.feed(AttemptFailed(promise.id, 486))
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "do-not-call")

    other = Desk()
    promise = other.dialling()
    other.feed(LISTED)
    other.feed(CustomerAnswered(promise.id))
    assert other.state is S.KEPT


@pytest.mark.parametrize("state", [S.RECORDED, S.DUE, S.RETRY_AT, S.UNCERTAIN, S.DIALLING])
def test_a_row_that_comes_from_the_store_later_ends_without_a_call(desk: Desk, state: PromiseState) -> None:
    desk.feed(LISTED)
    row = Promise("p1", E164, "sales", "imported", state, "", NOON - 60, updated_at=NOON)
    effects = desk.feed(Restored((row,)))
    effects += desk.feed(Capacity("sales", 1, 0)) + desk.wait(600.0)
    assert not any(isinstance(effect, SeekAgent | DialCustomer) for effect in effects)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "do-not-call")


def test_a_number_of_our_own_can_be_listed_too() -> None:
    desk = Desk(replace(SALES, numbers="1[0-9]{3}"))
    desk.feed(DoNotCall(("1001",)))
    desk.lose("1001")
    assert desk.ledger.promises() == []


@pytest.mark.parametrize(
    ("number", "why"),
    [("110", "emergency"), ("+8616812345", "premium"), ("+442071838750", "foreign"), ("nobody", "invalid")],
)
def test_a_row_with_a_number_that_is_not_dialled_rings_nobody(number: str, why: str) -> None:
    desk = Desk(replace(SALES, numbers="1[0-9]*"))
    row = Promise("p1", number, "sales", "imported", S.RECORDED, "", NOON - 60, updated_at=NOON)
    desk.feed(Restored((row,)))
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, why)


def test_a_policy_that_calls_a_country_no_more_holds_for_what_is_open() -> None:
    both = replace(SALES, countries=("CN", "GB"))
    desk = Desk(both)
    desk.lose("+442071838750")
    desk.acknowledge()
    desk.feed(Policies((SALES,)))
    desk.feed(Capacity("sales", 1, 0))
    assert not desk.given(SeekAgent)
    assert (desk.state, desk.only().outcome) == (S.WITHDRAWN, "foreign")


def test_the_next_in_line_is_called_in_place_of_one_that_is_refused(desk: Desk) -> None:
    bad = Promise("p1", "110", "sales", "imported", S.RECORDED, "", NOON - 90, updated_at=NOON)
    good = replace(bad, id="p2", number=E164, recorded_at=NOON - 60)
    desk.feed(Restored((bad, good)))
    desk.feed(Capacity("sales", 1, 0))
    assert [order.promise.id for order in desk.given(SeekAgent)] == ["p2"]
