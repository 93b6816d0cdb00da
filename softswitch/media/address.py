"""Addresses as numbers: 128 bits of host and 16 of port, so that whole batches of sources are compared at once.

An IPv4 host is its IPv4-mapped IPv6 one (RFC 4291 section 2.5.5.2), the same whichever socket it came by.
"""

from __future__ import annotations

import socket
import struct
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

NAME = 32  # octets kept for an address: struct sockaddr_in6 has 28

Address = tuple[str, int]
Octets = npt.NDArray[np.uint8]

_MAPPED = 0xFFFF_0000_0000
_HEAD = np.dtype([("family", "=u2"), ("port", ">u2"), ("host", ">u4")])  # of struct sockaddr_in; _in6 begins alike
_FAMILY = struct.Struct("@H")
_MOST_KNOWN = 1024  # hosts: those of our carriers and phones come again in each call


class Host(NamedTuple):
    """The two halves of an IPv6 address."""

    high: int
    low: int


class Sources(NamedTuple):
    """Where each datagram of a batch came from, ``(n,)`` each."""

    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]
    port: npt.NDArray[np.uint16]

    def address(self, index: int) -> Address:
        """One of them, as text."""
        return text_of(Host(int(self.high[index]), int(self.low[index]))), int(self.port[index])


@lru_cache(_MOST_KNOWN)
def numeric(host: str) -> str:
    """The address as the kernel writes it; "" for a name, whose look-up would stop all audio."""
    address, percent, zone = host.partition("%")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, address)) + percent + zone
    except (OSError, ValueError):
        return ""


@lru_cache(_MOST_KNOWN)
def host_of(text: str) -> Host | None:
    """The number of a numeric address, its zone left out; None for anything else."""
    address = numeric(text.partition("%")[0])
    if not address:
        return None
    if ":" in address:
        return Host(*struct.unpack("!QQ", socket.inet_pton(socket.AF_INET6, address)))
    return Host(0, _MAPPED | struct.unpack("!I", socket.inet_aton(address))[0])


def text_of(host: Host) -> str:
    if host.high == 0 and host.low >> 32 == 0xFFFF:
        return socket.inet_ntoa(struct.pack("!I", host.low & 0xFFFFFFFF))
    return socket.inet_ntop(socket.AF_INET6, struct.pack("!QQ", *host))


def sockaddr(family: int, address: Address) -> bytes:
    """``struct sockaddr_in`` or ``_in6`` for a socket of this family; b"" where it cannot send there."""
    host = host_of(address[0])
    if host is None or not 0 < address[1] < 65536:
        return b""
    mapped = host.high == 0 and host.low >> 32 == 0xFFFF
    head = _FAMILY.pack(family) + struct.pack("!H", address[1])
    if family == socket.AF_INET:
        return head + struct.pack("!I8x", host.low & 0xFFFFFFFF) if mapped else b""
    return head + struct.pack("!IQQ", 0, *host) + struct.pack("@I", _scope(address[0]))


def _scope(host: str) -> int:
    zone = host.partition("%")[2]
    try:
        return socket.if_nametoindex(zone) if zone else 0
    except (OSError, ValueError):  # there is none of this name, or it is no name
        return 0


def sources_of(names: Octets) -> Sources:
    """Read ``(n, NAME)`` octets of ``struct sockaddr``."""
    heads = np.ascontiguousarray(names[:, :8]).view(_HEAD)[:, 0]
    port = heads["port"].astype(np.uint16)
    low = heads["host"].astype(np.uint64) | np.uint64(_MAPPED)
    high = np.zeros(len(names), np.uint64)
    wide = heads["family"] == socket.AF_INET6
    if wide.any():
        halves = np.ascontiguousarray(names[wide, 8:24]).view(">u8")
        high[wide], low[wide] = halves[:, 0], halves[:, 1]
    return Sources(high, low, port)


def written(address: Address) -> bytes:
    """The same for one source that ``recvfrom`` told: its ``struct sockaddr``."""
    return sockaddr(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, address)
