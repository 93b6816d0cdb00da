"""We ask the peer of an established leg to call somebody itself: REFER, and what it tells of that (RFC 3515, RFC 5589).

The other half of ``transfer``. Decided here: whom it can be asked of (a peer whose Allow names REFER, once at a time),
which URI the number has (at the peer's own domain, as it has written it itself), and that the first final status of a
NOTIFY is the last word. How long that is waited for is not known here.
"""

from __future__ import annotations

import re

from softswitch.call import ask, compose
from softswitch.call.signal import ReferPeer, Referred
from softswitch.call.state import LegState
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.dialog import Dialog
from softswitch.sip.effect import RequestArrived, ResponseArrived, TransactionFailed
from softswitch.sip.header import parse_name_addr
from softswitch.sip.uri import Uri, parse_uri

_NOT_ASKED = 405
_STATUS = re.compile(rb"SIP/2\.0 ([1-6][0-9][0-9])(?: |\r|\n|$)")


def refer(leg: LegState, order: ReferPeer) -> list[Effect]:
    """``Referred`` with 405 where it cannot be asked."""
    if leg.state is S.ANSWERED:
        leg.refer_to = order.number
        return []
    able = leg.state is S.UP and "REFER" in leg.allows and not leg.referring and len(leg.asked) < ask.MOST
    if not able or leg.dialog is None:
        return [Referred(leg.id, _NOT_ASKED)]
    leg.referring = True
    headers = (
        ("Contact", compose.contact_value(leg.flow, leg.secure)),
        ("Refer-To", f"<{Uri('sip', order.number, _domain(leg.dialog))}>"),
        ("Referred-By", f"<{parse_name_addr(leg.dialog.local).uri}>"),
    )
    return [ask.send(leg, leg.dialog, "REFER", headers)]


def due(leg: LegState) -> list[Effect]:
    """The ACK is there: what had to wait for it."""
    number, leg.refer_to = leg.refer_to, ""
    return refer(leg, ReferPeer(number)) if number else []


def _domain(dialog: Dialog) -> str:
    """Where the peer's own numbers are: the host that it has named itself by, or where it is."""
    named = parse_name_addr(dialog.remote).uri
    usable = named.scheme in ("sip", "sips") and named.host and not named.host.lower().endswith(".invalid")
    return named.host if usable else parse_uri(dialog.remote_target).host


def answered(leg: LegState, end: ResponseArrived | TransactionFailed) -> list[Effect]:
    """Taken, or not; what becomes of it is told by NOTIFY, which may come before this."""
    status = end.response.status if isinstance(end, ResponseArrived) else end.status
    return [] if 200 <= status < 300 else _over(leg, status)


def notify(leg: LegState, arrived: RequestArrived, _now: float) -> list[Effect]:
    """Raises ``PeerError``: 481 nothing was asked, 489 another event."""
    request = arrived.request
    if (request.headers.get("Event") or "").partition(";")[0].strip().lower() != "refer":
        raise PeerError(489, "Bad Event", headers=(("Allow-Events", "refer"),))
    if not leg.referring:
        raise PeerError(481, "Subscription Does Not Exist")
    found = _STATUS.match(request.body.lstrip())
    status = int(found[1]) if found else 0
    reply = compose.reply(leg, arrived.transaction, request, 200)
    return [reply, *(_over(leg, status) if status >= 200 else [])]


def _over(leg: LegState, status: int) -> list[Effect]:
    if not leg.referring:
        return []
    leg.referring = False
    return [Referred(leg.id, status)]
