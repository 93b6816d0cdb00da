"""A leg: finds out which input of its table an event is, and keeps the time.

Decided here: what an event means for this dialog (a repeated 2xx or a first one, a challenge or a refusal, an ACK that
was waited for), and how long each state may last. What then follows is in ``table``; how it is done in ``inbound``,
``outbound`` and ``midcall``.
"""

from __future__ import annotations

from softswitch.call import (
    ask,
    compose,
    inbound,
    keys,
    midcall,
    outbound,
    probe,
    referral,
    refresh,
    reliable,
    renegotiate,
    transfer,
)
from softswitch.call.perform import COMMANDS, INSIDE, ORDERS, PERFORM
from softswitch.call.signal import Accept, Command, ReferPeer, Release, SendKeys, SendText, TransferProgress
from softswitch.call.state import OVER, Asked, LegState, Outbound, Plan, SessionPolicy, Setup
from softswitch.call.table import ENDED, INBOUND, OFFERED, OUTBOUND, UP, I, S
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.ids import Ids
from softswitch.core.machine import transition
from softswitch.sdp.media import LocalMedia, Media
from softswitch.sip import inspection
from softswitch.sip.effect import AckArrived, CancelArrived, RequestArrived, ResponseArrived, TransactionFailed
from softswitch.sip.flow import Flow
from softswitch.sip.header import parse_name_addr
from softswitch.sip.hop import MOST_HOPS
from softswitch.sip.message import Response
from softswitch.sip.timing import Timing
from softswitch.sip.uri import canonical_host, parse_uri

Event = RequestArrived | AckArrived | CancelArrived | ResponseArrived | TransactionFailed | Command

_GIVES_UP = frozenset({S.ABANDONED, S.CANCELLING, S.LEAVING})
_LIMITED = frozenset({S.CALLING, S.RINGING, S.ACCEPT_DUE})  # whoever led there has said for how long
_RETRY_AFTER_S = 10  # section 14.2: a random wait up to this


