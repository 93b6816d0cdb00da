"""The kinds of value that settings are made of: written as people write them, parsed once, then plain.

Each parser raises ``ValueError`` with the spelling that would have been right.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from softswitch.core.units import seconds
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.moment import FIRST_YEAR, LAST_YEAR
from softswitch.ivr.speech.language import LANGUAGES, is_spoken
from softswitch.sip.flow import numeric

NAME = r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}"
NAME_IS = "a name of letters, digits and _ . + -"
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MISTAKEN = {"UK": "GB", "EL": "GR"}  # as people and the European Union write them
_LONGEST_NAME, _LONGEST_PATH = 255, 1000  # bytes, characters; what a file system takes
_HOST_PORT = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?$")


class Strict(BaseModel):
    """A mapping in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class HostPort:
    """``127.0.0.1:5090``; port 0 where none was written."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """True where nobody outside of this machine can reach it."""
        return self.host == "localhost" or (numeric(self.host) and ipaddress.ip_address(self.host).is_loopback)

    @property
    def wildcard(self) -> bool:
        return numeric(self.host) and ipaddress.ip_address(self.host).is_unspecified

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


@dataclass(frozen=True, slots=True)
class Listener:
    """``udp:127.0.0.1:5060``."""

    transport: str  # "udp", "tcp" or "tls"
    at: HostPort
    advertise: HostPort | None = None  # what phones and carriers know it by, where that is another address

    @property
    def host(self) -> str:
        return self.at.host

    @property
    def port(self) -> int:
        return self.at.port

    def __str__(self) -> str:
        return f"{self.transport}:{self.at}"


@dataclass(frozen=True, slots=True)
class PortRange:
    """``20000-29999``, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Hours:
    """``09:00-21:00`` as minutes after local midnight; ``24:00`` is the end of the day."""

    start_minute: int  # inclusive
    end_minute: int  # exclusive; above 1440 on the next day


def _text(value: Any, example: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text such as {example}")
    return value.strip()


def host_port(value: Any) -> HostPort:
    """``host``, ``host:port`` or ``[v6]:port``."""
    match = _HOST_PORT.match(_text(value, "127.0.0.1:5060"))
    if match is None or int(match["port"] or 0) > 65535:
        raise ValueError(f"{value!r} is not an address; write for example 127.0.0.1:5060 or [::1]:5060")
    return HostPort(match["v6"] or match["host"], int(match["port"] or 0))


def source(value: Any) -> HostPort:
    """Whence packets come: a numeric address, with or without a port. Names are not looked up."""
    address = host_port(value)
    if not numeric(address.host):
        raise ValueError(f"{value!r} must be numeric, names are not looked up; write for example 192.0.2.7:5060")
    return address


def peer(value: Any) -> HostPort:
    """Where to send to: a name or an address; port 0 where none is written, so that SIP's own rules find it."""
    return host_port(value)


def network(value: Any) -> str:
    """``192.0.2.0/24``, or one address."""
    text = _text(value, "192.0.2.0/24")
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError(f"{value!r} is not a network; write for example 192.0.2.0/24 or 2001:db8::/32") from None


def bind_address(value: Any) -> HostPort:
    """Where to listen: a numeric address of this machine and a port."""
    address = host_port(value)
    if not numeric(address.host) or not address.port:
        raise ValueError(f"{value!r} must be a numeric address with a port, for example 127.0.0.1:8080")
    return address


def listener(value: Any) -> Listener:
    """``udp:127.0.0.1:5060``: transport, numeric address, port; or ``{listen: that, advertise: HOST[:PORT]}``."""
    known_as = None
    if isinstance(value, dict):
        if "listen" not in value or not set(value) <= {"listen", "advertise"}:
            raise ValueError("must have the keys listen and advertise, and no other")
        known_as = advertised(value["advertise"]) if value.get("advertise") is not None else None
        value = value["listen"]
    transport, _, address = _text(value, "udp:127.0.0.1:5060").partition(":")
    if transport.lower() not in ("udp", "tcp", "tls"):
        raise ValueError(f"{value!r} must begin with udp:, tcp: or tls:, for example udp:127.0.0.1:5060")
    bound = bind_address(address)
    if bound.wildcard and known_as is None:  # Via and Contact are made from it
        raise ValueError(
            f"{value!r}: name the one address at which phones reach this machine,"
            f" or write {{listen: {value!r}, advertise: THAT_ADDRESS}}"
        )
    if known_as is not None:
        known_as = HostPort(known_as.host, known_as.port or bound.port)
    return Listener(transport.lower(), bound, known_as)


def advertised(value: Any) -> HostPort:
    """What others know us by: a name or an address, with or without a port."""
    known_as = host_port(value)
    if known_as.wildcard:
        raise ValueError(f"{value!r} is nobody's address; write the one at which phones reach this machine")
    return known_as


def port_range(value: Any) -> PortRange:
    """``20000-29999``."""
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", str(value).replace(" ", ""))
    if match is None or not 1024 <= int(match[1]) < int(match[2]) <= 65535:
        raise ValueError(f"{value!r} is not a range of ports above 1023; write for example 20000-29999")
    return PortRange(int(match[1]), int(match[2]))


def numeric_host(value: Any) -> str:
    """An IP address without a port, of one interface."""
    host = _text(value, "127.0.0.1")
    if not numeric(host) or ipaddress.ip_address(host).is_unspecified:
        raise ValueError(f"{value!r} is not the numeric address of an interface; write for example 127.0.0.1")
    return host


def office_hours(value: Any) -> Hours:
    """``09:00-18:00``; ``22:00-06:00`` ends on the next day."""
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)", str(value).replace(" ", ""))
    start, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (1440, 1440)
    if start >= 1440 or end > 1440 or start == end:
        remedy = "write for example 09:00-18:00, 22:00-06:00 into the next day, or 00:00-24:00 for a whole one"
        raise ValueError(f"{value!r} is not a span of hours; {remedy}")
    return Hours(start, end if end > start else end + 1440)


