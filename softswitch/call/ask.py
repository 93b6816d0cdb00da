"""Requests of ours inside a dialog, and the challenges that they meet (RFC 3261 sections 12.2.1, 22.2, 22.3).

Decided here: any of them that is challenged is sent again with credentials, as long as ``challenge`` has any. Which
request it is, and what its answer means, is not known here.
"""

from __future__ import annotations

from softswitch.call import compose
from softswitch.call.signal import SendRequest
from softswitch.call.state import Asked, LegState
from softswitch.sip import challenge
from softswitch.sip.body import SDP
from softswitch.sip.dialog import Dialog
from softswitch.sip.effect import TransactionFailed
from softswitch.sip.message import Message, Response
from softswitch.sip.section import HeaderLines

MOST = 32  # under way at a time; a peer who makes us ask more is not answered


def send(
    leg: LegState,
    dialog: Dialog,
    method: str,
    headers: HeaderLines = (),
    body: bytes = b"",
    former: Asked | None = None,
) -> SendRequest:
    """The next request in ``dialog``; ``former`` is the one that it repeats with credentials."""
    credentials = () if former is None else former.credentials
    lines = (*headers, ("User-Agent", compose.PRODUCT), *credentials)
    if body:
        lines += (("Content-Type", SDP),) if not any(name == "Content-Type" for name, _ in headers) else ()
    request = dialog.request(method, lines, body)
    if method == "INVITE":  # the one before is over, or this one could not be sent
        leg.asked = {key: asked for key, asked in leg.asked.items() if key[0] != "INVITE"}
    challenges = 0 if former is None else former.challenges
    leg.asked[method, dialog.local_cseq, dialog.remote_tag] = Asked(dialog, headers, body, credentials, challenges)
    return SendRequest(leg.id, request, leg.flow)


def of(leg: LegState, message: Message) -> Asked | None:
    """What ``message`` answers, or is."""
    return leg.asked.get(_key(message)) if leg.asked else None


def lost(leg: LegState, failed: TransactionFailed) -> Asked | None:
    """What has got no answer; it is settled."""
    key = _key(failed.request) if failed.request is not None else _latest(leg, failed.method)
    return None if key is None else leg.asked.pop(key, None)


def _latest(leg: LegState, method: str) -> tuple[str, int, str] | None:
    return next((key for key in reversed(leg.asked) if key[0] == method), None)


def settle(leg: LegState, message: Message) -> None:
    """It has its final response. A re-INVITE with a 2xx is kept: each repeat of the 2xx is acknowledged again."""
    key = _key(message)
    asked = leg.asked.get(key)
    if asked is not None and key[0] == "INVITE" and isinstance(message, Response) and message.status < 300:
        asked.accepted = True
        return
    leg.asked.pop(key, None)


def again(leg: LegState, asked: Asked, response: Response) -> SendRequest | None:
    """The same with credentials, where ``response`` is a challenge that we answer."""
    method = response.cseq.method
    found = answer(leg, response, method, asked.dialog.remote_target, asked.credentials, asked.challenges)
    if not found:
        return None
    leg.asked.pop(_key(response), None)
    asked.credentials, asked.challenges = found, asked.challenges + 1
    return send(leg, asked.dialog, method, asked.headers, asked.body, asked)


def answer(
    leg: LegState, response: Response, method: str, uri: str, given: HeaderLines, challenges: int
) -> HeaderLines:
    """All credentials for the next try; none where there is no sense in one. ``given`` were those of the last."""
    return challenge.again(response, leg.setup.account, method, uri, given, challenges, leg.setup.ids)


def _key(message: Message) -> tuple[str, int, str]:
    cseq = message.cseq
    return cseq.method, cseq.number, message.to.tag or ""
