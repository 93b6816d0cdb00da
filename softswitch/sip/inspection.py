"""What a UAS looks at before it does anything: method, Request-URI, Require, Accept (RFC 3261 sections 8.2.1 to 8.2.3).

Decided here: which well-formed requests are refused whatever they are about, with which status and with which headers
of the refusal. Who is called, who calls and what a body says is not known here. A UAS never answers 483: Max-Forwards
ends with the call that arrived.
"""

from __future__ import annotations

from softswitch.core.errors import PeerError
from softswitch.sip.body import ENCODING, SDP
from softswitch.sip.header import LWS, param, parse_params
from softswitch.sip.message import Request
from softswitch.sip.section import HeaderLines

# The extensions that a peer may require of us (section 19.2); each of them is implemented.
OPTION_TAGS: tuple[str, ...] = ("100rel", "timer", "replaces", "norefersub")
# Of all RFCs; what is none of them is 501, and one label of the metrics.
KNOWN_METHODS = frozenset({
    "ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER", "REGISTER",
    "SUBSCRIBE", "UPDATE",
})  # fmt: skip
_SCHEMES = frozenset({"sip", "sips", "tel"})
_REGISTRAR_SCHEMES = frozenset({"sip", "sips"})
_PROXY_TAGS = frozenset({"privacy"})  # RFC 3323 section 4.2: for who stands between, as we do; Privacy is obeyed


def inspect(request: Request) -> None:
    """Raises ``PeerError`` for a request that no UAS of ours serves: 400, 416 or 420, in the order of section 8.2."""
    target = request.target
    if target.scheme not in _SCHEMES:
        raise PeerError(416, "Unsupported URI Scheme")
    if target.headers:
        raise PeerError(400, "headers in a Request-URI")  # section 19.1.1: not allowed there
    if request.method == "REGISTER" and request.to.uri.scheme not in _REGISTRAR_SCHEMES:
        raise PeerError(400, "an address-of-record is a SIP URI")  # section 10.2
    _required(request)


def _required(request: Request) -> None:
    headers = request.headers
    if "Require" not in headers and "Proxy-Require" not in headers:
        return
    known = (*OPTION_TAGS, "path") if request.method == "REGISTER" else OPTION_TAGS  # RFC 3327
    unknown = [tag for tag in headers.all("Require") if tag.lower() not in known]
    unknown += [
        tag for tag in headers.all("Proxy-Require") if tag.lower() not in OPTION_TAGS and tag.lower() not in _PROXY_TAGS
    ]
    if unknown:
        raise PeerError(420, "Bad Extension", headers=(("Unsupported", ", ".join(dict.fromkeys(unknown))),))


def acceptable(request: Request, kind: str = SDP) -> None:
    """Raises ``PeerError`` (406) where Accept is there and rules out an answer of type ``kind`` (section 20.1)."""
    if "Accept" not in request.headers:
        return
    try:
        covered = any(_covers(entry, kind) for entry in request.headers.all("Accept"))
    except PeerError:
        return  # what cannot be read is as if it were not there (section 8.2.2)
    if not covered:
        raise PeerError(406, "Not Acceptable", headers=(("Accept", kind),))


def _covers(entry: str, kind: str) -> bool:
    accepted, _, params = entry.partition(";")
    if accepted.strip(LWS).lower() not in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        return False
    quality = param(parse_params(params), "q")
    return quality is None or quality.strip("0") not in ("", ".")


def unserved(request: Request, allow: str) -> PeerError:
    """The refusal of a method that is not served here (section 8.2.1; 21.5.2 where nobody has heard of it)."""
    lines = (("Allow", allow),)
    if request.method in KNOWN_METHODS:
        return PeerError(405, "Method Not Allowed", headers=lines)
    return PeerError(501, "Not Implemented", headers=lines)


def capabilities(allow: str, accept: str = SDP) -> HeaderLines:
    """What the answer to OPTIONS says of us (section 11.2)."""
    lines = (("Allow", allow), ("Accept", accept), ("Accept-Encoding", ENCODING), ("Accept-Language", "*"))
    return (*lines, ("Supported", ", ".join(OPTION_TAGS))) if OPTION_TAGS else lines
