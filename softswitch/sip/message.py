"""SIP messages, and the way from octets to them and back (RFC 3261 sections 7, 18.3, 20).

Decided here: what is refused before anybody looks at its meaning, and with which status. The start line, the header
section and the five headers that every message must have (section 8.1.1) are read at once, all else when asked for.
An error carries as much of the request as could be read, so that the driver can answer it. A broken response, a broken
ACK and what is no SIP at all have status 0: nothing answers them.

Text is UTF-8; octets that are not (section 25.1 allows none, peers send them) go through unharmed as surrogates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from softswitch.core.errors import PeerError, UsageError
from softswitch.sip.header import (
    LWS,
    CSeq,
    NameAddr,
    Via,
    is_token,
    parse_cseq,
    parse_name_addr,
    parse_via,
    split_commas,
)
from softswitch.sip.section import Headers, parse_headers, unfold
from softswitch.sip.uri import Uri, parse_uri

__all__ = ["Headers", "Limits", "Message", "ParseError", "Request", "Response", "length", "parse", "render"]

VERSION = "SIP/2.0"
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_STATUSES = {str(status): status for status in range(100, 700)}
_NEEDED = {"via": "Via", "from": "From", "to": "To", "cseq": "CSeq", "call-id": "Call-ID"}  # section 8.1.1
_USUAL = frozenset({"ACK", "BYE", "CANCEL", "INVITE", "OPTIONS", "REGISTER"})  # tokens, as nobody needs to find out
_IDENTIFYING = ("via", "from", "call-id", "cseq")
_ONCE = ("from", "to", "call-id", "cseq", "max-forwards")  # repeated, they would mean different things to each reader


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a message we are willing to read."""

    max_bytes: int = 65535
    max_header_bytes: int = 32768  # start line and header section
    max_headers: int = 128  # lines
    max_vias: int = 70  # as many hops as Max-Forwards allows (section 8.1.1.6)


LIMITS = Limits()


