"""The four transaction machines as tables: RFC 3261 figures 5 to 8, with the Accepted states of RFC 6026.

State x input -> (next state, actions); None as next state means "stays". What the actions do is in ``transaction``.
Timer C and the ring timeout are the leg's, so that an INVITE in PROCEEDING has no timer of its own.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from softswitch.core.machine import DROP, Word


class S(Word):
    """States, by the names in the figures."""

    CALLING = enum.auto()
    TRYING = enum.auto()
    PROCEEDING = enum.auto()
    ACCEPTED = enum.auto()
    COMPLETED = enum.auto()
    CONFIRMED = enum.auto()
    TERMINATED = enum.auto()


# Asked for at every step: to read a member off its class takes a thousand machine instructions (CPython 3.11).
ACCEPTED, TERMINATED = S.ACCEPTED, S.TERMINATED


class I(Word):  # noqa: E742 (the figures call it an input)
    """Inputs. R*: a response from the wire; TU_*: a response from the transaction user."""

    R1XX = enum.auto()
    R2XX = enum.auto()
    R300_699 = enum.auto()
    REQUEST = enum.auto()  # the same request once more
    ACK = enum.auto()
    TU_1XX = enum.auto()
    TU_2XX = enum.auto()
    TU_300_699 = enum.auto()
    TU_CANCEL = enum.auto()
    TRANSPORT_ERROR = enum.auto()
    TIMER_A = enum.auto()
    TIMER_B = enum.auto()
    TIMER_D = enum.auto()
    TIMER_E = enum.auto()
    TIMER_F = enum.auto()
    TIMER_G = enum.auto()
    TIMER_H = enum.auto()
    TIMER_I = enum.auto()
    TIMER_J = enum.auto()
    TIMER_K = enum.auto()
    TIMER_L = enum.auto()
    TIMER_M = enum.auto()
    TIMER_CANCEL = enum.auto()  # section 9.1: 64*T1 after a CANCEL without a final response


class A(Word):
    """Actions."""

    RETRANSMIT = enum.auto()
    DOUBLE = enum.auto()  # next repeat after twice the interval
    DOUBLE_TO_T2 = enum.auto()  # the same, but never more than T2
    SLOW_E = enum.auto()  # next repeat after T2
    TO_TU = enum.auto()
    ACK = enum.auto()
    ACK_TO_TU = enum.auto()
    TIMEOUT = enum.auto()
    FAIL = enum.auto()
    SEND = enum.auto()  # the response that the transaction user gave
    RESEND = enum.auto()  # the response sent last, if there is one
    STOP = enum.auto()  # all timers
    START_CANCEL_WAIT = enum.auto()
    START_D = enum.auto()
    START_GH = enum.auto()
    START_H = enum.auto()
    START_I = enum.auto()
    START_J = enum.auto()
    START_K = enum.auto()
    START_L = enum.auto()
    START_M = enum.auto()


Cell = tuple[S | None, tuple[A, ...]]
Table = Mapping[S, Mapping[I, Cell]]

_ENDED: Cell = (S.TERMINATED, ())

# RFC 3261 figure 5 with RFC 6026 section 7.2: a 2xx leads to ACCEPTED, where forks and repeats still reach the user.
INVITE_CLIENT: Table = {
    S.CALLING: {
        I.TIMER_A: (None, (A.RETRANSMIT, A.DOUBLE)),
        I.TIMER_B: (S.TERMINATED, (A.TIMEOUT,)),
        I.TRANSPORT_ERROR: (S.TERMINATED, (A.FAIL,)),
        I.R1XX: (S.PROCEEDING, (A.STOP, A.TO_TU)),
        I.R2XX: (S.ACCEPTED, (A.STOP, A.TO_TU, A.START_M)),
        I.R300_699: (S.COMPLETED, (A.STOP, A.ACK, A.TO_TU, A.START_D)),
    },
    S.PROCEEDING: {
        I.R1XX: (None, (A.TO_TU,)),
        I.R2XX: (S.ACCEPTED, (A.STOP, A.TO_TU, A.START_M)),
        I.R300_699: (S.COMPLETED, (A.STOP, A.ACK, A.TO_TU, A.START_D)),
        I.TU_CANCEL: (None, (A.START_CANCEL_WAIT,)),
        I.TIMER_CANCEL: (S.TERMINATED, (A.TIMEOUT,)),
        I.TRANSPORT_ERROR: DROP,  # the peer has the INVITE; its answer may come over a new connection
    },
    S.ACCEPTED: {
        I.R1XX: DROP,  # of another branch: it is of no use any more
        I.R2XX: (None, (A.TO_TU,)),
        I.R300_699: DROP,
        I.TU_CANCEL: DROP,  # section 9.1: no effect on a request that has its final response
        I.TIMER_M: _ENDED,
        I.TRANSPORT_ERROR: DROP,
    },
    S.COMPLETED: {
        I.R1XX: DROP,
        I.R2XX: DROP,
        I.R300_699: (None, (A.ACK,)),
        I.TU_CANCEL: DROP,
        I.TIMER_D: _ENDED,
        I.TRANSPORT_ERROR: _ENDED,  # the ACK did not get out; the user has its final response already
    },
}

# RFC 3261 figure 6.
NON_INVITE_CLIENT: Table = {
    S.TRYING: {
        I.TIMER_E: (None, (A.RETRANSMIT, A.DOUBLE_TO_T2)),
        I.TIMER_F: (S.TERMINATED, (A.TIMEOUT,)),
        I.TRANSPORT_ERROR: (S.TERMINATED, (A.FAIL,)),
        I.R1XX: (S.PROCEEDING, (A.TO_TU,)),
        I.R2XX: (S.COMPLETED, (A.STOP, A.TO_TU, A.START_K)),
        I.R300_699: (S.COMPLETED, (A.STOP, A.TO_TU, A.START_K)),
    },
    S.PROCEEDING: {
        I.TIMER_E: (None, (A.RETRANSMIT, A.SLOW_E)),  # section 17.1.2.2: set to T2 when it fires, not before
        I.TIMER_F: (S.TERMINATED, (A.TIMEOUT,)),
        I.TRANSPORT_ERROR: (S.TERMINATED, (A.FAIL,)),
        I.R1XX: (None, (A.TO_TU,)),
        I.R2XX: (S.COMPLETED, (A.STOP, A.TO_TU, A.START_K)),
        I.R300_699: (S.COMPLETED, (A.STOP, A.TO_TU, A.START_K)),
    },
    S.COMPLETED: {
        I.R1XX: DROP,
        I.R2XX: DROP,
        I.R300_699: DROP,
        I.TIMER_K: _ENDED,
        I.TRANSPORT_ERROR: DROP,
    },
}

# RFC 3261 figure 7 with RFC 6026 section 7.1. The user hears of an unreachable peer by the ACK that does not come.
INVITE_SERVER: Table = {
    S.PROCEEDING: {
        I.REQUEST: (None, (A.RESEND,)),
        I.ACK: DROP,  # nothing to acknowledge yet
        I.TU_1XX: (None, (A.SEND,)),
        I.TU_2XX: (S.ACCEPTED, (A.SEND, A.START_L)),
        I.TU_300_699: (S.COMPLETED, (A.SEND, A.START_GH)),
        I.TRANSPORT_ERROR: DROP,
    },
    S.COMPLETED: {
        I.REQUEST: (None, (A.RESEND,)),
        I.ACK: (S.CONFIRMED, (A.STOP, A.START_I)),
        I.TU_1XX: DROP,
        I.TU_2XX: DROP,  # too late: the refusal has left
        I.TU_300_699: DROP,
        I.TIMER_G: (None, (A.RESEND, A.DOUBLE_TO_T2)),
        I.TIMER_H: _ENDED,
        I.TRANSPORT_ERROR: DROP,
    },
    S.CONFIRMED: {
        I.REQUEST: DROP,
        I.ACK: DROP,
        I.TU_1XX: DROP,
        I.TU_2XX: DROP,
        I.TU_300_699: DROP,
        I.TIMER_I: _ENDED,
        I.TRANSPORT_ERROR: DROP,
    },
    S.ACCEPTED: {
        I.REQUEST: DROP,  # the user repeats its 2xx by itself
        I.ACK: (None, (A.ACK_TO_TU,)),
        I.TU_1XX: DROP,
        I.TU_2XX: (None, (A.SEND,)),
        I.TU_300_699: DROP,
        I.TIMER_L: _ENDED,
        I.TRANSPORT_ERROR: DROP,
    },
}

# RFC 3261 figure 8. Timer J runs from the start: 64*T1 after the request its client has given up, and an answer would
# be of no use (RFC 4320 section 4.2), so a user who never answers leaves nothing behind.
NON_INVITE_SERVER: Table = {
    S.TRYING: {
        I.REQUEST: DROP,
        I.TU_1XX: (S.PROCEEDING, (A.SEND,)),
        I.TU_2XX: (S.COMPLETED, (A.SEND, A.START_J)),
        I.TU_300_699: (S.COMPLETED, (A.SEND, A.START_J)),
        I.TIMER_J: _ENDED,
        I.TRANSPORT_ERROR: _ENDED,
    },
    S.PROCEEDING: {
        I.REQUEST: (None, (A.RESEND,)),
        I.TU_1XX: (None, (A.SEND,)),
        I.TU_2XX: (S.COMPLETED, (A.SEND, A.START_J)),
        I.TU_300_699: (S.COMPLETED, (A.SEND, A.START_J)),
        I.TIMER_J: _ENDED,
        I.TRANSPORT_ERROR: _ENDED,
    },
    S.COMPLETED: {
        I.REQUEST: (None, (A.RESEND,)),
        I.TU_1XX: DROP,
        I.TU_2XX: DROP,
        I.TU_300_699: DROP,
        I.TIMER_J: _ENDED,
        I.TRANSPORT_ERROR: _ENDED,
    },
}


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """One machine: its table, where it starts, and which timer its two deadlines are."""

    name: str
    start: S
    table: Table
    resend: I | None
    end: Mapping[S, I]


FIGURE_5 = Figure(
    "INVITE client",
    S.CALLING,
    INVITE_CLIENT,
    I.TIMER_A,
    {S.CALLING: I.TIMER_B, S.PROCEEDING: I.TIMER_CANCEL, S.ACCEPTED: I.TIMER_M, S.COMPLETED: I.TIMER_D},
)
FIGURE_6 = Figure(
    "non-INVITE client",
    S.TRYING,
    NON_INVITE_CLIENT,
    I.TIMER_E,
    {S.TRYING: I.TIMER_F, S.PROCEEDING: I.TIMER_F, S.COMPLETED: I.TIMER_K},
)
FIGURE_7 = Figure(
    "INVITE server",
    S.PROCEEDING,
    INVITE_SERVER,
    I.TIMER_G,
    {S.COMPLETED: I.TIMER_H, S.CONFIRMED: I.TIMER_I, S.ACCEPTED: I.TIMER_L},
)
FIGURE_8 = Figure(
    "non-INVITE server",
    S.TRYING,
    NON_INVITE_SERVER,
    None,
    {S.TRYING: I.TIMER_J, S.PROCEEDING: I.TIMER_J, S.COMPLETED: I.TIMER_J},
)
