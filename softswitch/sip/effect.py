"""What the endpoint (the transaction layer) orders and reports.

Orders: ``Send``. Reports to the transaction user, which is a leg, the registrar or the driver itself: the rest.
``transaction`` is an opaque key; ``owner`` is whatever the user gave when it sent the request (a leg id, for example).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.core.effect import Effect
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response


@dataclass(frozen=True, slots=True)
class Send(Effect):
    """Put this message on the wire."""

    message: Message
    flow: Flow
    begins: bool = False  # the first of a client transaction, which may be given up instead (``Endpoint.unsent``)


@dataclass(frozen=True, slots=True)
class RequestArrived(Effect):
    """A new request other than ACK and CANCEL; answer with ``Endpoint.respond(transaction, ...)``."""

    transaction: str
    request: Request
    flow: Flow
    tag: str = field(default="", compare=False)  # of an INVITE: for the To of all answers, that to a CANCEL too


@dataclass(frozen=True, slots=True)
class AckArrived(Effect):
    """The ACK to a 2xx: it belongs to the dialog (RFC 3261 section 13.3.1.4)."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class CancelArrived(Effect):
    """A CANCEL for the INVITE server transaction ``transaction``; the endpoint has answered the CANCEL with 200."""

    transaction: str
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class ResponseArrived(Effect):
    """A response for a client transaction: every 1xx, every 2xx to INVITE (forks and repeats too), each final."""

    owner: str
    transaction: str
    response: Response
    flow: Flow


@dataclass(frozen=True, slots=True)
class TransactionFailed(Effect):
    """A client transaction ended without a final response."""

    owner: str
    transaction: str
    method: str
    why: str  # "timeout", "transport" or "late": it was not sent at all
    request: Request | None = field(default=None, compare=False)  # as it was sent

    @property
    def status(self) -> int:
        """What it is to be treated as (RFC 3261 section 8.1.3.1)."""
        return 408 if self.why == "timeout" else 503