class _Accessors:
    """What is read from the header section of either kind. Each raises ``PeerError`` (400) if it cannot be read."""

    __slots__ = ()
    headers: Headers

    # Of a message that was parsed all five are read, and each is asked for ten times: hence no ``parsed`` for them.

    @property
    def via(self) -> Via:
        """The topmost Via."""
        readings = self.headers.readings
        via: Via = readings["via"] if "via" in readings else self.headers.parsed("via", _top_via)
        return via

    @property
    def vias(self) -> list[Via]:
        return self.headers.parsed("via*", _vias)

    @property
    def one_hop(self) -> bool:
        """Whether there is one Via and no other."""
        headers = self.headers
        if not headers.repeats and "," not in (headers.get("Via") or ","):
            return True
        return len(self.vias) == 1

    @property
    def from_(self) -> NameAddr:
        readings = self.headers.readings
        found: NameAddr = readings["from"] if "from" in readings else self.headers.parsed("from", _from)
        return found

    @property
    def to(self) -> NameAddr:
        readings = self.headers.readings
        found: NameAddr = readings["to"] if "to" in readings else self.headers.parsed("to", _to)
        return found

    @property
    def call_id(self) -> str:
        readings = self.headers.readings
        found: str = readings["call-id"] if "call-id" in readings else self.headers.parsed("call-id", _call_id)
        return found

    @property
    def cseq(self) -> CSeq:
        readings = self.headers.readings
        found: CSeq = readings["cseq"] if "cseq" in readings else self.headers.parsed("cseq", _cseq)
        return found

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact."""
        return self.headers.parsed("contact", _first_contact)


@dataclass(slots=True)
class Request(_Accessors):
    method: str
    uri: str  # the Request-URI as written
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    octets: bytes = field(default=b"", repr=False, compare=False)  # as it arrived, or as it was rendered last

    @property
    def target(self) -> Uri:
        return parse_uri(self.uri)

    def remembered(self) -> Request:
        """What it is known by long after it has been served, without any line: a tenth of its size."""
        _ = self.via, self.from_, self.call_id, self.cseq
        return Request(self.method, self.uri, self.headers.copy([], _IDENTIFYING))


@dataclass(slots=True)
class Response(_Accessors):
    status: int  # 100..699
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    octets: bytes = field(default=b"", repr=False, compare=False)  # as it arrived, or as it was rendered last


Message = Request | Response


class ParseError(PeerError):
    """Octets that are no message. ``partial`` is what can be said about the request, for the answer."""

    def __init__(self, status: int, reason: str, partial: Request | None = None) -> None:
        super().__init__(status, reason)
        self.partial = partial


def render(message: Message) -> bytes:
    """The octets of a message, its Content-Length made right."""
    if isinstance(message, Request):
        lines = [f"{message.method} {message.uri} {VERSION}"]
    else:
        lines = [f"{VERSION} {message.status} {message.reason}"]
    lines += [f"{name}: {value}" for key, name, value in message.headers.lines if key != "content-length"]
    lines += (f"Content-Length: {len(message.body)}", "", "")
    # A line end inside a value would let whoever wrote the value write headers.
    if _broken(lines):
        raise UsageError("a line end inside a header")
    message.octets = "\r\n".join(lines).encode("utf-8", "surrogateescape") + message.body
    return message.octets


def length(message: Message) -> int:
    """How many octets ``render`` would make of it."""
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} {VERSION}"
    else:
        start = f"{VERSION} {message.status} {message.reason}"
    lines = [name + value for key, name, value in message.headers.lines if key != "content-length"]
    lines += (start, f"Content-Length{len(message.body)}")
    # Colon, space and line end of each header line, the line end of the start line, the empty line.
    return len("".join(lines).encode("utf-8", "surrogateescape")) + 4 * len(lines) + len(message.body)


def parse(data: bytes, limits: Limits = LIMITS) -> Message:
    """The message in a datagram (or cut out of a stream by ``framing``). Raises ``ParseError``, and nothing else."""
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    too_large = len(data) > limits.max_bytes or len(head) > limits.max_header_bytes
    text = head[: limits.max_header_bytes].decode("utf-8", "surrogateescape")
    lines, wrong = _lines(text, limits)
    headers, bad_line = parse_headers(lines[1:])
    if (wrong or bad_line) and (unfolded := unfold(text)) is not text:  # as messages seldom are
        lines, wrong = _lines(unfolded, limits)
        headers, bad_line = parse_headers(lines[1:])
    message = _start(lines[0], headers)
    message.octets = data
    try:
        if too_large:
            raise PeerError(513, "Message Too Large")
        if wrong or bad_line or not blank:
            raise PeerError(400, wrong or bad_line or "no end of the header section")
        _check(message, limits)
        message.body = _body(headers, body)
    except PeerError as error:
        raise _refusal(message, error.status, error.reason) from None
    return message


def _lines(text: str, limits: Limits) -> tuple[list[str], str]:
    """The lines that can be used, the start line first, and what is wrong with the others ("": nothing)."""
    lines = text.split("\r\n", limits.max_headers + 1)
    wrong = ""
    if len(lines) > limits.max_headers + 1:
        wrong = "too many headers"
        lines.pop()
    elif _broken(lines):
        wrong = "bare CR or LF in the header section"
    if wrong:
        # What is copied into the answer must not bring a line end of its own.
        lines[1:] = [line for line in lines[1:] if "\n" not in line and "\r" not in line]
    return lines, wrong


def _broken(lines: list[str]) -> bool:
    """Whether there is a line end inside a line. It is searched for, which is much quicker than counting."""
    joined = "".join(lines)
    return "\n" in joined or "\r" in joined


def _start(line: str, headers: Headers) -> Message:
    if line[:4].upper() == "SIP/":
        version, status, reason = [*line.split(" ", 2), "", ""][:3]
        if version.upper() != VERSION or status not in _STATUSES:
            raise ParseError(0, "bad status line")
        return Response(_STATUSES[status], reason, headers)
    parts = line.split(" ")
    if len(parts) == 3 and parts[2].upper() == VERSION and parts[1] and (parts[0] in _USUAL or is_token(parts[0])):
        return Request(parts[0], parts[1], headers)
    raise _bad_request_line(line.split(), headers)


def _bad_request_line(words: list[str], headers: Headers) -> ParseError:
    if len(words) < 2 or not _VERSION.fullmatch(words[-1]) or not is_token(words[0]):
        return ParseError(0, "not SIP")
    partial = Request(words[0], " ".join(words[1:-1]), headers)
    if len(words) == 3 and words[2].upper() != VERSION:
        return _refusal(partial, 505, "Version Not Supported")
    return _refusal(partial, 400, "bad request line")


def _refusal(message: Message, status: int, reason: str) -> ParseError:
    if isinstance(message, Response) or message.method == "ACK":
        return ParseError(0, reason)
    return ParseError(status, reason, message)


def _check(message: Message, limits: Limits) -> None:
    """The headers that a message must have, once each, and that they can be read."""
    headers = message.headers
    first = headers.first
    if len(first) < len(headers.lines):
        _check_repeated(headers, limits)
    elif "," in first.get("via", "") and first["via"].count(",") >= limits.max_vias:
        raise PeerError(400, "too many Via")
    try:
        readings = headers.readings = {
            "via": _first_via(first["via"]),
            "from": parse_name_addr(first["from"]),
            "to": parse_name_addr(first["to"]),
            "cseq": parse_cseq(first["cseq"]),
            "call-id": first["call-id"],
        }
    except KeyError as missing:
        raise PeerError(400, f"no {_NEEDED[missing.args[0]]}") from None
    if not readings["call-id"]:
        raise PeerError(400, "empty Call-ID")
    if isinstance(message, Request):
        parse_uri(message.uri)  # a scheme that is not ours is no error here (section 8.2.2.1: 416)
        if readings["cseq"].method != message.method:
            raise PeerError(400, "CSeq is for another method")


def _check_repeated(headers: Headers, limits: Limits) -> None:
    keys = [key for key, _, _ in headers.lines]
    for key in _ONCE:
        if keys.count(key) > 1:
            raise PeerError(400, f"more than one {key}")
    if sum([value.count(",") + 1 for key, _, value in headers.lines if key == "via"]) > limits.max_vias:
        raise PeerError(400, "too many Via")


def _body(headers: Headers, body: bytes) -> bytes:
    value = headers.first.get("content-length")
    if value is None:
        return body  # section 18.3: in a datagram it ends with the datagram
    if value == "0" and not headers.repeats:
        return b""
    length = content_length(headers.all("Content-Length") if headers.repeats else [value]) or 0
    if length > len(body):
        raise PeerError(400, "Content-Length beyond the end of the message")
    return body[:length]


def content_length(values: list[str]) -> int | None:
    """The one length that the Content-Length values say; None if there is none. Raises ``PeerError`` (400)."""
    if not values:
        return None
    value = values[0]
    if values.count(value) != len(values) or not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise PeerError(400, "bad Content-Length")
    return int(value)


def _only(headers: Headers, name: str) -> str:
    value = headers.get(name)
    if value is None:
        raise PeerError(400, f"no {name}")
    return value


def _call_id(headers: Headers) -> str:
    return _only(headers, "Call-ID")


def _from(headers: Headers) -> NameAddr:
    return parse_name_addr(_only(headers, "From"))


def _to(headers: Headers) -> NameAddr:
    return parse_name_addr(_only(headers, "To"))


def _cseq(headers: Headers) -> CSeq:
    return parse_cseq(_only(headers, "CSeq"))


def _vias(headers: Headers) -> list[Via]:
    return [parse_via(value) for value in headers.all("via")]


def _top_via(headers: Headers) -> Via:
    return _first_via(_only(headers, "Via"))


def _first_via(value: str) -> Via:
    if "," not in value:
        return parse_via(value)
    pieces = split_commas(value)
    if not pieces:
        raise PeerError(400, "empty Via")
    return parse_via(pieces[0])


def _first_contact(headers: Headers) -> NameAddr | None:
    values = headers.all("contact")
    return parse_name_addr(values[0].strip(LWS)) if values else None
