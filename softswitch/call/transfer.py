"""The peer of an established leg asks to be transferred: REFER, and how it is told (RFC 3515, 3892, 4488, 5057).

Decided here: that one REFER is pending at a time (491), what its answer and its NOTIFYs say, and that the subscription
which it implies outlives the call but not its deadline. One NOTIFY is under way at a time, so that the last word
arrives last. Not known here: who may be transferred where; whoever owns the leg answers ``TransferWanted``. What the
peer says about itself (Referred-By) is not read: who is at this leg is known better.
"""

from __future__ import annotations

from softswitch.call import ask, compose
from softswitch.call.signal import TransferProgress, TransferWanted
from softswitch.call.state import LegState, Refer
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.sip.effect import RequestArrived, ResponseArrived, TransactionFailed
from softswitch.sip.refer import SIPFRAG, refer_to, sipfrag, wants_no_subscription

EXPIRES_S = 200.0  # longer than any phone rings
LEAVE_S = 4.0  # for the answer to the last NOTIFY, before the BYE


def refer(leg: LegState, arrived: RequestArrived, now: float) -> list[Effect]:
    """Unanswered until the first ``TransferProgress``. Raises ``PeerError``."""
    if leg.state is not S.UP or leg.refer is not None:
        raise PeerError(491, "Request Pending")
    request = arrived.request
    target = refer_to(request)
    # RFC 3515 section 2.4.6 lets the first one go without an id; but phones (PJSIP) then take the second one's for it.
    event = f"refer;id={request.cseq.number}"
    leg.refer = Refer(arrived.transaction, request, event, wants_no_subscription(request), now + EXPIRES_S)
    return [TransferWanted(leg.id, legible(target.uri.number), target.uri.host, target.replaces)]


def progress(leg: LegState, told: TransferProgress, now: float) -> list[Effect]:
    """Nothing but the leave is heard where no REFER is pending: the peer may have given up the subscription."""
    refer = leg.refer
    if refer is None:
        return []
    effects = [] if refer.accepted else _answer(leg, refer, told.status, now)
    if leg.refer is None:
        return effects
    refer.accepted = True
    refer.due = told.status
    if told.leave:
        refer.leave_at = now + LEAVE_S
    return [*effects, *_tell(leg, refer, now)]


def _answer(leg: LegState, refer: Refer, status: int, now: float) -> list[Effect]:
    silent = (("Refer-Sub", "false"),) if refer.silent else ()
    answered = 202 if status < 300 else status
    if answered != 202 or refer.silent:
        _over(leg, now)
    return [compose.reply(leg, refer.transaction, refer.request, answered, headers=silent if answered == 202 else ())]


def _tell(leg: LegState, refer: Refer, now: float) -> list[Effect]:
    """The newest state, unless a NOTIFY is under way."""
    if refer.telling or not refer.due:
        return []
    refer.telling, refer.told, refer.due = True, refer.due, 0
    left_s = max(0, round(refer.until - now))
    state = f"active;expires={left_s}" if refer.told < 200 else "terminated;reason=noresource"
    return [_notify(leg, refer, state, refer.told)]


def _notify(leg: LegState, refer: Refer, state: str, status: int) -> Effect:
    assert leg.dialog is not None
    headers = (
        ("Contact", compose.contact_value(leg.flow)),
        ("Event", refer.event),
        ("Subscription-State", state),
        ("Content-Type", SIPFRAG),
    )
    return ask.send(leg, leg.dialog, "NOTIFY", headers, sipfrag(status))


def told(leg: LegState, end: ResponseArrived | TransactionFailed, now: float) -> list[Effect]:
    """Our NOTIFY has come to its end. A peer that does not take it has no subscription any more (RFC 6665 4.1.3)."""
    refer = leg.refer
    if refer is None or (isinstance(end, ResponseArrived) and end.response.status < 200):
        return []
    refer.telling = False
    taken = isinstance(end, ResponseArrived) and end.response.status < 300
    if taken and refer.told < 200:
        return _tell(leg, refer, now)
    if refer.leave_at is not None:
        refer.leave_at = now
    else:
        _over(leg, now)
    return []


def leaves(leg: LegState, now: float) -> bool:
    """The last word has been said: whether it is time for the BYE. Only once."""
    refer = leg.refer
    if refer is None or refer.leave_at is None or refer.leave_at > now:
        return False
    _over(leg, now)
    return True


def expire(leg: LegState, now: float) -> list[Effect]:
    """Nobody has said for so long what became of it: the peer need not wait."""
    refer = leg.refer
    if refer is None or refer.until > now:
        return []
    _over(leg, now)
    if not refer.accepted:
        return [compose.reply(leg, refer.transaction, refer.request, 500)]
    return [_notify(leg, refer, "terminated;reason=timeout", 408)]


def _over(leg: LegState, now: float) -> None:
    leg.refer = None
    if leg.state is S.ENDED:  # it has stayed for this
        leg.limit_at = leg.lingers_until(now)
