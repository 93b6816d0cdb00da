"""Which listener of ours a message to somebody leaves from, and what it says we are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.call.compose import contact_value
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.header import parse_via
from softswitch.sip.hop import our_via, via_value
from softswitch.switch.configuration import Configuration

POINTS = (
    ListeningPoint("udp", ("0.0.0.0", 5060), ("pbx.example.com", 5070)),
    ListeningPoint("udp", ("192.0.2.2", 5062)),
    ListeningPoint("udp", ("::1", 5060)),
    ListeningPoint("tls", ("192.0.2.2", 5061)),
)
HERE = Configuration({}, POINTS)


@pytest.mark.parametrize(
    ("transport", "remote", "local"),
    [
        ("udp", ("198.51.100.1", 5060), ("0.0.0.0", 5060)),
        ("udp", ("2001:db8::1", 5060), ("::1", 5060)),
        ("tls", ("198.51.100.1", 5061), ("192.0.2.2", 5061)),
    ],
)
def test_the_first_listener_of_the_transport_and_the_family(
    transport: str, remote: tuple[str, int], local: tuple[str, int]
) -> None:
    flow = HERE.flow(transport, remote)
    assert flow is not None
    assert (flow.local, flow.remote, flow.transport) == (local, remote, transport)


def test_what_there_is_no_listener_for_cannot_be_reached() -> None:
    assert HERE.flow("tcp", ("198.51.100.1", 5060)) is None
    assert HERE.flow("tls", ("2001:db8::1", 5061)) is None
    assert HERE.flow("ws", ("198.51.100.1", 5061)) is None


def test_the_listener_of_before_is_preferred() -> None:
    again = HERE.flow("udp", ("198.51.100.1", 5060), prefer=("192.0.2.2", 5062))
    assert again is not None
    assert again.local == ("192.0.2.2", 5062)


def test_via_and_contact_say_what_is_advertised() -> None:
    flow = HERE.flow("udp", ("198.51.100.1", 5060))
    assert flow is not None
    assert via_value(flow, "z9hG4bK1") == "SIP/2.0/UDP pbx.example.com:5070;branch=z9hG4bK1;rport"
    assert contact_value(flow) == "<sip:softswitch@pbx.example.com:5070;transport=udp>"


def test_a_secure_websocket_is_ws_in_a_uri_and_wss_in_a_via() -> None:
    flow = Flow("wss", ("192.0.2.2", 443), ("198.51.100.1", 40000), 7)
    assert via_value(flow, "z9hG4bK1").startswith("SIP/2.0/WSS 192.0.2.2:443;")
    assert contact_value(flow).endswith(";transport=ws>")


def test_what_is_advertised_makes_no_other_flow() -> None:
    flow = Flow("udp", ("192.0.2.2", 5060), ("198.51.100.1", 5060))
    assert flow == replace(flow, advertised=("pbx.example.com", 5060))
    assert flow != replace(flow, host="pbx.example.com")


def test_we_listen_where_we_listen_by_whatever_name() -> None:
    points = (
        ListeningPoint("udp", ("0.0.0.0", 5060), ("203.0.113.7", 5070)),
        ListeningPoint("tcp", ("2001:db8::1", 5060)),
    )
    house = Configuration(users={}, listeners=points)
    for ours in (("127.0.0.1", 5060), ("203.0.113.7", 5070), ("2001:db8::1", 5060)):
        assert house.ours(ours)
    for other in (("127.0.0.1", 5070), ("203.0.113.7", 5060), ("192.0.2.1", 5060), ("2001:db8::2", 5060)):
        assert not house.ours(other)


@pytest.mark.parametrize("point", POINTS)
def test_our_via_is_what_its_text_says(point: ListeningPoint) -> None:
    flow = Flow(point.transport, point.local, ("198.51.100.1", 5060), advertised=point.advertised)
    assert parse_via(via_value(flow, "z9hG4bK1")) == our_via(flow, "z9hG4bK1")
