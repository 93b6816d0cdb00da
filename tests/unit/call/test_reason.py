"""Why it ended: Reason, carried from one leg's peer to the other's (RFC 3326)."""

from __future__ import annotations

from softswitch.call.signal import Failed, Offered, Reject, Release, Released, Ring
from softswitch.sip.effect import CancelArrived
from softswitch.sip.reason import ELSEWHERE, Reason
from tests.support.sip_pair import Pair
from tests.unit.call.peer import answer, calling, offered, requests_in, response_in, up
from tests.unit.call.test_ladder import answering, ends, hanging_up
from tests.unit.sip.exchange import UDP, request

BUSY = Reason("Q.850", 17, "User busy")


def test_a_bye_says_why_and_the_other_end_hears_it() -> None:
    pair = hanging_up(answering(Pair()), "a", 10.0, Release(causes=(BUSY,)))
    pair.dial()
    pair.run(100.0)
    assert ends(pair, "b") == [Released("in0", "peer", "bye", (BUSY,))]


def test_a_bye_that_has_to_wait_for_the_ack_says_why_too() -> None:
    pair = hanging_up(answering(Pair()), "b", 2.015, Release(causes=(BUSY,)))
    pair.dial()
    pair.run(100.0)
    assert ends(pair, "a") == [Released("out", "peer", "bye", (BUSY,))]


def test_a_cancel_says_that_somebody_else_has_answered() -> None:
    pair = hanging_up(Pair(), "a", 5.0, Release(causes=(ELSEWHERE,)))
    pair.hear = lambda _side, signal: [(1.0, "b", Ring())] if isinstance(signal, Offered) else []
    pair.dial()
    pair.run(100.0)
    assert ends(pair, "b") == [Failed("in0", 487, "cancelled", "peer", causes=(ELSEWHERE,))]


def test_a_cancel_that_has_to_wait_says_it_too() -> None:
    leg, sent = calling()
    leg.handle(Release(causes=(ELSEWHERE,)), 0.1)
    (order,) = answer(leg, sent, 180)
    assert order.causes == (ELSEWHERE,)  # type: ignore[attr-defined]


def test_a_cancel_without_a_reason_has_none() -> None:
    leg, _ = offered()
    effects = leg.handle(CancelArrived("t1", request("CANCEL", more=(("Reason", "nonsense"),)), UDP), 1.0)
    assert effects[1] == Failed("in", 487, "cancelled", "peer")


def test_a_refusal_carries_it_both_ways() -> None:
    leg, _ = offered()
    assert response_in(leg.handle(Release(480, (BUSY,)), 1.0)).headers.get("Reason") == str(BUSY)
    out, sent = calling()
    (failed, _) = answer(out, sent, 486, more=(("Reason", str(BUSY)),))
    assert failed.causes == (BUSY,)  # type: ignore[attr-defined]
    assert "Reason" not in response_in(offered()[0].handle(Reject(486), 1.0)).headers


def test_our_own_end_of_a_call_has_no_reason() -> None:
    (bye,) = requests_in(up().handle(Release(), 1.0))
    assert "Reason" not in bye.headers
