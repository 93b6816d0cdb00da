"""SIP messages as a capture file that every network tool reads (the classic pcap format, microseconds, Ethernet).

Decided here: how a message becomes a packet. Each is one UDP datagram whatever it travelled by, because its TCP
segments or its TLS are not known here any more; ports and addresses are the real ones. What is longer than a datagram
is cut.
Checksums are right (RFC 791, RFC 768, RFC 8200 section 8.1), so that no tool complains.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.sip.flow import Address
from softswitch.sip.packet import Ip, ip_pair

_MAGIC, _ETHERNET, _SNAP = 0xA1B2C3D4, 1, 262_144
_MACS = bytes.fromhex("020000000002020000000001")  # destination, source: locally administered
_UDP = 17
_LONGEST = 65_535 - 20 - 8  # octets of a message: an IPv4 packet's limit


@dataclass(frozen=True, slots=True)
class Packet:
    at: float  # Unix seconds
    source: Address
    destination: Address
    octets: bytes


def pcap(packets: Iterable[Packet]) -> bytes:
    """The whole file."""
    parts = [struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, _SNAP, _ETHERNET)]
    for packet in packets:
        frame = _frame(packet)
        micros = round(packet.at * 1e6)
        parts += [struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(frame), len(frame)), frame]
    return b"".join(parts)


def _frame(packet: Packet) -> bytes:
    source, destination = ip_pair(packet.source[0], packet.destination[0])
    udp = _udp(source, destination, packet)
    if source.version == 4:
        return _MACS + b"\x08\x00" + _ipv4(source, destination, len(udp)) + udp
    head = struct.pack("!IHBB", 6 << 28, len(udp), _UDP, 64)
    return _MACS + b"\x86\xdd" + head + source.packed + destination.packed + udp


def _ipv4(source: Ip, destination: Ip, length: int) -> bytes:
    def head(checksum: int) -> bytes:
        fixed = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, _UDP, checksum)
        return fixed + source.packed + destination.packed

    return head(_checksum(head(0)))


def _udp(source: Ip, destination: Ip, packet: Packet) -> bytes:
    octets = packet.octets[:_LONGEST]
    length = 8 + len(octets)
    ports = packet.source[1], packet.destination[1]
    pseudo = source.packed + destination.packed + struct.pack("!II", length, _UDP)
    datagram = struct.pack("!HHHH", *ports, length, 0) + octets
    checksum = _checksum(pseudo + datagram) or 0xFFFF  # 0 would mean: none was made
    return datagram[:6] + checksum.to_bytes(2, "big") + octets


def _checksum(octets: bytes) -> int:
    """RFC 1071: the complement of the sum, in ones' complement, of all 16-bit words."""
    # 2**16 is 1 modulo 0xFFFF: the sum of the words is the remainder of the whole, read as one number.
    rest = int.from_bytes(octets + b"\0" * (len(octets) % 2), "big") % 0xFFFF
    return 0xFFFF - rest if rest or not any(octets) else 0
