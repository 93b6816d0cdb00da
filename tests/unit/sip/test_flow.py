"""Ways to peers."""

import pytest

from softswitch.sip.flow import Flow, numeric


@pytest.mark.parametrize(("host", "is_numeric"), [
    ("192.0.2.1", True), ("2001:db8::1", True), ("fe80::1%eth0", True),
    ("pbx.example", False), ("[::1]", False), ("192.0.2", False), ("", False),
])  # fmt: skip
def test_an_address_is_no_name(host: str, is_numeric: bool) -> None:
    assert numeric(host) is is_numeric


@pytest.mark.parametrize(("transport", "reliable", "uri"), [
    ("udp", False, "udp"), ("tcp", True, "tcp"), ("tls", True, "tls"), ("ws", True, "ws"), ("wss", True, "ws"),
])  # fmt: skip
def test_only_datagrams_are_repeated(transport: str, reliable: bool, uri: str) -> None:
    flow = Flow(transport, ("192.0.2.1", 5060), ("192.0.2.2", 5060))
    assert (flow.reliable, flow.uri_transport) == (reliable, uri)
