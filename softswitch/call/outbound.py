"""The actions of a leg that calls somebody: INVITE, its challenge, CANCEL, ACK (RFC 3261 sections 9.1, 13.2, 22.2).

A 2xx from a second branch of a fork (section 13.2.2.4) belongs to no leg of ours: it is acknowledged and released at
once. A repeated 2xx is acknowledged again, whatever has become of the leg since.
"""

from __future__ import annotations

from softswitch.call import ask, compose, refresh, reliable
from softswitch.call.signal import Failed, Progress, Release, SendAck, SendCancel, SendRequest
from softswitch.call.state import Early, LegState, Outbound
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sdp.media import Media
from softswitch.sip.body import SDP
from softswitch.sip.dialog import Dialog
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.final import contact_uris, retry_after_s
from softswitch.sip.message import Response
from softswitch.sip.reason import reasons

_MOST_BRANCHES = 16
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
    return [_invite(leg, part(leg).cseq + 1)]


def _invite(leg: LegState, cseq: int) -> SendRequest:
    ours = part(leg)
    offer = leg.exchange.offer(leg.setup.local) if ours.plan.offers else b""
    more = (*refresh.asked(leg), *ours.credentials)
    ours.invite, ours.cseq = compose.invite(leg, ours.plan, cseq, more, offer), cseq
    ours.early.clear()
    return SendRequest(leg.id, ours.invite, leg.flow)


def tries_again(leg: LegState, response: Response) -> bool:
    """Whether this refusal is a challenge that we answer, or asks for nothing but a longer session interval."""
    ours = part(leg)
    if response.status == 422:
        return refresh.raised(leg, response)
    found = ask.answer(leg, response, "INVITE", ours.plan.request_uri, ours.credentials, ours.challenges)
    if not found:
        return False
    ours.credentials, ours.challenges = found, ours.challenges + 1
    return True


def is_invite(leg: LegState, failed: TransactionFailed) -> bool:
    """Whether it is the INVITE itself that has failed."""
    sent, ours = failed.request, leg.outbound
    if failed.method != "INVITE" or ours is None or not ours.cseq:
        return False
    return sent is None or sent.cseq.number == ours.cseq


def cancel(leg: LegState, cause: object, _now: float) -> list[Effect]:
    """At once, or when the first provisional response has come: the command says why, then or before."""
    ours = part(leg)
    if isinstance(cause, Release):
        ours.causes = cause.causes
    return [SendCancel(leg.id, ours.causes)]


def progress(leg: LegState, cause: object, _now: float) -> list[Effect]:
    """100 says only that somebody on the way has the INVITE (section 8.1.3.2)."""
    assert isinstance(cause, ResponseArrived)
    response, ours = cause.response, part(leg)
    ours.heard, leg.limit_at = True, ours.ring_until
    if response.status == 100:
        return []
    ours.rang = True
    compose.learn(leg, response)
    branch = _branch(ours, response)
    if reliable.is_reliable(response):
        if branch is None or not reliable.in_order(branch, response):
            return []
        return _reliably(leg, branch, response)
    media = _described(leg, response)[0] if ours.plan.offers else None  # an offer must come reliably
    if branch is not None and media is not None and not branch.settled:
        branch.media = media
    return [Progress(leg.id, response.status, media)]


def _reliably(leg: LegState, branch: Early, response: Response) -> list[Effect]:
    """RFC 3262 section 4."""
    media, answer = (None, b"") if branch.settled else _described(leg, response)
    if media is not None:
        branch.media, branch.settled = media, True
    return [*reliable.prack(leg, branch, response, answer), Progress(leg.id, response.status, media)]


def _branch(ours: Outbound, response: Response) -> Early | None:
    """The early dialog that a provisional response belongs to (section 12.1), the latest of all from now."""
    tag = response.to.tag
    if tag is None or ours.invite is None:
        return None
    branch = ours.early.pop(tag, None)
    if branch is None and len(ours.early) < _MOST_BRANCHES:
        branch = Early(Dialog.uac(ours.invite, response))
    if branch is not None:
        ours.early[tag] = branch
    return branch


