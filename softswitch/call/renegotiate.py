"""A change of an established session that we want: re-INVITE and UPDATE of ours (RFC 3261 section 14, RFC 3311).

Decided here: when it may be sent (nothing else of either side under way), what a refusal means (the session stays what
it was), how long to wait after a glare (491), and which failures end the dialog (408, 481, silence). One change is
under way at a time; what is wanted meanwhile follows it. What a description says is ``sdp.exchange``'s.
"""

from __future__ import annotations

from softswitch.call import ask, compose, inbound, midcall, refresh
from softswitch.call.signal import NotUpdated, Progress, Renegotiate, SendAck, SendCancel, SendRequest
from softswitch.call.state import Asked, Change, LegState
from softswitch.call.table import I, S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sdp.media import Media
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.final import retry_after_s
from softswitch.sip.message import Response

ANSWER_S = 60.0  # section 14.2 wants an answer at once: nobody has to be asked
_TRIES = 6
_RETRY_AFTER_S = 30.0  # waited for at most
Outcome = tuple[list[Effect], I | None, object]  # and what the table is told, with its cause


# ---- what is wanted --------------------------------------------------------------------------------------------


def want(leg: LegState, cause: object, now: float) -> list[Effect]:
    """Of a session that does not stand yet the change comes when it does."""
    assert isinstance(cause, Renegotiate)
    former = leg.exchange.direction
    leg.exchange.direction = cause.direction
    change, ours = leg.change, leg.inbound
    if ours is not None and leg.state is S.OFFERED and ours.answer and not inbound.has_described(ours):
        leg.exchange.unsay()  # the answer is not on its way yet
        ours.answer = leg.exchange.answer(compose.description(ours.request), leg.setup.local)
        return []
    if change is None:
        leg.change = Change(True, True, former, now)
    elif change.cseq:
        change.more = True
    else:
        change.offering = change.wanted = True
    return start(leg, now)


def start(leg: LegState, now: float) -> list[Effect]:
    """Send what is wanted, if its time has come and nothing is in its way."""
    change = leg.change
    if change is None or change.cseq or change.due_at > now or not leg.settled:
        return []
    if change.wanted and leg.exchange.spoken == leg.exchange.direction:
        leg.change = None  # an answer of ours has said it
        return []
    return [_send(leg, change, now)]


def _send(leg: LegState, change: Change, now: float) -> Effect:
    dialog = leg.talking
    assert dialog is not None
    update = "UPDATE" in leg.allows and (leg.state is not S.UP or not change.offering)
    method = "UPDATE" if update else "INVITE"
    described = change.offering or method == "INVITE"
    body = leg.exchange.offer(leg.setup.local) if described else b""
    timer = refresh.asked(leg) if leg.state is S.UP else ()
    order = ask.send(leg, dialog, method, (*compose.refreshing(leg), *timer), body)
    change.cseq, change.described, change.heard = order.request.cseq.number, described, False
    change.until = now + ANSWER_S if method == "INVITE" else None  # any other transaction ends by itself
    return order


def overdue(leg: LegState) -> list[Effect]:
    """An answer that does not come: a CANCEL brings it, or the end of the transaction."""
    change = leg.change
    assert change is not None
    change.until = None
    return [SendCancel(leg.id)] if change.heard else []


# ---- what becomes of it ----------------------------------------------------------------------------------------


def ended(leg: LegState, end: ResponseArrived | TransactionFailed, asked: Asked, now: float) -> Outcome:
    """A response to our re-INVITE or UPDATE, or none."""
    change = leg.change
    if isinstance(end, TransactionFailed):
        if change is None:
            return [], None, None
        return (
            ([], I.PEER_LOST, end) if leg.state is S.UP else (_given_up(leg, change, end.status, end.why), None, None)
        )
    response = end.response
    if response.status < 200:
        if change is not None:
            change.heard = True
        return [], None, None
    if response.status < 300:
        return _accepted(leg, response, asked, now)
    if change is None:
        return [], None, None
    if response.status in (408, 481) and leg.state is S.UP:
        return [], I.PEER_LOST, end
    return _refused(leg, change, response, now), None, None


def acknowledge(asked: Asked, cseq: int, leg: LegState) -> Effect:
    return SendAck(asked.dialog.ack(cseq, asked.credentials), leg.flow)


def _accepted(leg: LegState, response: Response, asked: Asked, now: float) -> Outcome:
    method, number = response.cseq.method, response.cseq.number
    asked.dialog.refresh(response)  # the ACK goes there already
    effects = [acknowledge(asked, number, leg)] if method == "INVITE" else []
    change, leg.change = leg.change, None
    if change is None:
        return effects, None, None
    refresh.granted(leg, response, now)
    if change.described:
        try:
            media = leg.exchange.accept(midcall.required(response), leg.setup.local)
        except PeerError as error:
            return effects, I.ANSWER_UNUSABLE if leg.state is S.UP else None, error
        effects += _agreed(leg, asked, media)
    if change.more:
        leg.change = Change(True, True, leg.exchange.spoken, now)
        effects += start(leg, now)
    return effects, None, None


def _agreed(leg: LegState, asked: Asked, media: Media) -> list[Effect]:
    """Before the answer only the one who calls hears media."""
    if leg.dialog is None and leg.outbound is not None:
        branch = leg.outbound.early.get(asked.dialog.remote_tag)
        if branch is not None:
            branch.media = media
        return [Progress(leg.id, 183, media)]
    leg.exchange.agreed = media
    return [] if leg.state in (S.OFFERED, S.ACCEPT_DUE) else midcall.updated(leg)


def _refused(leg: LegState, change: Change, response: Response, now: float) -> list[Effect]:
    wait_s = _again_after(leg, change, response)
    change.cseq, change.until = 0, None
    change.tries += 1
    if change.wanted:
        leg.exchange.spoken = change.former
    if wait_s is not None and change.tries < _TRIES:
        change.due_at = now + wait_s
        return start(leg, now)
    if not change.wanted:
        refresh.refused(leg, now)
    return _given_up(leg, change, response.status, response.reason)


def _given_up(leg: LegState, change: Change, status: int, reason: str) -> list[Effect]:
    leg.change = None
    if not change.wanted:
        return []
    leg.exchange.direction = leg.exchange.spoken = change.former
    return [NotUpdated(leg.id, status, reason)]


def _again_after(leg: LegState, change: Change, response: Response) -> float | None:
    """Seconds; None where it makes no sense."""
    if response.status == 491:
        # Section 14.1, in units of 10 ms: whoever owns the Call-ID waits longer.
        fraction = leg.setup.ids.fraction()
        return 2.1 + int(191 * fraction) / 100 if leg.outbound is not None else int(201 * fraction) / 100
    if response.status == 422:
        return 0.0 if refresh.raised(leg, response) else None
    if response.status == 500 and "Retry-After" in response.headers:  # section 14.2: an INVITE of theirs is in the way
        return min(retry_after_s(response), _RETRY_AFTER_S)
    return None


def repeated(leg: LegState, order: SendRequest) -> list[Effect]:
    """A request of ours goes out again with credentials; if it was the change, it still is."""
    if leg.change is not None and leg.change.cseq and order.request.method in ("INVITE", "UPDATE"):
        leg.change.cseq = order.request.cseq.number
    return [order]
