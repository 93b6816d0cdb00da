"""Who knows everything of somebody else's dialog, and writes from wherever a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.call.leg import Leg
from softswitch.sip.digest import answer
from softswitch.sip.flow import Address
from softswitch.sip.message import Message, Response
from tests.simnet.house import House
from tests.simnet.world import SWITCH

SDP = "v=0\r\no=- 9 9 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 7002 RTP/AVP 0\r\n"


@dataclass
class Somebody:
    """Who knows everything of a dialog, and writes from ``address``."""

    house: House
    leg: Leg
    address: Address
    heard: list[Message] = field(default_factory=list)
    cseq: int = 100

    def __post_init__(self) -> None:
        self.house.world.peers[self.address] = lambda message, flow: self.heard.append(message)

    def says(self, method: str, *headers: str, body: str = "", cseq: int = 0) -> int:
        """Send it; the status of the answer, 0 where there is none within a second."""
        dialog = self.leg.leg.dialog
        assert dialog is not None
        self.cseq = cseq or self.cseq + 1
        host, port = self.address
        typed = any(line.startswith("Content-Type:") for line in headers)
        kind = ["Content-Type: application/sdp"] if body and not typed else []
        lines = [
            f"{method} sip:softswitch@127.0.0.1:{SWITCH[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{method}{self.cseq}{len(self.heard)};rport",
            f"From: {dialog.remote}", f"To: {dialog.local}", f"Call-ID: {dialog.call_id}",
            f"CSeq: {self.cseq} {method}", "Max-Forwards: 70", f"Contact: <sip:thief@{host}:{port}>",
            *headers, *kind, f"Content-Length: {len(body)}", "", body,
        ]  # fmt: skip
        self.heard.clear()
        self.house.world.carry("\r\n".join(lines).encode(), self.address, SWITCH)
        self.house.world.run(1.0)
        finals = [one.status for one in self.heard if isinstance(one, Response) and one.status >= 200]
        return finals[0] if finals else 0

    def wants_the_sound(self, *headers: str) -> int:
        return self.says("INVITE", *headers, body=SDP.format(host=self.address[0]))

    def proof(self, method: str, user: str, password: str) -> str:
        challenged = self.heard[0]
        given = challenged.headers.all("WWW-Authenticate")[0]
        return "Authorization: " + answer(given, method, f"sip:softswitch@127.0.0.1:{SWITCH[1]}", user, password, "cn")
