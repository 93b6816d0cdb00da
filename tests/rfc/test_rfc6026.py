"""RFC 6026: the Accepted states, and what becomes of a 2xx to an INVITE and of its ACK. In seconds."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Released
from softswitch.sip.effect import AckArrived, ResponseArrived
from softswitch.sip.endpoint import Stray
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.timing import Timing
from tests.rfc.clock import Layer, repeats, wire
from tests.rfc.ends import Caller, NullSwitch
from tests.unit.call.peer import OFFER, answered, requests_in, response_in
from tests.unit.sip.exchange import TCP, UDP, request

BOTH = pytest.mark.parametrize("flow", [UDP, TCP], ids=["udp", "tcp"])


def accepted(flow: Flow = UDP, timing: Timing | None = None) -> Layer:
    """A server that has sent 200."""
    one = Layer(flow, timing)
    one.takes()
    one.says(200)
    return one


def ack(branch: str = "z9hG4bKack") -> Request:
    return request("ACK", via=f"SIP/2.0/UDP 10.0.0.1:5060;branch={branch};rport", to_tag="ours")


# ---- 7.1 INVITE server -----------------------------------------------------------------------------------------


@BOTH
def test_7_1_a_2xx_leads_to_accepted_for_64_t1_over_any_transport(flow: Flow) -> None:
    one = accepted(flow)
    assert one.alive
    assert one.ends() == 32.0


def test_7_1_timer_l_scales_with_t1() -> None:
    assert accepted(timing=Timing(t1=0.1)).ends() == 6.4


def test_7_1_the_2xx_is_not_repeated_by_the_transaction() -> None:
    assert repeats(accepted().passes(60)) == []


def test_7_1_a_repeated_invite_is_absorbed_without_an_answer() -> None:
    one = accepted()
    assert one.takes() == []


def test_7_1_an_invite_after_timer_l_is_a_new_one() -> None:
    one = accepted()
    one.passes(33)
    assert len(one.takes()) == 1


def test_7_1_a_further_2xx_of_the_user_is_sent() -> None:
    assert wire(accepted().says(200)) == ["200"]


@pytest.mark.parametrize("status", [180, 486])
def test_7_1_nothing_else_of_the_user_is_sent_any_more(status: int) -> None:
    assert accepted().says(status) == []


@pytest.mark.parametrize("branch", ["z9hG4bKabc", "z9hG4bKack"], ids=["the INVITE's branch", "its own branch"])
def test_7_1_the_ack_goes_to_the_user_and_leaves_the_state(branch: str) -> None:
    one = accepted()
    (arrived,) = one.takes(ack(branch))
    assert isinstance(arrived, AckArrived)
    assert one.alive


@pytest.mark.parametrize("status", [0, 180, 200, 486])
def test_7_1_a_response_that_does_not_get_out_changes_no_state(status: int) -> None:
    """The peer repeats its INVITE, or comes back by another connection."""
    one = Layer(TCP)
    one.takes()
    if status:
        one.says(status)
    assert one.endpoint.transport_failed(TCP, 0.1) == []
    assert one.alive


def test_7_1_the_user_hears_of_a_dead_peer_by_the_ack_that_does_not_come() -> None:
    leg, _ = answered()
    said = [effect for at in range(1, 40) for effect in leg.tick(float(at))]
    assert [end for end in said if isinstance(end, Released)]
    (bye, *_) = requests_in(said)
    assert bye.method == "BYE"


# ---- 7.2 INVITE client -----------------------------------------------------------------------------------------


@BOTH
def test_7_2_a_2xx_leads_to_accepted_for_64_t1_over_any_transport(flow: Flow) -> None:
    one = Layer(flow)
    one.hears(one.asks(), 200)
    assert one.ends() == 32.0


def test_7_2_each_2xx_goes_to_the_user_repeats_and_other_branches_too() -> None:
    one = Layer()
    invite = one.asks()
    for tag in ("a", "a", "b"):
        (heard,) = one.hears(invite, 200, tag)
        assert isinstance(heard, ResponseArrived) and heard.response.to.tag == tag


def test_7_2_the_transaction_acknowledges_none_of_them() -> None:
    one = Layer()
    assert wire(one.hears(one.asks(), 200)) == []


def test_7_2_the_user_acknowledges_each() -> None:
    one = Caller()
    invite, ack = one.up()
    (again,) = one.answered(invite, 200, body=OFFER)
    assert isinstance(again, Request)
    assert (again.method, again.cseq, again.to.tag) == ("ACK", ack.cseq, ack.to.tag)


@pytest.mark.parametrize("status", [100, 180, 486])
def test_7_2_in_accepted_nothing_but_a_2xx_is_heard(status: int) -> None:
    one = Layer()
    invite = one.asks()
    one.hears(invite, 200)
    assert one.hears(invite, status) == []


def test_7_2_in_accepted_a_transport_failure_changes_nothing() -> None:
    one = Layer(TCP)
    one.hears(one.asks(), 200)
    assert one.endpoint.transport_failed(TCP, 0.1) == []
    assert one.alive


# ---- 7.3 and 8: what belongs to nothing ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [180, 200, 486])
def test_8_a_response_that_matches_no_transaction_is_dropped(status: int) -> None:
    one = Layer()
    invite = one.asks()
    one.hears(invite, 200)
    one.ends()
    (dropped,) = one.hears(invite, status)
    assert isinstance(dropped, Stray)


def test_8_what_is_sent_twice_is_a_repeat_of_the_transaction_s_own_response() -> None:
    """A 2xx without a transaction goes nowhere: a user that is late sends nothing."""
    one = accepted()
    one.ends()
    assert one.says(200) == []


def test_8_an_ack_for_no_dialog_is_dropped() -> None:
    assert NullSwitch().hears(ack()) == []


def test_8_the_2xx_is_repeated_by_the_user_until_the_ack() -> None:
    leg, _ = answered()
    times = [at / 10 for at in range(1, 400) if [one for one in leg.tick(at / 10) if _is_200(one)]]
    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_8_a_repeated_2xx_is_the_same_message() -> None:
    leg, first = answered()
    assert response_in(leg.tick(0.5)) == first


def _is_200(effect: object) -> bool:
    response_ = getattr(effect, "response", None)
    return response_ is not None and response_.status == 200
