"""The wire as the driver sees it: each message that passes is counted, kept for ``trace``, and shown to who taps it.

And the last look at the clock: an INVITE that may leave only for a while after its intent is held back afterwards,
here, where nothing comes between that look and the socket. A unit of work has one time, of its beginning; a process
that is stopped in its midst (SIGSTOP, a host that swaps) goes on when others may have called the customer long since.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from softswitch.call.leg import Leg
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.effect import Send
from softswitch.sip.flow import Flow
from softswitch.sip.inspection import KNOWN_METHODS
from softswitch.sip.message import Message, Request, Response
from softswitch.switch.event import MessageDropped
from softswitch.switch.ports import Arrived, Malformed
from softswitch.switch.tracebook import Tracebook

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

# Unix seconds, sent by us, by which way, octets, and what it belongs to: a contact, or (nobody's yet) its Call-ID.
Tap = Callable[[float, bool, Flow, bytes, str], None]
Kind = tuple[str, str, str]  # transport, method, "request" or class of the response
_CLASSES = ("", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx")


class Wire:
    """``taps`` hear of every message; none of them may wait or raise.

    ``received`` and ``sent`` count them. A message is no fact that is published: nothing comes by so often, and its
    number is all that anybody wants.
    """

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.book = Tracebook(switch.configuration.trace)
        self.taps: list[Tap] = []
        self.received: Counter[Kind] = Counter()
        self.sent: Counter[Kind] = Counter()
        self._pressing = False  # the book's deadline is armed
        self._until: dict[tuple[str, str], tuple[float, float]] = {}  # Call-ID and our tag of a leg -> Unix s

    def hold_back(self, leg: Leg, until: float, follow_until: float) -> None:
        """The INVITE that begins this leg does not leave at this moment (Unix s), or later, nor do those by which it is
        made once more at the other; repeats of one that has left do."""
        if until < float("inf"):
            self._until[leg.call_id, leg.local_tag] = until, follow_until

    def let_go(self, leg: Leg) -> None:
        self._until.pop((leg.call_id, leg.local_tag), None)

    def holds(self, request: Request) -> bool:
        """Is it too late for a request that would begin something?"""
        if not self._until or request.method != "INVITE" or request.to.tag is not None:
            return False
        until, clock = self._until.get((request.call_id, request.from_.tag or "")), self._switch.clock
        if until is None:
            return False
        first, follow = until
        if clock.monotonic() + clock.epoch < (first if request.cseq.number == 1 else follow):
            return False
        log.warning("an INVITE is held back, as others may have the promise by now: Call-ID %s", request.call_id)
        return True

    def send(self, order: Send) -> None:
        message, flow = order.message, order.flow
        self._switch.ports.network.send(message, flow)
        self._pass(message, flow, True)
        self.sent[_kind(message, flow)] += 1

    def arrived(self, event: Arrived) -> None:
        self._pass(event.message, event.flow, False)
        self.received[_kind(event.message, event.flow)] += 1

    def unread(self, event: Malformed) -> None:
        """What is no message, but has the Call-ID of one, belongs to the same call."""
        if event.error.partial is not None:
            self._pass(event.error.partial, event.flow, False)
        self.dropped(event.flow.transport, "too_large" if event.error.status == 513 else "malformed")

    def dropped(self, transport: str, reason: str) -> None:
        self._switch.publish(MessageDropped(transport, reason))

    def due(self) -> list[Effect]:
        """Calls may have been quiet long enough to be pressed."""
        self.book.tick(self._switch.unix)
        self._arm()
        return []

    def _arm(self) -> None:
        self._pressing = self.book.deadline is not None
        self._switch.arm_unix(("book", ""), self.book.deadline)

    def _pass(self, message: Message, flow: Flow, sent: bool) -> None:
        switch, octets = self._switch, message.octets
        try:
            call_id = message.call_id
        except PeerError:
            return
        at = switch.unix
        contact = self.book.see(call_id, sent, flow, octets, at)
        if contact is None and _begins(message):
            self.book.begin(call_id)
            self.book.see(call_id, sent, flow, octets, at)
        if contact and not self._pressing:
            self._arm()
        for tap in self.taps:
            tap(at, sent, flow, octets, contact or call_id)


def _begins(message: Message) -> bool:
    return isinstance(message, Request) and message.method == "INVITE"


def _kind(message: Message, flow: Flow) -> Kind:
    """Few enough values to be labels, whatever peers make up."""
    method = message.cseq.method
    status = _CLASSES[message.status // 100] if isinstance(message, Response) else "request"
    return flow.transport, method if method in KNOWN_METHODS else "OTHER", status
