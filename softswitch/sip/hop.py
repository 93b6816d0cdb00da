"""What a client writes hop by hop: Via, the ACK to a refusal, CANCEL (RFC 3261 sections 8.1.1.7, 17.1.1.3, 9.1).

ACK and CANCEL are copies of the INVITE's own header lines, so that every element on the way matches them to it.
"""

from __future__ import annotations

from softswitch.sip.flow import Flow
from softswitch.sip.header import Via
from softswitch.sip.message import Headers, Request, Response
from softswitch.sip.reason import Reason, reason_lines
from softswitch.sip.uri import hostport

MOST_HOPS = 70  # section 8.1.1.6
MAX_FORWARDS = str(MOST_HOPS)


def our_via(flow: Flow, branch: str) -> Via:
    """``rport`` asks for the answer on the port that we send from (RFC 3581 section 3)."""
    host, port = flow.sent_by
    return Via(flow.transport.upper(), host, port, (("branch", branch), ("rport", None)))


def via_value(flow: Flow, branch: str) -> str:
    """The same as text."""
    return f"SIP/2.0/{flow.transport.upper()} {hostport(*flow.sent_by)};branch={branch};rport"


def ack_refusal(invite: Request, refusal: Response) -> Request:
    """The ACK to a final response other than 2xx."""
    return _beside(invite, "ACK", refusal.headers.get("To") or "")


def cancel(invite: Request, causes: tuple[Reason, ...] = ()) -> Request:
    made = _beside(invite, "CANCEL", invite.headers.get("To") or "")
    for name, value in reason_lines(causes):
        made.headers.add(name, value)
    return made


def _beside(invite: Request, method: str, to: str) -> Request:
    theirs = invite.headers
    items = [
        ("Via", theirs.get("Via") or ""),
        ("Max-Forwards", MAX_FORWARDS),
        ("From", theirs.get("From") or ""),
        ("To", to),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} {method}"),
    ]
    items += [("Route", route) for route in theirs.all("Route")]
    return Request(method, invite.uri, Headers(items))
