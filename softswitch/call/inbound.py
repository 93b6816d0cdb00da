"""The actions of a leg that is called: offered, ringing, accepted, refused (RFC 3261 section 13.3).

The offer is answered in thought when the INVITE arrives, so that an unserviceable call is refused (488 with the reason
as a Warning) before anybody hears of it. A 2xx is repeated from here until its ACK, over any transport.
"""

from __future__ import annotations

from softswitch.call import compose, identity, refresh, reliable
from softswitch.call.signal import Accept, Failed, Offered, Progress, Reject, Release, Respond, Ring
from softswitch.call.state import AckWait, Inbound, LegState
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.sip import inspection
from softswitch.sip.dialog import Dialog
from softswitch.sip.effect import CancelArrived, RequestArrived
from softswitch.sip.final import seconds
from softswitch.sip.message import Request
from softswitch.sip.reason import reason_lines, reasons
from softswitch.sip.section import HeaderLines

REMIND_RELIABLE_S = 150.0  # RFC 3262 section 3
REMIND_S = 60.0  # section 13.3.1.1: a provisional response each minute, before proxies give up
SETUP_LIMIT_S = 600.0  # nobody rings longer unanswered; whoever holds the leg has shorter limits of its own


def part(leg: LegState) -> Inbound:
    assert leg.inbound is not None
    return leg.inbound


def examine(leg: LegState, invite: Request) -> PeerError | None:
    """Make the dialog and answer the offer in thought; what is wrong with the INVITE, if anything is."""
    try:
        leg.dialog = Dialog.uas(invite, leg.setup.local_tag)
        leg.secure = compose.secure(invite.uri, leg.dialog.route_set or invite.headers.all("Contact"))
        inspection.inspect(invite)
        inspection.acceptable(invite)
        offer = compose.description(invite)
        if offer:
            part(leg).answer = leg.exchange.answer(offer, leg.setup.local)
        refresh.check(leg, invite)
        compose.learn(leg, invite)
    except PeerError as error:
        return error
    return None


def patience_s(invite: Request) -> float:
    """How long the call may stay unanswered: as its caller says (section 13.3.1), but not for ever."""
    return float(min(seconds(invite.headers.get("Expires")) or SETUP_LIMIT_S, SETUP_LIMIT_S))


def wait(leg: LegState, now: float) -> None:
    """Until somebody answers."""
    invite = part(leg)
    leg.limit_at, invite.remind_at = now + patience_s(invite.request), now + REMIND_S


