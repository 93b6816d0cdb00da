"""Where a message came from and where one goes (RFC 3261 section 18, RFC 5626's word for it)."""

from __future__ import annotations

from dataclasses import dataclass

Address = tuple[str, int]  # numeric host, port


@dataclass(frozen=True, slots=True)
class Flow:
    """A way to a peer. For a datagram transport the two addresses are all there is."""

    transport: str  # "udp" or "tcp" (lower case; the Via writes it in capitals)
    local: Address  # the listener; Via sent-by and Contact are made from it
    remote: Address
    connection: int = 0  # id of a stream connection; 0: none, or whichever leads to ``remote``

    @property
    def reliable(self) -> bool:
        """True where SIP does not retransmit (RFC 3261 section 17)."""
        return self.transport != "udp"
