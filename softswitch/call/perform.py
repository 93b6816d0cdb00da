"""What stands behind the names: each action of the table, each command, each method inside a dialog.

Decided here: nothing. A new action, command or method is served from the moment when it stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from softswitch.call import (
    inbound,
    keys,
    midcall,
    outbound,
    probe,
    referral,
    reliable,
    renegotiate,
    text,
    transfer,
    update,
)
from softswitch.call.signal import Accept, Dial, ReferPeer, Reject, Release, Renegotiate, Ring, SendKeys, SendText
from softswitch.call.state import LegState
from softswitch.call.table import A, I
from softswitch.core.effect import Effect
from softswitch.sip.effect import RequestArrived

PERFORM: dict[A, Callable[[LegState, object, float], list[Effect]]] = {
    A.TRYING: inbound.trying,
    A.OFFER: inbound.offer,
    A.RING: inbound.ring,
    A.REMIND: inbound.remind,
    A.ACCEPT: inbound.accept,
    A.REFUSE_UNUSABLE: inbound.refuse_unusable,
    A.REFUSE_COMMANDED: inbound.refuse_commanded,
    A.REFUSE_CANCELLED: inbound.refuse_cancelled,
    A.REFUSE_NO_ANSWER: inbound.refuse_no_answer,
    A.REFUSE_UNACKNOWLEDGED: reliable.refuse_unacknowledged,
    A.RING_NEXT: inbound.ring_next,
    A.INVITE: outbound.invite,
    A.INVITE_AGAIN: outbound.invite_again,
    A.CANCEL: outbound.cancel,
    A.PROGRESS: outbound.progress,
    A.ACK: outbound.ack,
    A.ANSWERED: midcall.answered,
    A.BYE: midcall.bye,
    A.OK_BYE: midcall.ok_bye,
    A.GONE: midcall.gone,
    A.PROBE: probe.send,
    A.CHANGE: renegotiate.want,
    A.FAILED_UNUSABLE: midcall.failed_unusable,
    A.FAILED_REJECTED: inbound.failed_rejected,
    A.FAILED_CANCELLED: inbound.failed_cancelled,
    A.FAILED_NO_ANSWER: midcall.failed_no_answer,
    A.FAILED_UNACKNOWLEDGED: reliable.failed_unacknowledged,
    A.FAILED_RELEASED: outbound.failed_released,
    A.FAILED_REFUSED: outbound.failed_refused,
    A.FAILED_LOST: outbound.failed_lost,
    A.RELEASED_US: midcall.released_us,
    A.RELEASED_PEER: midcall.released_peer,
    A.RELEASED_NO_ACK: midcall.released_no_ack,
    A.RELEASED_LOST: probe.released_lost,
    A.RELEASED_UNUSABLE: midcall.released_unusable,
    A.RELEASED_EXPIRED: midcall.released_expired,
    A.FINISH: midcall.finish,
}
COMMANDS: dict[type, I] = {
    Dial: I.DIAL,
    Ring: I.RING,
    Accept: I.ACCEPT,
    Reject: I.REJECT,
    Release: I.RELEASE,
    Renegotiate: I.RENEGOTIATE,
}
ORDERS: dict[type, Callable[[LegState, Any], list[Effect]]] = {  # no state of the leg depends on them
    ReferPeer: referral.refer,
    SendKeys: keys.press,
    SendText: text.send,
}
INSIDE: dict[str, Callable[[LegState, RequestArrived, float], list[Effect]]] = {
    "INVITE": midcall.reinvite,
    "INFO": keys.info,
    "NOTIFY": referral.notify,
    "OPTIONS": midcall.options,
    "PRACK": lambda leg, arrived, _now: reliable.acknowledged(leg, arrived),
    "REFER": transfer.refer,
    "UPDATE": update.update,
    "MESSAGE": text.message,
}
