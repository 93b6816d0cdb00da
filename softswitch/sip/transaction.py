"""A transaction: one of the four machines of ``figure`` at work (RFC 3261 section 17, RFC 6026).

Decided here: what is sent again and when, what reaches the transaction user, when a transaction ends. Not known here:
which message belongs to which transaction (``endpoint``), dialogs, ACKs to a 2xx and repeats of a 2xx (``call``:
RFC 3261 sections 13.2.2.4 and 13.3.1.4), and how long a phone may ring (that is the leg's).

Two deadlines are enough for all eleven timers: ``resend_at`` (A, E, G) and ``end_at`` (the others); which letter it is
follows from the figure and the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from softswitch.core.effect import Effect
from softswitch.core.machine import transition
from softswitch.sip.effect import AckArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.figure import ACCEPTED, FIGURE_5, FIGURE_6, FIGURE_7, FIGURE_8, TERMINATED, A, Figure, I, S
from softswitch.sip.flow import Flow
from softswitch.sip.hop import ack_refusal
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.timing import Timing

__all__ = ["Timing", "Transaction", "answer_input", "response_input", "start_client", "start_server"]


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
    tag: str = ""  # server: for the To of the answers
    fallback: Flow | None = None  # client: the datagram's way, while a stream is tried because of the length

    @property
    def deadline(self) -> float | None:
        if self.resend_at is None or (self.end_at is not None and self.end_at <= self.resend_at):
            return self.end_at
        return self.resend_at

    @property
    def ended(self) -> bool:
        return self.state is TERMINATED

    def begin_again(self, flow: Flow, now: float) -> None:
        """A client's, which nobody has heard yet, by another way."""
        self.flow, self.fallback = flow, None
        _arm_client(self, now)

    def handle(self, event: I, now: float, message: Message | None = None) -> list[Effect]:
        """One step of the figure. ``message`` is the request or response that ``event`` is about."""
        before = self.state
        following, actions = transition(self.figure.table, before, event, self.figure.name)
        self.state = following
        effects: list[Effect] = []
        for action in actions:
            effect = _PERFORM[action](self, message, now)
            if effect is not None:
                effects.append(effect)
        if following is TERMINATED:
            self.resend_at = self.end_at = None
        elif following is ACCEPTED:
            self._accepted(before)
        return effects

    def _accepted(self, before: S) -> None:
        """Nothing is sent from here any more; half a minute long repeats are known by what the request was."""
        if before is not ACCEPTED:
            self.request = self.request.remembered()
        if self.response is not None:
            self.tag = self.tag or self.response.to.tag or ""
            self.response = None

    def tick(self, now: float) -> list[Effect]:
        """The end goes before the repeat: figure 5 sends nothing at the moment of timer B."""
        if self.end_at is not None and self.end_at <= now:
            return self.handle(self.figure.end[self.state], now)
        if self.figure.resend is not None and self.resend_at is not None and self.resend_at <= now:
            return self.handle(self.figure.resend, now)
        return []


def _arm_client(one: Transaction, now: float) -> None:
    one.resend_at = None if one.flow.reliable else now + one.timing.t1
    one.end_at = now + one.timing.timeout


def start_client(key: str, request: Request, flow: Flow, owner: str, timing: Timing, now: float) -> Transaction:
    """Sections 17.1.1.2 and 17.1.2.2; the caller sends the request the first time."""
    figure = FIGURE_5 if request.method == "INVITE" else FIGURE_6
    made = Transaction(key, figure, request, flow, owner, timing, figure.start, interval=timing.t1)
    _arm_client(made, now)
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
    if status < 300:
        return I.TU_1XX if status < 200 else I.TU_2XX
    return I.TU_300_699


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
    return TransactionFailed(one.owner, one.key, one.request.method, "timeout", one.request)


def _fail(one: Transaction, _message: Message | None, _now: float) -> Effect:
    return TransactionFailed(one.owner, one.key, one.request.method, "transport", one.request)


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
    A.START_H: _end_after(_whole_timeout),
    A.START_I: _end_after(Timing.linger),
    A.START_J: _end_after(Timing.absorb),
    A.START_K: _end_after(Timing.linger),
    A.START_L: _end_after(_whole_timeout),
    A.START_M: _end_after(_whole_timeout),
}
