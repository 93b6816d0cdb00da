"""A telephone, or the carrier's gateway with all its customers: the house's endpoint and legs on a UDP socket.

It knows no script: who takes up a call that comes in is told by ``on_call``, who dials says ``dial``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from softswitch.call.leg import Leg
from softswitch.call.signal import (
    Answered,
    Dial,
    Failed,
    Finished,
    Offered,
    Released,
    Respond,
    SendAck,
    SendCancel,
    SendRequest,
    Updated,
)
from softswitch.cli.demo.call import Call
from softswitch.cli.demo.voice import Pcm, Voice
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.ids import Ids
from softswitch.net.udp import UdpListener
from softswitch.sdp.media import Address, LocalMedia
from softswitch.sip.digest import answer
from softswitch.sip.effect import AckArrived, CancelArrived, RequestArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.message import Headers, Request, Response, parse, render
from softswitch.sip.response import respond
from softswitch.sip.timing import Timing

_EXPIRES_S = 3600  # longer than any demo


class Phone:
    """``on_call`` is told of each call that comes in; ``clip_for(number)`` is what is said on a call."""

    def __init__(
        self, switch: Address, ids: Ids, clip_for: Callable[[str], Pcm], on_call: Callable[[Call], None]
    ) -> None:
        self._switch = switch
        self._ids = ids
        self._clip_for = clip_for
        self._on_call = on_call
        self._endpoint = Endpoint(ids)
        self._legs: dict[str, Call] = {}
        self._invites: dict[str, Call] = {}  # by server transaction, for CANCEL
        self._registrations: dict[str, asyncio.Future[Response | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._listener: UdpListener
        self._flow: Flow

    async def open(self, local: Address = ("127.0.0.1", 0)) -> None:
        self._listener = await UdpListener.bind(local, self._datagram)
        self._flow = Flow("udp", self._listener.local, self._switch)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for call in self._legs.values():
            call.voice.close()
        await self._listener.close()

    @property
    def calls(self) -> int:
        """How many are not over."""
        return sum(not call.over.is_set() for call in self._legs.values())

    # ---- what its user does ------------------------------------------------------------------------------------

    def dial(self, caller: str, called: str, credentials: tuple[str, str] | None = None) -> Call:
        host, port = self._switch
        voice = self._voice(caller)
        leg = Leg.outbound(
            self._ids.name("leg"), to_uri=f"sip:{called}@{host}:{port}", from_uri=f"sip:{caller}@{host}",
            from_display="", flow=self._flow, local=LocalMedia(voice.address), ids=self._ids, timing=Timing(),
            credentials=credentials,
        )  # fmt: skip
        call = self._keep(Call(leg, voice, self._tell, caller, "", called))
        self._tell(call, Dial())
        return call

    async def register(self, user: str, password: str) -> bool:
        """With the digest that the registrar asks for (RFC 3261 section 22.2)."""
        response = await self._register(user, 1, None)
        if response is not None and response.status == 401:
            challenge = response.headers.all("WWW-Authenticate")[0]
            uri = self._registrar_uri
            response = await self._register(
                user, 2, answer(challenge, "REGISTER", uri, user, password, self._ids.tag())
            )
        return response is not None and response.status == 200

    # ---- the wire and the clock --------------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _datagram(self, data: bytes, remote: Address) -> None:
        flow = Flow("udp", self._listener.local, remote)
        try:
            effects = self._endpoint.received(parse(data), flow, self._now)
        except PeerError:
            return  # nothing that a telephone could answer
        self._run(effects)

    def _tell(self, call: Call, event: object) -> None:
        self._run(call.leg.handle(event, self._now))  # type: ignore[arg-type]

    def _tick(self) -> None:
        now = self._now
        effects: list[Effect] = list(self._endpoint.tick(now))
        for call in list(self._legs.values()):
            if call.leg.deadline is not None and call.leg.deadline <= now:
                effects += call.leg.tick(now)
        self._run(effects)

    def _run(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        self._arm()

    def _arm(self) -> None:
        deadlines = [self._endpoint.deadline, *(call.leg.deadline for call in self._legs.values())]
        earliest = min((at for at in deadlines if at is not None), default=None)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if earliest is None else loop.call_at(earliest + 0.001, self._tick)

    # ---- the machinery -----------------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(message, flow):
                self._listener.send(render(message), flow.remote)
            case SendRequest(leg, request, flow):
                self._run(self._endpoint.request(request, flow, leg, self._now))
            case SendCancel(leg):
                self._run(self._endpoint.cancel(leg, self._now))
            case SendAck(request, flow):
                self._run(self._endpoint.ack(request, flow))
            case Respond(transaction, response):
                self._run(self._endpoint.respond(transaction, response, self._now))
            case RequestArrived() | AckArrived() | CancelArrived() | ResponseArrived() | TransactionFailed():
                self._arrived(effect)
            case _:
                self._signal(effect)

    def _arrived(self, event: Effect) -> None:
        match event:
            case RequestArrived():
                self._request(event)
            case AckArrived(request, _):
                if call := self._of_dialog(request):
                    self._tell(call, event)
            case CancelArrived(transaction, _, _):
                if call := self._invites.get(transaction):
                    self._tell(call, event)
            case ResponseArrived(owner=owner) | TransactionFailed(owner=owner):
                if owner in self._registrations:
                    self._registered(owner, event)
                elif call := self._legs.get(owner):
                    self._tell(call, event)

    def _request(self, event: RequestArrived) -> None:
        request = event.request
        if call := self._of_dialog(request):
            self._tell(call, event)
        elif request.method == "INVITE" and request.to.tag is None:
            voice = self._voice(request.target.user)
            leg = Leg.inbound(self._ids.name("leg"), event, LocalMedia(voice.address), self._ids, Timing())
            call = self._invites[event.transaction] = self._keep(Call(leg, voice, self._tell))
            self._tell(call, event)
        else:
            status = 200 if request.method == "OPTIONS" else 481
            answered = respond(request, status, to_tag=self._ids.tag())
            self._run(self._endpoint.respond(event.transaction, answered, self._now))

    def _of_dialog(self, request: Request) -> Call | None:
        key = (request.call_id, request.to.tag)
        return next((call for call in self._legs.values() if (call.leg.call_id, call.leg.local_tag) == key), None)

    def _keep(self, call: Call) -> Call:
        self._legs[call.leg.id] = call
        return call

    def _voice(self, number: str) -> Voice:
        return Voice(self._clip_for(number), self._ids.bits(32))

    def _signal(self, effect: Effect) -> None:
        call = self._legs.get(getattr(effect, "leg", ""))
        if call is None:
            return
        match effect:
            case Offered(_, caller, caller_name, called, _):
                call.caller, call.caller_name, call.called = caller, caller_name, called
                self._on_call(call)
            case Answered(_, media) | Updated(_, media):
                call.voice.start(media)
                call.up.set()
            case Failed(_, status, _, by):
                self._over(call, status, by)
            case Released(_, by, _):
                self._over(call, 0, by)
            case Finished(leg):
                del self._legs[leg]

    def _over(self, call: Call, status: int, by: str) -> None:
        call.status, call.ended_by = status, by
        call.voice.close()
        call.over.set()

    # ---- REGISTER ----------------------------------------------------------------------------------------------

    @property
    def _registrar_uri(self) -> str:
        return f"sip:{self._switch[0]}:{self._switch[1]}"

    async def _register(self, user: str, cseq: int, authorization: str | None) -> Response | None:
        aor, (host, port) = f"sip:{user}@{self._switch[0]}", self._listener.local
        headers = Headers()
        for name, value in (
            ("Max-Forwards", "70"), ("From", f"<{aor}>;tag={self._ids.tag()}"), ("To", f"<{aor}>"),
            ("Call-ID", self._ids.call_id()), ("CSeq", f"{cseq} REGISTER"), ("Expires", str(_EXPIRES_S)),
            ("Contact", f"<sip:{user}@{host}:{port}>"),
        ):  # fmt: skip
            headers.add(name, value)
        if authorization:
            headers.add("Authorization", authorization)
        owner = f"register-{cseq}"
        answered: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        self._registrations[owner] = answered
        request = Request("REGISTER", self._registrar_uri, headers)
        self._run(self._endpoint.request(request, self._flow, owner, self._now))
        return await answered

    def _registered(self, owner: str, event: Effect) -> None:
        response = event.response if isinstance(event, ResponseArrived) else None
        if response is None or response.status >= 200:
            self._registrations.pop(owner).set_result(response)
