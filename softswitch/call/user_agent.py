"""A user agent: an endpoint and its legs, as a telephone or a carrier's gateway has them (RFC 3261 section 6).

Decided here: which leg a message is for (by its dialog, its INVITE, the owner of its request), what a request for none
is answered with, and how a phone registers (sections 10.2, 22.2). Not known here: who calls whom, and who picks up. The
switch is no user agent of this kind: its front desk stands between message and leg.

Each step returns, in order, what is left for whoever runs it: ``Send``, the signals of the legs, ``RegisterDone``, and
``RequestArrived`` for the INVITE of a new call, upon which ``take`` makes a leg of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.call.leg import Event, Leg
from softswitch.call.signal import Finished, Respond, SendAck, SendCancel, SendRequest
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.core.timers import Deadlines, earliest
from softswitch.sdp.media import LocalMedia
from softswitch.sip import challenge
from softswitch.sip.challenge import Account
from softswitch.sip.effect import AckArrived, CancelArrived, RequestArrived, ResponseArrived, TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.hop import MAX_FORWARDS
from softswitch.sip.message import Headers, Message, Request
from softswitch.sip.response import respond
from softswitch.sip.section import HeaderLines
from softswitch.sip.timing import Timing
from softswitch.sip.uri import hostport

_EXPIRES_S = 3600  # what phones ask for; not renewed


@dataclass(frozen=True, slots=True)
class RegisterDone(Effect):
    """What became of ``register``."""

    user: str
    status: int  # of the last response; 408 or 503 where there was none


class UserAgent:
    """``flow`` leads to its registrar, over which it also calls."""

    def __init__(self, flow: Flow, ids: Ids, timing: Timing = Timing()) -> None:  # noqa: B008 (frozen)
        self.legs: dict[str, Leg] = {}  # until they are finished
        self._due = Deadlines()  # of legs
        self.endpoint = Endpoint(ids, timing)
        self._flow = flow
        self._registrar = f"sip:{hostport(*flow.remote)}"
        self._domain = hostport(flow.remote[0], None)  # From and To have no port (section 19.1.1, table 1)
        self._ids = ids
        self._timing = timing
        self._registering: dict[str, Account] = {}  # by Call-ID

    # ---- legs --------------------------------------------------------------------------------------------------

    def dial(
        self, caller: str, called: str, local: LocalMedia, account: Account | None, more: HeaderLines = (),
        name: str = "",
    ) -> Leg:  # fmt: skip
        """A leg to ``called``; ``name`` is the caller's. ``tell(leg.id, Dial(), now)`` comes next."""
        leg = Leg.outbound(
            self._ids.name("leg"), to_uri=f"sip:{called}@{self._domain}", from_uri=f"sip:{caller}@{self._domain}",
            from_display=name, flow=self._flow, local=local, ids=self._ids, timing=self._timing, credentials=account,
            request_uri=f"sip:{called}@{hostport(*self._flow.remote)}", headers=more,
        )  # fmt: skip
        return self.add(leg)

    def ask(self, leg: Leg, request: Request, now: float) -> list[Effect]:
        """Send a request of the leg's dialog that is not the leg's own: REFER, for one."""
        return self._run([SendRequest(leg.id, request, leg.flow)], now)

    def take(self, arrived: RequestArrived, local: LocalMedia) -> Leg:
        """The leg of a call that comes in. ``tell(leg.id, arrived, now)`` comes next."""
        return self.add(Leg.inbound(self._ids.name("leg"), arrived, local, self._ids, self._timing))

    def add(self, leg: Leg) -> Leg:
        self.legs[leg.id] = leg
        self._due.set(leg.id, leg.deadline)
        return leg

    def tell(self, leg: str, event: Event, now: float) -> list[Effect]:
        """Nothing where the leg has finished."""
        return self._hand(self.legs.get(leg), event, now)

    # ---- the wire and the clock --------------------------------------------------------------------------------

    def received(self, message: Message, flow: Flow, now: float) -> list[Effect]:
        """Take one message from the wire. ``PeerError`` means that it could not be read and is dropped."""
        return self._run(self.endpoint.received(message, flow, now), now)

    @property
    def deadline(self) -> float | None:
        return earliest(self.endpoint.deadline, self._due.next())

    def tick(self, now: float) -> list[Effect]:
        effects = self._run(self.endpoint.tick(now), now)
        for name in self._due.due(now):
            if (leg := self.legs.get(str(name))) is not None:
                effects += self._told(leg, leg.tick(now), now)
        return effects

    # ---- whose it is -------------------------------------------------------------------------------------------

    def _run(self, effects: Iterable[Effect], now: float) -> list[Effect]:
        """Each in its place: done, or left for the one who runs us."""
        return [left for effect in effects for left in self._perform(effect, now)]

    def _perform(self, effect: Effect, now: float) -> list[Effect]:
        match effect:
            case SendRequest(owner, request, flow):
                return self.endpoint.request(request, flow, owner, now)
            case SendCancel(leg, causes):
                return self.endpoint.cancel(leg, now, causes)
            case SendAck(request, flow):
                return self.endpoint.ack(request, flow)
            case Respond(transaction, response):
                return self.endpoint.respond(transaction, response, now)
            case Finished(leg):
                del self.legs[leg]
                self._due.set(leg, None)
                return [effect]
            case _:
                return self._arrived(effect, now)

    def _arrived(self, effect: Effect, now: float) -> list[Effect]:
        match effect:
            case RequestArrived():
                return self._request(effect, now)
            case AckArrived(request):
                return self._hand(self._of_dialog(request), effect, now)
            case CancelArrived(transaction):
                invited = (leg for leg in self.legs.values() if leg.invite == transaction)
                return self._hand(next(invited, None), effect, now)
            case ResponseArrived(owner) | TransactionFailed(owner):
                if owner in self._registering:
                    return self._register_answered(owner, effect, now)
                return self.tell(owner, effect, now)
            case _:
                return [effect]

    def _request(self, arrived: RequestArrived, now: float) -> list[Effect]:
        request = arrived.request
        leg = self._of_dialog(request)
        if leg is not None:
            return self._hand(leg, arrived, now)
        if request.method == "INVITE" and request.to.tag is None:
            return [arrived]
        here = request.method == "OPTIONS" and request.to.tag is None  # in a dialog it asks for that
        answer = respond(request, 200 if here else 481, to_tag=self._ids.tag())
        return self.endpoint.respond(arrived.transaction, answer, now)

    def _hand(self, leg: Leg | None, event: Event, now: float) -> list[Effect]:
        return [] if leg is None else self._told(leg, leg.handle(event, now), now)

    def _told(self, leg: Leg, effects: list[Effect], now: float) -> list[Effect]:
        """What it wants of us, and when it wants to be asked next."""
        self._due.set(leg.id, leg.deadline)
        return self._run(effects, now)

    def _of_dialog(self, request: Request) -> Leg | None:
        key = (request.call_id, request.to.tag)
        return next((leg for leg in self.legs.values() if (leg.call_id, leg.local_tag) == key), None)

    # ---- REGISTER ----------------------------------------------------------------------------------------------

    def register(self, user: str, password: str, now: float) -> list[Effect]:
        """Bind our address to ``user``; ``RegisterDone`` comes in time."""
        call_id = self._ids.call_id()
        self._registering[call_id] = (user, password)
        return self._register(call_id, user, 1, (), now)

    def _register(self, call_id: str, user: str, cseq: int, credentials: HeaderLines, now: float) -> list[Effect]:
        aor = f"<sip:{user}@{self._domain}>"
        items = [
            ("Max-Forwards", MAX_FORWARDS), ("From", f"{aor};tag={self._ids.tag()}"), ("To", aor), ("Call-ID", call_id),
            ("CSeq", f"{cseq} REGISTER"), ("Contact", f"<{self._contact(user)}>"),
            ("Expires", str(_EXPIRES_S)), *credentials,
        ]  # fmt: skip
        request = Request("REGISTER", self._registrar, Headers(items))
        return self.endpoint.request(request, self._flow, call_id, now)

    def _contact(self, user: str) -> str:
        transport = f";transport={self._flow.uri_transport}" if self._flow.reliable else ""
        return f"sip:{user}@{hostport(*self._flow.sent_by)}{transport}"

    def _register_answered(self, call_id: str, event: ResponseArrived | TransactionFailed, now: float) -> list[Effect]:
        """The first challenge is answered; whatever else is final is the outcome."""
        account = self._registering[call_id]
        if isinstance(event, TransactionFailed):
            status = event.status
        elif (status := event.response.status) < 200:
            return []
        elif event.response.cseq.number == 1 and (
            credentials := challenge.credentials(event.response, account, "REGISTER", self._registrar, self._ids)
        ):
            return self._register(call_id, account[0], 2, credentials, now)
        del self._registering[call_id]
        return [RegisterDone(account[0], status)]
