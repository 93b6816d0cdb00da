"""What belongs to what, and what never reaches the transaction user."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.core.errors import UsageError
from softswitch.sip.effect import AckArrived, CancelArrived, RequestArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint, Stray
from softswitch.sip.flow import Flow
from softswitch.sip.header import param
from softswitch.sip.message import Request, Response, parse, render
from softswitch.sip.response import respond, way_back
from softswitch.sip.timing import Timing
from softswitch.sip.transaction import Transaction
from tests.unit.sip.exchange import TCP, UDP, ids, request, response, sent


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(ids())


def arrive(endpoint: Endpoint, message: Request, now: float = 0.0) -> RequestArrived:
    (effect,) = endpoint.received(message, UDP, now)
    assert isinstance(effect, RequestArrived)
    return effect


def invite_out(endpoint: Endpoint, flow: Flow = UDP) -> Request:
    """An INVITE of ours, as any TU makes it."""
    (effect,) = endpoint.request(request(via="", more=(("Route", "<sip:p;lr>"),)), flow, "leg", 0.0)
    assert isinstance(effect, Send)
    assert isinstance(effect.message, Request)
    return effect.message


# ---- server side -----------------------------------------------------------------------------------------------


def test_a_request_is_reported_with_where_it_really_came_from(endpoint: Endpoint) -> None:
    via = "SIP/2.0/UDP phone.invalid;branch=z9hG4bKabc;rport"
    arrived = arrive(endpoint, request(via=via))
    assert arrived.request.via.received == "10.0.0.1"
    assert param(arrived.request.via.params, "rport") == "5060"


PLAIN = "SIP/2.0/UDP 10.0.0.1:7000;branch=z9hG4bKabc"


@pytest.mark.parametrize(
    ("via", "port"),
    [
        (PLAIN, 7000),
        (PLAIN.replace(":7000", ""), 5060),
        (PLAIN.replace("10.0.0.1", "phone.invalid"), 7000),
        (f"{PLAIN};maddr=10.9.9.9;received=10.9.9.9", 7000),
        (f"{PLAIN};rport", 41000),
    ],
)
def test_18_2_2_without_rport_the_answer_goes_to_the_port_of_the_via(via: str, port: int) -> None:
    """But never to another host than the one that the request came from, whatever its Via says."""
    endpoint = Endpoint(ids(), symmetric=False)
    flow = Flow("udp", UDP.local, ("10.0.0.1", 41000))
    (arrived,) = endpoint.received(request(via=via), flow, 0.0)
    assert isinstance(arrived, RequestArrived)
    assert arrived.flow == flow
    back = Flow("udp", UDP.local, ("10.0.0.1", port))
    ringing = respond(arrived.request, 180)
    assert endpoint.respond(arrived.transaction, ringing, 0.1) == [Send(ringing, back)]
    assert endpoint.received(request(via=via), flow, 0.5) == [Send(ringing, back)]


def test_behind_a_nat_the_answer_goes_where_the_request_came_from() -> None:
    flow = Flow("udp", UDP.local, ("10.0.0.1", 41000))
    (arrived,) = Endpoint(ids()).received(request(via=PLAIN), flow, 0.0)
    assert isinstance(arrived, RequestArrived)
    assert way_back(arrived.request, flow) == flow
    tcp = Flow("tcp", UDP.local, ("10.0.0.1", 41000), 7)
    assert way_back(arrived.request, tcp, symmetric=False) == tcp


def test_a_repeat_is_answered_with_the_last_response_and_not_reported(endpoint: Endpoint) -> None:
    arrived = arrive(endpoint, request())
    assert endpoint.received(request(), UDP, 0.5) == []
    ringing = respond(arrived.request, 180)
    assert endpoint.respond(arrived.transaction, ringing, 0.6) == [Send(ringing, UDP)]
    assert endpoint.received(request(), UDP, 1.0) == [Send(ringing, UDP)]


def test_the_answer_goes_where_the_request_was_last_heard_from(endpoint: Endpoint) -> None:
    arrived = arrive(endpoint, request("OPTIONS"))
    rebound = Flow("udp", UDP.local, ("10.0.0.1", 6666))
    endpoint.received(request("OPTIONS"), rebound, 0.5)
    ok = respond(arrived.request, 200)
    assert endpoint.respond(arrived.transaction, ok, 0.6) == [Send(ok, rebound)]


@pytest.mark.parametrize(
    "other",
    [
        request("OPTIONS"),
        request(via="SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKabc", cseq=2),
        request(via="SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKabd", cseq=2),
    ],
    ids=["method", "sent-by", "branch"],
)
def test_another_method_sent_by_or_branch_is_another_transaction(endpoint: Endpoint, other: Request) -> None:
    first = arrive(endpoint, request())
    assert arrive(endpoint, other).transaction != first.transaction


def test_without_the_magic_cookie_call_id_and_cseq_count_too(endpoint: Endpoint) -> None:
    old = "SIP/2.0/UDP 10.0.0.1:5060;branch=1"
    first = arrive(endpoint, request(via=old))
    assert endpoint.received(request(via=old), UDP, 0.1) == []
    assert arrive(endpoint, request(via=old, cseq=2)).transaction != first.transaction
    refusal = respond(first.request, 486, to_tag="us")
    endpoint.respond(first.transaction, refusal, 0.2)
    assert endpoint.received(request("ACK", via=old, to_tag="us"), UDP, 0.3) == []
    assert endpoint.received(request(via=old), UDP, 0.4) == []  # confirmed: the refusal is not sent again


def test_ack_to_a_refusal_is_absorbed_and_stops_the_repeats(endpoint: Endpoint) -> None:
    arrived = arrive(endpoint, request())
    endpoint.respond(arrived.transaction, respond(arrived.request, 486, to_tag="us"), 0.0)
    assert len(endpoint.tick(0.5)) == 1
    assert endpoint.received(request("ACK", to_tag="us"), UDP, 0.6) == []
    assert endpoint.deadline == pytest.approx(5.6)
    assert endpoint.tick(5.6) == []
    assert len(endpoint) == 0


@pytest.mark.parametrize("branch", ["z9hG4bKabc", "z9hG4bKown"])
def test_ack_to_a_2xx_is_reported_whatever_branch_it_has(endpoint: Endpoint, branch: str) -> None:
    arrived = arrive(endpoint, request())
    endpoint.respond(arrived.transaction, respond(arrived.request, 200, to_tag="us"), 0.0)
    ack = request("ACK", to_tag="us", via=f"SIP/2.0/UDP 10.0.0.1:5060;branch={branch}")
    assert endpoint.received(ack, UDP, 0.1) == [AckArrived(ack, UDP)]


def test_ack_for_nothing_is_a_stray(endpoint: Endpoint) -> None:
    assert endpoint.received(request("ACK"), UDP, 0.0) == [Stray("ack", "ACK")]


def test_cancel_in_time_is_answered_and_reported(endpoint: Endpoint) -> None:
    arrived = arrive(endpoint, request())
    ringing = respond(arrived.request, 180, to_tag="us")
    endpoint.respond(arrived.transaction, ringing, 0.1)
    cancel = request("CANCEL")
    effects = endpoint.received(cancel, UDP, 0.2)
    (ok,) = sent(effects)
    assert isinstance(ok, Response)
    assert (ok.status, ok.cseq.method, ok.to.tag) == (200, "CANCEL", "us")
    assert effects[1:] == [CancelArrived(arrived.transaction, cancel, UDP)]
    assert endpoint.received(request("CANCEL"), UDP, 0.3) == [Send(ok, UDP)]


def test_cancel_after_the_final_response_is_answered_and_means_nothing(endpoint: Endpoint) -> None:
    arrived = arrive(endpoint, request())
    endpoint.respond(arrived.transaction, respond(arrived.request, 200, to_tag="us"), 0.1)
    effects = endpoint.received(request("CANCEL"), UDP, 0.2)
    assert [type(effect) for effect in effects] == [Send]
    assert sent(effects)[0].status == 200  # type: ignore[union-attr]


def test_cancel_for_nothing_is_481(endpoint: Endpoint) -> None:
    (answer,) = sent(endpoint.received(request("CANCEL"), UDP, 0.0))
    assert isinstance(answer, Response)
    assert answer.status == 481
    assert answer.to.tag


def test_the_same_request_by_another_way_is_482(endpoint: Endpoint) -> None:
    arrive(endpoint, request())
    forked = request(via="SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKother")
    (answer,) = sent(endpoint.received(forked, UDP, 0.1))
    assert isinstance(answer, Response)
    assert answer.status == 482


def test_a_merged_request_is_welcome_when_the_first_is_forgotten(endpoint: Endpoint) -> None:
    first = arrive(endpoint, request("OPTIONS"))
    endpoint.respond(first.transaction, respond(first.request, 200), 0.0)
    endpoint.tick(32.0)
    arrive(endpoint, request("OPTIONS", via="SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKother"), 33.0)


def test_an_answer_that_comes_too_late_is_no_mistake(endpoint: Endpoint) -> None:
    arrived = arrive(endpoint, request("OPTIONS"))
    endpoint.tick(32.0)
    assert len(endpoint) == 0
    assert endpoint.respond(arrived.transaction, respond(arrived.request, 200), 33.0) == []


# ---- too much --------------------------------------------------------------------------------------------------


def full() -> Endpoint:
    """An endpoint that has all that it may have: one INVITE of the peer's, one of ours."""
    endpoint = Endpoint(ids(), most=2)
    arrive(endpoint, request())
    return endpoint


