"""Where a request goes: from the name of a domain to its servers, in the order in which they are tried (RFC 3263).

Decided here: which records are asked for and in which order (sections 4.1 and 4.2), and the draw among servers of equal
priority (RFC 2782). ``locate`` is a generator: it yields questions and is sent answers, so that nobody here waits for
a name server. Not known here: which server answered last time (``dead_target``).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from softswitch.sip.flow import Address, numeric

TRANSPORTS = ("udp", "tcp", "tls")
MAX_SERVERS = 16  # of one domain: more would only make a call wait longer before it fails
MAX_ADDRESSES = 8  # of one server
_FOR_EVER_S = 3600.0  # of what no record limits: a numeric host
_LONGEST_S = 86400.0
_DEFAULT_PORT = {"tls": 5061}
_SIP_PORT = 5060
_NAPTR = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}


@dataclass(frozen=True, slots=True)
class Naptr:
    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    priority: int
    weight: int
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class Question:
    kind: str  # "NAPTR", "SRV" or "ADDRESS" (A and AAAA; answered with numeric hosts)
    name: str


@dataclass(frozen=True, slots=True)
class Records:
    """The answer to a question; none where the name or the kind does not exist."""

    found: Sequence[Naptr | Srv | str] = ()
    ttl_s: float = _LONGEST_S


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to reach. Port 0 and transport "": whatever the domain says."""

    host: str
    port: int = 0
    transport: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """One place to which a request can be sent."""

    transport: str
    address: Address
    server_name: str = ""  # what the certificate must be valid for (RFC 5922 section 4); "" for a numeric host

    def __str__(self) -> str:
        host, port = self.address
        return f"{self.transport}:[{host}]:{port}" if ":" in host else f"{self.transport}:{host}:{port}"


@dataclass(frozen=True, slots=True)
class Server:
    """One SRV record with its addresses, or a host without one."""

    hops: tuple[Hop, ...]
    priority: int = 0  # lower goes first
    weight: int = 0  # share among equals


@dataclass(frozen=True, slots=True)
class Located:
    servers: tuple[Server, ...]  # none: the domain has none that we can talk to
    ttl_s: float  # when to ask again

    @property
    def hops(self) -> tuple[Hop, ...]:
        return tuple(hop for server in self.servers for hop in server.hops)


Search = Generator[Question, Records, Located]


def at_once(wish: Wish) -> Located | None:
    """The answer where no question is needed: the host is numeric."""
    try:
        next(search := locate(wish))
    except StopIteration as end:
        found: Located = end.value
        return found
    search.close()
    return None


def locate(wish: Wish, supported: Sequence[str] = TRANSPORTS) -> Search:
    """Ask until it is known; ``supported`` are our transports, the preferred one first."""
    host = wish.host.strip("[]")
    default = wish.transport or "udp"
    if numeric(host):
        return Located((Server((Hop(default, (host, wish.port or _port(default))),)),), _FOR_EVER_S)
    ttls = [_LONGEST_S]
    servers: tuple[Server, ...] | None = None
    if not wish.port:
        servers = yield from _by_service(host, wish.transport, supported, ttls)
    if servers is None:
        hops = yield from _addresses(host, wish.port or _port(default), default, host, ttls)
        servers = (Server(hops),) if hops else ()
    return Located(servers, min(ttls))


def _by_service(
    host: str, transport: str, supported: Sequence[str], ttls: list[float]
) -> Generator[Question, Records, tuple[Server, ...] | None]:
    """By SRV, after NAPTR where no transport is wished for; None where there is no such record at all."""
    services = [(transport, service(host, transport))]
    if not transport:
        services = yield from _services(host, supported, ttls)
    for kind, name in services:
        records = yield Question("SRV", name)
        found = [record for record in records.found if isinstance(record, Srv)]
        if not found:
            continue
        ttls.append(records.ttl_s)
        return (yield from _servers(found, kind, host, ttls))
    return None


def _services(
    host: str, supported: Sequence[str], ttls: list[float]
) -> Generator[Question, Records, list[tuple[str, str]]]:
    """(transport, SRV name), the domain's preferred one first (section 4.1)."""
    records = yield Question("NAPTR", host)
    found = [record for record in records.found if isinstance(record, Naptr)]
    usable = [
        (record.order, record.preference, _NAPTR[record.service.upper()], record.replacement)
        for record in found
        if record.flags.lower() == "s" and _NAPTR.get(record.service.upper()) in supported
    ]
    if not usable:
        return [(transport, service(host, transport)) for transport in supported]
    ttls.append(records.ttl_s)
    return [(transport, name) for _, _, transport, name in sorted(usable)]


def _servers(
    found: list[Srv], transport: str, domain: str, ttls: list[float]
) -> Generator[Question, Records, tuple[Server, ...]]:
    """Only targets that have an address and a port. A target "." says that there is no such service (RFC 2782)."""
    servers = []
    for record in sorted(found, key=lambda one: (one.priority, -one.weight, one.target))[:MAX_SERVERS]:
        if record.target in (".", "") or not record.port:
            continue
        hops = yield from _addresses(record.target, record.port, transport, domain, ttls)
        if hops:
            servers.append(Server(hops, record.priority, record.weight))
    return tuple(servers)


def _addresses(
    name: str, port: int, transport: str, domain: str, ttls: list[float]
) -> Generator[Question, Records, tuple[Hop, ...]]:
    records = yield Question("ADDRESS", name)
    hosts = [record for record in records.found if isinstance(record, str)][:MAX_ADDRESSES]
    if hosts:
        ttls.append(records.ttl_s)
    return tuple(Hop(transport, (host, port), domain) for host in hosts)


def service(host: str, transport: str) -> str:
    """The name of the SRV record (section 4.2)."""
    return f"_sips._tcp.{host}" if transport == "tls" else f"_sip._{transport}.{host}"


def in_turn(servers: Iterable[Server], fraction: Callable[[], float]) -> list[Hop]:
    """All hops, in an order drawn by weight among servers of one priority; ``fraction`` is a number in [0, 1)."""
    return [hop for server in drawn(servers, fraction) for hop in server.hops]


class Weighted(Protocol):
    """Whatever is chosen as RFC 2782 chooses servers."""

    @property
    def priority(self) -> int: ...

    @property
    def weight(self) -> int: ...


One = TypeVar("One", bound=Weighted)


def drawn(servers: Iterable[One], fraction: Callable[[], float]) -> list[One]:
    """RFC 2782: by priority, then by lot; weight 0 goes first into the lot, so that it has the smallest chance."""
    left = sorted(servers, key=lambda server: (server.priority, server.weight))
    order: list[One] = []
    while left:
        equals = [server for server in left if server.priority == left[0].priority]
        chosen = _chosen(equals, fraction())
        order.append(chosen)
        left.remove(chosen)
    return order


def _chosen(equals: list[One], fraction: float) -> One:
    mark = fraction * (sum(server.weight for server in equals) + 1)  # 0 up to the sum, both included
    running = 0
    for server in equals:
        running += server.weight
        if running >= int(mark):
            return server
    return equals[-1]


def _port(transport: str) -> int:
    return _DEFAULT_PORT.get(transport, _SIP_PORT)