def trying(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    invite = part(leg)
    return [compose.reply(leg, invite.transaction, invite.request, 100)]


def offer(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    invite = part(leg).request
    caller = compose.caller(invite, part(leg).trusted)
    number, name = ("", "") if caller is None else (caller.uri.party, caller.display)
    origin = identity.origin(invite, part(leg).trusted)
    return [Offered(leg.id, legible(number), legible(name), legible(invite.target.number), leg.media, origin)]


def ring(leg: LegState, cause: object, now: float) -> list[Effect]:
    """With our description only in a 183: that is early media. A late offer has none yet."""
    assert isinstance(cause, Ring)
    return _ring(leg, part(leg), cause.status, now)


def ring_next(leg: LegState, _cause: object, now: float) -> list[Effect]:
    """The PRACK has come: what was to be said meanwhile is said now."""
    invite = part(leg)
    status = invite.reliable.next_status if invite.reliable is not None else 0
    return _ring(leg, invite, status, now) if status else []


def _ring(leg: LegState, invite: Inbound, status: int, now: float) -> list[Effect]:
    pending = invite.reliable
    if pending is not None and pending.waiting is not None:
        pending.next_status = status  # one at a time (RFC 3262 section 3)
        return []
    said = pending is not None and pending.settled  # the description has gone already
    sdp = invite.answer if status == 183 and not said else b""
    if reliable.wanted(invite.request, bool(sdp)):
        offered = pending is None and not invite.answer
        if offered:  # section 5: the first reliable response carries it
            sdp = leg.exchange.offer(leg.setup.local)
        sent = reliable.send(leg, invite, status, sdp, offered, now)
        invite.remind_at = now + REMIND_RELIABLE_S
    else:
        sent = compose.reply(leg, invite.transaction, invite.request, status, sdp=sdp)
        invite.remind_at = now + REMIND_S
    invite.provisional = sent.response
    early = bool(sdp) and leg.media is not None  # not where it is our offer
    return [sent, Progress(leg.id, status, leg.media)] if early else [sent]


def has_described(invite: Inbound) -> bool:
    """Whether our answer is on its way."""
    return invite.provisional is not None and bool(invite.provisional.body)


def remind(leg: LegState, _cause: object, now: float) -> list[Effect]:
    """Also where nobody rings yet: to the proxies on the way 100 is no sign of life."""
    invite = part(leg)
    if invite.provisional is None:
        return _ring(leg, invite, 182, now)
    if reliable.is_reliable(invite.provisional):
        return _ring(leg, invite, invite.provisional.status, now)
    invite.remind_at = now + REMIND_S
    return [Respond(invite.transaction, invite.provisional)]


def accept(leg: LegState, cause: object, now: float) -> list[Effect]:
    assert isinstance(cause, Accept)
    invite = part(leg)
    if invite.reliable is not None and invite.reliable.settled:  # RFC 3262 section 5: it is agreed on already
        return succeed(leg, invite.transaction, invite.request, b"", False, now)
    offered = not invite.answer
    sdp = leg.exchange.offer(leg.setup.local) if offered else invite.answer
    return succeed(leg, invite.transaction, invite.request, sdp, offered, now)


def succeed(leg: LegState, transaction: str, invite: Request, sdp: bytes, offered: bool, now: float) -> list[Effect]:
    """200 to an INVITE, and again after T1, 2*T1 ... T2 until the ACK (section 13.3.1.4)."""
    sent = compose.reply(leg, transaction, invite, 200, headers=refresh.serve(leg, invite, now), sdp=sdp)
    timing = leg.setup.timing
    leg.ack = AckWait(
        transaction, sent.response, invite.cseq.number, offered, now + timing.t1, timing.t1, now + timing.timeout
    )
    return [sent]


def repeat(leg: LegState, now: float) -> list[Effect]:
    """The 2xx once more."""
    wait = leg.ack
    assert wait is not None
    wait.interval = min(2 * wait.interval, leg.setup.timing.t2)
    wait.resend_at += wait.interval
    if wait.resend_at <= now:  # no burst after a stall
        wait.resend_at = now + wait.interval
    return [Respond(wait.transaction, wait.response)]


def refuse_unusable(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, PeerError)
    invite = part(leg)
    return [compose.refuse(leg, invite.transaction, invite.request, cause)]


def refuse_commanded(leg: LegState, cause: object, _now: float) -> list[Effect]:
    status, reason = _verdict(cause)
    if isinstance(cause, Release):
        return [_refuse(leg, status, reason, reason_lines(cause.causes))]
    assert isinstance(cause, Reject)
    return [_refuse(leg, status, reason, compose.elsewhere(part(leg).request, cause.contacts))]


def refuse_cancelled(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [_refuse(leg, 487)]


def refuse_no_answer(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [_refuse(leg, 480 if patience_s(part(leg).request) == SETUP_LIMIT_S else 487)]


def failed_rejected(leg: LegState, cause: object, _now: float) -> list[Effect]:
    status, reason = _verdict(cause)
    return [Failed(leg.id, status, reason or "rejected", "us")]


def failed_cancelled(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, CancelArrived | RequestArrived)
    return [Failed(leg.id, 487, "cancelled", "peer", causes=reasons(cause.request))]


def _verdict(cause: object) -> tuple[int, str | None]:
    if isinstance(cause, Reject):
        return cause.status, cause.reason or None
    assert isinstance(cause, Release)
    return cause.status, None


def _refuse(leg: LegState, status: int, reason: str | None = None, headers: HeaderLines = ()) -> Respond:
    """With the reason that the other side gave (RFC 6432), or where else to call."""
    invite = part(leg)
    return compose.reply(leg, invite.transaction, invite.request, status, reason, headers=headers)


def start(transaction: RequestArrived, trusted: bool) -> Inbound:
    request = transaction.request
    return Inbound(transaction.transaction, trusted, request.cseq.number, request.to.uri.host, request)
