"""What a message carries, out of whatever it came wrapped in (RFC 3261 sections 7.4, 8.2.3 and 20.11, RFC 5621).

Decided here: which part of a body is the one that was asked for, and that a part which we do not understand refuses
the message unless its sender calls it optional. Every multipart but ``alternative`` is read as ``mixed`` (RFC 2046
section 5.1.3); of alternatives the last one that can be used counts. Depth and number of parts are bounded, and the
octets are read once for each level. What a session description says is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from softswitch.core.errors import PeerError
from softswitch.sip.header import LWS, param, parse_params, unquote
from softswitch.sip.message import Message
from softswitch.sip.section import Headers, parse_headers, unfold

SDP = "application/sdp"
ENCODING = "identity"
MAX_DEPTH = 3
MAX_PARTS = 16  # of one multipart
_MAX_PART_HEADERS = 16
# Dispositions that ask for nothing but what is done anyway. "early-session" (RFC 3959) would be a second session.
_PLAIN = frozenset({"", "session", "render", "signal", "info-package"})
_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,\-./:=? ]{0,69}[A-Za-z0-9'()+_,\-./:=?]")  # RFC 2046 section 5.1.1


@dataclass(frozen=True, slots=True)
class Part:
    """A body, or one of the parts of a multipart."""

    kind: str  # type/subtype in lower case
    headers: Headers  # Content-Type, Content-Disposition ...
    content: bytes


def kind_of(headers: Headers) -> str:
    """Type and subtype of the Content-Type in lower case; "" where there is none."""
    return (headers.get("Content-Type") or "").partition(";")[0].strip(LWS).lower()


def part(message: Message, kinds: tuple[str, ...]) -> Part | None:
    """The part of a message that is of one of ``kinds``, the first of several; None where it has no such part.

    Raises ``PeerError``: 415 where something else is required, 400 where a multipart cannot be taken apart.
    """
    if not message.body:
        return None
    found = _usable(Part(kind_of(message.headers), message.headers, message.body), kinds, MAX_DEPTH)
    return found[0] if found else None


def _usable(one: Part, kinds: tuple[str, ...], depth: int) -> list[Part]:
    """What can be used of a part. Raises ``PeerError`` (415) where it has to be understood and is not."""
    disposition, _, params = (one.headers.get("Content-Disposition") or "").partition(";")
    encoding = (one.headers.get("Content-Encoding") or ENCODING).lower()
    readable = encoding == ENCODING and disposition.strip(LWS).lower() in _PLAIN
    if readable and one.kind in kinds:
        return [one]
    if readable and depth and one.kind.startswith("multipart/"):
        return _inside(one, kinds, depth)
    if (param(parse_params(params), "handling") or "").lower() == "optional":
        return []
    if encoding != ENCODING:
        raise PeerError(415, "Unsupported Media Type", headers=(("Accept-Encoding", ENCODING),))
    raise PeerError(415, "Unsupported Media Type", headers=(("Accept", ", ".join(kinds)),))


def _inside(whole: Part, kinds: tuple[str, ...], depth: int) -> list[Part]:
    inner = list(_parts(whole))
    if whole.kind != "multipart/alternative":
        return [usable for one in inner for usable in _usable(one, kinds, depth - 1)]
    refusal = PeerError(400, "a multipart without parts")
    for one in reversed(inner):
        try:
            if found := _usable(one, kinds, depth - 1):
                return found
        except PeerError as error:
            refusal = error
    raise refusal


def _parts(whole: Part) -> Iterator[Part]:
    """The parts of a multipart body. Raises ``PeerError`` (400) where it has no end: it may have been cut."""
    _, _, params = (whole.headers.get("Content-Type") or "").partition(";")
    boundary = unquote(param(parse_params(params), "boundary") or "")
    if not _BOUNDARY.fullmatch(boundary):
        raise PeerError(400, "bad boundary of a multipart")
    octets = b"\r\n" + whole.content  # the first delimiter may stand at the very beginning
    lines = re.compile(rb"\r\n--%b(--)?+[ \t]*+(?=\r\n|\Z)" % re.escape(boundary.encode()))
    start = -1
    for count, line in enumerate(lines.finditer(octets)):
        if count > MAX_PARTS:
            break
        if start >= 0:
            yield _part(octets[start : line.start()])
        if line[1]:
            return
        start = line.end() + 2
    raise PeerError(400, "a multipart without an end, or of too many parts")


def _part(octets: bytes) -> Part:
    if octets.startswith(b"\r\n"):  # no header lines
        return Part("text/plain", Headers(), octets[2:])
    head, _, content = octets.partition(b"\r\n\r\n")
    lines = unfold(head.decode("utf-8", "surrogateescape")).split("\r\n")
    headers, wrong = parse_headers(lines)
    if wrong or len(lines) > _MAX_PART_HEADERS:
        raise PeerError(400, wrong or "too many headers of a part")
    return Part(kind_of(headers) or "text/plain", headers, content)
