"""The four transaction machines: RFC 3261 section 17, figures 5 to 8, with the Accepted states of RFC 6026.

Decided here: what is sent again and when, what reaches the transaction user, when a transaction ends. Not known here:
which message belongs to which transaction (``endpoint``), dialogs, ACKs to a 2xx and repeats of a 2xx (``call``:
RFC 3261 sections 13.2.2.4 and 13.3.1.4), and how long a phone may ring (timer C and the ring timeout are the leg's, so
an INVITE transaction in PROCEEDING has no timer of its own).

Each figure is a table, state x input -> (next state, actions); None as next state means "stays". Two deadlines are
enough for all eleven timers: ``resend_at`` (A, E, G) and ``end_at`` (the others); which letter it is follows from the
figure and the state.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from softswitch.core.effect import Effect
from softswitch.core.machine import DROP, transition
from softswitch.sip.effect import AckArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.flow import Flow
from softswitch.sip.hop import ack_refusal
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.timing import Timing as Timing


class S(enum.Enum):
    """States, by the names in the figures."""

    CALLING = enum.auto()
    TRYING = enum.auto()
    PROCEEDING = enum.auto()
    ACCEPTED = enum.auto()
    COMPLETED = enum.auto()
    CONFIRMED = enum.auto()
    TERMINATED = enum.auto()


class I(enum.Enum):  # noqa: E742 (the figures call it an input)
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


class A(enum.Enum):
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


@dataclass(slots=True, eq=False)
class Transaction:
    """The state of one transaction: plain values, times in seconds of the caller's clock."""

    key: str
    figure: Figure
    request: Request  # as sent, with our Via (client), or as it came, with received and rport (server)
    flow: Flow
    owner: str  # of a client transaction: who hears of its responses
    timing: Timing
    state: S
    response: Response | None = None  # server: sent last
    interval: float = 0.0  # seconds between the repeats before and after resend_at
    resend_at: float | None = None
    end_at: float | None = None

    @property
    def deadline(self) -> float | None:
        if self.resend_at is None or (self.end_at is not None and self.end_at <= self.resend_at):
            return self.end_at
        return self.resend_at

    @property
    def ended(self) -> bool:
        return self.state is S.TERMINATED

    def handle(self, event: I, now: float, message: Message | None = None) -> list[Effect]:
        """One step of the figure. ``message`` is the request or response that ``event`` is about."""
        following, actions = transition(self.figure.table, self.state, event, self.figure.name)
        self.state = following
        effects: list[Effect] = []
        for action in actions:
            effect = _PERFORM[action](self, message, now)
            if effect is not None:
                effects.append(effect)
        if following is S.TERMINATED:
            self.resend_at = self.end_at = None
        return effects

    def tick(self, now: float) -> list[Effect]:
        """The end goes before the repeat: figure 5 sends nothing at the moment of timer B."""
        if self.end_at is not None and self.end_at <= now:
            return self.handle(self.figure.end[self.state], now)
        if self.figure.resend is not None and self.resend_at is not None and self.resend_at <= now:
            return self.handle(self.figure.resend, now)
        return []


def start_client(key: str, request: Request, flow: Flow, owner: str, timing: Timing, now: float) -> Transaction:
    """Sections 17.1.1.2 and 17.1.2.2; the caller sends the request the first time."""
    figure = FIGURE_5 if request.method == "INVITE" else FIGURE_6
    made = Transaction(key, figure, request, flow, owner, timing, figure.start, interval=timing.t1)
    made.resend_at = None if flow.reliable else now + timing.t1
    made.end_at = now + timing.timeout
    return made


def start_server(key: str, request: Request, flow: Flow, timing: Timing, now: float) -> Transaction:
    """Sections 17.2.1 and 17.2.2."""
    figure = FIGURE_7 if request.method == "INVITE" else FIGURE_8
    made = Transaction(key, figure, request, flow, "", timing, figure.start)
    if figure is FIGURE_8:
        made.end_at = now + timing.timeout
    return made


