"""The messages of one call as JSON, and as a capture file."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.sip.packet import ends
from softswitch.sip.pcap import Packet, pcap
from softswitch.sip.uri import hostport
from softswitch.switch.tracebook import Trace, Traced

CAPTURE_TYPE = "application/vnd.tcpdump.pcap"


@dataclass(frozen=True, slots=True)
class TracedMessage:
    at: float  # Unix seconds
    sent: bool  # by us
    leg: str
    transport: str
    local: str  # host:port
    remote: str
    text: str  # without what is secret; octets that are no UTF-8 are U+FFFD


@dataclass(frozen=True, slots=True)
class CallTrace:
    contact: str
    live: bool
    missing: int  # messages that there was no room for
    messages: list[TracedMessage]


def shown(trace: Trace) -> CallTrace:
    return CallTrace(trace.contact, trace.live, trace.missing, [_message(one) for one in trace.messages])


def captured(trace: Trace) -> bytes:
    """The octets as they were, in packets that tools can read."""
    return pcap(Packet(one.at, *ends(one.flow, one.sent), one.octets) for one in trace.messages)


def _message(one: Traced) -> TracedMessage:
    local, remote = hostport(*one.flow.local), hostport(*one.flow.remote)
    text = one.octets.decode("utf-8", "replace")
    return TracedMessage(one.at, one.sent, one.leg, one.flow.transport, local, remote, text)