def days(value: Any) -> tuple[int, ...]:
    """Weekdays, Monday is 0: ``mon-fri``, ``sat``, ``mon, wed-fri`` or a list of these."""
    written = value if isinstance(value, list) else str(value).lower().replace(" ", "").split(",")
    found: set[int] = set()
    for part in written:
        ends = str(part).strip().lower().split("-")
        if len(ends) > 2 or not set(ends) <= set(DAY_NAMES):
            raise ValueError(f"{part!r} is not a day or a span of days; write for example mon-fri or sat")
        start, end = DAY_NAMES.index(ends[0]), DAY_NAMES.index(ends[-1])
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(found))


def zone(value: Any) -> str:
    """The name of an IANA time zone."""
    name = _text(value, "Asia/Shanghai")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, absolute path, a directory
        near = did_you_mean(name, available_timezones())
        remedy = near if "mean" in near else "; write for example Asia/Shanghai"
        raise ValueError(f"{name!r} is not a time zone{remedy}") from None
    return name


def language(value: Any) -> str:
    """One whose words are known."""
    name = _text(value, "zh")
    if not is_spoken(name):
        raise ValueError(f"{name!r} is not a language that is spoken here; write {' or '.join(LANGUAGES)}")
    return name


def day(value: Any) -> date:
    """``2026-10-01``."""
    try:
        found = date.fromisoformat(_text(value, "2026-10-01"))
    except ValueError:
        raise ValueError(f"{value!r} is not a date; write for example 2026-10-01") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{value!r} is not between {FIRST_YEAR} and {LAST_YEAR}; write for example 2026-10-01")
    return found


def day_span(value: Any) -> tuple[date, ...]:
    """``2026-10-01``, or ``2026-10-01..2026-10-07``, both included."""
    first, dots, last = _text(value, "2026-10-01").partition("..")
    if not dots:
        return (day(first),)
    start, end = day(first), day(last)
    count = (end - start).days + 1
    if not 1 <= count <= 366:
        raise ValueError(f"{value!r} is not a span of days up to a year; write for example 2026-10-01..2026-10-07")
    return tuple(start + timedelta(days=number) for number in range(count))


def written(pattern: str, what: str) -> AfterValidator:
    """A rule for text that must match ``pattern``, in words: "'x' is not ``what``"."""
    expression = re.compile(pattern)

    def matching(text: str) -> str:
        if not expression.fullmatch(text):
            raise ValueError(f"{text!r} is not {what}")
        return text

    return AfterValidator(matching)


def regular(text: str) -> str:
    """A regular expression, kept as text."""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a regular expression ({error}); write for example 1[0-9]{{3}}") from None
    return text


def possible(path: Path) -> Path:
    """A file or directory that there could be."""
    if len(str(path)) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in path.parts):
        most = f"{_LONGEST_PATH} characters at most, and {_LONGEST_NAME} bytes from slash to slash"
        raise ValueError(f"is longer than the name of a file can be: {most}")
    return path


def country(code: str) -> str:
    """ISO 3166, of those that have numbers: in another one nobody could ever be called."""
    if code not in SUPPORTED_REGIONS:
        meant = _MISTAKEN.get(code.upper(), code.upper())
        raise ValueError(f"{code!r} is not a country such as {meant if meant in SUPPORTED_REGIONS else 'CN'}")
    return code


def _more_than_nothing(duration_s: float) -> float:
    if duration_s <= 0:
        raise ValueError("must be longer than 0s")
    return duration_s


Seconds = Annotated[float, BeforeValidator(seconds)]
PositiveSeconds = Annotated[float, BeforeValidator(seconds), AfterValidator(_more_than_nothing)]
Peer = Annotated[HostPort, BeforeValidator(peer)]
Source = Annotated[HostPort, BeforeValidator(source)]
BindAddress = Annotated[HostPort, BeforeValidator(bind_address)]
SipListener = Annotated[Listener, BeforeValidator(listener)]
Ports = Annotated[PortRange, BeforeValidator(port_range)]
NumericHost = Annotated[str, BeforeValidator(numeric_host)]
OfficeHours = Annotated[Hours, BeforeValidator(office_hours)]
Days = Annotated[tuple[int, ...], BeforeValidator(days)]
Zone = Annotated[str, BeforeValidator(zone)]
SpokenLanguage = Annotated[str, BeforeValidator(language)]
Date = Annotated[date, BeforeValidator(day)]
DateSpan = Annotated[tuple[date, ...], BeforeValidator(day_span)]
Pattern = Annotated[str, AfterValidator(regular)]
Place = Annotated[Path, AfterValidator(possible)]
Name = Annotated[str, written(NAME, NAME_IS)]
Line = Annotated[str, written(r"[^\x00-\x08\x0a-\x1f\x7f]*", "one line of text")]  # that ends in a header of SIP
FeatureCode = Annotated[str, written(r"[*#][0-9*#]{1,7}", "a feature code such as '*11'")]


Network = Annotated[str, BeforeValidator(network)]
Country = Annotated[str, AfterValidator(country)]
CallerId = Annotated[str, written(r'[^\s\x00-\x1f\x7f<>"@]{0,64}', "a number to be shown, such as +864008001234")]