def another(method: str, to_tag: str = "") -> Request:
    return request(method, via="SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKnew", to_tag=to_tag, call_id="call-2")


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "OPTIONS"])
def test_beyond_the_most_a_new_request_is_not_taken(method: str) -> None:
    endpoint = full()
    invite_out(endpoint)
    assert endpoint.received(another(method), UDP, 0.1) == [Stray("overload", method)]
    assert len(endpoint) == 2


def test_who_has_a_call_cannot_fill_the_memory_through_it() -> None:
    endpoint = Endpoint(ids(), most=8)
    for number in range(20):
        info = request("INFO", via=f"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKi{number}", to_tag="us")
        endpoint.received(info, UDP, 0.0)
    assert len(endpoint) == 10
    arrive(endpoint, another("BYE", to_tag="us"), 0.1)


def test_700_calls_a_second_over_udp_are_not_too_many() -> None:
    endpoint, timing = Endpoint(ids()), Timing()
    invite_out(endpoint)
    (one,) = endpoint._clients.values()
    of_each_s = 3 * timing.timeout + timing.t4  # both INVITEs, the BYE that we get and the one that we send
    endpoint._clients |= dict.fromkeys(map(str, range(round(700 * of_each_s))), one)
    arrive(endpoint, another("INVITE"), 0.1)


