"""How a caller's leg ends when a plan says so: refused, sent elsewhere, or hung up on with the reason."""

from __future__ import annotations

from softswitch.call.signal import Reject
from softswitch.ivr.model import EndCall
from softswitch.sip.reason import Reason

_STATUS = {"normal": 480, "busy": 486, "declined": 603, "unavailable": 480, "error": 500}
# ITU-T Q.850 section 2.2.7: what a caller who talks to us already is told in the BYE.
_CAUSES = {
    "busy": Reason("Q.850", 17, "User busy"),
    "declined": Reason("Q.850", 21, "Call rejected"),
    "unavailable": Reason("Q.850", 20, "Subscriber absent"),
    "error": Reason("Q.850", 41, "Temporary failure"),
}
_MOVED = 302


def refusal(order: EndCall) -> Reject:
    """Before the answer."""
    status = _MOVED if order.contacts else order.status or _STATUS.get(order.cause, 480)
    return Reject(status, order.reason, order.contacts)


def causes(order: EndCall) -> tuple[Reason, ...]:
    """After it: why, for the Reason header of the BYE (RFC 3326)."""
    if order.status and order.cause != "normal":
        return (Reason("SIP", order.status, order.reason),)
    cause = _CAUSES.get(order.cause)
    return () if cause is None else (cause,)


def outcome(order: EndCall) -> str:
    """Of the call record, where the call was never answered."""
    return "redirected" if order.contacts else "rejected"
