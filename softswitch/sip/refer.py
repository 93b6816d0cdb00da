"""REFER and Replaces as they are written (RFC 3515 section 2.1, RFC 3891 section 6.1, RFC 3420, RFC 4488 section 4).

Decided here: which Refer-To can be understood at all. Whether somebody may be sent there is decided elsewhere; nothing
of what stands behind the "?" of the URI is used, but a Replaces.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.errors import PeerError
from softswitch.sip.header import LWS, param, parse_name_addr, parse_params
from softswitch.sip.message import Request
from softswitch.sip.response import PHRASES
from softswitch.sip.uri import Uri, unescape

SIPFRAG = "message/sipfrag;version=2.0"


@dataclass(frozen=True, slots=True)
class Replaces:
    """A dialog that is to be replaced. The tags are those of the one who is asked to: ``to_tag`` is its own."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False


@dataclass(frozen=True, slots=True)
class ReferTo:
    """Where a REFER sends its recipient: by INVITE, always."""

    uri: Uri  # sip
    replaces: Replaces | None


def refer_to(request: Request) -> ReferTo:
    """Raises ``PeerError``: 400 none, two, or none that can be read; 416 another scheme than sip; 403 no INVITE."""
    values = request.headers.all("Refer-To")
    if len(values) != 1:
        raise PeerError(400, "not exactly one Refer-To")  # RFC 3515 section 2.4.2
    uri = parse_name_addr(values[0]).uri
    if uri.scheme != "sip":
        raise PeerError(416, "Unsupported URI Scheme")
    if (uri.param("method") or "INVITE") != "INVITE":
        raise PeerError(403, "Forbidden")
    return ReferTo(uri, _embedded(uri.headers))


def _embedded(headers: str) -> Replaces | None:
    """The Replaces among the headers of a URI, all others unread."""
    found = [value for name, _, value in (pair.partition("=") for pair in headers.split("&")) if _is_replaces(name)]
    if len(found) > 1:
        raise PeerError(400, "more than one Replaces")
    return parse_replaces(unescape(found[0])) if found else None


def _is_replaces(name: str) -> bool:
    return unescape(name).lower() == "replaces"


def replaces(request: Request) -> Replaces | None:
    """The dialog that an INVITE is to replace. Raises ``PeerError`` (400): more than one, or unreadable."""
    values = request.headers.all("Replaces")
    if len(values) > 1:
        raise PeerError(400, "more than one Replaces")  # RFC 3891 section 3
    return parse_replaces(values[0]) if values else None


def parse_replaces(text: str) -> Replaces:
    """Raises ``PeerError`` (400)."""
    call_id, _, rest = text.partition(";")
    params = parse_params(rest)
    to_tag, from_tag = param(params, "to-tag"), param(params, "from-tag")
    if not call_id.strip(LWS) or to_tag is None or from_tag is None:
        raise PeerError(400, "bad Replaces")
    return Replaces(call_id.strip(LWS), to_tag, from_tag, param(params, "early-only") is not None)


def wants_no_subscription(request: Request) -> bool:
    """RFC 4488 section 4: the referrer does not care what becomes of it."""
    return (request.headers.get("Refer-Sub") or "").partition(";")[0].strip(LWS).lower() == "false"


def sipfrag(status: int) -> bytes:
    """The body of a NOTIFY: what the referred request was answered with, and no more (RFC 3515 section 5.2)."""
    return f"SIP/2.0 {status} {PHRASES.get(status, 'Unknown')}\r\n".encode()