def test_at_the_most_what_belongs_to_something_goes_on() -> None:
    endpoint = full()
    made = invite_out(endpoint)
    arrive(endpoint, another("BYE", to_tag="us"), 0.1)
    assert isinstance(endpoint.received(another("ACK", to_tag="us"), UDP, 0.1)[0], AckArrived)
    assert isinstance(endpoint.received(response(made, 180), UDP, 0.1)[0], ResponseArrived)
    assert isinstance(endpoint.received(request("CANCEL"), UDP, 0.1)[1], CancelArrived)
    assert endpoint.received(request(), UDP, 0.2) == []  # a repeat: it has its transaction


def test_room_is_made_by_what_ends() -> None:
    endpoint = full()
    invite_out(endpoint)
    endpoint.tick(32.0)
    arrive(endpoint, another("OPTIONS"), 32.1)


# ---- client side -----------------------------------------------------------------------------------------------


def test_our_via_has_the_listener_a_branch_and_rport(endpoint: Endpoint) -> None:
    via = invite_out(endpoint).via
    assert (via.transport, via.host, via.port, param(via.params, "rport")) == ("UDP", "10.0.0.2", 5060, "")
    assert via.branch is not None
    assert via.branch.startswith("z9hG4bK")


def test_ipv6_in_our_via_has_brackets(endpoint: Endpoint) -> None:
    made = invite_out(endpoint, Flow("tcp", ("2001:db8::1", 5060), ("2001:db8::2", 5060)))
    assert (made.headers.get("Via") or "").startswith("SIP/2.0/TCP [2001:db8::1]:5060;")


