"""The transaction layer: which message belongs to which transaction (RFC 3261 sections 8.2.2.2, 9, 17).

Decided here: merged requests (482), the whole of CANCEL's hop-by-hop side, and what is a stray; what matches is for
``matching`` to say, and which way is left when one is gone for ``reconnect`` and ``detour``. Not known here: who a
request is for. Requests and responses are reported to the transaction user with the effects of
``softswitch.sip.effect``.

One heap holds the deadlines of all transactions; a transaction is forgotten in the step that ends it.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.ids import Ids
from softswitch.core.timers import Deadlines
from softswitch.sip import hop, reconnect
from softswitch.sip.detour import Detours, StreamTo, nowhere
from softswitch.sip.effect import AckArrived, CancelArrived, RequestArrived, Send, TransactionFailed
from softswitch.sip.figure import I, S
from softswitch.sip.flow import Address, Flow
from softswitch.sip.matching import Merge, answers, client_key, merge_key, server_key
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.reason import Reason
from softswitch.sip.response import respond, stamp_via, way_back
from softswitch.sip.source import source_of
from softswitch.sip.timing import Timing
from softswitch.sip.transaction import Transaction, answer_input, response_input, start_client, start_server

_Carrier = int | tuple[str, Address, Address, str]  # a connection, or where a flow leads that has none
_DIALOGS_SHARE = 1.25  # of the most: up to there requests inside dialogs are taken


@dataclass(frozen=True, slots=True)
class Stray(DomainEvent):
    """A message that was dropped: it belongs to nothing here and asks for no answer, or there is too much to do."""

    kind: str  # "response", "ack" or "overload"
    method: str  # of the CSeq


class Endpoint:
    """All transactions of this element.

    With ``most`` of them alive, a request that begins something new is not taken. What belongs to a dialog goes on
    until there are a quarter more, BYE always. A call through us over UDP is a hundred seconds of transactions, most of
    them over but for repeats: the default is enough for 900 calls a second. ``symmetric``: see ``response.way_back``.
    ``stream_to``: see ``detour``.
    """

    def __init__(
        self,
        ids: Ids,
        timing: Timing = Timing(),  # noqa: B008 (frozen)
        most: int = 100_000,
        symmetric: bool = True,
        stream_to: StreamTo = nowhere,
    ) -> None:
        self._ids = ids
        self._timing = timing
        self._most = most
        self._symmetric = symmetric
        self._detours = Detours(stream_to)
        self._servers: dict[str, Transaction] = {}
        self._clients: dict[str, Transaction] = {}
        self._invites: dict[str, Transaction] = {}  # by owner: its latest INVITE client transaction
        self._merging: dict[Merge, str] = {}
        self._carried: dict[_Carrier, dict[Transaction, None]] = {}  # in the order in which they began
        self._deadlines = Deadlines()

    # ---- from the wire -----------------------------------------------------------------------------------------

    def received(self, message: Message, flow: Flow, now: float) -> list[Effect]:
        """Take one message from the wire. ``PeerError`` means that a header could not be read (the driver drops it)."""
        if isinstance(message, Response):
            return self._response(message, now)
        if message.method == "ACK":
            return self._ack(message, flow, now)
        return self._request(message, flow, now)

    def _response(self, response: Response, now: float) -> list[Effect]:
        method = response.cseq.method
        one = self._clients.get(client_key(response.via.branch, method))
        if one is None or not answers(response, one.request):
            return [Stray("response", method)]
        return self._step(one, response_input(response.status), now, response)

    def _ack(self, ack: Request, flow: Flow, now: float) -> list[Effect]:
        """An ACK with the INVITE's branch is for a refusal; one with its own is for a 2xx, and the dialog's."""
        one = self._servers.get(server_key(ack, "INVITE"))
        if one is not None:
            return self._step(one, I.ACK, now, ack)
        if ack.to.tag is None:
            return [Stray("ack", "ACK")]
        return [AckArrived(ack, flow)]

    def _request(self, request: Request, flow: Flow, now: float) -> list[Effect]:
        key = server_key(request, request.method)
        one = self._servers.get(key)
        if one is not None:
            if source_of(flow.remote[0]) == source_of(one.flow.remote[0]):  # else whoever has a copy had the answer
                self._move(one, way_back(request, flow, self._symmetric))  # a NAT may have given another port since
            return self._step(one, I.REQUEST, now, request)
        if len(self) >= self._most and not self._goes_on(request):
            return [Stray("overload", request.method)]
        merged = self._remember(request, key)
        invite = self._servers.get(server_key(request, "INVITE")) if request.method == "CANCEL" else None
        stamp_via(request, flow)
        back = way_back(request, flow, self._symmetric)
        one = self._servers[key] = start_server(key, request, back, self._timing, now)
        self._take_up(one)
        if request.method == "CANCEL":
            return self._cancelled(one, invite, now)
        if merged:
            return self.respond(key, respond(request, 482, to_tag=self._ids.tag()), now)
        if request.method == "INVITE" and request.to.tag is None:
            one.tag = self._ids.tag()
        return [RequestArrived(key, request, flow, one.tag)]

    def _goes_on(self, request: Request) -> bool:
        """Whether a request belongs to something, and is taken however many there are."""
        if request.method in ("BYE", "CANCEL"):
            return True
        return request.to.tag is not None and len(self) < self._most * _DIALOGS_SHARE

    def _remember(self, request: Request, key: str) -> bool:
        """Section 8.2.2.2: whether this request came here a second time, by another way."""
        if request.to.tag is not None or request.method == "CANCEL":
            return False
        return self._merging.setdefault(merge_key(request), key) != key

    def _cancelled(self, one: Transaction, invite: Transaction | None, now: float) -> list[Effect]:
        """Section 9.2. The CANCEL is answered here; only one that comes in time is reported."""
        if invite is None:
            return self.respond(one.key, respond(one.request, 481, to_tag=self._ids.tag()), now)
        sent = invite.response
        tag = (sent and sent.to.tag) or invite.tag or self._ids.tag()  # as in the response to the INVITE
        effects = self.respond(one.key, respond(one.request, 200, to_tag=tag), now)
        if invite.state is S.PROCEEDING:
            effects.append(CancelArrived(invite.key, one.request, one.flow))
        return effects

    def begins(self, request: Request) -> bool:
        """Whether a request belongs to no transaction here: neither its own nor, for a CANCEL, that of its INVITE."""
        if server_key(request, request.method) in self._servers:
            return False
        return request.method != "CANCEL" or server_key(request, "INVITE") not in self._servers

    # ---- from the transaction user -----------------------------------------------------------------------------

    def request(self, request: Request, flow: Flow, owner: str, now: float) -> list[Effect]:
        """Send a request other than ACK and CANCEL; its responses are reported to ``owner``."""
        branch = self._ids.branch()
        request.headers.prepend("Via", hop.via_value(flow, branch))
        way = self._detours.way(request, flow, now)
        if way is not flow:
            request.headers.replace_first("Via", hop.via_value(way, branch))
        request.headers.remember("via", hop.our_via(way, branch))
        one = self._start(client_key(branch, request.method), request, way, owner, now)
        one.fallback = flow if way is not flow else None
        if request.method == "INVITE":
            self._invites[owner] = one
        return [Send(request, way, begins=True)]

    def unsent(self, request: Request) -> list[Effect]:
        """It is too late for a request that ``begins``: nobody has seen it, and its owner hears so at once."""
        one = self._clients[client_key(request.via.branch, request.method)]
        self._forget(one)
        return [TransactionFailed(one.owner, one.key, request.method, "late", request)]

    def take_up(self, request: Request, flow: Flow, owner: str, now: float) -> None:
        """An INVITE that a former process sent, with its Via; the peer rings since."""
        one = self._start(client_key(request.via.branch, "INVITE"), request, flow, owner, now)
        self._step(one, I.R1XX, now, respond(request, 180))
        self._invites[owner] = one

    def respond(self, transaction: str, response: Response, now: float) -> list[Effect]:
        """Answer a request. A transaction that has ended takes no answer: being late is legal."""
        one = self._servers.get(transaction)
        if one is None:
            return []
        return self._step(one, answer_input(response.status), now, response)

    def ack(self, request: Request, flow: Flow) -> list[Effect]:
        """Send the ACK to a 2xx: in no transaction, with a branch of its own (section 13.2.2.4)."""
        request.headers.prepend("Via", hop.via_value(flow, self._ids.branch()))
        return [Send(request, flow)]

    def cancel(self, owner: str, now: float, causes: tuple[Reason, ...] = ()) -> list[Effect]:
        """CANCEL the INVITE of ``owner``; nothing where it has its final response or there is none.

        Before the first provisional response it is a ``UsageError`` (section 9.1: the CANCEL might overtake it).
        """
        one = self._invites.get(owner)
        if one is None:
            return []
        key = client_key(one.request.via.branch, "CANCEL")
        if key in self._clients:
            return []
        effects = self._step(one, I.TU_CANCEL, now)
        if one.state is S.PROCEEDING:
            request = hop.cancel(one.request, causes)
            self._start(key, request, one.flow, "", now)
            effects.append(Send(request, one.flow))
        return effects

    # ---- transport and time ------------------------------------------------------------------------------------

    def transport_failed(self, flow: Flow, now: float) -> list[Effect]:
        """What was sent over ``flow`` did not get out (sections 17.1.4 and 17.2.4)."""
        effects: list[Effect] = []
        for one in list(self._carried.get(_carrier(flow), ())):
            if not self._listens_elsewhere(one):
                effects += self._again(one, now) or self._step(one, I.TRANSPORT_ERROR, now)
        return effects

    def _listens_elsewhere(self, one: Transaction) -> bool:
        """Whether there is another way for the answer to a request whose connection is gone; it is taken."""
        flow = reconnect.for_response(one.request, one.flow) if one.key in self._servers else None
        if flow is not None:
            self._move(one, flow)
        return flow is not None

    def _again(self, one: Transaction, now: float) -> list[Effect]:
        """By another way, where nobody has heard it: as the datagram for which it was only too long, or anew."""
        if one.key not in self._clients or one.state is not one.figure.start:
            return []
        flow = one.fallback or reconnect.for_request(one.request, one.flow)
        if flow is None:
            return []
        if not flow.reliable:
            self._detours.refused(flow.remote, now)
        one.request.headers.replace_first("Via", hop.via_value(flow, one.request.via.branch or ""))
        one.request.octets = b""  # those have the former Via
        self._unload(one)
        one.begin_again(flow, now)
        self._take_up(one)
        return [Send(one.request, flow, begins=True)]

    @property
    def deadline(self) -> float | None:
        return self._deadlines.next()

    def tick(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for one in self._deadlines.due(now):
            assert isinstance(one, Transaction)
            effects += self._settle(one, one.tick(now))
        return effects

    def __len__(self) -> int:
        """How many transactions are alive."""
        return len(self._servers) + len(self._clients)

    # ---- inside ------------------------------------------------------------------------------------------------

    def _start(self, key: str, request: Request, flow: Flow, owner: str, now: float) -> Transaction:
        one = self._clients[key] = start_client(key, request, flow, owner, self._timing, now)
        self._take_up(one)
        return one

    def _take_up(self, one: Transaction) -> None:
        self._deadlines.set(one, one.deadline)
        self._carried.setdefault(_carrier(one.flow), {})[one] = None

    def _move(self, one: Transaction, flow: Flow) -> None:
        if flow != one.flow:
            self._unload(one)
            one.flow = flow
            self._take_up(one)

    def _unload(self, one: Transaction) -> None:
        carrier = _carrier(one.flow)
        carried = self._carried[carrier]
        del carried[one]
        if not carried:
            del self._carried[carrier]

    def _step(self, one: Transaction, event: I, now: float, message: Message | None = None) -> list[Effect]:
        return self._settle(one, one.handle(event, now, message))

    def _settle(self, one: Transaction, effects: list[Effect]) -> list[Effect]:
        """Arm the transaction's deadline, or forget it."""
        if one.ended:
            self._forget(one)
        else:
            self._deadlines.set(one, one.deadline)
        if one.request.method == "CANCEL":  # ours has no user: what became of it shows in the INVITE
            return [effect for effect in effects if isinstance(effect, Send)]
        return effects

    def _forget(self, one: Transaction) -> None:
        self._deadlines.set(one, None)
        self._unload(one)
        if self._clients.pop(one.key, None) is not None:
            if self._invites.get(one.owner) is one:
                del self._invites[one.owner]
            return
        del self._servers[one.key]
        merge = merge_key(one.request)
        if self._merging.get(merge) == one.key:
            del self._merging[merge]


def _carrier(flow: Flow) -> _Carrier:
    return flow.connection or (flow.transport, flow.local, flow.remote, flow.host)
