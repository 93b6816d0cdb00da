"""IP addresses and their two ends, as capture formats (``pcap``, ``hep``) want them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from softswitch.sip.flow import Address, Flow

Ip = IPv4Address | IPv6Address


def ends(flow: Flow, sent: bool) -> tuple[Address, Address]:
    """(source, destination) of a message; ours is what others reach us at."""
    ours = flow.local if _numeric(flow.local[0]) else flow.sent_by
    return (ours, flow.remote) if sent else (flow.remote, ours)


def ip_pair(source: str, destination: str) -> tuple[Ip, Ip]:
    """Both of one family; what is no address, or not of the destination's family, is the unspecified one."""
    one, other = _ip(source), _ip(destination)
    if one.version == other.version:
        return one, other
    six = IPv6Address(0)
    return (one if one.version == 6 else six), (other if other.version == 6 else six)


def _numeric(host: str) -> bool:
    try:
        return not ip_address(host.partition("%")[0]).is_unspecified
    except ValueError:
        return False


def _ip(host: str) -> Ip:
    try:
        return ip_address(host.partition("%")[0])  # without the zone of a link-local one
    except ValueError:
        return IPv4Address(0)
