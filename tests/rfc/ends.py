"""The two ends that the sentences are about: a user agent of ours (UAC) and the whole switch on a null wire (UAS)."""

from __future__ import annotations

import itertools
from typing import Any

from softswitch.call.leg import Leg
from softswitch.call.signal import Command, Dial
from softswitch.call.user_agent import UserAgent
from softswitch.core.effect import Effect
from softswitch.sip.digest import answer
from softswitch.sip.effect import Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import Headers, Message, Request, Response, parse, render
from tests.bench.sip import Bench, drain
from tests.simnet.world import SWITCH
from tests.unit.call.peer import OFFER, OURS, SDP
from tests.unit.sip.exchange import UDP, ids, request, response, sent

Lines = tuple[tuple[str, str], ...]
PHONE = Flow("udp", SWITCH, ("10.0.0.1", 5060))


def copied(message: Message) -> Message:
    """As it was on the wire at this moment: some of our machines go on with the object."""
    return parse(render(message))


class Caller:
    """Our user agent calls; its peer is written by hand."""

    def __init__(self, flow: Flow = UDP, account: tuple[str, str] | None = None) -> None:
        self.agent = UserAgent(flow, ids())
        self.account = account
        self.now = 0.0
        self.told: list[Effect] = []  # what was not sent
        self.leg: Leg | None = None

    def dial(self, more: Lines = ()) -> Request:
        """The INVITE."""
        self.leg = self.agent.dial("1001", "8000", OURS, self.account, more)
        (invite,) = self.tell(Dial())
        assert isinstance(invite, Request)
        return invite

    def tell(self, command: Command) -> list[Message]:
        assert self.leg is not None
        return self._out(self.agent.tell(self.leg.id, command, self.now))

    def hears(self, message: Message, flow: Flow = UDP) -> list[Message]:
        """What we say to this."""
        return self._out(self.agent.received(parse(render(message)), flow, self.now))

    def answered(
        self, to: Request, status: int, tag: str = "theirs", more: Lines = (), body: bytes = b""
    ) -> list[Message]:
        lines = (*more, ("Contact", "<sip:1002@10.0.0.1>"), *(SDP if body else ()))
        made = response(to, status, tag, lines)
        return self.hears(Response(status, made.reason, made.headers, body))

    def up(self) -> tuple[Request, Request]:
        """A call that was answered: its INVITE and the ACK."""
        invite = self.dial()
        (ack,) = self.answered(invite, 200, body=OFFER)
        assert isinstance(ack, Request)
        return invite, ack

    def passes(self, until: float) -> list[tuple[float, Message]]:
        """What we say when, of ourselves."""
        said = []
        while (moment := self.agent.deadline) is not None and moment <= until:
            self.now = max(self.now, moment)
            said += [(round(self.now, 3), message) for message in self._out(self.agent.tick(self.now))]
        self.now = until
        return said

    def _out(self, effects: list[Effect]) -> list[Message]:
        self.told += [effect for effect in effects if not isinstance(effect, Send)]
        return [copied(message) for message in sent(effects)]


class NullSwitch(Bench):
    """The whole switch; ``hears`` gives what it says at once, to anybody."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(**changes)
        self._serial = itertools.count(1)

    def hears(self, message: Message, flow: Flow = PHONE) -> list[Message]:
        self.wire.clear()
        self.say(render(message), flow)
        return drain(self)

    def answer(self, message: Message, flow: Flow = PHONE) -> Response:
        """Its one response."""
        (said,) = self.hears(message, flow)
        assert isinstance(said, Response)
        return said

    def proof(self, method: str, uri: str, user: str = "1001") -> tuple[str, str]:
        """The header line that proves who we are."""
        number = next(self._serial)
        asked = request("REGISTER", call_id=f"ask-{number}", via=f"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKask{number}")
        challenge = self.answer(asked).headers.all("WWW-Authenticate")[0]
        return "Authorization", answer(challenge, method, uri, user, f"pw-{user}", f"{number:08x}")

    def invite(self, uri: str = "sip:8000@10.0.0.2", more: Lines = (), **named: str) -> Request:
        """An INVITE that may be served."""
        number = next(self._serial)
        named.setdefault("via", f"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKi{number};rport")
        named.setdefault("call_id", f"call-{number}")
        lines = (*SDP, self.proof("INVITE", uri), *more)
        return request(uri=uri, body=OFFER, more=lines, **named)  # type: ignore[arg-type]


def beside(invite: Request, method: str, to: Response | None = None, more: Lines = ()) -> Request:
    """The CANCEL or ACK that goes with an INVITE, in its branch."""
    lines = [(name, value) for name, value in invite.headers if name in ("Via", "From", "Call-ID")]
    at = to if to is not None else invite
    lines += [("To", at.headers.get("To") or ""), ("CSeq", f"{invite.cseq.number} {method}"), *more]
    return Request(method, invite.uri, Headers(lines))
