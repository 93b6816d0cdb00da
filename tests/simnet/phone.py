"""A phone (or a carrier's gateway) on the simulated network: the project's own endpoint and legs as a user agent."""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.call.leg import Leg
from softswitch.call.signal import (
    Accept,
    Answered,
    Dial,
    Failed,
    Finished,
    Offered,
    Progress,
    Reject,
    Release,
    Released,
    Respond,
    Ring,
    SendAck,
    SendCancel,
    SendRequest,
    Updated,
)
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sdp.media import Address, LocalMedia
from softswitch.sip.digest import answer
from softswitch.sip.effect import (
    AckArrived,
    CancelArrived,
    RequestArrived,
    ResponseArrived,
    Send,
    TransactionFailed,
)
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.message import Headers, Message, Request, render
from softswitch.sip.timing import Timing
from tests.simnet.world import SWITCH, World


@dataclass
class Call:
    """One call of a phone, as its user sees it."""

    leg: Leg
    rtp: Address
    state: str = "new"  # new, ringing, talking, ended
    status: int = 0
    caller: str = ""
    called: str = ""
    call_id: str = ""


@dataclass
class SimPhone:
    """``answer_after`` seconds of ringing it answers (None: lets it ring); ``reject`` is a status to refuse with."""

    world: World
    user: str
    port: int
    password: str = ""
    answer_after: float | None = 0.5
    reject: int = 0
    extra_headers: tuple[tuple[str, str], ...] = ()
    calls: list[Call] = field(default_factory=list)
    registered: bool = False
    invites: list[str] = field(default_factory=list)  # Call-IDs of the calls that came in

    def __post_init__(self) -> None:
        self.address: Address = ("127.0.0.1", self.port)
        self.flow = Flow("udp", self.address, SWITCH)
        self.ids = Ids(self.world.random.getrandbits)
        self.endpoint = Endpoint(self.ids, Timing())
        self._by_dialog: dict[tuple[str, str], Call] = {}
        self._by_invite: dict[str, Call] = {}
        self._serial = 0
        self.world.peers[self.address] = self._receive

    # ---- what its user does ------------------------------------------------------------------------------------

    def register(self, expires: int = 3600) -> None:
        self._send_register(expires, None, 1)

    def call(self, number: str) -> Call:
        local = self._local()
        leg = Leg.outbound(
            self._name(), to_uri=f"sip:{number}@127.0.0.1", from_uri=f"sip:{self.user}@127.0.0.1", from_display="",
            flow=self.flow, local=local, ids=self.ids, timing=Timing(),
            credentials=(self.user, self.password) if self.password else None,
            request_uri=f"sip:{number}@{SWITCH[0]}:{SWITCH[1]}",
            headers=self.extra_headers,
        )  # fmt: skip
        call = self._keep(leg, local)
        self._tell(call, Dial())
        return call

    def hang_up(self, call: Call) -> None:
        self._tell(call, Release())

    def answer(self, call: Call) -> None:
        if call.state == "ringing":
            self._tell(call, Accept())

    def press(self, call: Call, digits: str) -> None:
        self.world.press(call.rtp, digits)

    @property
    def talking(self) -> list[Call]:
        return [call for call in self.calls if call.state == "talking"]

    # ---- the machinery -----------------------------------------------------------------------------------------

    def _name(self) -> str:
        self._serial += 1
        return f"{self.user}-{self._serial}"

    def _local(self) -> LocalMedia:
        self._serial += 1
        return LocalMedia(("127.0.0.1", self.port * 2 % 60000 + 2 * self._serial))

    def _keep(self, leg: Leg, local: LocalMedia) -> Call:
        call = Call(leg, local.address, call_id=leg.call_id)
        self.calls.append(call)
        self._by_dialog[leg.call_id, leg.local_tag] = call
        return call

    def _receive(self, message: Message, flow: Flow) -> None:
        self._run(self.endpoint.received(message, flow, self.world.now))

    def _tell(self, call: Call, event: object) -> None:
        effects = call.leg.handle(event, self.world.now)  # type: ignore[arg-type]
        self._run(effects)
        self._arm_leg(call)

    def _arm_leg(self, call: Call) -> None:
        if (deadline := call.leg.deadline) is not None:
            self.world.at(deadline, lambda: self._tick_leg(call))

    def _tick_leg(self, call: Call) -> None:
        if call.leg.deadline is not None and call.leg.deadline <= self.world.now:
            self._run(call.leg.tick(self.world.now))
            self._arm_leg(call)

    def _tick(self) -> None:
        if self.endpoint.deadline is not None and self.endpoint.deadline <= self.world.now:
            self._run(self.endpoint.tick(self.world.now))

    def _run(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        if (deadline := self.endpoint.deadline) is not None:
            self.world.at(deadline, self._tick)

    def _perform(self, effect: Effect) -> None:
        now = self.world.now
        match effect:
            case Send(message, flow):
                self.world.carry(render(message), self.address, flow.remote)
            case SendRequest(leg, request, flow):
                self._run(self.endpoint.request(request, flow, leg, now))
            case SendCancel(leg):
                self._run(self.endpoint.cancel(leg, now))
            case SendAck(request, flow):
                self._run(self.endpoint.ack(request, flow))
            case Respond(transaction, response):
                self._run(self.endpoint.respond(transaction, response, now))
            case _:
                self._hear(effect)

    def _hear(self, effect: Effect) -> None:
        match effect:
            case RequestArrived():
                self._request(effect)
            case AckArrived(request, _):
                if call := self._by_dialog.get((request.call_id, request.to.tag or "")):
                    self._tell(call, effect)
            case CancelArrived(transaction, _, _):
                if call := self._by_invite.get(transaction):
                    self._tell(call, effect)
            case ResponseArrived(owner=owner) | TransactionFailed(owner=owner):
                if owner == "register":
                    self._registered(effect)
                elif call := self._of_leg(owner):
                    self._tell(call, effect)
            case _:
                self._signal(effect)

    def _of_leg(self, leg: str) -> Call | None:
        return next((call for call in self.calls if call.leg.id == leg), None)

    def _request(self, event: RequestArrived) -> None:
        request = event.request
        if call := self._by_dialog.get((request.call_id, request.to.tag or "")):
            self._tell(call, event)
        elif request.method == "INVITE":
            self.invites.append(request.call_id)
            local = self._local()
            leg = Leg.inbound(self._name(), event, local, self.ids, Timing())
            call = self._keep(leg, local)
            self._by_invite[event.transaction] = call
            self._tell(call, event)

    def _signal(self, effect: Effect) -> None:
        leg = getattr(effect, "leg", "")
        call = self._of_leg(leg)
        if call is None:
            return
        match effect:
            case Offered(_, caller, _, called, _):
                call.caller, call.called, call.state = caller, called, "ringing"
                if self.reject:
                    self._tell(call, Reject(self.reject))
                    return
                self._tell(call, Ring())
                if self.answer_after is not None:
                    self.world.after(self.answer_after, lambda: self.answer(call))
            case Progress(_, status, _):
                call.state, call.status = "ringing", status
            case Answered() | Updated():
                call.state = "talking"
            case Failed(_, status, _, _):
                call.state, call.status = "ended", status
            case Released() | Finished():
                call.state = "ended"

    # ---- REGISTER ----------------------------------------------------------------------------------------------

    def _send_register(self, expires: int, authorization: str | None, cseq: int) -> None:
        headers = Headers()
        aor = f"sip:{self.user}@softswitch"
        for name, value in (
            ("Max-Forwards", "70"), ("From", f"<{aor}>;tag={self.ids.tag()}"), ("To", f"<{aor}>"),
            ("Call-ID", f"register-{self.user}"), ("CSeq", f"{cseq} REGISTER"), ("Expires", str(expires)),
            ("Contact", f"<sip:{self.user}@{self.address[0]}:{self.address[1]}>"),
        ):  # fmt: skip
            headers.add(name, value)
        if authorization:
            headers.add("Authorization", authorization)
        request = Request("REGISTER", "sip:softswitch", headers)
        self._run(self.endpoint.request(request, self.flow, "register", self.world.now))

    def _registered(self, effect: Effect) -> None:
        if not isinstance(effect, ResponseArrived):
            return
        response = effect.response
        if response.status == 200:
            self.registered = True
        elif response.status == 401 and response.cseq.number == 1:
            challenge = response.headers.all("WWW-Authenticate")[0]
            uri = "sip:softswitch"
            authorization = answer(challenge, "REGISTER", uri, self.user, self.password, self.ids.tag())
            self._send_register(3600, authorization, 2)
