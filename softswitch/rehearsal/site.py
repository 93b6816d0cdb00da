"""Where the others are: our phones at one place, each trunk's outside world at another; all are real user agents."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from softswitch.call.leg import Event, Leg
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
    Ring,
    Texted,
    Updated,
)
from softswitch.call.user_agent import UserAgent
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.rehearsal.script import Picks
from softswitch.sdp.media import Address, LocalMedia
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request
from softswitch.sip.response import respond


@dataclass(slots=True)
class Line:
    """One call of somebody's telephone."""

    who: str
    leg: str
    call_id: str
    rtp: Address
    ours: bool  # we made the call
    state: str = "new"  # ringing, talking, ended

    @property
    def up(self) -> bool:
        return self.state != "ended"


@dataclass(slots=True)
class Upcalls:
    """What a site asks and tells."""

    now: Callable[[], float]
    after: Callable[[float, Callable[[], None]], None]
    send: Callable[[Message, Flow], None]
    rings: Callable[[str], Picks]  # who -> what they do
    ended: Callable[[Line, Released | Failed], None]
    reads: Callable[[str, str], int]  # who, text -> SIP status: whether there is a telephone that shows it


class Site:
    """``address`` is where it is, ``switch`` where it calls. ``name`` maps what was called there to who that is."""

    def __init__(self, address: Address, switch: Address, ids: Ids, up: Upcalls, name: Callable[[str], str]) -> None:
        self._flow, self._ids = Flow("udp", address, switch), ids
        self.agent = UserAgent(self._flow, ids)
        self.lines: list[Line] = []
        self._up = up
        self._name = name
        self._alarm = 0
        self._alarm_at: float | None = None
        self._ports = itertools.count(address[1] * 4 % 40000 + 20000, 2)
        self._host = address[0]

    # ---- what people do ----------------------------------------------------------------------------------------

    def call(self, who: str, caller: str, number: str, credentials: tuple[str, str] | None, name: str = "") -> Line:
        local = self._local()
        leg = self.agent.dial(caller, number, local, credentials, name=name)
        line = self._keep(leg, local, who, ours=True)
        self.tell(line, Dial())
        return line

    def hang_up(self, line: Line) -> None:
        self.tell(line, Release())

    def refer(self, line: Line, number: str) -> None:
        """Ask that whoever is there is connected with ``number`` (RFC 3515)."""
        leg = self.agent.legs[line.leg]
        dialog = leg.leg.dialog
        if dialog is not None:
            here = f"<sip:{self._host}>"
            target = ("Refer-To", f"<sip:{number}@{self._host}>")
            self._run(self.agent.ask(leg, dialog.request("REFER", (("Contact", here), target)), self._up.now()))

    def tell(self, line: Line, event: Event) -> None:
        self._run(self.agent.tell(line.leg, event, self._up.now()))

    # ---- the machinery -----------------------------------------------------------------------------------------

    def received(self, message: Message, flow: Flow) -> None:
        if isinstance(message, Request) and message.method == "MESSAGE" and message.to.tag is None:
            status = self._up.reads(self._name(message.target.user), message.body.decode(errors="replace"))
            self._up.send(respond(message, status, to_tag=self._ids.tag()), self._flow)
            return
        self._run(self.agent.received(message, flow, self._up.now()))

    def _local(self) -> LocalMedia:
        return LocalMedia((self._host, next(self._ports)))

    def _keep(self, leg: Leg, local: LocalMedia, who: str, ours: bool) -> Line:
        line = Line(who, leg.id, leg.call_id, local.address, ours)
        self.lines.append(line)
        return line

    def _tick(self, alarm: int) -> None:
        if alarm == self._alarm:
            self._alarm_at = None
            self._run(self.agent.tick(self._up.now()))

    def _run(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        deadline = self.agent.deadline
        if deadline != self._alarm_at:
            self._alarm_at = deadline
            self._alarm += 1
            alarm = self._alarm
            if deadline is not None:
                self._up.after(deadline - self._up.now(), lambda: self._tick(alarm))

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(message, flow):
                self._up.send(message, flow)
            case RequestArrived(_, request):
                local = self._local()
                leg = self.agent.take(effect, local)
                line = self._keep(leg, local, self._name(request.target.user), ours=False)
                self.tell(line, effect)
            case _:
                name = getattr(effect, "leg", "")
                for line in [one for one in self.lines if one.leg == name]:
                    self._signal(line, effect)

    def _signal(self, line: Line, signal: Effect) -> None:
        match signal:
            case Offered():
                line.state = "ringing"
                self._ring(line)
            case Progress():
                line.state = "ringing"
            case Answered() | Updated():
                line.state = "talking"
            case Texted(_, _, body):
                self._up.reads(line.who, body.decode(errors="replace"))
            case Failed() | Released():
                line.state = "ended"
                self._up.ended(line, signal)
            case Finished():
                line.state = "ended"

    def _ring(self, line: Line) -> None:
        picks = self._up.rings(line.who)
        if picks.status >= 300:
            self.tell(line, Reject(picks.status))
            return
        self.tell(line, Ring())
        if picks.status:
            self._up.after(picks.after_s, lambda: self._pick_up(line))

    def _pick_up(self, line: Line) -> None:
        if line.state == "ringing":
            self.tell(line, Accept())