def _described(leg: LegState, response: Response) -> tuple[Media | None, bytes]:
    """What it would agree on, and our answer where it is the peer who offers."""
    exchange, before = leg.exchange, leg.exchange.agreed
    try:
        sdp = compose.description(response)
        if not sdp:
            return None, b""
        if part(leg).plan.offers:
            return exchange.accept(sdp, leg.setup.local), b""
    except PeerError:
        return None, b""
    try:
        answer = exchange.answer(sdp, leg.setup.local)
    except PeerError:
        return None, exchange.refuse(sdp, leg.setup.local)
    media, exchange.agreed = exchange.agreed, before
    return media, answer


def establish(leg: LegState, response: Response, now: float) -> bool:
    """The first 2xx makes the dialog; whether its media can be used."""
    ours = part(leg)
    assert ours.invite is not None
    leg.dialog = Dialog.uac(ours.invite, response)
    ours.linger_until = now + leg.setup.timing.timeout
    compose.learn(leg, response)
    refresh.granted(leg, response, now)
    branch = ours.early.get(leg.dialog.remote_tag)
    media = None
    if branch is not None:
        leg.dialog.continues(branch.dialog)
        if branch.settled or not response.body:  # described in the provisional response already
            media = branch.media
    if media is None:
        media, ours.answer = _described(leg, response)
    ours.early.clear()
    leg.exchange.agreed = media
    return media is not None


def ack(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    assert leg.dialog is not None
    return [_ack(leg, leg.dialog)]


def _ack(leg: LegState, dialog: Dialog) -> SendAck:
    """With the credentials of the INVITE (section 13.2.2.4)."""
    ours = part(leg)
    answer = ours.answer if dialog is leg.dialog else b""
    lines = (*ours.credentials, ("Content-Type", SDP)) if answer else ours.credentials
    return SendAck(dialog.ack(ours.cseq, lines, answer), leg.flow)


def further_success(leg: LegState, response: Response) -> list[Effect]:
    """A 2xx after the first: the same once more, or one of another branch."""
    ours = part(leg)
    tag = response.to.tag or ""
    assert leg.dialog is not None
    if tag == leg.dialog.remote_tag:
        return [_ack(leg, leg.dialog)]
    known = ours.forks.get(tag)
    if known is not None:
        return [_ack(leg, known)]
    if len(ours.forks) >= _MOST_BRANCHES:
        return []  # no fork has so many: a peer wants us to work, and to remember
    fork = ours.forks[tag] = leg.dialog.fork(response, ours.plan.request_uri, ours.cseq)
    return [_ack(leg, fork), ask.send(leg, fork, "BYE")]


def failed_refused(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, ResponseArrived)
    response = cause.response
    elsewhere = response.status == 503 and not part(leg).rang
    return [
        Failed(
            leg.id, response.status, response.reason, "peer", elsewhere,
            retry_after_s=retry_after_s(response) if response.status == 503 else 0.0,
            contacts=contact_uris(response) if 300 <= response.status < 400 else (), causes=reasons(response),
            rang=part(leg).rang,
        )
    ]  # fmt: skip


def failed_lost(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, TransactionFailed)
    untouched = not part(leg).heard
    elsewhere, silent = cause.why != "timeout" and untouched, cause.why == "timeout" and untouched
    by = "us" if cause.why == "late" else "network"
    return [Failed(leg.id, cause.status, cause.why, by, elsewhere, silent, part(leg).rang)]


def failed_released(leg: LegState, cause: object, _now: float) -> list[Effect]:
    if isinstance(cause, Release):
        part(leg).causes = cause.causes  # a CANCEL may have to wait
    return [Failed(leg.id, 487, "released", "us")]
