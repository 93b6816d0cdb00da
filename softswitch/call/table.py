"""What a leg does in each of its states: the two tables, for inbound and outbound legs.

They are to be held against RFC 3261 sections 9.1 (when to CANCEL), 13.2.2.4 and 13.3.1.4 (2xx and ACK), 14 (re-INVITE)
and 15 (BYE). An action's name is what is said or sent; the order matters.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from softswitch.core.machine import DROP, Word


class S(Word):
    NEW = enum.auto()
    OFFERED = enum.auto()  # inbound: the INVITE has no final response yet
    ACCEPT_DUE = enum.auto()  # inbound: accepted, but a description is on its way that a PRACK has to acknowledge
    ANSWERED = enum.auto()  # inbound: 2xx sent, no ACK yet
    CALLING = enum.auto()  # outbound: INVITE sent, nothing heard
    RINGING = enum.auto()  # outbound: a provisional response has come, so that a CANCEL may be sent
    ABANDONED = enum.auto()  # outbound: given up, but nothing heard yet that could be cancelled
    CANCELLING = enum.auto()  # outbound: CANCEL sent
    UP = enum.auto()  # no deadline but the next probe of the peer
    BYE_DUE = enum.auto()  # inbound: released, but section 15 forbids a BYE before the ACK
    LEAVING = enum.auto()  # BYE sent
    ENDED = enum.auto()  # nothing left but late 2xx of other branches
    FINISHED = enum.auto()


# Asked for at every step: to read a member off its class takes a thousand machine instructions (CPython 3.11).
OFFERED, UP, ENDED = S.OFFERED, S.UP, S.ENDED


class I(Word):  # noqa: E742 (the tables call it an input)
    # commands
    DIAL = enum.auto()
    RING = enum.auto()
    ACCEPT = enum.auto()
    REJECT = enum.auto()
    RELEASE = enum.auto()
    ACCEPT_EARLY = enum.auto()  # before the PRACK to a description of ours
    RENEGOTIATE = enum.auto()
    # requests of the peer
    INVITE = enum.auto()
    INVITE_UNUSABLE = enum.auto()
    CANCEL = enum.auto()
    BYE = enum.auto()
    PRACKED = enum.auto()
    ACK = enum.auto()
    ANSWER_UNUSABLE = (
        enum.auto()
    )  # our offer in a 2xx or a re-INVITE was answered with what we cannot use, or not at all
    # responses to our INVITE, our BYE
    PROVISIONAL = enum.auto()
    SUCCESS = enum.auto()
    SUCCESS_UNUSABLE = enum.auto()
    REFUSED = enum.auto()
    CHALLENGED = enum.auto()
    INVITE_LOST = enum.auto()
    BYE_DONE = enum.auto()
    PEER_LOST = enum.auto()  # our OPTIONS, re-INVITE or UPDATE: 408, 481 or no answer
    # time
    ACK_TIMEOUT = enum.auto()
    PRACK_TIMEOUT = enum.auto()
    REMIND = enum.auto()
    PROBE = enum.auto()  # nothing heard of an established peer for long
    EXPIRED = enum.auto()  # the session timer
    LIMIT = enum.auto()  # the state's deadline


class A(Word):
    # inbound
    TRYING = enum.auto()
    OFFER = enum.auto()
    RING = enum.auto()
    REMIND = enum.auto()
    ACCEPT = enum.auto()
    REFUSE_UNUSABLE = enum.auto()
    REFUSE_COMMANDED = enum.auto()
    REFUSE_CANCELLED = enum.auto()
    REFUSE_NO_ANSWER = enum.auto()
    REFUSE_UNACKNOWLEDGED = enum.auto()  # no PRACK
    RING_NEXT = enum.auto()  # what had to wait for the PRACK
    # outbound
    INVITE = enum.auto()
    INVITE_AGAIN = enum.auto()
    CANCEL = enum.auto()
    PROGRESS = enum.auto()
    ACK = enum.auto()
    # either
    ANSWERED = enum.auto()
    BYE = enum.auto()
    OK_BYE = enum.auto()
    GONE = enum.auto()  # 481
    PROBE = enum.auto()  # OPTIONS
    CHANGE = enum.auto()  # re-INVITE or UPDATE, now or when it may be sent
    # how it ended
    FAILED_UNUSABLE = enum.auto()
    FAILED_REJECTED = enum.auto()
    FAILED_CANCELLED = enum.auto()
    FAILED_NO_ANSWER = enum.auto()
    FAILED_UNACKNOWLEDGED = enum.auto()
    FAILED_RELEASED = enum.auto()
    FAILED_REFUSED = enum.auto()
    FAILED_LOST = enum.auto()
    RELEASED_US = enum.auto()
    RELEASED_PEER = enum.auto()
    RELEASED_NO_ACK = enum.auto()
    RELEASED_LOST = enum.auto()
    RELEASED_UNUSABLE = enum.auto()
    RELEASED_EXPIRED = enum.auto()
    FINISH = enum.auto()


Cell = tuple[S | None, tuple[A, ...]]
Table = Mapping[S, Mapping[I, Cell]]

# Commands that cross the end of the leg: whoever gave them has not read our last signal yet.
_TOO_LATE: dict[I, Cell] = {
    I.RING: DROP, I.ACCEPT: DROP, I.REJECT: DROP, I.RELEASE: DROP, I.RENEGOTIATE: DROP,
    I.ACCEPT_EARLY: DROP,
}  # fmt: skip

_UP: dict[I, Cell] = {
    I.RELEASE: (S.LEAVING, (A.BYE, A.RELEASED_US)),
    I.BYE: (S.ENDED, (A.OK_BYE, A.RELEASED_PEER)),
    I.ACK: DROP,  # to a re-INVITE's 2xx
    I.PRACKED: DROP,
    I.ANSWER_UNUSABLE: (S.LEAVING, (A.BYE, A.RELEASED_UNUSABLE)),
    I.ACK_TIMEOUT: (S.LEAVING, (A.BYE, A.RELEASED_NO_ACK)),
    I.BYE_DONE: DROP,  # of another branch
    I.CANCEL: DROP,
    I.PROBE: (None, (A.PROBE,)),
    I.PEER_LOST: (S.LEAVING, (A.BYE, A.RELEASED_LOST)),  # section 12.2.1.2: with a BYE
    I.EXPIRED: (S.LEAVING, (A.BYE, A.RELEASED_EXPIRED)),  # RFC 4028 section 10
    I.RENEGOTIATE: (None, (A.CHANGE,)),
}
_LEAVING: dict[I, Cell] = {
    **_TOO_LATE,
    I.BYE: (None, (A.OK_BYE,)),  # theirs has crossed ours
    I.PRACKED: DROP,
    I.CANCEL: DROP,
    I.BYE_DONE: (S.ENDED, ()),  # any final response, 481 and 408 too, or none
    I.PEER_LOST: DROP,
    I.LIMIT: (S.ENDED, ()),
}
_ENDED: dict[I, Cell] = {**dict.fromkeys(I, DROP), I.BYE: (None, (A.GONE,)), I.LIMIT: (S.FINISHED, (A.FINISH,))}
_FINISHED: dict[I, Cell] = {**dict.fromkeys(I, DROP), I.BYE: (None, (A.GONE,))}

INBOUND: Table = {
    S.NEW: {
        I.INVITE: (S.OFFERED, (A.TRYING, A.OFFER)),
        I.INVITE_UNUSABLE: (S.ENDED, (A.REFUSE_UNUSABLE, A.FAILED_UNUSABLE)),
    },
    S.OFFERED: {
        I.RING: (None, (A.RING,)),
        I.ACCEPT: (S.ANSWERED, (A.ACCEPT, A.ANSWERED)),
        I.ACCEPT_EARLY: (S.ACCEPT_DUE, ()),
        I.PRACKED: (None, (A.RING_NEXT,)),
        I.PRACK_TIMEOUT: (S.ENDED, (A.REFUSE_UNACKNOWLEDGED, A.FAILED_UNACKNOWLEDGED)),
        I.REJECT: (S.ENDED, (A.REFUSE_COMMANDED, A.FAILED_REJECTED)),
        I.RELEASE: (S.ENDED, (A.REFUSE_COMMANDED, A.FAILED_REJECTED)),
        I.CANCEL: (S.ENDED, (A.REFUSE_CANCELLED, A.FAILED_CANCELLED)),
        I.BYE: (S.ENDED, (A.OK_BYE, A.REFUSE_CANCELLED, A.FAILED_CANCELLED)),  # section 15: a caller may
        I.REMIND: (None, (A.REMIND,)),
        I.RENEGOTIATE: (None, (A.CHANGE,)),
        I.LIMIT: (S.ENDED, (A.REFUSE_NO_ANSWER, A.FAILED_NO_ANSWER)),
    },
    S.ACCEPT_DUE: {
        I.RING: DROP,
        I.ACCEPT: DROP,
        I.ACCEPT_EARLY: DROP,
        I.PRACKED: (S.ANSWERED, (A.ACCEPT, A.ANSWERED)),
        I.PRACK_TIMEOUT: (S.ENDED, (A.REFUSE_UNACKNOWLEDGED, A.FAILED_UNACKNOWLEDGED)),
        I.REJECT: (S.ENDED, (A.REFUSE_COMMANDED, A.FAILED_REJECTED)),
        I.RELEASE: (S.ENDED, (A.REFUSE_COMMANDED, A.FAILED_REJECTED)),
        I.CANCEL: (S.ENDED, (A.REFUSE_CANCELLED, A.FAILED_CANCELLED)),
        I.BYE: (S.ENDED, (A.OK_BYE, A.REFUSE_CANCELLED, A.FAILED_CANCELLED)),
        I.RENEGOTIATE: (None, (A.CHANGE,)),
        I.LIMIT: (S.ENDED, (A.REFUSE_NO_ANSWER, A.FAILED_NO_ANSWER)),
    },
    S.ANSWERED: {
        I.PRACKED: DROP,  # the 2xx did not have to wait for it
        I.ACK: (S.UP, ()),
        I.ANSWER_UNUSABLE: (S.LEAVING, (A.BYE, A.RELEASED_UNUSABLE)),
        I.ACK_TIMEOUT: (S.LEAVING, (A.BYE, A.RELEASED_NO_ACK)),
        I.RELEASE: (S.BYE_DUE, (A.RELEASED_US,)),
        I.BYE: (S.ENDED, (A.OK_BYE, A.RELEASED_PEER)),
        I.CANCEL: DROP,  # too late: the peer will ACK and BYE
        I.RENEGOTIATE: (None, (A.CHANGE,)),
    },
    S.UP: _UP,
    S.BYE_DUE: {
        **_TOO_LATE,
        I.PRACKED: DROP,
        I.ACK: (S.LEAVING, (A.BYE,)),
        I.ANSWER_UNUSABLE: (S.LEAVING, (A.BYE,)),
        I.ACK_TIMEOUT: (S.LEAVING, (A.BYE,)),
        I.BYE: (S.ENDED, (A.OK_BYE,)),
        I.CANCEL: DROP,
    },
    S.LEAVING: _LEAVING,
    S.ENDED: _ENDED,
    S.FINISHED: _FINISHED,
}

OUTBOUND: Table = {
    S.NEW: {
        I.DIAL: (S.CALLING, (A.INVITE,)),
        I.RELEASE: (S.ENDED, (A.FAILED_RELEASED,)),
        I.RENEGOTIATE: (None, (A.CHANGE,)),
    },
    S.CALLING: {
        I.PROVISIONAL: (S.RINGING, (A.PROGRESS,)),
        I.SUCCESS: (S.UP, (A.ACK, A.ANSWERED)),
        I.SUCCESS_UNUSABLE: (S.LEAVING, (A.ACK, A.BYE, A.FAILED_UNUSABLE)),
        I.REFUSED: (S.ENDED, (A.FAILED_REFUSED,)),
        I.CHALLENGED: (None, (A.INVITE_AGAIN,)),
        I.INVITE_LOST: (S.ENDED, (A.FAILED_LOST,)),
        I.RELEASE: (S.ABANDONED, (A.FAILED_RELEASED,)),
        I.RENEGOTIATE: (None, (A.CHANGE,)),
        I.LIMIT: (S.ABANDONED, (A.FAILED_NO_ANSWER,)),
        I.BYE: (None, (A.GONE,)),
    },
    S.RINGING: {
        I.PROVISIONAL: (None, (A.PROGRESS,)),
        I.SUCCESS: (S.UP, (A.ACK, A.ANSWERED)),
        I.SUCCESS_UNUSABLE: (S.LEAVING, (A.ACK, A.BYE, A.FAILED_UNUSABLE)),
        I.REFUSED: (S.ENDED, (A.FAILED_REFUSED,)),
        I.CHALLENGED: (S.CALLING, (A.INVITE_AGAIN,)),
        I.INVITE_LOST: (S.ENDED, (A.FAILED_LOST,)),
        I.RELEASE: (S.CANCELLING, (A.CANCEL, A.FAILED_RELEASED)),
        I.RENEGOTIATE: (None, (A.CHANGE,)),
        I.LIMIT: (S.CANCELLING, (A.CANCEL, A.FAILED_NO_ANSWER)),
        I.BYE: (None, (A.GONE,)),  # section 15: a callee must not, on an early dialog
    },
    S.ABANDONED: {
        **_TOO_LATE,
        I.PROVISIONAL: (S.CANCELLING, (A.CANCEL,)),
        I.SUCCESS: (S.LEAVING, (A.ACK, A.BYE)),
        I.SUCCESS_UNUSABLE: (S.LEAVING, (A.ACK, A.BYE)),
        I.REFUSED: (S.ENDED, ()),
        I.CHALLENGED: (S.ENDED, ()),
        I.INVITE_LOST: (S.ENDED, ()),
        I.LIMIT: (S.ENDED, ()),
        I.BYE: (None, (A.GONE,)),
    },
    S.CANCELLING: {
        **_TOO_LATE,
        I.PROVISIONAL: DROP,
        I.SUCCESS: (S.LEAVING, (A.ACK, A.BYE)),  # the 200 has crossed our CANCEL
        I.SUCCESS_UNUSABLE: (S.LEAVING, (A.ACK, A.BYE)),
        I.REFUSED: (S.ENDED, ()),  # 487 as a rule
        I.CHALLENGED: (S.ENDED, ()),
        I.INVITE_LOST: (S.ENDED, ()),
        I.LIMIT: (S.ENDED, ()),
        I.BYE: (None, (A.GONE,)),
    },
    S.UP: _UP,
    S.LEAVING: _LEAVING,
    S.ENDED: _ENDED,
    S.FINISHED: _FINISHED,
}
