"""What happens inside the dialog: re-INVITE, the ACK, BYE (RFC 3261 sections 14 and 15, RFC 3264).

A re-INVITE is answered at once, with the media that we have; holding is the peer's right and shows in ``Media.held``.
One that cannot be served leaves the session as it was. While an INVITE of either side is unfinished the next one is
refused: 491 where ours (or our offer in a 2xx without its ACK) is in the way, 500 with Retry-After where theirs is.
"""

from __future__ import annotations

from softswitch.call import ask, compose, inbound, refresh
from softswitch.call.signal import Answered, Failed, Finished, Release, Released, Updated
from softswitch.call.state import LegState
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip import inspection
from softswitch.sip.effect import RequestArrived
from softswitch.sip.message import Message, Request
from softswitch.sip.reason import reason_lines, reasons

_GONE = (481, "Call/Transaction Does Not Exist")


# ---- requests of the peer --------------------------------------------------------------------------------------


def reinvite(leg: LegState, arrived: RequestArrived, now: float) -> list[Effect]:
    _admit(leg)
    request = arrived.request
    offer = compose.description(request)
    assert leg.dialog is not None
    refresh.check(leg, request)
    target = leg.dialog.target_of(request)
    sdp = leg.exchange.answer(offer, leg.setup.local) if offer else leg.exchange.offer(leg.setup.local)
    leg.dialog.remote_target = target
    compose.learn(leg, request)
    return [*inbound.succeed(leg, arrived.transaction, request, sdp, not offer, now), *(updated(leg) if offer else [])]


def _admit(leg: LegState) -> None:
    """Whether a re-INVITE may be served now (section 14.2). Raises ``PeerError``."""
    if leg.state in (S.OFFERED, S.ACCEPT_DUE):
        raise PeerError(500, "Server Internal Error")
    if leg.state in (S.CALLING, S.RINGING, S.ABANDONED, S.CANCELLING) or leg.ack is not None:
        raise PeerError(491, "Request Pending")
    not_pending(leg)
    if leg.state is not S.UP:
        raise PeerError(*_GONE)


def not_pending(leg: LegState) -> None:
    """Raises ``PeerError`` where a re-INVITE or an offer of ours has no final response yet."""
    if leg.change is not None and leg.change.cseq and leg.change.described:
        raise PeerError(491, "Request Pending")


def options(leg: LegState, arrived: RequestArrived, _now: float) -> list[Effect]:
    if leg.dialog_of(arrived.request) is None:
        raise PeerError(*_GONE)
    headers = inspection.capabilities(compose.ALLOW)
    return [compose.reply(leg, arrived.transaction, arrived.request, 200, headers=headers)]


def take_answer(leg: LegState, ack: Request) -> list[Effect]:
    """The answer to our late offer. Raises ``PeerError`` where it is missing or cannot be used."""
    leg.exchange.agreed = leg.exchange.accept(required(ack), leg.setup.local)
    return updated(leg)


def required(message: Message) -> bytes:
    """The answer that this message has to bring. Raises ``PeerError`` where it does not."""
    sdp = compose.description(message)
    if not sdp:
        kind = message.method if isinstance(message, Request) else "2xx"
        raise PeerError(0, f"no answer in the {kind}")
    return sdp


def updated(leg: LegState) -> list[Effect]:
    """After an offer/answer, even where it changes nothing: the phone's NAT may have given it another port."""
    return [] if leg.media is None else [Updated(leg.id, leg.media)]


# ---- actions ---------------------------------------------------------------------------------------------------


def answered(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [Answered(leg.id, leg.media)]


def bye(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert leg.dialog is not None
    leg.ack = None
    if isinstance(cause, Release):
        leg.causes = cause.causes
    return [ask.send(leg, leg.dialog, "BYE", reason_lines(leg.causes))]


def ok_bye(leg: LegState, cause: object, _now: float) -> list[Effect]:
    """Whoever says BYE has our 2xx, even where its ACK got lost."""
    assert isinstance(cause, RequestArrived)
    leg.ack = None
    return [compose.reply(leg, cause.transaction, cause.request, 200)]


def gone(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, RequestArrived)
    return [compose.refuse(leg, cause.transaction, cause.request, PeerError(*_GONE))]


def released_us(leg: LegState, cause: object, _now: float) -> list[Effect]:
    if isinstance(cause, Release):
        leg.causes = cause.causes  # the BYE may have to wait
    return [Released(leg.id, "us", "released")]


def released_peer(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, RequestArrived)
    return [Released(leg.id, "peer", "bye", reasons(cause.request))]


def released_no_ack(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [Released(leg.id, "network", "no ACK")]


def released_expired(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [Released(leg.id, "network", "session expired")]


def released_unusable(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, PeerError)
    return [Released(leg.id, "us", cause.reason)]


def failed_unusable(leg: LegState, cause: object, _now: float) -> list[Effect]:
    """Inbound: an INVITE that cannot be served. Outbound: an answer that cannot be used."""
    if isinstance(cause, PeerError):
        return [Failed(leg.id, cause.status, cause.reason, "us")]
    return [Failed(leg.id, 488, "no usable answer", "us")]


def failed_no_answer(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    silent = leg.outbound is not None and not leg.outbound.heard
    rang = leg.outbound is not None and leg.outbound.rang
    return [Failed(leg.id, 408, "no answer", "us", silent=silent, rang=rang)]


def finish(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [Finished(leg.id)]
