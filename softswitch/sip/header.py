"""The values of the headers that every element reads: name-addr, Via, CSeq and parameters (RFC 3261 section 20, 25.1).

Decided here: what is well-formed. Values keep the spelling that they came in (parameter values with their quotes), so
that what is echoed is what was received. White space means SP and HTAB: folding is undone before a value gets here.
Each pattern is linear in the length of what a peer may send: quantifiers that could compete are possessive. Every
message is made of these records: they are tuples, which are made in half the time of frozen dataclasses.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from softswitch.core.errors import PeerError
from softswitch.core.ids import BRANCH_COOKIE
from softswitch.sip.uri import Params, Uri, hostport, parse_hostport, parse_port, parse_uri, render_params

LWS = " \t"
TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]++"
CSEQ_LIMIT = 2**31  # section 8.1.1.5

_TOKEN = re.compile(TOKEN)
_PARAM = re.compile(r'[ \t]*+([^;="]++)(?:=[ \t]*+((?:[^;"]++|"(?:[^"\\]++|\\.)*+")*+))?(?:;|\Z)', re.DOTALL)
_LIST_ITEM = re.compile(r'(?:[^,"<]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|<[^>]*+(?:>|\Z))++', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"[ \t]*+', re.DOTALL)
# What nearly all name-addrs look like, in one step: it must mean the same as the long way in ``parse_name_addr``.
_USUAL = re.compile(
    rf"""(?:"([^"\\]*+)"[ \t]*+|([A-Za-z0-9\-.!%*_+`'~ \t]*+))<([^<>"]*+)>(?:;tag=({TOKEN}))?+""", re.DOTALL
)
_DISPLAY_ILLEGAL = re.compile(r'[",;:@>\\]')  # tolerated beyond tokens: letters of other scripts, brackets
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_TO_QUOTE = re.compile(r'(["\\])')
_SENT = re.compile(
    rf"SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+({TOKEN})[ \t]++"
    r"(\[[^\]]*+\]|[A-Za-z0-9_.\-]++)(?:[ \t]*+:[ \t]*+([0-9]{1,5}+))?+[ \t]*+",
    re.IGNORECASE,
)
_CACHED_LENGTH = 128  # longer texts are parsed each time, so that hostile ones do not fill the caches
# What nearly all Vias look like behind their sent-by.
_USUAL_VIA = re.compile(rf"([^;]*+);branch=({TOKEN})(;rport)?+")
_CSEQ = re.compile(rf"[ \t]*+([0-9]{{1,20}}+)[ \t]++({TOKEN})[ \t]*+\Z")


class NameAddr(NamedTuple):
    """A display name, a URI and the header parameters behind them: From, To, Contact, Route ... (section 20.10)."""

    display: str  # quotes and backslashes undone; "" where there is none
    uri: Uri
    params: Params = ()

    @property
    def tag(self) -> str | None:
        params = self.params
        return params[0][1] if params and params[0][0] == "tag" and params[0][1] else param(params, "tag")

    def with_tag(self, tag: str) -> NameAddr:
        kept = tuple([pair for pair in self.params if pair[0].lower() != "tag"])
        return NameAddr(self.display, self.uri, (*kept, ("tag", tag)))

    def param(self, name: str) -> str | None:
        """The value of a header parameter as written: None where absent, "" where it has no value."""
        return param(self.params, name)

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{render_params(self.params)}"


class Via(NamedTuple):
    """One hop (section 20.42, RFC 3581)."""

    transport: str  # in capitals
    host: str  # sent-by, IPv6 without its brackets
    port: int | None = None
    params: Params = ()

    @property
    def branch(self) -> str | None:
        params = self.params
        return params[0][1] if params and params[0][0] == "branch" and params[0][1] else param(params, "branch")

    @property
    def old(self) -> bool:
        """True where its sender follows RFC 2543: the branch lacks the cookie of RFC 3261 section 8.1.1.7."""
        return not (self.branch or "").startswith(BRANCH_COOKIE)

    @property
    def received(self) -> str | None:
        """The address that the request came from, without brackets (RFC 5118 section 4.5 allows them)."""
        value = param(self.params, "received")
        return None if value is None else value.strip("[]")

    @property
    def sent_by(self) -> str:
        return hostport(self.host, self.port)

    def stamped(self, host: str, port: int) -> Via:
        """This Via with the address that its request came from: the host, and the port where rport asks for it."""
        kept: list[tuple[str, str | None]] = []
        for name, value in self.params:
            lower = name.lower()
            if lower != "received":
                kept.append((name, str(port) if lower == "rport" else value))
        return Via(self.transport, self.host, self.port, (*kept, ("received", host)))

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {hostport(self.host, self.port)}{render_params(self.params)}"


class CSeq(NamedTuple):
    number: int  # below 2**31
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def param(params: Params, name: str) -> str | None:
    """The value of the parameter ``name`` (lower case): None where absent, "" where it has no value."""
    for key, value in params:
        if key == name or key.lower() == name:
            return value or ""
    return None


def parse_params(text: str) -> Params:
    """The parameters of ``a=1;b="x;y";c``. One ";" too many at the end is forgiven, an empty parameter is not."""
    text = text.strip(LWS)
    if text.endswith(";") and text != ";":
        text = text[:-1]
    if '"' in text:
        return _quoted_params(text)
    if not text:
        return ()
    spaced = " " in text or "\t" in text
    found: list[tuple[str, str | None]] = []
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        if spaced:
            name, value = name.strip(LWS), value.strip(LWS)
        if not name:
            raise PeerError(400, "empty parameter")
        found.append((name, value if equals else None))
    return tuple(found)


def _quoted_params(text: str) -> Params:
    found: list[tuple[str, str | None]] = []
    at = 0
    while at < len(text):
        match = _PARAM.match(text, at)
        if match is None:
            raise PeerError(400, "bad parameter or unbalanced quote")
        found.append(_param(match[1], match[2]))
        at = match.end()
    return tuple(found)


def _param(name: str, value: str | None) -> tuple[str, str | None]:
    name = name.strip(LWS)
    if not name:
        raise PeerError(400, "empty parameter")
    if value is not None:
        value = value.strip(LWS)
    return name, value


def split_commas(text: str) -> list[str]:
    """The elements of a comma-separated list; commas inside quotes and <> do not separate. Empty ones are left out."""
    if "," not in text:
        return [text]
    pieces = [piece.strip(LWS) for piece in _LIST_ITEM.findall(text)]
    return [piece for piece in pieces if piece]


def quote(text: str) -> str:
    """``text`` as a quoted-string."""
    if '"' in text or "\\" in text:
        text = _TO_QUOTE.sub(r"\\\1", text)
    return f'"{text}"'


def unquote(text: str) -> str:
    """The meaning of a quoted-string; anything else is returned as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return _QUOTED_PAIR.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def parse_name_addr(text: str) -> NameAddr:
    """Raises ``PeerError`` (400). All messages of a dialog have the same From and To."""
    return _name_addr_cached(text) if len(text) <= _CACHED_LENGTH else _name_addr(text)


