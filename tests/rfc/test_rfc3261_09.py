"""RFC 3261 section 9: CANCEL, sent and received."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Answered, Failed, Release, Ring
from softswitch.core.errors import UsageError
from softswitch.sip.effect import CancelArrived, RequestArrived, Send
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.response import respond
from tests.rfc.ends import Caller, NullSwitch, beside
from tests.unit.call.peer import OFFER, OURS
from tests.unit.sip.exchange import TCP, UDP, ids, request, response

ROUTE = (("Route", "<sip:edge.example;lr>"), ("Require", "100rel"), ("Proxy-Require", "wonder"))


@pytest.fixture
def pair() -> tuple[Request, Request]:
    """An INVITE and its CANCEL."""
    one = Caller()
    invite = one.dial(ROUTE)
    one.answered(invite, 180)
    (cancel,) = one.tell(Release())
    assert isinstance(cancel, Request)
    return invite, cancel


# ---- 9.1 client ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "BYE"])
def test_9_1_nothing_but_an_invite_is_cancelled(method: str) -> None:
    endpoint = Endpoint(ids())
    endpoint.request(request(method, via=""), UDP, "owner", 0.0)
    assert endpoint.cancel("owner", 0.1) == []


def test_9_1_request_uri_call_id_to_from_and_the_number_are_those_of_the_invite(pair: tuple[Request, Request]) -> None:
    invite, cancel = pair
    assert (cancel.method, cancel.uri) == ("CANCEL", invite.uri)
    assert all(cancel.headers.get(name) == invite.headers.get(name) for name in ("Call-ID", "To", "From"))
    assert cancel.cseq.number == invite.cseq.number


def test_9_1_the_only_via_is_the_top_one_of_the_invite(pair: tuple[Request, Request]) -> None:
    invite, cancel = pair
    assert cancel.headers.all("Via") == invite.headers.all("Via")[:1]


def test_9_1_the_method_of_the_cseq_is_cancel(pair: tuple[Request, Request]) -> None:
    assert pair[1].cseq.method == "CANCEL"


def test_9_1_the_route_is_that_of_the_invite(pair: tuple[Request, Request]) -> None:
    invite, cancel = pair
    assert cancel.headers.all("Route") == invite.headers.all("Route") == ["<sip:edge.example;lr>"]


def test_9_1_there_is_no_require_and_no_proxy_require(pair: tuple[Request, Request]) -> None:
    assert "Require" in pair[0].headers
    assert "Require" not in pair[1].headers and "Proxy-Require" not in pair[1].headers


def test_9_1_it_waits_for_a_provisional_response() -> None:
    one = Caller()
    invite = one.dial()
    assert one.tell(Release()) == []
    (cancel,) = one.answered(invite, 100, tag="")
    assert isinstance(cancel, Request) and cancel.method == "CANCEL"


def test_9_1_the_transaction_layer_does_not_let_it_out_before() -> None:
    endpoint = Endpoint(ids())
    endpoint.request(request(via=""), UDP, "leg", 0.0)
    with pytest.raises(UsageError):
        endpoint.cancel("leg", 0.1)


@pytest.mark.parametrize("status", [200, 486])
def test_9_1_after_the_final_response_it_is_not_sent(status: int) -> None:
    endpoint = Endpoint(ids())
    (sent,) = endpoint.request(request(via=""), UDP, "leg", 0.0)
    assert isinstance(sent, Send) and isinstance(sent.message, Request)
    endpoint.received(response(sent.message, status), UDP, 0.1)
    assert endpoint.cancel("leg", 0.2) == []


def test_9_1_instead_of_a_cancel_that_came_too_late_there_is_an_ack_and_a_bye() -> None:
    one = Caller()
    invite = one.dial()
    one.answered(invite, 180)
    one.tell(Release())
    said = one.answered(invite, 200, body=OFFER)
    assert [each.method for each in said if isinstance(each, Request)] == ["ACK", "BYE"]


@pytest.mark.parametrize(
    "flow", [UDP, TCP, Flow("tls", UDP.local, ("10.0.0.1", 5061))], ids=lambda flow: flow.transport
)
def test_9_1_it_goes_where_the_invite_went(flow: Flow) -> None:
    endpoint = Endpoint(ids())
    (sent,) = endpoint.request(request(via=""), flow, "leg", 0.0)
    endpoint.received(response(sent.message, 180), flow, 0.1)  # type: ignore[attr-defined]
    (cancel,) = endpoint.cancel("leg", 0.2)
    assert isinstance(cancel, Send) and cancel.flow == flow


def test_9_1_it_is_a_transaction_of_its_own_and_repeated_as_such() -> None:
    one = Caller()
    one.answered(one.dial(), 180)
    one.tell(Release())
    said = one.passes(2.0)
    assert [at for at, each in said if isinstance(each, Request) and each.method == "CANCEL"] == [0.5, 1.5]


def test_9_1_without_a_final_response_the_invite_is_over_after_64_t1() -> None:
    """An RFC 2543 server sends no 487."""
    endpoint = Endpoint(ids())
    (sent,) = endpoint.request(request(via=""), UDP, "leg", 0.0)
    invite = sent.message  # type: ignore[attr-defined]
    endpoint.received(response(invite, 180), UDP, 0.0)
    (cancel,) = endpoint.cancel("leg", 1.0)
    endpoint.received(response(cancel.message, 200), UDP, 1.1)  # type: ignore[attr-defined]
    endpoint.tick(6.2)  # timer K of the CANCEL
    endpoint.tick(32.9)
    assert len(endpoint) == 1
    endpoint.tick(33.0)
    assert len(endpoint) == 0


# ---- 9.2 server ------------------------------------------------------------------------------------------------


def begun(method: str = "INVITE") -> tuple[Endpoint, RequestArrived]:
    endpoint = Endpoint(ids())
    (arrived,) = endpoint.received(request(method), UDP, 0.0)
    assert isinstance(arrived, RequestArrived)
    return endpoint, arrived


def callee() -> tuple[Caller, Request]:
    """A user agent of ours that is called, and the INVITE."""
    one = Caller()
    invite = request(body=OFFER, more=(("Content-Type", "application/sdp"),))
    assert one.hears(invite) == []
    (arrived,) = one.told
    assert isinstance(arrived, RequestArrived)
    one.leg = one.agent.take(arrived, OURS)
    one.agent.tell(one.leg.id, arrived, 0.0)
    one.told.clear()
    return one, invite


@pytest.mark.parametrize(("name", "value"), [
    ("Via", "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKother"), ("Via", "SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKabc"),
])  # fmt: skip
def test_9_2_what_is_cancelled_is_found_by_branch_and_sent_by(name: str, value: str) -> None:
    endpoint, arrived = begun()
    other = beside(request(), "CANCEL")
    other.headers.replace_first(name, value)
    (refused,) = endpoint.received(other, UDP, 0.1)
    assert refused.message.status == 481  # type: ignore[attr-defined]
    _, cancelled = endpoint.received(beside(request(), "CANCEL"), UDP, 0.2)
    assert isinstance(cancelled, CancelArrived) and cancelled.transaction == arrived.transaction


def test_9_2_it_is_never_challenged() -> None:
    switch = NullSwitch()
    assert switch.answer(beside(request(), "CANCEL")).status == 481


def test_9_2_without_a_matching_transaction_it_is_481() -> None:
    (refused,) = Endpoint(ids()).received(beside(request(), "CANCEL"), UDP, 0.0)
    assert refused.message.status == 481  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [200, 486])
def test_9_2_after_the_final_response_it_is_answered_and_has_no_effect(status: int) -> None:
    endpoint, arrived = begun()
    endpoint.respond(arrived.transaction, respond(arrived.request, status, to_tag="t"), 0.1)
    (answered,) = endpoint.received(beside(request(), "CANCEL"), UDP, 0.2)
    assert answered.message.status == 200  # type: ignore[attr-defined]


def test_9_2_the_invite_gets_487_at_once() -> None:
    one, invite = callee()
    said = one.hears(beside(invite, "CANCEL"))
    assert {(each.status, each.cseq.method) for each in said if isinstance(each, Response)} == {
        (200, "CANCEL"), (487, "INVITE"),
    }  # fmt: skip
    assert [end.status for end in one.told if isinstance(end, Failed)] == [487]
    assert not [end for end in one.told if isinstance(end, Answered)]


def test_9_2_other_methods_are_not_affected() -> None:
    """It is not even answered 200, as the section has it: our answers to them are not waited for (docs/sip.md)."""
    endpoint, arrived = begun("OPTIONS")
    (refused,) = endpoint.received(beside(request("OPTIONS"), "CANCEL"), UDP, 0.1)
    assert refused.message.status == 481  # type: ignore[attr-defined]
    assert len(endpoint.respond(arrived.transaction, respond(arrived.request, 200), 0.2)) == 1


@pytest.mark.parametrize("rung", [True, False], ids=["after 180", "after 100"])
def test_9_2_the_responses_to_the_cancel_and_to_the_invite_have_one_to_tag(rung: bool) -> None:
    one, invite = callee()
    if rung:
        one.tell(Ring())
    said = one.hears(beside(invite, "CANCEL"))
    assert len({each.to.tag for each in said if isinstance(each, Response)}) == 1


def test_9_2_its_response_is_sent_by_a_server_transaction() -> None:
    """A repeat gets the same once more."""
    endpoint, _ = begun()
    (first, _) = endpoint.received(beside(request(), "CANCEL"), UDP, 0.1)
    (again,) = endpoint.received(beside(request(), "CANCEL"), UDP, 0.6)
    assert first == again
