"""One attempt to reach a customer, as every contact makes it that we begin: its hunt, and the words in which the ledger
is told how it went."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.callback.model import (
    AttemptFailed,
    CustomerLeft,
    DialCustomer,
    LedgerInput,
    MachineAnswered,
    Promise,
    Withdraw,
)
from softswitch.contact.hunt import Hunt
from softswitch.contact.opening import End
from softswitch.contact.order import NeverCall, Target
from softswitch.core.effect import Effect
from softswitch.sip.reason import Reason

DECLINED, NEVER = "declined", "do not call"
CUSTOMER = "customer"  # by whom it is withdrawn
# Of the call record, and of the promise where it is withdrawn for it.
OUTCOMES = {
    End.MACHINE: "machine", End.HUNG_UP: "hung up", End.DECLINED: DECLINED, End.NEVER: NEVER,
    End.APOLOGISED: "not served",
}  # fmt: skip


def hunt(order: DialCustomer, target: Target, prefix: str) -> Hunt:
    """The Call-ID is the attempt's own: by it the attempt is found again."""
    return Hunt("customer", prefix, (target,), order.caller_id, "", order.ring_s,
                call_id=order.promise.call_id, until=order.until, follow_until=order.follow_until,
                as_given=bool(order.caller_id))  # fmt: skip


def failed(promise: Promise, hunt: Hunt, causes: Iterable[Reason]) -> AttemptFailed:
    cause = next((one.cause for one in causes if one.protocol == "Q.850"), 0)
    how = hunt.rang, hunt.unheard, hunt.retry_after_s, hunt.sent
    return AttemptFailed(promise.id, hunt.status, promise.call_id, cause, *how)


def not_made(promise: Promise, status: int) -> AttemptFailed:
    """Nothing was sent."""
    return AttemptFailed(promise.id, status, promise.call_id, sent=False)


def listed(promise: Promise, end: End) -> list[Effect]:
    """He does not want to be called any more, by nobody here."""
    return [NeverCall(promise.number, "asked by key", CUSTOMER)] if end is End.NEVER else []


def parted(promise: Promise, end: End) -> list[LedgerInput]:
    """He has answered, and is not put through to anybody."""
    gone: list[LedgerInput] = [CustomerLeft(promise.id, promise.call_id, 0.0)]
    match end:
        case End.MACHINE:
            return [MachineAnswered(promise.id, promise.call_id)]
        case End.DECLINED | End.NEVER:
            return [Withdraw(promise.id, OUTCOMES[end], CUSTOMER), *gone]
        case _:
            return gone
