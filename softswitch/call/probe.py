"""Whether the peer of an established leg is still there (RFC 3261 sections 11 and 12.2.1.2).

A phone that vanishes says no BYE, and an established session has no timer of its own. A leg that has heard nothing for
a minute therefore asks by OPTIONS inside the dialog. Whatever the answer, it is a sign of life; but 408, 481 or none at
all mean that the dialog is over.
"""

from __future__ import annotations

from softswitch.call import ask
from softswitch.call.signal import Released
from softswitch.call.state import LegState, Probe
from softswitch.call.table import UP
from softswitch.core.effect import Effect
from softswitch.sip.body import SDP
from softswitch.sip.effect import ResponseArrived, TransactionFailed

PROBE_S = 60.0
_GONE = (408, 481)


def heard(leg: LegState, now: float) -> None:
    """The peer has spoken in this dialog."""
    leg.probe.due_at = now + PROBE_S if leg.state is UP else None


def lost(leg: LegState, cause: ResponseArrived | TransactionFailed, now: float) -> bool:
    """Our OPTIONS has come to its end: whether the peer is gone. One that has spoken meanwhile is not."""
    spoken = leg.probe.due_at is not None
    leg.probe.pending = False
    if isinstance(cause, TransactionFailed):
        return not spoken
    if cause.response.status not in _GONE:
        heard(leg, now)
        return False
    return not spoken or cause.response.status == 481


# ---- actions ---------------------------------------------------------------------------------------------------


def send(leg: LegState, _cause: object, _now: float) -> list[Effect]:
    assert leg.dialog is not None
    leg.probe = Probe(None, True)
    return [ask.send(leg, leg.dialog, "OPTIONS", (("Accept", SDP),))]


def released_lost(leg: LegState, cause: object, _now: float) -> list[Effect]:
    assert isinstance(cause, ResponseArrived | TransactionFailed)
    reason = cause.why if isinstance(cause, TransactionFailed) else str(cause.response.status)
    return [Released(leg.id, "network", reason)]