def test_responses_find_their_owner(endpoint: Endpoint) -> None:
    made = invite_out(endpoint)
    ringing = response(made, 180)
    (effect,) = endpoint.received(ringing, UDP, 0.1)
    assert isinstance(effect, ResponseArrived)
    assert (effect.owner, effect.response) == ("leg", ringing)


def test_every_provisional_and_every_2xx_is_reported(endpoint: Endpoint) -> None:
    made = invite_out(endpoint)
    for status, tag in ((180, "x"), (183, "x"), (180, "x"), (200, "x"), (200, "x"), (200, "y")):
        (effect,) = endpoint.received(response(made, status, tag), UDP, 0.1)
        assert isinstance(effect, ResponseArrived)


def test_a_refusal_is_acknowledged_hop_by_hop(endpoint: Endpoint) -> None:
    made = invite_out(endpoint)
    ack, reported = endpoint.received(response(made, 486, "busy"), UDP, 0.1)
    assert isinstance(reported, ResponseArrived)
    assert isinstance(ack, Send)
    message = parse(render(ack.message))
    assert isinstance(message, Request)
    assert (message.method, message.uri, str(message.cseq)) == ("ACK", made.uri, "1 ACK")
    assert message.headers.all("Via") == made.headers.all("Via")
    assert message.headers.all("Route") == ["<sip:p;lr>"]
    assert message.to.tag == "busy"
    assert endpoint.received(response(made, 486, "busy"), UDP, 0.2) == [ack]


def test_a_response_to_nothing_is_a_stray(endpoint: Endpoint) -> None:
    made = invite_out(endpoint)
    foreign = response(request(), 200)
    assert endpoint.received(foreign, UDP, 0.1) == [Stray("response", "INVITE")]
    misrouted = response(made, 200)
    misrouted.headers.add("Via", "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx")
    assert endpoint.received(misrouted, UDP, 0.1) == [Stray("response", "INVITE")]


def test_cancel_has_the_invites_branch_number_and_route(endpoint: Endpoint) -> None:
    made = invite_out(endpoint)
    endpoint.received(response(made, 180), UDP, 0.1)
    (cancel,) = sent(endpoint.cancel("leg", 0.2))
    assert isinstance(cancel, Request)
    assert (cancel.method, cancel.uri, str(cancel.cseq)) == ("CANCEL", made.uri, "1 CANCEL")
    assert cancel.headers.all("Via") == made.headers.all("Via")
    assert cancel.headers.all("Route") == ["<sip:p;lr>"]
    assert cancel.to.tag is None
    assert endpoint.cancel("leg", 0.3) == []


def test_what_becomes_of_the_cancel_itself_is_nobodys_business(endpoint: Endpoint) -> None:
    made = invite_out(endpoint)
    endpoint.received(response(made, 180), UDP, 0.1)
    (cancel,) = sent(endpoint.cancel("leg", 0.2))
    assert isinstance(cancel, Request)
    assert endpoint.received(response(cancel, 200), UDP, 0.3) == []


def test_cancel_without_any_answer_ends_the_invite_once(endpoint: Endpoint) -> None:
    made = invite_out(endpoint)
    endpoint.received(response(made, 180), UDP, 0.0)
    endpoint.cancel("leg", 1.0)
    effects = []
    while (moment := endpoint.deadline) is not None:
        effects += endpoint.tick(moment)
    ends = [effect for effect in effects if isinstance(effect, TransactionFailed)]
    assert [(end.owner, end.method, end.why) for end in ends] == [("leg", "INVITE", "timeout")]
    assert len(endpoint) == 0