def _name_addr(text: str) -> NameAddr:
    match = _USUAL.fullmatch(text)
    if match is not None:
        quoted, display, uri, tag = match.groups()
        name = display.strip(LWS) if quoted is None else quoted
        return NameAddr(name, parse_uri(uri), () if tag is None else (("tag", tag),))
    text = text.strip(LWS)
    display = ""
    if text.startswith('"'):
        match = _QUOTED.match(text)
        if match is None or not text.startswith("<", match.end()):
            raise PeerError(400, "unbalanced quote, or no <URI> behind a display name")
        display = match[1]
        if "\\" in display:
            display = _QUOTED_PAIR.sub(r"\1", display)
        text = text[match.end() :]
    before, bracket, rest = text.partition("<")
    if not bracket:
        return _addr_spec(text)
    if before:
        if _DISPLAY_ILLEGAL.search(before):
            raise PeerError(400, "a display name that needs quotes")
        display = before.rstrip(LWS)
    uri, bracket, tail = rest.partition(">")
    if not bracket:
        raise PeerError(400, "no > behind a URI")
    return NameAddr(display, parse_uri(uri), _tail_params(tail))


_name_addr_cached = lru_cache(maxsize=4096)(_name_addr)


def forget() -> None:
    """The texts that were read last need not be known any more."""
    _name_addr_cached.cache_clear()


def _tail_params(tail: str) -> Params:
    tail = tail.strip(LWS)
    if not tail:
        return ()
    if tail[0] != ";":
        raise PeerError(400, "text behind a <URI>")
    return parse_params(tail[1:])


def _addr_spec(text: str) -> NameAddr:
    # Section 20: without <>, what follows ";" belongs to the header, and "?" and "," cannot belong to the URI.
    uri, _, params = text.partition(";")
    if "?" in uri or "," in uri:
        raise PeerError(400, "a URI with ? or , has to stand in <>")
    return NameAddr("", parse_uri(uri.rstrip(LWS)), parse_params(params))


def parse_via(text: str) -> Via:
    """One Via value. Raises ``PeerError`` (400)."""
    match = _USUAL_VIA.fullmatch(text)
    if match is not None:
        sent, branch, rport = match.groups()
        params: Params = (("branch", branch),) if rport is None else (("branch", branch), ("rport", None))
    else:
        sent, semicolon, tail = text.strip(LWS).partition(";")
        params = parse_params(tail) if semicolon else ()
    # All messages of a peer have the same transport and sent-by.
    transport, host, port = _sent_cached(sent) if len(sent) <= _CACHED_LENGTH else _sent(sent)
    return Via(transport, host, port, params)


def _sent(text: str) -> tuple[str, str, int | None]:
    match = _SENT.fullmatch(text)
    if match is None:
        raise PeerError(400, "bad Via")
    transport, host, port = match.groups()
    if host[0] == "[":
        host, _ = parse_hostport(host)
    return transport.upper(), host, None if port is None else parse_port(port)


_sent_cached = lru_cache(maxsize=4096)(_sent)


def parse_cseq(text: str) -> CSeq:
    """Raises ``PeerError`` (400)."""
    return _cseq_cached(text) if len(text) <= _CACHED_LENGTH else _cseq(text)


def _cseq(text: str) -> CSeq:
    match = _CSEQ.match(text)
    if match is None or (number := int(match[1])) >= CSEQ_LIMIT:
        raise PeerError(400, "bad CSeq")
    return CSeq(number, match[2])


_cseq_cached = lru_cache(maxsize=1024)(_cseq)
