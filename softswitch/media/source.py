"""Whose packets a stream accepts: nobody who merely knows the port may speak in a call, or listen to it.

The signalled address is always right. Behind a NAT the peer comes from another one; so after each offer/answer the
first valid packet decides, once: its source is the peer from then on, and what we send goes there (symmetric RTP,
RFC 4961). But only two hosts may be first, on any port: the signalled one, and the one that the SIP signalling came
from, which is the NAT's outside. A stranger is refused however early he is. If the signalled address speaks after all,
it takes over for good.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.media.address import Address


@dataclass(slots=True)
class Source:
    """One stream's peer."""

    signalled: Address | None = None  # None: nobody may speak
    signalling_host: str = ""  # where the SIP signalling came from; "": the signalled host alone may speak
    learnt: Address | None = None  # whom we heard, since the last offer/answer
    send_to: Address | None = None

    def signal(self, address: Address | None, signalling_host: str) -> None:
        """An offer/answer named this address. Until the peer is heard again, we go on sending to where it was."""
        if address != self.signalled:
            self.send_to = address
        self.signalled, self.signalling_host, self.learnt = address, signalling_host, None

    def resume(self, address: Address) -> None:
        """Somebody else has learnt this for us: the process that was before this one."""
        if self.signalled is not None and self.learnt is None:
            self.learnt = self.send_to = address

    def accepts(self, address: Address) -> bool:
        """Judge a valid packet from ``address``, and learn from it."""
        if address == self.learnt:
            return True
        if self.signalled is None or (self.learnt is not None and address != self.signalled):
            return False
        if address[0] not in (self.signalled[0], self.signalling_host):
            return False
        self.learnt = self.send_to = address
        return True