def test_cancel_of_nothing_and_of_the_finished(endpoint: Endpoint) -> None:
    assert endpoint.cancel("leg", 0.0) == []
    made = invite_out(endpoint)
    endpoint.received(response(made, 486), UDP, 0.1)
    assert endpoint.cancel("leg", 0.2) == []


def test_cancel_before_any_provisional_is_a_mistake_of_ours(endpoint: Endpoint) -> None:
    invite_out(endpoint)
    with pytest.raises(UsageError):
        endpoint.cancel("leg", 0.0)


def test_ack_to_a_2xx_has_a_via_of_its_own_and_no_transaction(endpoint: Endpoint) -> None:
    ack = request("ACK", via="", to_tag="x")
    assert endpoint.ack(ack, UDP) == [Send(ack, UDP)]
    assert ack.via.host == "10.0.0.2"
    assert len(endpoint) == 0


def test_a_broken_flow_fails_the_requests_that_went_over_it(endpoint: Endpoint) -> None:
    invite_out(endpoint, TCP)
    endpoint.request(request("OPTIONS", via=""), UDP, "other", 0.0)
    (effect,) = endpoint.transport_failed(TCP, 0.1)
    assert isinstance(effect, TransactionFailed)
    assert (effect.owner, effect.why) == ("leg", "transport")
    assert len(endpoint) == 1


@pytest.mark.parametrize(
    "change",
    [{"transport": "tls"}, {"local": ("10.0.0.3", 5060)}, {"remote": ("10.0.0.1", 5070)}, {"host": "a.example"}],
)
def test_where_there_is_no_connection_yet_a_way_that_fails_is_no_other_way(
    endpoint: Endpoint, change: dict[str, object]
) -> None:
    way = replace(TCP, connection=0)
    invite_out(endpoint, way)
    assert endpoint.transport_failed(replace(way, **change), 0.1) == []  # type: ignore[arg-type]
    assert len(endpoint.transport_failed(replace(way, advertised=("pbx.example", 5060)), 0.2)) == 1


def test_a_closed_connection_costs_what_it_carried(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not all transactions are asked: with 30,000 of them that took 10 ms for each connection."""
    for number in range(50):
        endpoint.request(request("OPTIONS", via=""), UDP, f"other{number}", 0.0)
    invite_out(endpoint, TCP)
    stepped: list[str] = []
    plain = Transaction.handle
    monkeypatch.setattr(Flow, "__eq__", lambda *_: pytest.fail("flows are compared one by one"))
    monkeypatch.setattr(Transaction, "handle", lambda one, *more: stepped.append(one.owner) or plain(one, *more))
    endpoint.transport_failed(TCP, 0.1)
    assert stepped == ["leg"]


def test_a_request_that_is_repeated_over_another_connection_belongs_to_that(endpoint: Endpoint) -> None:
    ws = replace(TCP, transport="ws")
    endpoint.received(request("OPTIONS"), ws, 0.0)
    endpoint.received(request("OPTIONS"), replace(ws, connection=8), 0.1)
    endpoint.transport_failed(ws, 0.2)
    assert len(endpoint) == 1
    endpoint.transport_failed(replace(ws, connection=8), 0.3)
    assert len(endpoint) == 0


def test_a_request_that_is_held_back_is_over_at_once_and_its_owner_hears_so(endpoint: Endpoint) -> None:
    (send,) = endpoint.request(request(), UDP, "leg-1", 0.0)
    assert isinstance(send, Send) and send.begins and isinstance(send.message, Request)
    (failed,) = endpoint.unsent(send.message)
    assert isinstance(failed, TransactionFailed)
    assert (failed.owner, failed.method, failed.why, failed.status) == ("leg-1", "INVITE", "late", 503)
    assert not len(endpoint) and endpoint.deadline is None and endpoint.tick(100.0) == []
