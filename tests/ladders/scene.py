"""A small house whose wire is written down, and a phone that says only what a test has it say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from softswitch.sdp.media import Address, LocalMedia
from softswitch.sdp.negotiate import offer
from softswitch.sip.digest import answer
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Response, parse
from tests.simnet.house import CARRIER_PORT, House
from tests.simnet.phone import SimPhone
from tests.simnet.world import SWITCH

HERE = ("127.0.0.1", 40_000)
LOCAL = LocalMedia(HERE)
SDP = offer(LOCAL).decode()


class Scene:
    """Alice (1004) and Bob (1002) are registered; ``ladder`` is what was said since ``begin``.

    ``alice > INVITE+sdp`` is said by Alice, ``alice < 100 INVITE`` is said to her; a repetition is a line of its own.
    """

    def __init__(self, **changes: Any) -> None:
        self.house = House(**changes)
        self.world = self.house.world
        self.world.latency_s = 0.0  # nothing is overtaken: the order is that of the steps
        self.alice, self.bob = self.house.desk, self.house.bob
        self._names = {
            self.alice.address: "alice", self.bob.address: "bob", ("127.0.0.1", CARRIER_PORT): "carrier",
        }  # fmt: skip
        self.said: list[tuple[float, str]] = []
        self._carry = self.world.carry
        self.lose: Callable[[str], bool] = lambda line: False
        self.world.carry = self._note  # type: ignore[method-assign]

    @property
    def ladder(self) -> str:
        return "\n".join(line for _, line in self.said)

    def times(self, line: str) -> list[float]:
        """When it was said, in seconds from the first time on."""
        found = [at for at, said in self.said if said == line]
        return [round(at - found[0], 3) for at in found]

    def begin(self) -> None:
        self.said.clear()

    def until(self, condition: Callable[[], object], limit_s: float = 60.0) -> None:
        self.world.run_until(condition, limit_s)

    def raw(self, name: str, port: int) -> RawPhone:
        phone = RawPhone(self, ("127.0.0.1", port))
        self.knows(name, phone.address, phone.receive)
        return phone

    def knows(self, name: str, address: Address, receive: Callable[[Message, Flow], None]) -> None:
        """Somebody more is there."""
        self._names[address] = name
        self.world.peers[address] = receive

    def silence(self, phone: SimPhone) -> None:
        """It is there no longer, and nobody has told."""
        self.world.peers[phone.address] = lambda message, flow: None

    def _note(self, data: bytes, source: tuple[str, int], destination: tuple[str, int]) -> None:
        message = parse(data)
        towards = destination != SWITCH
        line = f"{self._names[destination if towards else source]} {'<' if towards else '>'} {spoken(message)}"
        self.said.append((self.world.now, line))
        if not self.lose(line):
            self._carry(data, source, destination)


def spoken(message: Message) -> str:
    told = f"{message.status} {message.cseq.method}" if isinstance(message, Response) else message.method
    return f"{told}+sdp" if message.body.startswith(b"v=0") else told


@dataclass
class RawPhone:
    scene: Scene
    address: tuple[str, int]
    heard: list[Message] = field(default_factory=list)

    def receive(self, message: Message, flow: Flow) -> None:
        self.heard.append(message)

    @property
    def last(self) -> Message:
        return self.heard[-1]

    def say(self, start: str, cseq: int, *headers: str, body: str = "", call_id: str = "call-1", to: str = "") -> None:
        """A request; Via, From, Call-ID, CSeq and so on are added."""
        method, uri = start.split()
        host, port = self.address
        more = [*headers, "Content-Type: application/sdp"] if body else list(headers)
        lines = [
            f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{method}{cseq}{call_id};rport",
            "Max-Forwards: 70", f"From: <sip:1003@127.0.0.1>;tag=raw-{call_id}", f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id}", f"CSeq: {cseq} {method}", *more, f"Content-Length: {len(body)}", "", body,
        ]  # fmt: skip
        self.scene.world.carry("\r\n".join(lines).encode(), self.address, SWITCH)
        self.scene.world.run(0.1)

    def register(self, cseq: int, *headers: str, password: str = "pw-1003") -> Response:
        """Until it is answered for good: the challenge is answered once. Takes two numbers of CSeq."""
        to, start = "<sip:1003@127.0.0.1>", "REGISTER sip:127.0.0.1"
        self.say(start, cseq, *headers, to=to)
        challenge = self.last.headers.all("WWW-Authenticate")[0]
        proof = answer(challenge, "REGISTER", "sip:127.0.0.1", "1003", password, "0a4f113b")
        self.say(start, cseq + 1, *headers, f"Authorization: {proof}", to=to)
        assert isinstance(self.last, Response)
        return self.last
