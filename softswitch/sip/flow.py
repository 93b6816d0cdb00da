"""Where a message came from and where one goes (RFC 3261 section 18, RFC 5626's word for it)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache

Address = tuple[str, int]  # numeric host, port
_LONGEST_ADDRESS = 64  # octets: of IPv6 with a zone


@dataclass(frozen=True, slots=True)
class ListeningPoint:
    """One of our addresses. Behind a NAT, or bound to every interface, it is known to others by another one."""

    transport: str  # as in ``Flow``
    local: Address  # as bound
    advertised: Address | None = None  # what peers reach it at, where that is not ``local``; the host may be a name

    @property
    def family(self) -> int:
        return family(self.local[0])


@dataclass(frozen=True, slots=True)
class Flow:
    """A way to a peer. For a datagram transport the two addresses are all there is."""

    transport: str  # "udp", "tcp", "tls", "ws" or "wss" (lower case; the Via writes it in capitals)
    local: Address  # the listener, as bound
    remote: Address
    connection: int = 0  # id of a stream connection; 0: none, or whichever leads to ``remote``
    host: str = ""  # over TLS, where we connect: whose certificate the peer must show (RFC 5922); "": its address
    advertised: Address | None = field(default=None, compare=False)  # of the listener
    names: frozenset[str] = field(default=frozenset(), compare=False)  # what the peer's certificate proves it to be

    @property
    def reliable(self) -> bool:
        """True where SIP does not retransmit (RFC 3261 section 17)."""
        return self.transport != "udp"

    @property
    def sent_by(self) -> Address:
        """What Via, Contact and From say about us."""
        return self.advertised or self.local

    @property
    def uri_transport(self) -> str:
        """The transport parameter of a URI: a secure WebSocket has none of its own (RFC 7118 section 5.1)."""
        return "ws" if self.transport == "wss" else self.transport


def family(host: str) -> int:
    """The IP version of a numeric host."""
    return 6 if ":" in host else 4


def numeric(host: str) -> bool:
    """Whether it is an address and not a name; of IPv6 without brackets."""
    return len(host) <= _LONGEST_ADDRESS and _numeric(host)


@lru_cache(maxsize=4096)
def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
