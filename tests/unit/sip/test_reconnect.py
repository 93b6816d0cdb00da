"""The peer has closed the connection: it is called at the port where it listens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.sip import reconnect
from softswitch.sip.effect import ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from tests.unit.sip.exchange import TCP, UDP, ids, request, response

LISTENS = replace(TCP, remote=("10.0.0.1", 5070), connection=0)
VIA = "SIP/2.0/TCP 10.0.0.1:5070;branch=z9hG4bKabc"
ELSEWHERE = "sip:1001@192.0.2.9:5070"


@pytest.mark.parametrize(
    ("transport", "via", "port", "host"),
    [
        ("tcp", VIA, 5070, ""),
        ("tcp", VIA.replace(":5070", ""), 5060, ""),
        ("tcp", VIA.replace("10.0.0.1", "192.0.2.9"), 5070, ""),
        ("tls", VIA.replace("10.0.0.1:5070", "carrier.example"), 5061, "carrier.example"),
    ],
)
def test_answers_go_to_the_port_of_the_via_at_the_host_that_it_was(
    transport: str, via: str, port: int, host: str
) -> None:
    way = reconnect.for_response(request(via=via), replace(TCP, transport=transport))
    assert way == Flow(transport, TCP.local, ("10.0.0.1", port), 0, host)


@pytest.mark.parametrize("flow", [UDP, replace(TCP, connection=0), replace(TCP, transport="ws")])
def test_there_is_no_other_way_where_there_was_no_connection_or_nobody_listens(flow: Flow) -> None:
    assert reconnect.for_response(request(via=VIA), flow) is None


@pytest.mark.parametrize(
    ("uri", "route", "way"),
    [
        ("sip:1001@10.0.0.1:5070", "", LISTENS),
        ("sip:1001@192.168.0.9:5060", "<sip:10.0.0.1:5070;lr>", LISTENS),
        ("sip:1001@10.0.0.1:5070", "<sip:192.0.2.9;lr>", None),
        (ELSEWHERE, "", None),
        ("tel:1001", "", None),
        ("sip:1001@10.0.0.1:5070", "<sip:", None),
    ],
)
def test_requests_go_to_the_route_or_target_if_that_is_the_same_host(uri: str, route: str, way: Flow | None) -> None:
    made = request("BYE", uri=uri, to_tag="t", more=(("Route", route),))
    assert reconnect.for_request(made, TCP) == way


def test_outside_a_dialog_a_lost_connection_is_a_lost_request() -> None:
    assert reconnect.for_request(request(uri="sip:1001@10.0.0.1:5070"), TCP) is None


# ---- the endpoint ----------------------------------------------------------------------------------------------


def bye(endpoint: Endpoint) -> Request:
    made = request("BYE", via="", uri="sip:1001@10.0.0.1:5070", to_tag="t")
    (sent,) = endpoint.request(made, TCP, "leg", 0.0)
    assert isinstance(sent, Send) and isinstance(sent.message, Request)
    return sent.message


def test_a_request_goes_again_by_the_new_way_and_its_user_hears_which() -> None:
    endpoint = Endpoint(ids())
    branch = bye(endpoint).via.branch
    (again,) = endpoint.transport_failed(TCP, 0.1)
    assert isinstance(again, Send) and isinstance(again.message, Request)
    assert again.flow == LISTENS
    assert again.message.via.branch == branch and len(again.message.vias) == 1
    (heard,) = endpoint.received(response(again.message, 200), LISTENS, 0.2)
    assert isinstance(heard, ResponseArrived) and heard.flow == LISTENS


def test_it_is_tried_once() -> None:
    endpoint = Endpoint(ids())
    bye(endpoint)
    endpoint.transport_failed(TCP, 0.1)
    (failed,) = endpoint.transport_failed(LISTENS, 0.2)
    assert isinstance(failed, TransactionFailed)


def test_what_has_been_heard_is_not_said_again() -> None:
    endpoint = Endpoint(ids())
    endpoint.received(response(bye(endpoint), 100), TCP, 0.1)
    (failed,) = endpoint.transport_failed(TCP, 0.2)
    assert isinstance(failed, TransactionFailed)
