"""Whom an address stands for: what is counted by source (connections, failures, requests) is counted by this.

An address of IPv4 is one source; one of IPv6 counts with its /64, which is what a customer is given (RFC 6177).
"""

from __future__ import annotations

import functools
import ipaddress


@functools.lru_cache(maxsize=4096)
def source_of(host: str) -> str:
    """The address, or its /64. What is no address stands for itself."""
    if ":" not in host:
        return host
    try:
        return str(ipaddress.ip_network((host.partition("%")[0], 64), strict=False))
    except ValueError:
        return host
