"""A socket bound to one of our addresses, in its own address family only: [::] leaves IPv4 to 0.0.0.0."""

from __future__ import annotations

import socket

from softswitch.sip.flow import Address, family


def bound(kind: socket.SocketKind, address: Address, option: int, value: int) -> socket.socket:
    """Not blocking, with one option of the socket level set before. Raises ``OSError`` where the address is taken."""
    version = socket.AF_INET6 if family(address[0]) == 6 else socket.AF_INET
    made = socket.socket(version, kind)
    try:
        if version == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setsockopt(socket.SOL_SOCKET, option, value)
        made.setblocking(False)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made
