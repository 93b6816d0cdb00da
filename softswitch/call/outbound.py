"""The actions of a leg that calls somebody: INVITE, its challenge, CANCEL, ACK (RFC 3261 sections 9.1, 13.2, 22.2).

A 2xx from a second branch of a fork (section 13.2.2.4) belongs to no leg of ours: it is acknowledged and released at
once. A repeated 2xx is acknowledged again, whatever has become of the leg since.
"""

from __future__ import annotations

from softswitch.call import compose
from softswitch.call.compose import HeaderLines
from softswitch.call.signal import Failed, Progress, SendAck, SendCancel, SendRequest
from softswitch.call.state import LegState, Outbound
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sdp import negotiate
from softswitch.sdp.media import Media
from softswitch.sip.dialog import Dialog
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.final import contact_uris, retry_after_s
from softswitch.sip.message import Response

RING_LIMIT_S = 180.0  # timer C (section 16.6): where nobody said how long it may ring


def part(leg: LegState) -> Outbound:
    assert leg.outbound is not None
    return leg.outbound


def invite(leg: LegState, _cause: object, now: float) -> list[Effect]:
    ours = part(leg)
    ours.ring_until = now + ours.plan.ring_timeout_s
    leg.limit_at = ours.ring_until if ours.plan.try_s is None else min(now + ours.plan.try_s, ours.ring_until)
    return [_invite(leg, 1)]


def invite_again(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    """The credentials are in place; the same dialog identifiers, the next CSeq (section 22.2)."""
    sent = part(leg).invite
    assert sent is not None
    return [_invite(leg, sent.cseq.number + 1)]


def _invite(leg: LegState, cseq: int) -> SendRequest:
    ours = part(leg)
    offer = negotiate.offer(leg.setup.local, leg.sdp_version)
    ours.invite = compose.invite(leg.setup, ours.plan, leg.flow, cseq, ours.credentials, offer)
    return SendRequest(leg.id, ours.invite, leg.flow)


def credentials(leg: LegState, response: Response, method: str, uri: str) -> HeaderLines:
    account = None if leg.outbound is None else leg.outbound.plan.credentials
    return compose.credentials(response, account, method, uri, leg.setup.ids)


def take_challenge(leg: LegState, response: Response) -> bool:
    """Whether this refusal is a challenge that we answer: the first one only."""
    ours = part(leg)
    if ours.credentials or ours.invite is None:
        return False
    ours.credentials = credentials(leg, response, "INVITE", ours.invite.uri)
    return bool(ours.credentials)


def cancel(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [SendCancel(leg.id)]


def progress(leg: LegState, cause: object, _now: float) -> list[Effect]:
    """100 says only that somebody on the way has the INVITE (section 8.1.3.2)."""
    assert isinstance(cause, ResponseArrived)
    response, ours = cause.response, part(leg)
    ours.heard, leg.limit_at = True, ours.ring_until
    if response.status == 100:
        return []
    ours.rang = True
    media = _described(leg, response)
    if media is not None:
        part(leg).early = (response.to.tag or "", media)
    return [Progress(leg.id, response.status, media)]


def _described(leg: LegState, response: Response) -> Media | None:
    try:
        sdp = compose.description(response)
        return negotiate.accept(sdp, leg.setup.local) if sdp else None
    except PeerError:
        return None


def establish(leg: LegState, response: Response, now: float) -> bool:
    """The first 2xx makes the dialog; whether its media can be used."""
    ours = part(leg)
    assert ours.invite is not None
    leg.dialog = Dialog.uac(ours.invite, response)
    ours.linger_until = now + leg.setup.timing.timeout
    media = _described(leg, response)
    if media is None and not response.body and ours.early is not None and ours.early[0] == leg.dialog.remote_tag:
        media = ours.early[1]  # described in the provisional response already, and the 2xx left it out
    leg.media = media
    return media is not None


def ack(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    assert leg.dialog is not None
    return [_ack(leg, leg.dialog)]


def _ack(leg: LegState, dialog: Dialog) -> SendAck:
    """With the credentials of the INVITE (section 13.2.2.4)."""
    ours = part(leg)
    assert ours.invite is not None
    return SendAck(dialog.ack(ours.invite.cseq.number, ours.credentials), leg.flow)


def further_success(leg: LegState, response: Response) -> list[Effect]:
    """A 2xx after the first: the same once more, or one of another branch."""
    ours = part(leg)
    tag = response.to.tag or ""
    assert leg.dialog is not None
    assert ours.invite is not None
    if tag == leg.dialog.remote_tag:
        return [_ack(leg, leg.dialog)]
    known = ours.forks.get(tag)
    if known is not None:
        return [_ack(leg, known)]
    fork = ours.forks[tag] = Dialog.uac(ours.invite, response)
    return [_ack(leg, fork), SendRequest(leg.id, compose.bye(fork), leg.flow)]


def failed_refused(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, ResponseArrived)
    response = cause.response
    elsewhere = response.status == 503 and not part(leg).rang
    return [
        Failed(
            leg.id, response.status, response.reason, "peer", elsewhere,
            retry_after_s=retry_after_s(response) if response.status == 503 else 0.0,
            contacts=contact_uris(response) if 300 <= response.status < 400 else (),
        )
    ]  # fmt: skip


def failed_lost(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, TransactionFailed)
    untouched = not part(leg).heard
    lost = cause.why == "transport"
    return [Failed(leg.id, cause.status, cause.why, "network", lost and untouched, not lost and untouched)]


def failed_released(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    return [Failed(leg.id, 487, "released", "us")]
