"""A phone with lamps on the simulated network: subscribes, takes NOTIFYs, writes and reads texts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sdp.media import Address
from softswitch.sip import challenge
from softswitch.sip.effect import RequestArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.message import Headers, Message, Request, Response, render
from softswitch.sip.response import respond
from tests.simnet.world import SWITCH, World

NS = {"d": "urn:ietf:params:xml:ns:dialog-info", "p": "urn:ietf:params:xml:ns:pidf"}


@dataclass
class SimWatcher:
    """``answer`` is what it says to a NOTIFY or a MESSAGE (0: nothing)."""

    world: World
    user: str
    port: int
    password: str
    answer: int = 200
    responses: list[Response] = field(default_factory=list)  # final ones, to what it sent
    notifies: list[Request] = field(default_factory=list)
    texts: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.address: Address = ("127.0.0.1", self.port)
        self.flow = Flow("udp", self.address, SWITCH)
        self.ids = Ids(self.world.random.getrandbits)
        self.endpoint = Endpoint(self.ids)
        self.world.peers[self.address] = self._receive
        self._asked: dict[str, Request] = {}
        self._cseq = 0

    # ---- what it does ------------------------------------------------------------------------------------------

    def subscribe(self, resource: str, event: str = "dialog", expires_s: int = 600, **more: str) -> Response:
        """The final response."""
        headers = {"Event": event, "Expires": str(expires_s), "Contact": f"<sip:{self.user}@127.0.0.1:{self.port}>"}
        return self.ask("SUBSCRIBE", resource, headers | more)

    def refresh(self, first: Response, resource: str, event: str = "dialog", expires_s: int = 600) -> Response:
        """In the dialog that ``first`` has made."""
        headers = {"Event": event, "Expires": str(expires_s), "Contact": f"<sip:{self.user}@127.0.0.1:{self.port}>"}
        names = {"From": "From", "To": "To", "Call-ID": "Call-ID"}
        return self.ask("SUBSCRIBE", resource, headers | {k: first.headers.get(v) or "" for k, v in names.items()})

    def write(self, reader: str, text: str, **more: str) -> Response:
        return self.ask("MESSAGE", reader, {"Content-Type": "text/plain"} | more, text.encode())

    def register(self) -> Response:
        contact = {"Contact": f"<sip:{self.user}@127.0.0.1:{self.port}>", "To": f"<sip:{self.user}@house>"}
        return self.ask("REGISTER", "", contact)

    def ask(self, method: str, user: str, headers: dict[str, str], body: bytes = b"") -> Response:
        """Send a request, answer one challenge, wait for the final response."""
        owner = self.ids.call_id()
        self._cseq += 1
        items = {
            "From": f"<sip:{self.user}@house>;tag={self.ids.tag()}", "To": f"<sip:{user}@house>", "Call-ID": owner,
            "CSeq": f"{self._cseq} {method}", "Max-Forwards": "70",
        }  # fmt: skip
        uri = f"sip:{user}@127.0.0.1" if user else "sip:127.0.0.1"
        count = len(self.responses)
        self._send(owner, Request(method, uri, Headers((items | headers).items()), body))
        self.world.run_until(lambda: len(self.responses) > count, 40)
        return self.responses[-1]

    # ---- what it sees ------------------------------------------------------------------------------------------

    @property
    def states(self) -> list[str]:
        """Of the newest document: the states of its dialogs."""
        return [state.text or "" for state in ET.fromstring(self.notifies[-1].body).findall("d:dialog/d:state", NS)]

    @property
    def presence(self) -> tuple[str, str]:
        """Of the newest document: basic, note."""
        root = ET.fromstring(self.notifies[-1].body)
        return root.findtext("p:tuple/p:status/p:basic", "", NS), root.findtext("p:note", "", NS)

    # ---- the machinery -----------------------------------------------------------------------------------------

    def _send(self, owner: str, request: Request) -> None:
        self._asked[owner] = request
        self._run(self.endpoint.request(request, self.flow, owner, self.world.now))

    def _receive(self, message: Message, flow: Flow) -> None:
        self._run(self.endpoint.received(message, flow, self.world.now))

    def _tick(self) -> None:
        if (deadline := self.endpoint.deadline) is not None and deadline <= self.world.now:
            self._run(self.endpoint.tick(self.world.now))

    def _run(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(message, flow):
                    self.world.carry(render(message), self.address, flow.remote)
                case RequestArrived(transaction, request):
                    (self.notifies if request.method == "NOTIFY" else self.texts).append(request)
                    if self.answer:
                        answer = respond(request, self.answer, to_tag=self.ids.tag())
                        self._run(self.endpoint.respond(transaction, answer, self.world.now))
                case ResponseArrived(owner, response=response) if response.status >= 200:
                    self._answered(owner, response)
                case TransactionFailed(owner):
                    self.responses.append(respond(self._asked.pop(owner), effect.status))
        if (deadline := self.endpoint.deadline) is not None:
            self.world.at(deadline, self._tick)

    def _answered(self, owner: str, response: Response) -> None:
        request = self._asked.pop(owner)
        account = (self.user, self.password)
        credentials = challenge.credentials(response, account, request.method, request.uri, self.ids)
        if not credentials or "Authorization" in request.headers:
            self.responses.append(response)
            return
        self._cseq += 1
        items = [item for item in request.headers if item[0] not in ("Via", "CSeq")]
        items += [("CSeq", f"{self._cseq} {request.method}"), *credentials]
        self._send(owner, Request(request.method, request.uri, Headers(items), request.body))
