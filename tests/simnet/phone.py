"""A phone (or a carrier's gateway) on the simulated network: the project's own user agent on the virtual clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from softswitch.call.leg import Event, Leg
from softswitch.call.press import Form
from softswitch.call.signal import (
    Accept,
    Answered,
    Dial,
    Digit,
    Failed,
    Finished,
    Offered,
    Progress,
    Reject,
    Release,
    Released,
    Ring,
    SendKeys,
    SendText,
    Texted,
    Updated,
)
from softswitch.call.user_agent import RegisterDone, UserAgent
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sdp.media import Address, LocalMedia
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, render
from tests.simnet.world import SWITCH, World


@dataclass
class Call:
    """One call of a phone, as its user sees it."""

    leg: str
    rtp: Address
    state: str = "new"  # new, ringing, talking, ended
    status: int = 0
    caller: str = ""
    called: str = ""
    texts: list[str] = field(default_factory=list)
    keys: str = ""  # that came by INFO
    why: str = ""  # the text of the Reason with which it ended


@dataclass
class SimPhone:
    """``answer_after`` seconds of ringing it answers (None: lets it ring); ``reject`` is a status to refuse with."""

    world: World
    user: str
    port: int
    password: str = ""
    answer_after: float | None = 0.5
    reject: int = 0
    ring_status: int = 180  # 183: with a description
    extra_headers: tuple[tuple[str, str], ...] = ()
    calls: list[Call] = field(default_factory=list)
    registered: bool = False
    invites: list[str] = field(default_factory=list)  # Call-IDs of the calls that came in
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self._alarm = 0
        self._alarm_at: float | None = None
        self._by_leg: dict[str, Call] = {}
        self.address: Address = (self.host, self.port)
        self.agent = UserAgent(Flow("udp", self.address, SWITCH), Ids(self.world.random.getrandbits))
        self.world.peers[self.address] = self._receive

    # ---- what its user does ------------------------------------------------------------------------------------

    def register(self) -> None:
        self._run(self.agent.register(self.user, self.password, self.world.now))

    def call(self, number: str) -> Call:
        local = self._local()
        credentials = (self.user, self.password) if self.password else None
        call = self._keep(self.agent.dial(self.user, number, local, credentials, self.extra_headers), local)
        self._tell(call, Dial())
        return call

    def hang_up(self, call: Call) -> None:
        self._tell(call, Release())

    def answer(self, call: Call) -> None:
        if call.state == "ringing":
            self._tell(call, Accept())

    def write(self, call: Call, text: str) -> None:
        self._tell(call, SendText("text/plain", text.encode()))

    def press(self, call: Call, digits: str, form: Form = Form.EVENT) -> None:
        if form is Form.INFO:
            self._tell(call, SendKeys(digits))
        else:
            self.world.press(call.rtp, digits, form)

    @property
    def talking(self) -> list[Call]:
        return [call for call in self.calls if call.state == "talking"]

    # ---- the machinery -----------------------------------------------------------------------------------------

    def _local(self) -> LocalMedia:
        return LocalMedia((self.host, self.port * 2 % 60000 + 2 * len(self.calls)))

    def _keep(self, leg: Leg, local: LocalMedia) -> Call:
        call = Call(leg.id, local.address)
        self.calls.append(call)
        self._by_leg[leg.id] = call
        return call

    def _receive(self, message: Message, flow: Flow) -> None:
        self._run(self.agent.received(message, flow, self.world.now))

    def _tell(self, call: Call, event: Event) -> None:
        self._run(self.agent.tell(call.leg, event, self.world.now))

    def _tick(self, alarm: int) -> None:
        if alarm == self._alarm:
            self._alarm_at = None
            self._run(self.agent.tick(self.world.now))

    def _run(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        deadline = self.agent.deadline
        if deadline != self._alarm_at:  # one alarm at a time: a new one takes the place of the last
            self._alarm_at = deadline
            self._alarm += 1
            if deadline is not None:
                self.world.at(deadline, partial(self._tick, self._alarm))

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(message, flow):
                self.world.carry(render(message), self.address, flow.remote)
            case RequestArrived(_, request):
                self.invites.append(request.call_id)
                local = self._local()
                self._tell(self._keep(self.agent.take(effect, local), local), effect)
            case RegisterDone(_, status):
                self.registered = status == 200
            case _:
                if (call := self._by_leg.get(getattr(effect, "leg", ""))) is not None:
                    self._signal(call, effect)

    def _signal(self, call: Call, signal: Effect) -> None:
        match signal:
            case Offered(_, caller, _, called):
                call.caller, call.called, call.state = caller, called, "ringing"
                self._ring(call)
            case Progress(_, status):
                call.state, call.status = "ringing", status
            case Answered() | Updated():
                call.state = "talking"
            case Failed(_, status, causes=causes):
                call.state, call.status = "ended", status
                call.why = next((cause.text for cause in causes), "")
            case Texted(_, _, body):
                call.texts.append(body.decode())
            case Digit(_, digit):
                call.keys += digit
            case Released() | Finished():
                call.state = "ended"

    def _ring(self, call: Call) -> None:
        if self.reject:
            self._tell(call, Reject(self.reject))
            return
        self._tell(call, Ring(self.ring_status))
        if self.answer_after is not None:
            self.world.after(self.answer_after, lambda: self.answer(call))
