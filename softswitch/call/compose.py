"""How the messages of a leg are written: Contact, Allow, bodies, who is calling (RFC 3261 sections 8.1.1, 13.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from softswitch.call.identity import private
from softswitch.call.signal import Respond
from softswitch.call.state import LegState, Plan
from softswitch.core.errors import PeerError
from softswitch.sip import body, inspection
from softswitch.sip.body import SDP
from softswitch.sip.flow import Flow
from softswitch.sip.header import CSeq, NameAddr, parse_name_addr
from softswitch.sip.message import Headers, Message, Request
from softswitch.sip.response import respond
from softswitch.sip.section import HeaderLines
from softswitch.sip.uri import Uri, canonical_host, hostport, parse_uri

PRODUCT = "softswitch"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER, NOTIFY, SUBSCRIBE, MESSAGE"

SUPPORTED = ", ".join(inspection.OPTION_TAGS)


_MOST_METHODS = 32
_LONGEST_CACHED = 512  # octets
_OURS = frozenset(ALLOW.split(", "))


def contact_value(flow: Flow, secure: bool = False) -> str:
    """``secure``: as a SIPS URI, to which TLS goes without saying (section 19.1.2)."""
    if not secure:
        return f"<sip:{PRODUCT}@{hostport(*flow.sent_by)};transport={flow.uri_transport}>"
    transport = "tcp" if flow.transport == "tls" else flow.uri_transport
    return f"<sips:{PRODUCT}@{hostport(*flow.sent_by)};transport={transport}>"


def reply(
    leg: LegState,
    transaction: str,
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    headers: HeaderLines = (),
    sdp: bytes = b"",
) -> Respond:
    """A response with our tag; the ones that form or refresh a dialog carry Contact and Allow (section 12.1.1)."""
    added: list[tuple[str, str]] = [("Server", PRODUCT)]
    if request.method in ("INVITE", "UPDATE") and 100 < status < 300:
        added += refreshing(leg)
    added += headers
    tag = None if status == 100 else leg.setup.local_tag
    made = respond(request, status, reason, to_tag=tag, headers=added, body=sdp, content_type=SDP if sdp else None)
    return Respond(transaction, made)


def refuse(leg: LegState, transaction: str, request: Request, error: PeerError) -> Respond:
    """The answer to what the peer should not have sent."""
    lines = error.headers if error.warning is None else (*error.headers, ("Warning", error.warning))
    if error.status == 405:
        lines += (("Allow", ALLOW),)
    return reply(leg, transaction, request, error.status, error.reason, headers=lines)


def invite(leg: LegState, plan: Plan, cseq: int, more: HeaderLines, offer: bytes) -> Request:
    """Our INVITE, without a Via."""
    setup = leg.setup
    caller = NameAddr(plan.from_display, parse_uri(plan.from_uri), (("tag", setup.local_tag),))
    items = [
        ("Max-Forwards", str(plan.hops)),
        ("From", str(caller)),
        ("To", f"<{plan.to_uri}>"),
        ("Call-ID", setup.call_id),
        ("CSeq", f"{cseq} INVITE"),
        *refreshing(leg),
        ("User-Agent", PRODUCT),
        *more,
        *plan.headers,
    ]
    if offer:
        items.append(("Content-Type", SDP))
    written = Headers(items)
    written.remember("from", caller)
    written.remember("call-id", setup.call_id)
    written.remember("cseq", CSeq(cseq, "INVITE"))
    return Request("INVITE", plan.request_uri, written, offer)


def refreshing(leg: LegState) -> HeaderLines:
    """What a request or response says of us that forms or refreshes a dialog (section 12.1.1)."""
    return (("Contact", contact_value(leg.flow, leg.secure)), ("Allow", ALLOW), ("Supported", SUPPORTED))


def elsewhere(invite: Request, contacts: Sequence[str]) -> HeaderLines:
    """The Contact of a 3xx: where to call instead, best first, as q says (sections 8.1.3.4, 21.3).

    A number is one of the caller's own domain, which sent the call and knows how it is reached. Where that is ours, or
    is withheld, it is written as the caller wrote it, for From has no port (section 20.20).
    """
    ours, named = parse_uri(invite.uri), invite.from_.uri
    nowhere = named.scheme not in ("sip", "sips") or named.host.endswith(".invalid")  # RFC 3323 section 4.1.1.3
    domain = ours if nowhere or canonical_host(named.host) == canonical_host(ours.host) else named
    targets = [uri if ":" in uri else str(Uri("sip", uri, domain.host, domain.port)) for uri in contacts]
    if len(targets) == 1:
        return (("Contact", f"<{targets[0]}>"),)
    return tuple(("Contact", f"<{uri}>;q={1 - 0.1 * place:.1f}") for place, uri in enumerate(targets))


def secure(uri: str, ways: Sequence[str]) -> bool:
    """Whether a call to ``uri`` is one to a SIPS URI, or by way of one: that is the first of ``ways``, if any."""
    return parse_uri(uri).scheme == "sips" or any(parse_name_addr(way).uri.scheme == "sips" for way in ways[:1])


def learn(leg: LegState, message: Message) -> None:
    """Which methods the peer serves, where it says so (section 20.5)."""
    if "Allow" in message.headers:
        named = ", ".join(message.headers.all("Allow")[:_MOST_METHODS])
        leg.allows = _methods_cached(named) if len(named) <= _LONGEST_CACHED else _methods(named)


def _methods(named: str) -> frozenset[str]:
    return frozenset([method.strip().upper() for method in named.split(",")]) & _OURS


_methods_cached = lru_cache(maxsize=256)(_methods)  # one set for all peers of a kind: each leg has one, and it is large


def has_option(message: Message, header: str, tag: str) -> bool:
    """Whether Supported or Require names an extension."""
    return any(one.lower() == tag for one in message.headers.all(header))


def description(message: Message) -> bytes:
    """The session description in a message, empty where there is none. Raises ``PeerError`` (415, 400)."""
    found = body.part(message, (SDP,))
    return b"" if found is None else found.content


def caller(request: Request, trusted: bool) -> NameAddr | None:
    """Who calls: P-Asserted-Identity from a trusted peer (RFC 3325), else From; None where withheld (RFC 3323)."""
    if private(request):
        return None
    identity = _asserted(request) if trusted else None
    found = request.from_ if identity is None else identity
    return None if found.uri.user.lower() in ("", "anonymous") or found.uri.host == "anonymous.invalid" else found


def _asserted(request: Request) -> NameAddr | None:
    for value in request.headers.all("P-Asserted-Identity"):
        try:
            return parse_name_addr(value)
        except PeerError:
            continue
    return None
