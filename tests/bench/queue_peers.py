"""Callers and agents of the queue's bench: user agents in one process, which note when what arrived.

The least of SIP that a call needs, over two UDP sockets: a carrier whose callers wait, and the agents' phones, which
ring, answer at once, talk for ``talk_s`` and hang up. No sound is sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from softswitch.sdp.media import LocalMedia
from softswitch.sdp.negotiate import answer, offer
from softswitch.sip.message import Message, Request, Response, parse, render
from softswitch.sip.response import respond
from tests.bench.endpoint import LOOPBACK, Endpoint

SDP = "application/sdp"


class Peer(Endpoint):
    """One socket; a message that is no SIP is an error of the bench."""

    def __init__(self, switch: tuple[str, int]) -> None:
        super().__init__()
        self.switch = switch

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        at = time.monotonic()
        message = parse(data)
        self.heard(message, at)

    def heard(self, message: Message, at: float) -> None:
        raise NotImplementedError

    def send(self, message: Message | bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(message if isinstance(message, bytes) else render(message), self.switch)

    def request(self, method: str, uri: str, dialog: Dialog, cseq: int, body: bytes = b"") -> bytes:
        """In the dialog, or the one that makes it."""
        content = f"Content-Type: {SDP}\r\n" if body else ""
        branch = f"z9hG4bK{dialog.call_id}{cseq}{method}"
        head = (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {LOOPBACK}:{self.port};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: {dialog.us}\r\nTo: {dialog.them}\r\nCall-ID: {dialog.call_id}\r\n"
            f"CSeq: {cseq} {method}\r\nContact: <sip:{dialog.user}@{LOOPBACK}:{self.port}>\r\n{content}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass
class Dialog:
    user: str
    call_id: str
    us: str  # From of what we send
    them: str
    target: str = ""  # the other's Contact
    since: float = 0.0  # monotonic s


def _target(message: Message) -> str:
    return message.headers.all("Contact")[0].strip("<>").partition(">")[0]


@dataclass
class Agents(Peer):
    """``freed_ms``: from the agent's BYE to his next INVITE; ``rang``: when each INVITE came."""

    switch: tuple[str, int]
    talk_s: float
    calls: dict[str, Dialog] = field(default_factory=dict)
    freed_at: dict[str, float] = field(default_factory=dict)
    freed_ms: list[float] = field(default_factory=list)
    on_ring: Callable[[float], None] | None = None
    ended: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.switch)

    def heard(self, message: Message, at: float) -> None:
        if isinstance(message, Response):
            return
        match message.method:
            case "INVITE":
                self._ring(message, at)
            case "ACK" if message.call_id in self.calls:
                asyncio.get_running_loop().call_later(self.talk_s, self._hang_up, message.call_id)
            case "BYE" | "OPTIONS":
                self.calls.pop(message.call_id, None)
                self.send(respond(message, 200))
            case "CANCEL":
                raise AssertionError(f"an offer was taken back: {message}")

    def _ring(self, invite: Request, at: float) -> None:
        user = invite.target.user
        if (freed := self.freed_at.pop(user, None)) is not None:
            self.freed_ms.append((at - freed) * 1e3)
        if self.on_ring is not None:
            self.on_ring(at)
        tag = f"a{invite.call_id}"
        self.send(respond(invite, 180, to_tag=tag))
        body, _ = answer(invite.body, LocalMedia((LOOPBACK, 9)))
        contact = (("Contact", f"<sip:{user}@{LOOPBACK}:{self.port}>"),)
        ok = respond(invite, 200, to_tag=tag, headers=contact, body=body, content_type=SDP)
        us, them = ok.headers.all("To")[0], ok.headers.all("From")[0]
        self.calls[invite.call_id] = Dialog(user, invite.call_id, us, them, _target(invite))
        self.send(ok)

    def _hang_up(self, call_id: str) -> None:
        dialog = self.calls.pop(call_id, None)
        if dialog is None:
            return
        self.ended += 1
        self.freed_at[dialog.user] = time.monotonic()
        self.send(self.request("BYE", dialog.target, dialog, 1))


@dataclass
class Callers(Peer):
    """Who calls the queue."""

    switch: tuple[str, int]
    number: str
    calls: dict[str, Dialog] = field(default_factory=dict)
    made: int = 0
    going: bool = True  # whoever has been served is followed by the next

    def __post_init__(self) -> None:
        super().__init__(self.switch)
        self.served = asyncio.Event()  # all of them
        self._offer = offer(LocalMedia((LOOPBACK, 9)))

    def _follow(self) -> None:
        if self.going:
            self.call()
        elif not self.calls:
            self.served.set()

    def call(self) -> Dialog:
        self.made += 1
        self.served.clear()
        user, call_id = f"1380000{self.made:04}", f"q{self.made}x{self.port}"
        uri = f"sip:{self.number}@{self.switch[0]}:{self.switch[1]}"
        us = f"<sip:{user}@{LOOPBACK}:{self.port}>;tag={call_id}"
        dialog = self.calls[call_id] = Dialog(user, call_id, us, f"<{uri}>", uri, time.monotonic())
        self.send(self.request("INVITE", uri, dialog, 1, self._offer))
        return dialog

    def heard(self, message: Message, at: float) -> None:
        dialog = self.calls.get(message.call_id)
        if isinstance(message, Request):
            self.send(respond(message, 200))
            if message.method == "BYE" and self.calls.pop(message.call_id, None):
                self._follow()
        elif dialog is not None and message.cseq.method == "INVITE" and message.status >= 200:
            assert message.status == 200, f"a caller was refused: {message.status}"
            dialog.them, dialog.target = message.headers.all("To")[0], _target(message)
            self.send(self.request("ACK", dialog.target, dialog, 1))
