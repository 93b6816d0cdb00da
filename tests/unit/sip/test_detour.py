"""RFC 3261 section 18.1.1: long requests over TCP, and back to UDP where nobody takes a connection."""

from __future__ import annotations

import pytest

from softswitch.core.ids import Ids
from softswitch.sip.detour import LONGEST_DATAGRAM, MEMORY_S
from softswitch.sip.effect import ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Address, Flow
from softswitch.sip.message import Request, render
from tests.unit.sip.exchange import UDP, request, response

STREAM = Flow("tcp", UDP.local, UDP.remote)


def stream_to(remote: Address) -> Flow | None:
    return Flow("tcp", UDP.local, remote)


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(Ids(lambda bits: 5), stream_to=stream_to)


def long(length: int = 2000, method: str = "INVITE") -> Request:
    return request(method, via="", body=b"x" * length)


def send(endpoint: Endpoint, message: Request, now: float = 0.0) -> Send:
    (effect,) = endpoint.request(message, UDP, "leg", now)
    assert isinstance(effect, Send)
    return effect


def fitting(endpoint: Endpoint, over: int = 0) -> Request:
    """A request that is exactly as long as a datagram may be, or ``over`` longer."""
    short = render(send(Endpoint(Ids(lambda bits: 5)), long(100)).message)
    missing = LONGEST_DATAGRAM - len(short)
    return long(100 + missing - 1 + over)  # Content-Length has one digit more


@pytest.mark.parametrize(("over", "transport"), [(0, "udp"), (1, "tcp")])
def test_18_1_1_a_request_larger_than_1300_bytes_goes_over_tcp(endpoint: Endpoint, over: int, transport: str) -> None:
    sent = send(endpoint, fitting(endpoint, over))
    assert sent.flow.transport == transport
    assert isinstance(sent.message, Request)
    assert sent.message.via.transport == transport.upper()  # the value in the top Via MUST be changed
    assert transport == "tcp" or len(render(sent.message)) == LONGEST_DATAGRAM


def test_17_1_1_2_over_tcp_it_is_not_repeated(endpoint: Endpoint) -> None:
    send(endpoint, long())
    assert endpoint.tick(31.9) == []


def test_18_1_1_where_the_connection_is_refused_it_goes_over_udp(endpoint: Endpoint) -> None:
    first = send(endpoint, long())
    assert isinstance(first.message, Request)
    branch = first.message.via.branch
    (again,) = endpoint.transport_failed(STREAM, 1.0)
    assert isinstance(again, Send)
    assert again.flow == UDP
    assert isinstance(again.message, Request)
    assert (again.message.via.transport, again.message.via.branch) == ("UDP", branch)
    assert len(again.message.vias) == 1
    (repeat,) = endpoint.tick(1.5)  # timer A, from when the datagram went
    assert isinstance(repeat, Send)
    assert isinstance(endpoint.received(response(again.message, 200), UDP, 2.0)[0], ResponseArrived)


def test_it_is_remembered_who_takes_no_connection(endpoint: Endpoint) -> None:
    send(endpoint, long())
    endpoint.transport_failed(STREAM, 1.0)
    assert send(endpoint, long(), 2.0).flow == UDP
    assert send(endpoint, long(), 1.0 + MEMORY_S).flow == STREAM


def test_what_has_been_heard_over_tcp_is_not_sent_again(endpoint: Endpoint) -> None:
    sent = send(endpoint, long())
    assert isinstance(sent.message, Request)
    endpoint.received(response(sent.message, 180), STREAM, 0.5)
    assert endpoint.transport_failed(STREAM, 1.0) == []
    assert send(endpoint, long(), 2.0).flow == STREAM


def test_a_cancel_goes_the_way_of_its_invite(endpoint: Endpoint) -> None:
    sent = send(endpoint, long())
    assert isinstance(sent.message, Request)
    endpoint.received(response(sent.message, 180), STREAM, 0.5)
    (cancel,) = endpoint.cancel("leg", 1.0)
    assert isinstance(cancel, Send)
    assert cancel.flow == STREAM
    assert isinstance(cancel.message, Request)
    assert cancel.message.via.transport == "TCP"


def test_without_a_tcp_listener_everything_is_a_datagram() -> None:
    assert send(Endpoint(Ids(lambda bits: 5)), long()).flow == UDP


def test_where_neither_way_gets_through_it_has_failed(endpoint: Endpoint) -> None:
    send(endpoint, long(method="MESSAGE"))
    endpoint.transport_failed(STREAM, 1.0)
    (failed,) = endpoint.transport_failed(UDP, 1.1)
    assert isinstance(failed, TransactionFailed)
