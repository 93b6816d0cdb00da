"""What a collector makes of it, chunk by chunk."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.hep import Agent, encode

OCTETS = b"OPTIONS sip:a SIP/2.0\r\n\r\n"


def decode(data: bytes) -> dict[int, bytes]:
    """Chunk type -> value, as a collector reads it."""
    magic, length = struct.unpack("!4sH", data[:6])
    assert magic == b"HEP3" and length == len(data)
    found, at = {}, 6
    while at < len(data):
        vendor, kind, size = struct.unpack("!HHH", data[at : at + 6])
        assert vendor == 0 and size >= 6 and kind not in found
        found[kind] = data[at + 6 : at + size]
        at += size
    assert at == len(data)
    return found


def number(value: bytes) -> int:
    return int.from_bytes(value, "big")


@pytest.mark.parametrize(("transport", "protocol"), [("udp", 17), ("tcp", 6), ("tls", 6), ("wss", 6)])
def test_a_message_over_ipv4(transport: str, protocol: int) -> None:
    flow = Flow(transport, ("127.0.0.1", 5060), ("192.0.2.7", 7001))
    found = decode(encode(Agent(2001, "secret"), 1_790_000_000.25, False, flow, OCTETS, "c-1"))
    assert (found[1], found[2]) == (b"\x02", bytes([protocol]))
    assert str(ipaddress.ip_address(found[3])) == "192.0.2.7" and str(ipaddress.ip_address(found[4])) == "127.0.0.1"
    assert (number(found[7]), number(found[8])) == (7001, 5060)
    assert (number(found[9]), number(found[10])) == (1_790_000_000, 250_000)
    assert (number(found[11]), number(found[12])) == (1, 2001)
    assert (found[14], found[15], found[17]) == (b"secret", OCTETS, b"c-1")


def test_a_message_that_we_sent_over_ipv6_without_a_key() -> None:
    flow = Flow("udp", ("::1", 5060), ("2001:db8::7", 7001))
    found = decode(encode(Agent(1), 1.0, True, flow, OCTETS, ""))
    assert found[1] == b"\x0a" and not {3, 4, 14} & set(found)
    assert str(ipaddress.ip_address(found[5])) == "::1" and str(ipaddress.ip_address(found[6])) == "2001:db8::7"
    assert (number(found[7]), number(found[8])) == (5060, 7001)


def test_what_does_not_fit_is_cut() -> None:
    flow = Flow("tcp", ("127.0.0.1", 5060), ("127.0.0.1", 7001))
    data = encode(Agent(1, "k" * 100), 1.0, True, flow, b"x" * 70_000, "c" * 9999)
    assert len(data) == 65_507 and len(decode(data)[17]) == 255