class Leg:
    """Our half of one INVITE dialog."""

    __slots__ = ("_table", "leg")

    def __init__(self, state: LegState) -> None:
        self.leg = state
        self._table = OUTBOUND if state.inbound is None else INBOUND

    @classmethod
    def inbound(
        cls,
        id: str,
        arrived: RequestArrived,
        local: LocalMedia,
        ids: Ids,
        timing: Timing,
        trusted: bool = False,
        credentials: tuple[str, str] | None = None,
        session: SessionPolicy = SessionPolicy(),  # noqa: B008 (frozen)
    ) -> Leg:
        """For an INVITE without a To tag. ``handle(arrived, now)`` comes next."""
        setup = Setup(id, arrived.request.call_id, arrived.tag or ids.tag(), local, ids, timing, credentials, session)
        return cls(LegState(setup, arrived.flow, inbound=inbound.start(arrived, trusted)))

    @classmethod
    def outbound(
        cls,
        id: str,
        *,
        to_uri: str,
        from_uri: str,
        from_display: str,
        flow: Flow,
        local: LocalMedia,
        ids: Ids,
        timing: Timing,
        call_id: str | None = None,
        credentials: tuple[str, str] | None = None,
        request_uri: str | None = None,
        ring_timeout_s: float | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        try_s: float | None = None,
        offers: bool = True,
        hops: int = MOST_HOPS,
        session: SessionPolicy = SessionPolicy(),  # noqa: B008 (frozen)
    ) -> Leg:
        """``handle(Dial(), now)`` sends the INVITE, without an offer where ``offers`` is False.

        Raises ``PeerError`` where a URI is none.
        """
        for uri in (to_uri, from_uri, request_uri or to_uri):
            parse_uri(uri)
        setup = Setup(id, call_id or ids.call_id(), ids.tag(), local, ids, timing, credentials, session)
        ring_s = outbound.RING_LIMIT_S if ring_timeout_s is None else ring_timeout_s
        plan = Plan(to_uri, from_uri, from_display, request_uri or to_uri, ring_s, tuple(headers), try_s, offers, hops)
        secure = compose.secure(plan.request_uri, [value for name, value in plan.headers if name == "Route"])
        return cls(LegState(setup, flow, secure, outbound=Outbound(plan)))

    @property
    def id(self) -> str:
        return self.leg.setup.id

    @property
    def call_id(self) -> str:
        return self.leg.setup.call_id

    @property
    def local_tag(self) -> str:
        """With ``call_id`` the key by which the peer's in-dialog requests find this leg: it is their To tag."""
        return self.leg.setup.local_tag

    @property
    def remote_tag(self) -> str | None:
        """None as long as nobody has answered the INVITE that we have sent."""
        return None if self.leg.dialog is None else self.leg.dialog.remote_tag

    @property
    def called_as(self) -> str:
        """The host by which the peer has called us; "" where we have called it."""
        return self.leg.inbound.called_as if self.leg.inbound is not None else ""

    @property
    def invite(self) -> str | None:
        """The server transaction of an inbound leg: the key by which a CANCEL finds it."""
        return None if self.leg.inbound is None else self.leg.inbound.transaction

    @property
    def flow(self) -> Flow:
        return self.leg.flow

    @property
    def named_hosts(self) -> frozenset[str]:
        """Where the dialog says that its peer, and the proxies on the way, are: hosts of its target and its routes."""
        dialog = self.leg.talking
        if dialog is None:
            return frozenset()
        named = [parse_name_addr(route).uri for route in dialog.route_set]
        return frozenset(canonical_host(uri.host) for uri in (parse_uri(dialog.remote_target), *named))

    @property
    def media(self) -> Media | None:
        return self.leg.media

    @property
    def state(self) -> S:
        return self.leg.state

    @property
    def deadline(self) -> float | None:
        found = self.leg.deadlines()
        return min(found) if found else None

    # ---- events ------------------------------------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> list[Effect]:
        match event:
            case RequestArrived():
                return self._request(event, now)
            case ResponseArrived():
                return self._response(event, now)
            case AckArrived():
                return self._ack(event, now)
            case CancelArrived():
                return self._step(I.CANCEL, event, now)
            case TransactionFailed():
                return self._lost(event, now)
            case TransferProgress():
                return self._transferring(transfer.progress(self.leg, event, now), event.leave, now)
            case ReferPeer() | SendText() | SendKeys():
                return ORDERS[type(event)](self.leg, event)
            case Accept() if not reliable.delivered(self.leg):
                return self._step(I.ACCEPT_EARLY, event, now)
            case _:
                return self._step(COMMANDS[type(event)], event, now)

    def tick(self, now: float) -> list[Effect]:
        leg = self.leg
        effects: list[Effect] = []
        if leg.ack is not None and leg.ack.until <= now:
            leg.ack = None
            effects += self._step(I.ACK_TIMEOUT, None, now)
        elif leg.ack is not None and leg.ack.resend_at <= now:
            effects += inbound.repeat(leg, now)
        if reliable.due(leg, now):
            effects += self._unacknowledged(now)
        if leg.inbound is not None and leg.inbound.remind_at is not None and leg.inbound.remind_at <= now:
            effects += self._step(I.REMIND, None, now)
        effects += self._refreshing(now)
        if leg.probe.due_at is not None and leg.probe.due_at <= now and not leg.busy:
            effects += self._step(I.PROBE, None, now)
        effects += self._transferring(transfer.expire(leg, now), False, now)
        if leg.limit_at is not None and leg.limit_at <= now:
            effects += self._step(I.LIMIT, None, now)
        return effects

    def _unacknowledged(self, now: float) -> list[Effect]:
        assert self.leg.inbound is not None
        if reliable.overdue(self.leg, now):
            return self._step(I.PRACK_TIMEOUT, None, now)
        return reliable.repeat(self.leg, self.leg.inbound, now)

    def _refreshing(self, now: float) -> list[Effect]:
        """The session timer, and what is to be changed."""
        leg, change = self.leg, self.leg.change
        timer = leg.refresh
        if leg.state is UP and timer.end_at is not None and timer.end_at <= now:
            return self._step(I.EXPIRED, None, now)
        if leg.state is UP and timer.due_at is not None and timer.due_at <= now:
            refresh.due(leg, now)
        if change is not None and change.cseq and change.until is not None and change.until <= now:
            return renegotiate.overdue(leg)
        return renegotiate.start(leg, now)

    def _transferring(self, effects: list[Effect], leave: bool, now: float) -> list[Effect]:
        """``leave`` with nothing left to be told means now."""
        if transfer.leaves(self.leg, now) or (leave and self.leg.refer is None):
            return [*effects, *self._step(I.RELEASE, Release(), now)]
        return effects

    def _step(self, event: I, cause: object, now: float) -> list[Effect]:
        """One cell of the table, and the deadline of the state that it leads to."""
        leg = self.leg
        before = leg.state
        leg.state, actions = transition(self._table, before, event, f"leg {leg.setup.id}")
        if leg.state is not before:
            self._enter(now)
        effects: list[Effect] = []
        for action in actions:
            effects += PERFORM[action](leg, cause, now)
        if leg.state is ENDED and leg.limit_at is not None and leg.limit_at <= now:
            effects += self._step(I.LIMIT, None, now)
        return effects

    def _enter(self, now: float) -> None:
        """Each has a deadline: CALLING and RINGING the ring timeout, ANSWERED and BYE_DUE the ACK, UP the probe."""
        leg, state, timing = self.leg, self.leg.state, self.leg.setup.timing
        probe.heard(leg, now)
        if leg.inbound is not None:
            leg.inbound.remind_at = None
        if state in OVER:
            leg.change = None  # what is under way still gets its ACK
        if state is OFFERED:
            inbound.wait(leg, now)
        elif state in _GIVES_UP:
            leg.limit_at = now + timing.timeout + timing.t4  # the transaction gives up before that
        elif state is ENDED:
            leg.limit_at = leg.lingers_until(now)
        elif state not in _LIMITED:
            leg.limit_at = None
        if state is UP:
            leg.established()

    # ---- requests ----------------------------------------------------------------------------------------------

    def _request(self, arrived: RequestArrived, now: float) -> list[Effect]:
        leg = self.leg
        if leg.inbound is not None and leg.state is S.NEW:
            error = inbound.examine(leg, arrived.request)
            return self._step(I.INVITE if error is None else I.INVITE_UNUSABLE, error or arrived, now)
        try:
            return self._inside(arrived, now)
        except PeerError as error:
            return [self._refusal(arrived, error)]

    def _inside(self, arrived: RequestArrived, now: float) -> list[Effect]:
        """A request in the dialog (section 12.2.2). ``PeerError`` is the answer to one that cannot be served."""
        leg = self.leg
        dialog = leg.dialog_of(arrived.request)
        if dialog is not None:
            dialog.check(arrived.request)
            leg.flow = arrived.flow  # only now: tags and CSeq show that this is the peer, wherever it comes from
            probe.heard(leg, now)
        inspection.inspect(arrived.request)
        method = arrived.request.method
        if method == "BYE":
            return self._step(I.BYE, arrived, now)
        if dialog is None:
            raise PeerError(481, "Call/Transaction Does Not Exist")
        serve = INSIDE.get(method)
        if serve is None:
            raise PeerError(405, "Method Not Allowed")
        if leg.over and method != "PRACK":  # one that was asked for may come late
            raise PeerError(481, "Call/Transaction Does Not Exist")
        effects = self._implied_ack(arrived, now) if method == "INVITE" else []
        effects += serve(leg, arrived, now)
        return [*effects, *self._step(I.PRACKED, Accept(), now)] if method == "PRACK" else effects

    def _implied_ack(self, arrived: RequestArrived, now: float) -> list[Effect]:
        """Whoever begins another INVITE has our 2xx (section 14.1): its ACK is lost or late."""
        if self.leg.ack is None or self.leg.ack.offered or self.leg.state is S.BYE_DUE:
            return []
        self.leg.ack = None
        return self._step(I.ACK, arrived, now)

    def _refusal(self, arrived: RequestArrived, error: PeerError) -> Effect:
        leg, request = self.leg, arrived.request
        if error.status == 500 and request.method in ("INVITE", "UPDATE"):
            wait_s = int(leg.setup.ids.fraction() * (_RETRY_AFTER_S + 1))
            headers = (("Retry-After", str(wait_s)),)
            return compose.reply(leg, arrived.transaction, request, 500, error.reason, headers=headers)
        return compose.refuse(leg, arrived.transaction, request, error)

    def _ack(self, arrived: AckArrived, now: float) -> list[Effect]:
        """The one that is waited for; any other is a repeat and means nothing."""
        leg, wait = self.leg, self.leg.ack
        if leg.dialog is None or (arrived.request.from_.tag or "") != leg.dialog.remote_tag:
            return []
        probe.heard(leg, now)
        if wait is None or arrived.request.cseq.number != wait.cseq:
            return []
        leg.ack = None
        leg.flow = arrived.flow
        try:
            effects = midcall.take_answer(leg, arrived.request) if wait.offered and leg.state is not S.BYE_DUE else []
        except PeerError as error:
            return self._step(I.ANSWER_UNUSABLE, error, now)
        return [*effects, *self._step(I.ACK, arrived, now), *referral.due(leg)]

    # ---- responses ---------------------------------------------------------------------------------------------

    def _response(self, arrived: ResponseArrived, now: float) -> list[Effect]:
        leg, response = self.leg, arrived.response
        cseq = response.cseq
        asked = ask.of(leg, response)
        if asked is not None:
            return self._answered(arrived, asked, now)
        ours = leg.outbound
        if cseq.method != "INVITE" or ours is None or cseq.number != ours.cseq:
            return []
        if 200 <= response.status < 300 and leg.dialog is not None:
            return outbound.further_success(leg, response)
        leg.flow = arrived.flow
        return self._step(self._meaning(response, now), arrived, now)

    def _meaning(self, response: Response, now: float) -> I:
        if response.status < 200:
            return I.PROVISIONAL
        if response.status < 300:
            return I.SUCCESS if outbound.establish(self.leg, response, now) else I.SUCCESS_UNUSABLE
        return I.CHALLENGED if outbound.tries_again(self.leg, response) else I.REFUSED

    def _answered(self, arrived: ResponseArrived, asked: Asked, now: float) -> list[Effect]:
        """What the peer says to a request of ours inside a dialog."""
        leg, response = self.leg, arrived.response
        if leg.flow.connection and not arrived.flow.connection:
            leg.flow = arrived.flow  # the connection was gone, and the peer listens there
        if asked.accepted:  # its 2xx once more
            return [renegotiate.acknowledge(asked, response.cseq.number, leg)]
        if response.status >= 200:
            if response.cseq.method != "OPTIONS":  # what the answer to that one says is the probe's to judge
                probe.heard(leg, now)
            repeated = ask.again(leg, asked, response)
            if repeated is not None:
                return renegotiate.repeated(leg, repeated)
            ask.settle(leg, response)
        return self._ended(response.cseq.method, arrived, asked, now)

    def _lost(self, failed: TransactionFailed, now: float) -> list[Effect]:
        asked = ask.lost(self.leg, failed)
        if asked is None:
            return self._step(I.INVITE_LOST, failed, now) if outbound.is_invite(self.leg, failed) else []
        return self._ended(failed.method, failed, asked, now)

    def _ended(self, method: str, end: ResponseArrived | TransactionFailed, asked: Asked, now: float) -> list[Effect]:
        """Our request has come to its end, or a provisional response says that it is taken care of."""
        leg = self.leg
        if method in ("INVITE", "UPDATE"):
            effects, verdict, cause = renegotiate.ended(leg, end, asked, now)
            return effects if verdict is None else [*effects, *self._step(verdict, cause, now)]
        if isinstance(end, ResponseArrived) and end.response.status < 200:
            return []
        if method == "OPTIONS":
            return self._probed(end, now)
        if method == "INFO":
            return keys.told(leg)
        if method == "REFER":
            return referral.answered(leg, end)
        if method == "NOTIFY":
            return self._transferring(transfer.told(leg, end, now), False, now)
        return self._step(I.BYE_DONE, end, now) if method == "BYE" and asked.dialog is leg.dialog else []

    def _probed(self, end: ResponseArrived | TransactionFailed, now: float) -> list[Effect]:
        return self._step(I.PEER_LOST, end, now) if probe.lost(self.leg, end, now) else []
