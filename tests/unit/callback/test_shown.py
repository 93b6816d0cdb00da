"""What people are shown of the ledger: nothing that a crash could take back."""

from __future__ import annotations

from softswitch.callback.model import CustomerAnswered
from softswitch.callback.model import PromiseState as S
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
