"""What people are shown of the ledger: nothing that a crash could take back."""

from __future__ import annotations

from softswitch.callback.model import CustomerAnswered, Persist, Persisted, Promote, Withdraw
from softswitch.callback.model import PromiseState as S
from softswitch.callback.written import FIRST_PAUSE_S, NEXT_ROUND_S
from tests.unit.callback.desk import Desk


def shown(desk: Desk) -> list[S]:
    return [promise.state for promise in desk.ledger.durable()]


def test_a_promise_is_shown_once_the_store_has_it() -> None:
    desk = Desk()
    desk.lose()
    assert shown(desk) == []
    desk.acknowledge()
    assert shown(desk) == [desk.state]


def test_a_kept_promise_is_shown_as_kept_once_the_store_knows() -> None:
    desk = Desk()
    promise = desk.dialling()
    desk.feed(CustomerAnswered(promise.id))
    assert desk.state is S.KEPT and shown(desk) == [S.DIALLING]
    desk.acknowledge()
    assert shown(desk) == [S.KEPT]


def test_an_end_that_is_to_be_written_yet_is_none_though_the_store_takes_what_came_before_it() -> None:
    desk = Desk()
    promise = desk.due()
    desk.feed(Promote(promise.id, 7.0))
    desk.acknowledge(False)
    desk.wait(FIRST_PAUSE_S)
    (former,) = desk.given(Persist)
    desk.feed(Withdraw(promise.id, "asked for it", "anna"))
    assert not desk.given(Persist), "it waits for the next round"
    desk.feed(Persisted(promise.id, former.token))
    assert desk.state is S.WITHDRAWN and shown(desk) == [S.DUE]
    desk.wait(NEXT_ROUND_S)
    (end,) = desk.given(Persist)
    assert (end.promise.state, end.by) == (S.WITHDRAWN, "anna"), "the history says who"
    desk.acknowledge()
    assert shown(desk) == [S.WITHDRAWN]
