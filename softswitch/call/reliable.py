"""Provisional responses that cannot get lost: 100rel and PRACK, in both roles (RFC 3262).

Decided here, as the called one (section 3): which provisional responses are reliable (all where the peer requires it,
those with a description where it knows how), that one is under way at a time, and when to give up. As the caller
(section 4): what is acknowledged, and in which order. Offers and answers travel as section 5 says.
"""

from __future__ import annotations

from softswitch.call import ask, compose
from softswitch.call.compose import has_option
from softswitch.call.signal import Failed, Respond
from softswitch.call.state import Early, Inbound, LegState, Reliable
from softswitch.call.table import S
from softswitch.core.digits import whole
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.effect import RequestArrived
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.section import HeaderLines

OPTION = "100rel"
_MOST_RSEQ = 2**32 - 1


# ---- as UAS ----------------------------------------------------------------------------------------------------


def wanted(invite: Request, described: bool) -> bool:
    """Whether a provisional response is to be reliable."""
    return has_option(invite, "Require", OPTION) or (described and has_option(invite, "Supported", OPTION))


def send(leg: LegState, ours: Inbound, status: int, sdp: bytes, offered: bool, now: float) -> Respond:
    """The first one, or the next: the one before has been acknowledged."""
    former, timing = ours.reliable, leg.setup.timing
    rseq = leg.setup.ids.bits(30) + 1 if former is None else former.rseq + 1
    headers = (("Require", OPTION), ("RSeq", str(rseq)))
    sent = compose.reply(leg, ours.transaction, ours.request, status, headers=headers, sdp=sdp)
    settled = former is not None and former.settled
    ours.reliable = Reliable(
        rseq, sent.response, bool(sdp), offered, settled, now + timing.t1, timing.t1, now + timing.timeout
    )
    return sent


def repeat(leg: LegState, ours: Inbound, now: float) -> list[Effect]:
    """Once more, after T1, 2*T1, 4*T1 ..."""
    pending = ours.reliable
    assert pending is not None and pending.waiting is not None
    pending.interval *= 2
    pending.resend_at = max(pending.resend_at + pending.interval, now)
    return [Respond(ours.transaction, pending.waiting)]


def acknowledged(leg: LegState, arrived: RequestArrived) -> list[Effect]:
    """A PRACK. Raises ``PeerError``: 481 where nothing waits for it."""
    ours, request = leg.inbound, arrived.request
    pending = None if ours is None else ours.reliable
    if ours is None or pending is None or pending.waiting is None or not _matches(ours, pending, request):
        raise PeerError(481, "Call/Transaction Does Not Exist")  # not waited for
    sdp = _exchanged(leg, pending, compose.description(request))
    pending.waiting = None
    return [compose.reply(leg, arrived.transaction, request, 200, sdp=sdp)]


def _matches(ours: Inbound, pending: Reliable, prack: Request) -> bool:
    """Section 7.2."""
    words = (prack.headers.get("RAck") or "").split()
    acknowledged = (*(whole(word) for word in words[:2]), *words[2:])
    return acknowledged == (pending.rseq, ours.cseq, "INVITE")


def _exchanged(leg: LegState, pending: Reliable, theirs: bytes) -> bytes:
    """What goes into the 200. Raises ``PeerError`` where an answer is missing, or something cannot be used."""
    local, exchange = leg.setup.local, leg.exchange
    if pending.offered:
        if not theirs:
            raise PeerError(400, "no answer in the PRACK")
        exchange.agreed = exchange.accept(theirs, local)
        pending.offered, pending.settled = False, True
        return b""
    pending.settled = pending.settled or pending.described
    if not theirs:
        return b""
    if not pending.settled:
        raise PeerError(400, "an offer in the PRACK, and none is answered yet")
    return exchange.answer(theirs, local)


def refuse_unacknowledged(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    assert leg.inbound is not None
    return [compose.reply(leg, leg.inbound.transaction, leg.inbound.request, 504)]


def failed_unacknowledged(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [Failed(leg.id, 504, "no PRACK", "network")]


# ---- as UAC ----------------------------------------------------------------------------------------------------


def is_reliable(response: Response) -> bool:
    return response.status > 100 and has_option(response, "Require", OPTION)


def in_order(branch: Early, response: Response) -> bool:
    """Whether it is the next one: repeats and those that overtook another are not looked at."""
    rseq = rseq_of(response)
    return rseq is not None and (branch.rseq is None or rseq == branch.rseq + 1)


def rseq_of(message: Message) -> int | None:
    rseq = whole((message.headers.get("RSeq") or "").strip())
    return rseq if rseq is not None and 1 <= rseq <= _MOST_RSEQ else None


def prack(leg: LegState, branch: Early, response: Response, answer: bytes) -> list[Effect]:
    """``answer`` to the offer that it has brought, if it has."""
    if len(leg.asked) >= ask.MOST:
        return []
    branch.rseq = rseq_of(response)
    headers: HeaderLines = (("RAck", f"{branch.rseq} {response.cseq}"),)
    return [ask.send(leg, branch.dialog, "PRACK", headers, answer)]


def delivered(leg: LegState) -> bool:
    """Whether no description of ours is on its way any more: until then a 2xx has to wait (section 5)."""
    pending = None if leg.inbound is None else leg.inbound.reliable
    return pending is None or pending.waiting is None or not pending.described


def overdue(leg: LegState, now: float) -> bool:
    pending = None if leg.inbound is None else leg.inbound.reliable
    return pending is not None and pending.waiting is not None and pending.until <= now


def due(leg: LegState, now: float) -> bool:
    pending = None if leg.inbound is None else leg.inbound.reliable
    early = leg.state in (S.OFFERED, S.ACCEPT_DUE)
    return (
        early and pending is not None and pending.waiting is not None and now >= min(pending.resend_at, pending.until)
    )
