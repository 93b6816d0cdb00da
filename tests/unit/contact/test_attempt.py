"""The words in which the ledger is told how an attempt went."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Failed
from softswitch.callback.model import CustomerLeft, MachineAnswered, Promise, PromiseState, Withdraw
from softswitch.contact import attempt
from softswitch.contact.hunt import Hunt
from softswitch.contact.opening import End
from softswitch.contact.order import NeverCall
from softswitch.sip.reason import Reason
from tests.unit.contact.test_hunt import NOWHERE, target

PROMISE = Promise("p1", "+8613800138000", "orders", "abandoned", PromiseState.DIALLING, "c1", 0.0, call_id="c1d")


@pytest.mark.parametrize(
    ("causes", "cause"),
    [((), 0), ((Reason("SIP", 486),), 0), ((Reason("SIP", 486), Reason("Q.850", 17)), 17), ((Reason("Q.850", 1),), 1)],
)
def test_what_the_network_says_of_it_goes_along(causes: tuple[Reason, ...], cause: int) -> None:
    hunt = Hunt("customer", "leg-", (), "", "", 30.0, statuses=[486])
    failed = attempt.failed(PROMISE, hunt, causes)
    assert (failed.promise, failed.status, failed.call_id, failed.cause) == ("p1", 486, "c1d", cause)


def test_whether_a_phone_rang_or_nothing_was_heard_goes_along() -> None:
    hunt = Hunt("customer", "leg-", (), "", "", 30.0, statuses=[408], rang=True, unheard=True)
    failed = attempt.failed(PROMISE, hunt, ())
    assert (failed.rang, failed.silent) == (True, True)


def test_what_was_never_sent_is_our_own_and_a_carrier_says_when_to_come_again() -> None:
    hunt = Hunt("customer", "leg-", (target(7000),), "", "", 30.0)
    hunt.start()
    own = Failed("leg-1", 503, "Trunk Limit: calls", "us", elsewhere=True)
    hunt.failed(own, NOWHERE)
    assert not attempt.failed(PROMISE, hunt, ()).sent
    assert not attempt.not_made(PROMISE, 480).sent
    hunt = Hunt("customer", "leg-", (target(7000),), "", "", 30.0)
    hunt.start()
    hunt.failed(Failed("leg-1", 503, "Busy Here", "peer", elsewhere=True, retry_after_s=60.0), NOWHERE)
    failed = attempt.failed(PROMISE, hunt, ())
    assert (failed.sent, failed.retry_after_s, failed.rang) == (True, 60.0, False)


def test_each_end_has_its_words() -> None:
    left = CustomerLeft("p1", "c1d", 0.0)
    assert attempt.parted(PROMISE, End.MACHINE) == [MachineAnswered("p1", "c1d")]
    assert attempt.parted(PROMISE, End.HUNG_UP) == [left]
    assert attempt.parted(PROMISE, End.DECLINED) == [Withdraw("p1", "declined", "customer"), left]
    assert attempt.parted(PROMISE, End.NEVER) == [Withdraw("p1", "do not call", "customer"), left]


def test_only_who_asks_for_it_is_listed() -> None:
    assert attempt.listed(PROMISE, End.NEVER) == [NeverCall("+8613800138000", "asked by key", "customer")]
    assert not any(attempt.listed(PROMISE, end) for end in End if end is not End.NEVER)
