"""A SIP message as Homer wants to be told of it: HEP version 3 (EEP), which is a list of chunks.

Each chunk is vendor (0: generic), type, length with these six octets, value; all numbers are big-endian. The whole is
one datagram, so that a message which does not fit is cut.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from softswitch.sip.flow import Flow
from softswitch.sip.packet import ends, ip_pair

_FAMILY, _PROTOCOL, _SOURCE_4, _DESTINATION_4, _SOURCE_6, _DESTINATION_6 = range(1, 7)
_SOURCE_PORT, _DESTINATION_PORT, _SECONDS, _MICROSECONDS, _KIND, _AGENT = range(7, 13)
_KEY, _PAYLOAD, _CORRELATION = 14, 15, 17
_AF = {4: 2, 6: 10}
_UDP, _TCP = 17, 6
_SIP = 1
_LONGEST = 65_507  # octets in a datagram over IPv4


@dataclass(frozen=True, slots=True)
class Agent:
    """Who tells: ``id`` is the number of this switch at Homer, ``key`` what Homer knows it by."""

    id: int
    key: str = ""


def encode(agent: Agent, at: float, sent: bool, flow: Flow, octets: bytes, correlation: str) -> bytes:
    """One datagram. ``at`` is Unix seconds; messages with the same ``correlation`` are shown together."""
    (source, source_port), (destination, destination_port) = ends(flow, sent)
    one, other = ip_pair(source, destination)
    micros = round(at * 1e6)
    kinds = (_SOURCE_4, _DESTINATION_4) if one.version == 4 else (_SOURCE_6, _DESTINATION_6)
    chunks = [
        _chunk(_FAMILY, bytes([_AF[one.version]])),
        _chunk(_PROTOCOL, bytes([_TCP if flow.reliable else _UDP])),
        _chunk(kinds[0], one.packed),
        _chunk(kinds[1], other.packed),
        _chunk(_SOURCE_PORT, source_port.to_bytes(2, "big")),
        _chunk(_DESTINATION_PORT, destination_port.to_bytes(2, "big")),
        _chunk(_SECONDS, (micros // 1_000_000).to_bytes(4, "big")),
        _chunk(_MICROSECONDS, (micros % 1_000_000).to_bytes(4, "big")),
        _chunk(_KIND, bytes([_SIP])),
        _chunk(_AGENT, agent.id.to_bytes(4, "big")),
        _chunk(_CORRELATION, correlation.encode("utf-8", "replace")[:255]),
    ]
    if agent.key:
        chunks.append(_chunk(_KEY, agent.key.encode()))
    head = b"".join(chunks)
    payload = _chunk(_PAYLOAD, octets[: _LONGEST - 6 - len(head) - 6])
    return struct.pack("!4sH", b"HEP3", 6 + len(head) + len(payload)) + head + payload


def _chunk(kind: int, value: bytes) -> bytes:
    return struct.pack("!HHH", 0, kind, 6 + len(value)) + value
