"""Texts inside a call: MESSAGE in the dialog of a leg (RFC 3428 section 3, RFC 3261 section 12.2).

The text is handed up as a signal and answered 202: whether there is somebody on the other leg who can read it is not
known here. Ours is sent on without asking back; a phone that takes no texts refuses it, and the call goes on.
"""

from __future__ import annotations

from softswitch.call import ask, compose
from softswitch.call.signal import SendText, Texted
from softswitch.call.state import LegState
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.effect import RequestArrived
from softswitch.sip.page import read


def message(leg: LegState, arrived: RequestArrived, _now: float) -> list[Effect]:
    """Raises ``PeerError``: no text, or no call that is up."""
    if leg.state not in (S.UP, S.ANSWERED):
        raise PeerError(480, "Temporarily Unavailable")
    text = read(arrived.request)
    accepted = compose.reply(leg, arrived.transaction, arrived.request, 202)
    return [accepted, Texted(leg.id, text.content_type, text.body)] if text.body else [accepted]


def send(leg: LegState, order: SendText) -> list[Effect]:
    """Nothing where the leg is not up, or is so no more, or does not answer what it was sent."""
    if leg.state is not S.UP or leg.dialog is None or len(leg.asked) >= ask.MOST:
        return []
    return [ask.send(leg, leg.dialog, "MESSAGE", (("Content-Type", order.content_type),), order.body)]