def response_input(status: int) -> I:
    return I.R1XX if status < 200 else I.R2XX if status < 300 else I.R300_699


def answer_input(status: int) -> I:
    return I.TU_1XX if status < 200 else I.TU_2XX if status < 300 else I.TU_300_699


# ---- actions ---------------------------------------------------------------------------------------------------

Action = Callable[[Transaction, Message | None, float], Effect | None]


def _retransmit(one: Transaction, _message: Message | None, _now: float) -> Effect:
    return Send(one.request, one.flow)


def _repeat_after(one: Transaction, interval: float, now: float) -> None:
    """From the moment at which the repeat was due: the series does not drift. But no burst after a stall."""
    if one.resend_at is not None:
        one.interval = interval
        one.resend_at += interval
        if one.resend_at <= now:
            one.resend_at = now + interval


def _double(one: Transaction, _message: Message | None, now: float) -> None:
    _repeat_after(one, 2 * one.interval, now)


def _double_to_t2(one: Transaction, _message: Message | None, now: float) -> None:
    _repeat_after(one, min(2 * one.interval, one.timing.t2), now)


def _slow_e(one: Transaction, _message: Message | None, now: float) -> None:
    _repeat_after(one, one.timing.t2, now)


def _to_tu(one: Transaction, message: Message | None, _now: float) -> Effect:
    assert isinstance(message, Response)
    return ResponseArrived(one.owner, one.key, message, one.flow)


def _ack(one: Transaction, message: Message | None, _now: float) -> Effect:
    assert isinstance(message, Response)
    return Send(ack_refusal(one.request, message), one.flow)


def _ack_to_tu(one: Transaction, message: Message | None, _now: float) -> Effect:
    assert isinstance(message, Request)
    return AckArrived(message, one.flow)


def _timeout(one: Transaction, _message: Message | None, _now: float) -> Effect:
    return TransactionFailed(one.owner, one.key, one.request.method, "timeout")


def _fail(one: Transaction, _message: Message | None, _now: float) -> Effect:
    return TransactionFailed(one.owner, one.key, one.request.method, "transport")


def _send(one: Transaction, message: Message | None, _now: float) -> Effect:
    assert isinstance(message, Response)
    one.response = message
    return Send(message, one.flow)


def _resend(one: Transaction, _message: Message | None, _now: float) -> Effect | None:
    return None if one.response is None else Send(one.response, one.flow)


def _stop(one: Transaction, _message: Message | None, _now: float) -> None:
    one.resend_at = one.end_at = None


def _start_gh(one: Transaction, _message: Message | None, now: float) -> None:
    one.interval = one.timing.t1
    one.resend_at = None if one.flow.reliable else now + one.timing.t1
    one.end_at = now + one.timing.timeout


def _end_after(wait_s: Callable[[Timing, bool], float]) -> Action:
    def start(one: Transaction, _message: Message | None, now: float) -> None:
        one.end_at = now + wait_s(one.timing, one.flow.reliable)

    return start


def _whole_timeout(timing: Timing, _reliable: bool) -> float:
    return timing.timeout


_PERFORM: dict[A, Action] = {
    A.RETRANSMIT: _retransmit,
    A.DOUBLE: _double,
    A.DOUBLE_TO_T2: _double_to_t2,
    A.SLOW_E: _slow_e,
    A.TO_TU: _to_tu,
    A.ACK: _ack,
    A.ACK_TO_TU: _ack_to_tu,
    A.TIMEOUT: _timeout,
    A.FAIL: _fail,
    A.SEND: _send,
    A.RESEND: _resend,
    A.STOP: _stop,
    A.START_CANCEL_WAIT: _end_after(_whole_timeout),
    A.START_D: _end_after(Timing.wait_for_repeats),
    A.START_GH: _start_gh,
    A.START_I: _end_after(Timing.linger),
    A.START_J: _end_after(Timing.absorb),
    A.START_K: _end_after(Timing.linger),
    A.START_L: _end_after(_whole_timeout),
    A.START_M: _end_after(_whole_timeout),
}
