"""Keys by SIP INFO, both ways (no RFC: every phone writes it), in one of the two bodies that are in use.

Ours go one after the other: of two under way at a time the second could come first, and would be refused for its CSeq.
A phone that knows no INFO refuses it, and the call goes on.
"""

from __future__ import annotations

from softswitch.call import ask, compose
from softswitch.call.signal import Digit, SendKeys
from softswitch.call.state import LegState
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip import body
from softswitch.sip.effect import RequestArrived

RELAY = "application/dtmf-relay"
_KINDS = (RELAY, "application/dtmf")
_KEYS = frozenset("0123456789*#ABCD")
# RFC 4733 event codes, as some phones write.
_SPELT = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
_HOLD_MS = 160  # what we say of how long it was pressed
_MOST_WAITING = 64


def info(leg: LegState, arrived: RequestArrived, _now: float) -> list[Effect]:
    """Raises ``PeerError``: not in a call, no key, or a package (RFC 6086)."""
    if leg.state not in (S.OFFERED, S.ACCEPT_DUE, S.ANSWERED, S.UP):
        raise PeerError(481, "Call/Transaction Does Not Exist")
    request = arrived.request
    if request.headers.get("Info-Package"):
        raise PeerError(469, "Bad Info Package", headers=(("Recv-Info", ""),))  # RFC 6086 section 4.2.2: none is known
    effects: list[Effect] = [compose.reply(leg, arrived.transaction, request, 200)]
    if (pressed := body.part(request, _KINDS)) is not None:
        effects.append(Digit(leg.id, _digit(pressed)))
    return effects


def _digit(pressed: body.Part) -> str:
    key = pressed.content.decode("ascii", "replace").strip()
    if pressed.kind == RELAY:
        fields = dict(line.lower().replace(" ", "").partition("=")[::2] for line in key.splitlines())
        key = fields.get("signal", "")
    key = _SPELT.get(key, key).upper()
    if key not in _KEYS:
        raise PeerError(400, "no such key")
    return key


def press(leg: LegState, order: SendKeys) -> list[Effect]:
    """Nothing where the leg is not up."""
    if leg.state is not S.UP:
        return []
    leg.keys = (leg.keys + order.digits)[:_MOST_WAITING]
    under_way = any(method == "INFO" for method, _, _ in leg.asked)
    return [] if under_way else told(leg)


def told(leg: LegState) -> list[Effect]:
    """The key before has its answer, or will get none: the next."""
    if not leg.keys or leg.state is not S.UP or leg.dialog is None or len(leg.asked) >= ask.MOST:
        leg.keys = ""
        return []
    key, leg.keys = leg.keys[0], leg.keys[1:]
    said = f"Signal={key}\r\nDuration={_HOLD_MS}\r\n".encode()
    return [ask.send(leg, leg.dialog, "INFO", (("Content-Type", RELAY),), said)]
