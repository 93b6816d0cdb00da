"""The wire as the driver sees it: each message that passes is counted, kept for ``trace``, and shown to who taps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from softswitch.sip.effect import Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Response
from softswitch.switch.event import MessageDropped, MessageReceived, MessageSent
from softswitch.switch.ports import Arrived, Malformed
from softswitch.switch.tracebook import Seen, Tracebook

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

Tap = Callable[[Seen, str], None]  # and what it belongs to: a contact, or (nobody's yet) its Call-ID
METHODS = frozenset(
    [
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    ]
)


class Wire:
    """``taps`` hear of every message; none of them may wait or raise."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.book = Tracebook(switch.configuration.trace)
        self.taps: list[Tap] = []

    def send(self, order: Send) -> None:
        message, flow = order.message, order.flow
        self._switch.ports.network.send(message, flow)
        self._pass(message, flow, message.cseq.method == "INVITE", True)
        self._switch.publish(MessageSent(flow.transport, *_kind(message)))

    def received(self, event: Arrived) -> None:
        self._pass(event.message, event.flow, event.message.cseq.method == "INVITE", False)
        self._switch.publish(MessageReceived(event.flow.transport, *_kind(event.message)))

    def unread(self, event: Malformed) -> None:
        """What is no message, but has the Call-ID of one, belongs to the same call."""
        if event.error.partial is not None:
            self._pass(event.error.partial, event.flow, False, False)
        self.dropped(event.flow.transport, "too_large" if event.error.status == 513 else "malformed")

    def dropped(self, transport: str, reason: str) -> None:
        self._switch.publish(MessageDropped(transport, reason))

    def _pass(self, message: Message, flow: Flow, begins: bool, sent: bool) -> None:
        call_id = message.headers.get("Call-ID") or ""
        switch = self._switch
        at = switch.now + switch.clock.epoch
        contact = self.book.see(call_id, begins, sent, flow, message.octets, at)
        if self.taps:
            seen = Seen(at, sent, flow, message.octets, call_id)
            for tap in self.taps:
                tap(seen, contact or call_id)


def _kind(message: Message) -> tuple[str, str]:
    """(method, "request" or "2xx" ...): few enough values to be labels, whatever peers make up."""
    method = message.cseq.method if message.cseq.method in METHODS else "OTHER"
    return method, f"{message.status // 100}xx" if isinstance(message, Response) else "request"
