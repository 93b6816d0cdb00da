"""Who a dying switch talks to: callers who are promised a call, the customers they become, and the agents' phones.

The least of SIP that a call needs, over UDP; none of it is the switch's own code, save parsing and rendering. The
carrier is one for all nodes and keeps the account: who was promised what, and every INVITE that came for it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from softswitch.sdp.media import LocalMedia
from softswitch.sdp.negotiate import answer, offer
from softswitch.sip.message import Message, Request, Response, parse, render
from softswitch.sip.response import respond
from tests.bench.endpoint import LOOPBACK, Endpoint

SDP = "application/sdp"
PROMISED, NOT_PROMISED = 486, 480  # with these the dialplan ends the call
REPEAT_S, PATIENCE_S = 0.5, 12.0  # of a caller whose INVITE is not answered
GIVEN_UP_S = 0.9  # the longest that a customer's telephone rings
SETTLED_S = 1.0  # a switch that made a call and lives for so long after its end has written what came of it

COUNTRY = "+86"  # left out by who calls

Address = tuple[str, int]


@dataclass(slots=True)
class Attempt:
    """One INVITE to a customer."""

    call_id: str
    branch: str
    invite: Request
    at: float  # monotonic s
    node: Address
    answered: bool = False
    acked_at: float | None = None
    left_at: float | None = None  # he has talked for as long as he wanted, and has hung up
    over: bool = False


@dataclass(slots=True)
class Asking:
    """One call of a customer who wants to be called back."""

    call_id: str
    node: Address
    at: float  # monotonic s
    proceeds: bool = False  # a provisional response has come: its INVITE is not repeated (RFC 3261 section 17.1.1.2)
    told: list[tuple[float, int]] = field(default_factory=list)  # when, and each final status; another one each time


@dataclass(slots=True)
class Customer:
    number: str  # E.164, as a switch calls it
    promised_at: float | None = None
    calls: list[Asking] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class Account:
    """What went wrong, in words."""

    doubled: list[str] = field(default_factory=list)  # an attempt that was dialled twice
    overlapping: list[str] = field(default_factory=list)  # two attempts of one promise at a time
    again: list[tuple[str, str]] = field(default_factory=list)  # who had talked was dialled: both Call-IDs


class Peer(Endpoint):
    """One socket; what is no SIP is an error of the bench."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_of: dict[Address, float] = {}  # node -> when it said something last

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.heard_of[addr] = time.monotonic()
        message = parse(data)
        if isinstance(message, Request):
            self.asked(message, addr)
        else:
            self.told(message, addr)

    def asked(self, request: Request, node: Address) -> None:
        raise NotImplementedError

    def told(self, response: Response, node: Address) -> None:
        """Of no interest, where nobody waits for it."""

    def send(self, message: Message | bytes, node: Address) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.sendto(message if isinstance(message, bytes) else render(message), node)

    def accepts(self, invite: Request, user: str) -> Response:
        """A 200 with an answer to the offer, or with none, where none was made."""
        here = LocalMedia((LOOPBACK, 9))
        body = answer(invite.body, here)[0] if invite.body else offer(here)
        contact = (("Contact", f"<sip:{user}@{LOOPBACK}:{self.port}>"),)
        return respond(invite, 200, to_tag=f"t{invite.call_id}", headers=contact, body=body, content_type=SDP)

    def bye(self, invite: Request) -> bytes:
        """From whoever was called by it."""
        us, them = f"{invite.headers.all('To')[0]};tag=t{invite.call_id}", invite.headers.all("From")[0]
        target = invite.headers.all("Contact")[0].strip("<>").partition(">")[0]
        return self.request("BYE", target, invite.call_id, us, them, 1)

    def request(self, method: str, uri: str, call_id: str, us: str, them: str, cseq: int, body: bytes = b"") -> bytes:
        content = f"Content-Type: {SDP}\r\n" if body else ""
        branch = f"z9hG4bK{call_id}{method}{cseq}"
        head = (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {LOOPBACK}:{self.port};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: {us}\r\nTo: {them}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:peer@{LOOPBACK}:{self.port}>\r\n{content}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class Phones(Peer):
    """Of the agents: each call is answered at once and is over when the switch says so."""

    def asked(self, request: Request, node: Address) -> None:
        if request.method == "INVITE":
            self.send(self.accepts(request, request.target.user), node)
        elif request.method != "ACK":
            self.send(respond(request, 200), node)


class Carrier(Peer):
    """Callers and customers, and the account of them. ``lived(node, since, until)``: in one life?"""

    def __init__(self, chance: random.Random, lived: Callable[[Address, float, float], bool], talk_s: float) -> None:
        super().__init__()
        self._talk_s = talk_s
        self.customers: dict[str, Customer] = {}
        self.account = Account()
        self._chance = chance
        self._lived = lived
        self._attempts: dict[str, Attempt] = {}  # by Call-ID
        self._calls: dict[str, Asking] = {}  # by Call-ID
        self._answers: dict[str, asyncio.Future[int]] = {}  # Call-ID of a caller -> the final status

    # ---- callers -----------------------------------------------------------------------------------------------

    async def ask(self, customer: Customer, node: Address, number: str) -> bool:
        """One call. Was the promise given? No answer is none."""
        caller, uri = customer.number.removeprefix(COUNTRY), f"sip:{number}@{node[0]}:{node[1]}"
        call_id = f"c{len(customer.calls) + 1}x{caller}"
        call = self._calls[call_id] = Asking(call_id, node, time.monotonic())
        customer.calls.append(call)
        us = f"<sip:{caller}@{LOOPBACK}:{self.port}>;tag={call_id}"
        invite = self.request("INVITE", uri, call_id, us, f"<{uri}>", 1, offer(LocalMedia((LOOPBACK, 9))))
        found = self._answers[call_id] = asyncio.get_running_loop().create_future()
        end = time.monotonic() + PATIENCE_S
        while not found.done() and time.monotonic() < end:
            if not call.proceeds:
                self.send(invite, node)
            await asyncio.wait([found], timeout=REPEAT_S)
        if found.done() and found.result() == PROMISED and customer.promised_at is None:
            customer.promised_at = time.monotonic()
        return customer.promised_at is not None

    def told(self, response: Response, node: Address) -> None:
        found = self._answers.get(response.call_id)
        if found is None or response.cseq.method != "INVITE":
            return
        call = self._calls[response.call_id]
        if response.status < 200:
            call.proceeds = True
            return
        to, us = response.headers.all("To")[0], response.headers.all("From")[0]
        uri = to.partition("<")[2].partition(">")[0]
        self.send(self.request("ACK", uri, response.call_id, us, to, 1).replace(b"ACK1", b"INVITE1", 1), node)
        if not call.told or call.told[-1][1] != response.status:
            call.told.append((time.monotonic(), response.status))
        if not found.done():
            found.set_result(response.status)

    # ---- customers ---------------------------------------------------------------------------------------------

    def asked(self, request: Request, node: Address) -> None:
        attempt = self._attempts.get(request.call_id)
        match request.method:
            case "INVITE" if "tag=" not in request.headers.all("To")[0]:
                self._rung(request, node, attempt)
            case "ACK":
                if attempt is not None and attempt.answered and attempt.acked_at is None:
                    attempt.acked_at = time.monotonic()
                    asyncio.get_running_loop().call_later(self._talk_s, self._hang_up, attempt, 0)
            case "CANCEL":
                self.send(respond(request, 200), node)
                if attempt is not None and not attempt.over and not attempt.answered:
                    self._refuse(attempt, 487)
            case "BYE" if attempt is not None:
                attempt.over = True
                self.send(respond(request, 200), node)
            case _:
                self.send(respond(request, 200), node)

    def _rung(self, invite: Request, node: Address, known: Attempt | None) -> None:
        branch = invite.headers.all("Via")[0].partition("branch=")[2]
        number = invite.target.user
        if known is not None:
            if known.branch != branch:
                self.account.doubled.append(f"{number} {invite.call_id}")
            elif not known.over and not known.answered:
                self.send(respond(invite, 180, to_tag=f"t{invite.call_id}"), node)
            return
        attempt = Attempt(invite.call_id, branch, invite, time.monotonic(), node)
        customer = self.customers.setdefault(number, Customer(number))
        for earlier in customer.attempts:
            if not earlier.over:
                self.account.overlapping.append(f"{number} {earlier.call_id} {invite.call_id}")
            elif earlier.left_at is not None and self._lived(earlier.node, earlier.at, earlier.left_at + SETTLED_S):
                self.account.again.append((earlier.call_id, attempt.call_id))
        customer.attempts.append(attempt)
        self._attempts[invite.call_id] = attempt
        self._decide(attempt)

    def _decide(self, attempt: Attempt) -> None:
        """Busy, away, or there; whoever is there takes a moment."""
        loop, what, after_s = asyncio.get_running_loop(), self._chance.random(), self._chance.random() * 0.3
        if what < 0.1:
            self._refuse(attempt, 486)
            return
        self.send(respond(attempt.invite, 180, to_tag=f"t{attempt.call_id}"), attempt.node)
        if what < 0.2:
            loop.call_later(GIVEN_UP_S, self._refuse, attempt, 480)
        else:
            loop.call_later(after_s, self._pick_up, attempt, 0)

    def _refuse(self, attempt: Attempt, status: int) -> None:
        if not attempt.over:
            attempt.over = True
            self.send(respond(attempt.invite, status, to_tag=f"t{attempt.call_id}"), attempt.node)

    def _pick_up(self, attempt: Attempt, tries: int) -> None:
        """The 200 is repeated until it is acknowledged (RFC 3261 section 13.3.1.4), for a while."""
        if attempt.over or attempt.acked_at is not None:
            return
        attempt.answered, attempt.over = True, tries >= 4
        self.send(self.accepts(attempt.invite, attempt.invite.target.user), attempt.node)
        asyncio.get_running_loop().call_later(0.3, self._pick_up, attempt, tries + 1)

    def _hang_up(self, attempt: Attempt, tries: int) -> None:
        """Nobody answers a BYE while the switch is dead; the customer does not care."""
        if not attempt.over or tries:
            if not tries:
                attempt.over, attempt.left_at = True, time.monotonic()
            self.send(self.bye(attempt.invite), attempt.node)
            if tries < 4:
                asyncio.get_running_loop().call_later(0.5, self._hang_up, attempt, tries + 1)
