"""An UPDATE of the peer's, before the answer and after it (RFC 3311 section 5.2).

Decided here: whether its offer may be answered now (491 where ours is unanswered, 500 where theirs is), and that it
refreshes the target and the session timer. Ours are ``renegotiate``'s.
"""

from __future__ import annotations

from softswitch.call import compose, midcall, refresh
from softswitch.call.signal import Progress
from softswitch.call.state import LegState
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.effect import RequestArrived

_GONE = (481, "Call/Transaction Does Not Exist")
_PENDING = (491, "Request Pending")
_UNANSWERED = (500, "Server Internal Error")


def update(leg: LegState, arrived: RequestArrived, now: float) -> list[Effect]:
    request = arrived.request
    dialog = leg.dialog_of(request)
    if dialog is None:
        raise PeerError(*_GONE)
    refresh.check(leg, request)
    target = dialog.target_of(request)
    sdp, effects = b"", list[Effect]()
    if offer := compose.description(request):
        _admit(leg, request.from_.tag or "")
        sdp, effects = _answer(leg, request.from_.tag or "", offer)
    dialog.remote_target = target
    compose.learn(leg, request)
    timer = refresh.serve(leg, request, now) if leg.state in (S.ANSWERED, S.UP) else ()
    return [compose.reply(leg, arrived.transaction, request, 200, headers=timer, sdp=sdp), *effects]


def _admit(leg: LegState, tag: str) -> None:
    """Whether an offer may come now. Raises ``PeerError``."""
    midcall.not_pending(leg)
    if leg.ack is not None and leg.ack.offered:
        raise PeerError(*_PENDING)
    if leg.state in (S.OFFERED, S.ACCEPT_DUE):
        reliable = leg.inbound.reliable if leg.inbound is not None else None
        if reliable is not None and reliable.offered and reliable.waiting:
            raise PeerError(*_PENDING)
        if reliable is None or not reliable.settled:
            raise PeerError(*_UNANSWERED)
    if leg.state in (S.CALLING, S.RINGING) and not _branch_settled(leg, tag):
        raise PeerError(*_PENDING)


def _branch_settled(leg: LegState, tag: str) -> bool:
    branch = leg.outbound.early.get(tag) if leg.outbound is not None else None
    return branch is not None and branch.settled


def _answer(leg: LegState, tag: str, offer: bytes) -> tuple[bytes, list[Effect]]:
    """The answer, and what is said of it: of an early session only the one who calls hears media."""
    before = leg.media
    sdp = leg.exchange.answer(offer, leg.setup.local)
    if leg.state is S.RINGING and leg.outbound is not None:
        branch = leg.outbound.early[tag]
        branch.media, leg.exchange.agreed = leg.media, before
        return sdp, [Progress(leg.id, 183, branch.media)]
    return sdp, [] if leg.state in (S.OFFERED, S.ACCEPT_DUE) else midcall.updated(leg)
