"""The messages of one call, with what happened to it in queues, as JSON, and the messages as a capture file."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.acd.story import Story
from softswitch.sip.packet import ends
from softswitch.sip.pcap import Packet, pcap
from softswitch.sip.uri import hostport
from softswitch.switch.tracebook import Trace, Traced
from softswitch.switch.view import Control
from softswitch.web.why import Plain, brief

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
    queues: list[Plain]  # what the ACD did with it, in brief: the reasons are in its story


def traced(control: Control, name: str) -> CallTrace:
    """By contact, leg or Call-ID. Stories are kept longer than messages: one alone will do. Raises ``LookupError``."""
    try:
        return shown(trace := control.trace(name), control.story(trace.contact))
    except LookupError:
        story = control.story(name)
        if story is None:
            raise
        return shown(Trace(name, any(name == call.contact for call in control.calls()), 0, ()), story)


def shown(trace: Trace, story: Story | None) -> CallTrace:
    messages = [_message(one) for one in trace.messages]
    happened = [] if story is None else [brief(one) for one in story.entries]
    return CallTrace(trace.contact, trace.live, trace.missing, messages, happened)


def captured(trace: Trace) -> bytes:
    """The octets as they were, in packets that tools can read."""
    return pcap(Packet(one.at, *ends(one.flow, one.sent), one.octets) for one in trace.messages)


def _message(one: Traced) -> TracedMessage:
    local, remote = hostport(*one.flow.local), hostport(*one.flow.remote)
    text = one.octets.decode("utf-8", "replace")
    return TracedMessage(one.at, one.sent, one.leg, one.flow.transport, local, remote, text)
