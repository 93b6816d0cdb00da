"""The other end: a user agent of ours is called (UAS), its peer is written by hand; and requests inside a dialog."""

from __future__ import annotations

import itertools

from softswitch.call.leg import Leg
from softswitch.call.signal import Accept, Dial
from softswitch.core.effect import Effect
from softswitch.sip.effect import RequestArrived
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.timing import Timing
from tests.rfc.ends import Caller, Lines
from tests.support.headers import without
from tests.unit.call.peer import OURS, SDP, invite
from tests.unit.sip.exchange import UDP, ids, request

_serial = itertools.count(1)


class Called(Caller):
    """Calls that come in are taken; what becomes of them a test says."""

    def invited(self, made: Request | None = None, flow: Flow = UDP) -> list[Message]:
        self.invite = made or invite()
        return self.hears(self.invite, flow)

    def accept(self, made: Request | None = None) -> Response:
        """The 200 to an INVITE."""
        self.invited(made)
        (said,) = self.tell(Accept())
        assert isinstance(said, Response)
        return said

    def talk(self, made: Request | None = None) -> Response:
        """The same, acknowledged."""
        accepted = self.accept(made)
        assert self.hears(inside(self, "ACK", 1)) == []
        return accepted

    def _out(self, effects: list[Effect]) -> list[Message]:
        said = super()._out(effects)
        for effect in effects:
            if isinstance(effect, RequestArrived):
                self.leg = self.agent.take(effect, OURS)
                said += self._out(self.agent.tell(self.leg.id, effect, self.now))
        return said


def dial_offerless(one: Caller) -> Request:
    """An INVITE of ours that leaves the offer to the peer."""
    leg = Leg.outbound(
        "late", to_uri="sip:8000@10.0.0.1", from_uri="sip:1001@10.0.0.1", from_display="", flow=UDP, local=OURS,
        ids=ids(), timing=Timing(), offers=False,
    )  # fmt: skip
    one.leg = one.agent.add(leg)
    (made,) = one.tell(Dial())
    assert isinstance(made, Request)
    return made


def inside(one: Caller, method: str, cseq: int = 2, more: Lines = (), body: bytes = b"", **named: str) -> Request:
    """A request of the peer's in its dialog with ``one``. A ``more`` of Contact takes the place of the usual one."""
    leg = one.leg
    assert leg is not None
    named = {"from_tag": leg.remote_tag or "", "to_tag": leg.local_tag, "call_id": leg.call_id} | named
    named.setdefault("via", f"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKin{next(_serial)};rport")
    kind = SDP if body and all(name != "Content-Type" for name, _ in more) else ()
    made = request(method, cseq=cseq, body=body, more=(), **named)  # type: ignore[arg-type]
    if any(name == "Contact" for name, _ in more):
        made.headers = without(made.headers, "Contact")
    for name, value in (*more, *kind):
        made.headers.add(name, value)
    return made


def said_to(one: Caller, made: Request) -> Response:
    """The one response to a request."""
    found = [said for said in one.hears(made) if isinstance(said, Response)]
    assert len(found) == 1
    return found[0]
