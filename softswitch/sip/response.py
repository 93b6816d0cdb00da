"""What a UAS answers: the headers that a response takes over from its request (RFC 3261 sections 8.2.6, 12.1.1).

Values are copied as they came, unparsed, so that a request which cannot be read can still be refused. The other
decisions here are what the topmost Via says about where the request came from, and where its responses go (sections
18.2.1 and 18.2.2, RFC 3581).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from softswitch.core.errors import PeerError
from softswitch.sip.flow import Flow
from softswitch.sip.header import param, split_commas
from softswitch.sip.message import Request, Response
from softswitch.sip.section import key_of

PHRASES = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    410: "Gone", 412: "Conditional Request Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 433: "Anonymity Disallowed",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 493: "Undecipherable",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
    600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
    607: "Unwanted", 608: "Rejected",
}  # fmt: skip
_COPIED = frozenset({"via", "from", "to", "call-id", "cseq"})
_COPIED_BY_TRYING = _COPIED | {"timestamp"}  # section 8.2.6.1
_COPIED_BY_DIALOG = _COPIED | {"record-route"}
_ONCE = frozenset({"from", "to", "call-id", "cseq"})
_DEFAULT_PORT = 5060
_READ = ("via", "from", "call-id", "cseq")  # as in the request, and need not be read again
_FORMS_DIALOG = frozenset({"INVITE", "SUBSCRIBE", "REFER", "NOTIFY"})


def respond(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    """A response to ``request``. ``to_tag`` is used where the request's To has none; ``headers`` are added."""
    copied = _COPIED
    if status == 100:
        copied = _COPIED_BY_TRYING
    elif status < 300 and request.method in _FORMS_DIALOG:
        copied = _COPIED_BY_DIALOG
    theirs = request.headers
    lines = [line for line in theirs.lines if line[0] in copied]
    if theirs.repeats:
        lines = _once(lines)
    if to_tag is not None and not _has_tag(request):
        lines = [line if line[0] != "to" else ("to", line[1], with_tag(line[2], to_tag)) for line in lines]
    lines += [(key_of(name), name, value) for name, value in headers]
    if content_type is not None:
        lines.append(("content-type", "Content-Type", content_type))
    phrase = PHRASES.get(status, "Unknown") if reason is None else reason
    return Response(status, phrase, theirs.copy(lines, _READ), body)


def with_tag(to: str, tag: str) -> str:
    """The To of a request that has no tag, as we answer it and as the From of what we say in the dialog."""
    return f"{to.rstrip(' ;')};tag={tag}"


def _has_tag(request: Request) -> bool:
    try:
        return request.to.tag is not None
    except PeerError:
        return False


def _once(lines: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Without what may be there once only: of a request that is refused because it says this twice."""
    seen: set[str] = set()
    kept = []
    for line in lines:
        if line[0] not in seen:
            kept.append(line)
        if line[0] in _ONCE:
            seen.add(line[0])
    return kept


def stateless_tag(request: Request) -> str:
    """A To tag that a repeat of the request gets again, for answers outside a dialog (section 8.2.7)."""
    seed = "\0".join([request.headers.get(name) or "" for name in ("call-id", "from", "cseq", "via")])
    return hashlib.blake2b(seed.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def stamp_via(request: Request, flow: Flow) -> None:
    """Write into the topmost Via where the request really came from."""
    via = request.via
    host, port = flow.remote
    asked = param(via.params, "rport") is not None
    if not asked and via.host == host and via.received is None:
        return
    # RFC 3581 section 4: with rport, received is written even if it equals sent-by. One that the peer wrote itself
    # is not believed.
    via = via.stamped(host, port)
    headers, written = request.headers, str(via)
    before = headers.get("Via") or ""
    if "," in before:
        written = ", ".join([written, *split_commas(before)[1:]])
    headers.replace_first("Via", written)
    headers.remember("via", via)


def way_back(request: Request, flow: Flow, symmetric: bool = True) -> Flow:
    """Where the responses to a request go that came by ``flow``.

    Where it came from: section 18.2.2 over streams, RFC 3581 section 4 with rport, and always if ``symmetric``, because
    behind a NAT nobody hears at the port that the Via says. Else to that port, at the host that the request really came
    from: neither sent-by nor maddr can have us send to a third party.
    """
    if symmetric or flow.reliable or param(request.via.params, "rport") is not None:
        return flow
    return replace(flow, remote=(flow.remote[0], request.via.port or _DEFAULT_PORT))
