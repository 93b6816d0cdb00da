"""Dialogs (RFC 3261 section 12): who the two ends are, where requests go, and which CSeq is in order.

Decided here: how a request inside a dialog is built (loose routes, and strict ones as section 12.2.1.1 shows), what
refreshes the remote target, and that a lower CSeq is answered 500. Not known here: the address on the wire. That is
the flow by which the peer was last heard, which the leg keeps: behind a NAT the host of a Contact leads nowhere.

A dialog is one record of plain values, so that a call can be written to a journal and taken up again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from softswitch.core.errors import PeerError
from softswitch.sip.header import CSeq, parse_name_addr
from softswitch.sip.hop import MAX_FORWARDS
from softswitch.sip.message import Headers, Message, Request, Response
from softswitch.sip.response import with_tag


class Dialog(msgspec.Struct, array_like=True):
    call_id: str
    local_tag: str
    remote_tag: str  # "" for a peer from before RFC 3261
    local: str  # our From, with its tag
    remote: str  # the peer's To, with its tag
    remote_target: str  # URI
    route_set: tuple[str, ...]  # Route values as they are to be written
    local_cseq: int  # of our last request; 0 before the first
    remote_cseq: int | None = None  # of the peer's last request; None before the first

    @classmethod
    def uas(cls, request: Request, local_tag: str) -> Dialog:
        """Section 12.1.1. Raises ``PeerError`` (400) where the request has no Contact, or routes that are none."""
        contact = request.contact
        if contact is None:
            if not request.via.old:
                raise PeerError(400, "no Contact")
            contact = request.from_  # in RFC 2543 it was optional: then requests go to who called
        for route in request.headers.all("Record-Route"):
            parse_name_addr(route)  # now, while it can be refused: later there would be no way to say BYE
        return cls(
            request.call_id,
            local_tag,
            request.from_.tag or "",
            with_tag(request.headers.get("To") or "", local_tag),
            request.headers.get("From") or "",
            str(contact.uri),
            tuple(request.headers.all("Record-Route")),
            0,
            request.cseq.number,
        )

    @classmethod
    def uac(cls, request: Request, response: Response) -> Dialog:
        """Section 12.1.2. A 2xx without a Contact that can be read is answered at the URI that was called."""
        local, tag = request.headers.get("From") or "", request.from_.tag or ""
        return cls._answered(response, request.call_id, local, tag, request.uri, request.cseq.number)

    def fork(self, response: Response, uri: str, cseq: int) -> Dialog:
        """That of another branch of the same INVITE, which went to ``uri`` with ``cseq`` (section 13.2.2.4)."""
        return self._answered(response, self.call_id, self.local, self.local_tag, uri, cseq)

    @classmethod
    def _answered(cls, response: Response, call_id: str, local: str, local_tag: str, uri: str, cseq: int) -> Dialog:
        routes = response.headers.all("Record-Route")
        return cls(
            call_id,
            local_tag,
            response.to.tag or "",
            local,
            response.headers.get("To") or "",
            _contact(response) or uri,
            tuple([route for route in reversed(routes) if _readable(route)]),
            cseq,
        )

    def continues(self, early: Dialog) -> None:
        """The 2xx has confirmed an early dialog (section 13.2.2.4): CSeq goes on, the route set is the 2xx's."""
        self.local_cseq = max(self.local_cseq, early.local_cseq)
        self.remote_cseq = early.remote_cseq

    def check(self, request: Request) -> None:
        """Take a request of the peer's (section 12.2.2). Raises ``PeerError``: 481 not of this dialog, 500 old."""
        if (request.from_.tag or "") != self.remote_tag or request.call_id != self.call_id:
            raise PeerError(481, "Call/Transaction Does Not Exist")
        number = request.cseq.number
        if self.remote_cseq is not None and number < self.remote_cseq:
            raise PeerError(500, "CSeq out of order")
        self.remote_cseq = number

    def target_of(self, request: Request) -> str:
        """Where the peer will be, once this target refresh request is accepted. Raises ``PeerError`` (400)."""
        return self.remote_target if request.contact is None else str(request.contact.uri)

    def refresh(self, message: Message) -> None:
        """A target refresh request, or the 2xx to one, has been accepted: the peer is where its Contact says.

        Raises ``PeerError`` (400) where that of a request cannot be read. A 2xx cannot be refused: then it stays.
        """
        if isinstance(message, Response):
            self.remote_target = _contact(message) or self.remote_target
        else:
            self.remote_target = self.target_of(message)

    def request(self, method: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> Request:
        """The next request of ours (section 12.2.1.1), without a Via."""
        self.local_cseq += 1
        return self._build(method, self.local_cseq, headers, body)

    def ack(self, cseq: int, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> Request:
        """The ACK to a 2xx (section 13.2.2.4); ``cseq`` is the INVITE's."""
        return self._build("ACK", cseq, headers, body)

    def _build(self, method: str, cseq: int, headers: Iterable[tuple[str, str]], body: bytes) -> Request:
        uri, routes = self._route()
        items = [("Route", route) for route in routes]
        items += [
            ("Max-Forwards", MAX_FORWARDS),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
        ]
        items += headers
        written = Headers(items)
        written.remember("call-id", self.call_id)
        written.remember("cseq", CSeq(cseq, method))
        return Request(method, uri, written, body)

    def _route(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route."""
        if not self.route_set:
            return self.remote_target, ()
        first = parse_name_addr(self.route_set[0]).uri
        if first.param("lr") is not None:
            return self.remote_target, self.route_set
        # A strict router (RFC 2543) wants to find itself in the Request-URI, and the target last.
        bare = replace(first, params=tuple(pair for pair in first.params if pair[0].lower() != "method"), headers="")
        return str(bare), (*self.route_set[1:], f"<{self.remote_target}>")


def _contact(response: Response) -> str | None:
    try:
        contact = response.contact
        return None if contact is None else str(contact.uri)
    except PeerError:
        return None


def _readable(route: str) -> bool:
    """A 2xx cannot be refused; a route of it that is none is passed over, so that the ACK can be sent at all."""
    try:
        parse_name_addr(route)
    except PeerError:
        return False
    return True
