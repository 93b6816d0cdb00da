"""The URI of SIP: what it means and how it is written (RFC 3261 sections 19.1 and 25.1, RFC 3966, RFC 5118).

Decided here: which texts are a URI that we can use, that escapes are undone in the user part exactly once, which two
URIs are the same (section 19.1.4), and which telephone number one names. Other schemes than sip, sips and tel are kept
whole, unread: whether they may be called is the transaction user's business (416). Host names are not resolved here.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from softswitch.core.errors import PeerError

Params = tuple[tuple[str, str | None], ...]  # (name, value as written); None: a name without "="

_ILLEGAL = re.compile(r'[\x00-\x20\x7f<>"]')
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+")
_TEL = re.compile(r"[0-9A-Fa-f*#+().~_-]+")
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_TO_ESCAPE = re.compile(rb"[^A-Za-z0-9\-_.!~*'()&=+$,;?/]")  # what section 25.1 does not allow in a user part
_NUMBER = re.compile(r"\+?[0-9*#().-]+")
_SEPARATORS = str.maketrans("", "", "-.()")  # RFC 3966 section 5.1.1: for the eye only
_DISTINGUISHING = frozenset({"user", "ttl", "method", "maddr", "transport"})  # must be in both URIs or in neither
_CACHED_LENGTH = 128  # longer texts are parsed each time, so that hostile ones do not fill the cache


@dataclass(frozen=True, slots=True)
class Uri:
    """A SIP, SIPS or tel URI; of any other scheme only ``scheme`` and (in ``host``) the unread rest."""

    scheme: str = "sip"  # lower case
    user: str = ""  # escapes undone; the number of a tel URI
    host: str = ""  # as written, IPv6 without its brackets; "" in a tel URI
    port: int | None = None
    params: Params = ()
    headers: str = ""  # after the "?", as written; never turned into headers of ours
    password: str = ""  # as written

    def param(self, name: str) -> str | None:
        """The value of a URI parameter, escapes undone: None where absent, "" where it has no value."""
        for key, value in self.params:
            if unescape(key).lower() == name:
                return unescape(value or "")
        return None

    @property
    def number(self) -> str:
        """The telephone number that is meant, without visual separators; the user part where it is no number.

        A local number whose phone-context is a prefix is completed by it (RFC 3966 section 5.1.5).
        """
        return self._telephone[0]

    @property
    def party(self) -> str:
        """Who that is among all behind the number: with the extension that is written (RFC 3966 section 5.3), as in
        ``+861062345678;ext=12``; else the number."""
        number, extension = self._telephone
        return number if extension is None else f"{number};ext={extension}"

    @property
    def _telephone(self) -> tuple[str, str | None]:
        """The number, and the extension behind it."""
        digits, _, params = self.user.partition(";")
        telephone = self.scheme == "tel" or (self.param("user") or "").lower() == "phone"
        if not telephone and not (params and _NUMBER.fullmatch(digits)):
            return self.user, None
        digits, written = digits.translate(_SEPARATORS), self if self.scheme == "tel" else Uri(params=_params(params))
        context = written.param("phone-context")
        prefix = context.translate(_SEPARATORS) if context and context.startswith("+") else ""
        return digits if digits.startswith("+") else prefix + digits, written.param("ext")

    def __str__(self) -> str:
        tail = render_params(self.params) if self.params else ""
        if self.headers:
            tail += f"?{self.headers}"
        if self.scheme not in ("sip", "sips"):
            return f"{self.scheme}:{self.user}{self.host}{tail}"
        user = _escape(self.user)
        if self.password:
            user += f":{self.password}"
        return f"{self.scheme}:{user}{'@' if user else ''}{hostport(self.host, self.port)}{tail}"


def parse_uri(text: str) -> Uri:
    """Raises ``PeerError`` (400) where ``text`` is no URI."""
    return _parse_cached(text) if len(text) <= _CACHED_LENGTH else _parse(text)


def equivalent(one: Uri, other: Uri) -> bool:
    """Whether two URIs mean the same resource (section 19.1.4; RFC 3966 section 4 for tel). Not transitive."""
    if _identity(one) != _identity(other):
        return False
    first, second = _named(one), _named(other)
    shared = first.keys() & second.keys()
    if one.scheme == "tel" and first.keys() != second.keys():
        return False
    return all(first[name] == second[name] for name in shared)


def _identity(uri: Uri) -> tuple[object, ...]:
    """What equivalent URIs have in common. All else in which two may differ is a parameter without a meaning to us."""
    user = uri.user.translate(_SEPARATORS).lower() if uri.scheme == "tel" else uri.user
    distinguishing = tuple(sorted(pair for pair in _named(uri).items() if pair[0] in _DISTINGUISHING))
    headers = tuple(sorted([_header(text) for text in uri.headers.split("&")])) if uri.headers else ()
    return uri.scheme, user, unescape(uri.password), canonical_host(uri.host), uri.port, distinguishing, headers


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unescape(name).lower(), unescape(value)


def _named(uri: Uri) -> dict[str, str]:
    return {unescape(name).lower(): unescape(value or "").lower() for name, value in uri.params}


def canonical_host(host: str) -> str:
    """A host name or address in the one way in which it compares."""
    if ":" not in host:
        return host.lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower()


def hostport(host: str, port: int | None) -> str:
    written = f"[{host}]" if ":" in host else host
    return written if port is None else f"{written}:{port}"


def parse_hostport(text: str) -> tuple[str, int | None]:
    """Host (IPv6 without its brackets) and port of ``host[:port]``."""
    if text.startswith("["):
        host, bracket, tail = text[1:].partition("]")
        good = bool(bracket and _IPV6.fullmatch(host) and tail[:1] in ("", ":"))
        host = host.replace(":::", "::")  # the ABNF bug of RFC 3261 that RFC 5118 section 4.10 asks to tolerate
        port_text = tail[1:] if tail else None
    else:
        host, colon, rest = text.partition(":")
        good = _NAME.fullmatch(host) is not None
        port_text = rest if colon else None
    if not good:
        raise PeerError(400, f"bad host {text[:60]!r}")
    return host, None if port_text is None else parse_port(port_text)


def render_params(params: Params) -> str:
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params])


def parse_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise PeerError(400, f"bad port {text[:20]!r}")
    return int(text)


def _parse(text: str) -> Uri:
    if _ILLEGAL.search(text):
        raise PeerError(400, "white space, control or delimiter character in a URI")
    scheme, colon, rest = text.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme) or not rest:
        raise PeerError(400, f"not a URI: {text[:60]!r}")
    scheme = scheme.lower()
    if scheme in ("sip", "sips"):
        return _sip(scheme, rest)
    return _tel(rest) if scheme == "tel" else Uri(scheme, host=rest)


_parse_cached = lru_cache(maxsize=2048)(_parse)


def _sip(scheme: str, rest: str) -> Uri:
    # "?", ";" and ":" may stand in a user part, so that the "@" has to be found first.
    userinfo, at, tail = rest.partition("@")
    if not at:
        userinfo, tail = "", rest
    user, _, password = userinfo.partition(":")
    tail, _, headers = tail.partition("?")
    address, _, params = tail.partition(";")
    host, port = parse_hostport(address)
    return Uri(scheme, unescape(user), host, port, _params(params), headers, password)


def _tel(rest: str) -> Uri:
    number, _, params = rest.partition(";")
    if not _TEL.fullmatch(number):
        raise PeerError(400, f"not a telephone number: {number[:40]!r}")
    return Uri("tel", number, params=_params(params))


def _params(text: str) -> Params:
    if not text:
        return ()
    pairs = [piece.partition("=") for piece in text.split(";") if piece]
    return tuple([(name, value if equals else None) for name, equals, value in pairs])


def unescape(text: str) -> str:
    """The text with its %xx undone, once."""
    if "%" not in text:
        return text
    octets = text.encode("utf-8", "surrogateescape")
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), octets).decode("utf-8", "surrogateescape")


def _escape(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    octets = text.encode("utf-8", "surrogateescape")
    return _TO_ESCAPE.sub(lambda match: b"%%%02X" % ord(match[0]), octets).decode("ascii")
