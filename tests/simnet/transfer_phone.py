"""A simulated phone with a transfer key: it sends REFER and INVITE with Replaces, and is told how it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.call.signal import SendRequest
from softswitch.core.effect import Effect
from softswitch.sip.effect import Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response, render
from softswitch.sip.response import respond
from tests.simnet.phone import Call, SimPhone
from tests.simnet.world import SWITCH
from tests.support.sip_pair import spoken

HOST = "127.0.0.1"


@dataclass
class TransferPhone(SimPhone):
    """``hangs_up``: with its 202, as many phones do."""

    hangs_up: bool = False
    referred: list[int] = field(default_factory=list)  # final answers to its REFERs
    told: list[str] = field(default_factory=list)  # status of each NOTIFY: "100 Trying" ...
    states: list[str] = field(default_factory=list)  # and its Subscription-State
    byes: int = 0  # that came in
    wire: list[str] = field(default_factory=list)  # "<" came, ">" went
    _tags: dict[str, str] = field(default_factory=dict)  # Call-ID -> the switch's tag
    _referring: dict[str, Call] = field(default_factory=dict)  # Call-ID -> call

    def refer(self, call: Call, target: str, *more: tuple[str, str]) -> None:
        """``target`` is a number, or a whole Refer-To."""
        leg = self.agent.legs[call.leg]
        assert leg.leg.dialog is not None
        self._referring[leg.call_id] = call
        where = target if "<" in target else f"<sip:{target}@{HOST}>"
        request = leg.leg.dialog.request(
            "REFER", (("Contact", f"<sip:{self.user}@{HOST}>"), ("Refer-To", where), *more)
        )
        self._run(self.agent._run([SendRequest(leg.id, request, leg.flow)], self.world.now))

    def refer_to_call(self, call: Call, consulting: Call, number: str) -> None:
        """Attended: the other party of ``consulting`` instead of ourselves."""
        replaces = self.replaces(consulting).replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        self.refer(call, f"<sip:{number}@{HOST}?Replaces={replaces}>")

    def replaces(self, call: Call) -> str:
        """The dialog as the other end has to know it."""
        leg = self.agent.legs[call.leg]
        dialog = leg.leg.dialog
        theirs = dialog.remote_tag if dialog is not None else self._tags[leg.call_id]
        return f"{leg.call_id};to-tag={theirs};from-tag={leg.local_tag}"

    def take_over(self, replaces: str, number: str = "1000") -> Call:
        """Call with Replaces."""
        kept = self.extra_headers
        self.extra_headers = (*kept, ("Replaces", replaces), ("Require", "replaces"))
        call = self.call(number)
        self.extra_headers = kept
        return call

    def _receive(self, message: Message, flow: Flow) -> None:
        self.wire.append(f"< {spoken(message)}")
        if isinstance(message, Response):
            self._tags[message.call_id] = message.to.tag or ""
            if message.cseq.method == "REFER" and message.status >= 200:
                self.referred.append(message.status)
                if self.hangs_up and message.status == 202:
                    self.hang_up(self._referring[message.call_id])
        elif message.method == "NOTIFY":
            self._notified(message)
            return
        elif message.method == "BYE":
            self.byes += 1
        super()._receive(message, flow)

    def _notified(self, notify: Request) -> None:
        status = notify.body.decode().strip().removeprefix("SIP/2.0 ")
        if not self.told or self.told[-1] != status:  # else it is repeated: its answer got lost
            self.told.append(status)
            self.states.append(notify.headers.get("Subscription-State") or "")
        self.wire.append("> 200 NOTIFY")
        self.world.carry(render(respond(notify, 200)), self.address, SWITCH)

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, Send):
            self.wire.append(f"> {spoken(effect.message)}")
        super()._perform(effect)
