"""What tells one transaction from another, and a repeat from a new request (RFC 3261 sections 8.2.2.2, 17.1.3, 17.2.3).

Keys only; who holds what under them is ``endpoint``.
"""

from __future__ import annotations

from softswitch.core.ids import BRANCH_COOKIE
from softswitch.sip.message import Request, Response
from softswitch.sip.uri import hostport

Merge = tuple[str | None, str, int, str]  # From tag, Call-ID, CSeq number, method


def server_key(request: Request, method: str) -> str:
    """Section 17.2.3: branch, sent-by and method, where ACK and CANCEL ask with the method of what they are about.

    Without the magic cookie the peer follows RFC 2543, where the branch alone is not unique; the To tag is left out,
    because the ACK has one and its INVITE has none.
    """
    via = request.via
    branch = via.branch
    key = f"{branch}|{hostport(via.host, via.port).lower()}|{method}"
    if branch is not None and branch.startswith(BRANCH_COOKIE):
        return key
    return f"{key}|{request.uri}|{request.from_.tag}|{request.call_id}|{request.cseq.number}"


def client_key(branch: str | None, method: str) -> str:
    """Section 17.1.3."""
    return f"{branch}|{method}"


def answers(response: Response, request: Request) -> bool:
    """Sections 18.1.2 and 8.1.3.3: one that came by another's Via, or has a second one, was misrouted."""
    via, written = response.via, request.via
    return via.port == written.port and via.host.lower() == written.host.lower() and response.one_hop


def merge_key(request: Request) -> Merge:
    """Section 8.2.2.2: equal where one request has come by two ways."""
    return (request.from_.tag, request.call_id, request.cseq.number, request.method)
