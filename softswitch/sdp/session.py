"""The text of a session description (RFC 8866): lines into sections, and back.

Decided here: what counts as readable. Nothing of the meaning of codecs or directions is known here. Unknown line types
are skipped; numbers and addresses are checked where they are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from softswitch.core.digits import whole
from softswitch.core.errors import PeerError

MAX_LINES = 1000
MAX_SECTIONS = 32
_LONGEST_ADDRESS = 64  # octets: of IPv6 with a zone

Attributes = list[tuple[str, str]]  # (name, value); a property attribute has the value ""


@dataclass(slots=True)
class Section:
    """One m-line and what follows it."""

    kind: str  # audio, video, image ...
    port: int  # 0: rejected or no longer wanted
    proto: str
    formats: tuple[str, ...]
    address: str | None = None  # of its own c= line
    attributes: Attributes = field(default_factory=list)

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of that name; None where it is absent."""
        return first(self.attributes).get(name)

    def attributes_of(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


@dataclass(slots=True)
class Session:
    """A whole description. ``origin`` and ``timing`` are the o= and t= lines as written."""

    origin: str = "- 1 1 IN IP4 0.0.0.0"
    address: str | None = None
    timing: str = "0 0"
    attributes: Attributes = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


def first(attributes: Attributes) -> dict[str, str]:
    """By name, the value of the first attribute of that name."""
    return dict(reversed(attributes))


def parse_session(body: bytes) -> Session:
    """Raises ``PeerError`` (400)."""
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    if lines[0].strip() != "v=0":
        raise PeerError(400, "no session description: it does not begin with v=0")
    if len(lines) > MAX_LINES:
        raise PeerError(400, "a session description of too many lines")
    session = Session()
    attributes = session.attributes
    for line in lines[1:]:
        kind, equals, value = line.partition("=")
        if not equals or len(kind) != 1:
            if line.strip():
                raise PeerError(400, "a line of a session description without =")
        elif kind == "a":
            name, _, text = value.strip().partition(":")
            attributes.append((name, text))
        elif kind == "m":
            if len(session.sections) == MAX_SECTIONS:
                raise PeerError(400, "too many m= lines")
            section = _section(value)
            session.sections.append(section)
            attributes = section.attributes
        else:
            _take(session, kind, value.strip())
    return session


def _take(session: Session, kind: str, value: str) -> None:
    if kind == "c":
        where = session.sections[-1] if session.sections else session
        # RFC 8866 section 5.7: a stream may have several; the first is as good as any to us.
        where.address = where.address or _address(value)
    elif kind == "o":
        session.origin = value
    elif kind == "t":
        session.timing = value


def _section(value: str) -> Section:
    words = value.split()
    if len(words) < 4:
        raise PeerError(400, "an m= line of fewer than four words")
    port = number(words[1].partition("/")[0], 65535)
    if port is None:
        raise PeerError(400, "bad port in an m= line")
    return Section(words[0].lower(), port, words[2], tuple(words[3:]))


def _address(value: str) -> str:
    words = value.split()
    if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
        raise PeerError(400, "bad c= line")
    return words[2].partition("/")[0]


def number(text: str, highest: int) -> int | None:
    """A decimal number up to ``highest``, else None."""
    found = whole(text)
    return found if found is not None and found <= highest else None


def family(address: str) -> int:
    """4 or 6, of a numeric address."""
    return 6 if ":" in address else 4


def connection(address: str) -> str:
    """The network and address types with the address, as c= and o= write them."""
    return f"IN IP{family(address)} {address}"


def unicast(address: str | None) -> str:
    """The numeric unicast address, or 0.0.0.0 (RFC 2543's hold). Raises ``PeerError``."""
    if address is None:
        raise PeerError(400, "no c= line")
    if len(address) > _LONGEST_ADDRESS:
        raise PeerError(488, "the media address is not numeric")
    return _unicast(address)


@lru_cache(maxsize=1024)
def _unicast(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        raise PeerError(488, "the media address is not numeric") from None
    if parsed.is_multicast or address == "255.255.255.255":
        raise PeerError(488, "the media address is not unicast")
    return address


def render(session: Session) -> bytes:
    lines = ["v=0", f"o={session.origin}", "s=-"]
    if session.address is not None:
        lines.append(f"c={connection(session.address)}")
    lines.append(f"t={session.timing}")
    lines += _attribute_lines(session.attributes)
    for section in session.sections:
        lines.append(f"m={section.kind} {section.port} {section.proto} {' '.join(section.formats)}")
        if section.address is not None:
            lines.append(f"c={connection(section.address)}")
        lines += _attribute_lines(section.attributes)
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def _attribute_lines(attributes: Attributes) -> list[str]:
    return [f"a={name}:{value}" if value else f"a={name}" for name, value in attributes]
