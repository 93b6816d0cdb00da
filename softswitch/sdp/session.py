"""The text of a session description (RFC 8866): lines into sections, and back.

Decided here: what counts as readable. Nothing of the meaning of codecs or directions is known here. Unknown line types
are skipped; numbers and addresses are checked where they are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from softswitch.core.digits import whole
from softswitch.core.errors import PeerError
from softswitch.sdp.reading import Readings

MAX_LINES = 1000
MAX_SECTIONS = 32
_LONGEST_ADDRESS = 64  # octets: of IPv6 with a zone
_LONGEST_CACHED = 1024  # characters of what is said of a stream
_NO_ORIGIN, _ANY_TIME = "- 1 1 IN IP4 0.0.0.0", "0 0"

Attributes = Sequence[tuple[str, str]]  # (name, value); a property attribute has the value ""


@dataclass(slots=True)
class Section:
    """One m-line and what follows it."""

    kind: str  # audio, video, image ...
    port: int  # 0: rejected or no longer wanted
    proto: str
    formats: tuple[str, ...]
    address: str | None = None  # of its own c= line
    attributes: Attributes = ()
    readings: Readings = field(default_factory=Readings, repr=False, compare=False)  # of formats and attributes

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of that name; None where it is absent."""
        return self.said.get(name)

    @property
    def said(self) -> dict[str, str]:
        """By name, the value of the first attribute of that name. Not to be changed."""
        readings = self.readings
        if readings.said is None:
            readings.said = first(self.attributes)
        return readings.said

    @property
    def lines(self) -> list[str]:
        """The attributes as they are written. Not to be changed."""
        readings = self.readings
        if readings.lines is None:
            readings.lines = _attribute_lines(self.attributes)
        return readings.lines

    def attributes_of(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


@dataclass(slots=True)
class Session:
    """A whole description. ``origin`` and ``timing`` are the o= and t= lines as written."""

    origin: str = _NO_ORIGIN
    address: str | None = None
    timing: str = _ANY_TIME
    attributes: Attributes = ()
    sections: list[Section] = field(default_factory=list)


class _Lines(NamedTuple):
    """What the lines before the first m-line say, or those below one."""

    formats: tuple[str, ...]  # that m-line's
    address: str | None
    attributes: Attributes
    named: dict[str, str]  # the latest o= and t=
    readings: Readings  # of the section


def first(attributes: Attributes) -> dict[str, str]:
    """By name, the value of the first attribute of that name."""
    return dict(reversed(attributes))


def parse_session(body: bytes) -> Session:
    """Raises ``PeerError`` (400)."""
    text = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    head, *streams = text.split("\nm=")
    version, _, head = head.partition("\n")
    if version.strip() != "v=0":
        raise PeerError(400, "no session description: it does not begin with v=0")
    if len(text) > MAX_LINES and text.count("\n") >= MAX_LINES:
        raise PeerError(400, "a session description of too many lines")
    origin, _, rest = head.partition("\n") if head.startswith("o=") else ("", "", head)
    _, address, attributes, named, _ = _read(f"\n{rest}")
    if origin:
        named = {"o": origin[2:].strip(), **named}
    sections: list[Section] = []
    for stream in streams:
        if len(sections) == MAX_SECTIONS:
            raise PeerError(400, "too many m= lines")
        section, lines = _section(stream)
        sections.append(section)
        if lines.named:
            named = {**named, **lines.named}
    return Session(named.get("o", _NO_ORIGIN), address, named.get("t", _ANY_TIME), attributes, sections)


def _section(stream: str) -> tuple[Section, _Lines]:
    line, _, below = stream.partition("\n")
    words = line.split(None, 3)
    if len(words) < 4:
        raise PeerError(400, "an m= line of fewer than four words")
    port = number(words[1].partition("/")[0], 65535)
    if port is None:
        raise PeerError(400, "bad port in an m= line")
    lines = _read(f"{words[3]}\n{below}")
    kind, proto = words[0].lower(), words[2]
    return Section(kind, port, proto, lines.formats, lines.address, lines.attributes, lines.readings), lines


def _read(text: str) -> _Lines:
    """``text``: the formats of an m-line, and the lines below it."""
    return _lines_cached(text) if len(text) <= _LONGEST_CACHED else _lines(text)


def _lines(text: str) -> _Lines:
    formats, _, below = text.partition("\n")
    address: str | None = None
    attributes: list[tuple[str, str]] = []
    named: dict[str, str] = {}
    for line in below.split("\n"):
        kind, equals, value = line.partition("=")
        if not equals or len(kind) != 1:
            if line.strip():
                raise PeerError(400, "a line of a session description without =")
        elif kind == "a":
            name, _, said = value.strip().partition(":")
            attributes.append((name, said))
        elif kind == "c":
            # RFC 8866 section 5.7: a stream may have several; the first is as good as any to us.
            address = address or _address(value.strip())
        elif kind in "ot":
            named[kind] = value.strip()
    return _Lines(tuple(formats.split()), address, tuple(attributes), named, Readings())


_lines_cached = lru_cache(maxsize=512)(_lines)  # but for origin and ports a phone says the same in all of its calls


def _address(value: str) -> str:
    words = value.split()
    if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
        raise PeerError(400, "bad c= line")
    return words[2].partition("/")[0]


def number(text: str | None, highest: int) -> int | None:
    """A decimal number up to ``highest``, else None."""
    found = None if text is None else whole(text)
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
        lines += section.lines
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def _attribute_lines(attributes: Attributes) -> list[str]:
    return [f"a={name}:{value}" if value else f"a={name}" for name, value in attributes]
