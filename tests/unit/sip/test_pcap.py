"""The file is read back by a reader of its own, which knows nothing of the writer."""

from __future__ import annotations

import socket
import struct

import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.packet import ends
from softswitch.sip.pcap import Packet, pcap

INVITE = b"INVITE sip:8000@127.0.0.1 SIP/2.0\r\nCall-ID: 1\r\n\r\n"


def folded(data: bytes) -> int:
    """The sum that RFC 1071 wants to be all ones, word by word."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def read(data: bytes) -> list[tuple[float, str, int, str, int, bytes]]:
    magic, major, minor, _, _, snap, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 1)
    found, at = [], 24
    while at < len(data):
        seconds, micros, kept, length = struct.unpack("<IIII", data[at : at + 16])
        assert kept == length <= snap
        frame = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        found.append((seconds + micros / 1e6, *addressed(frame)))
    assert at == len(data)
    return found


def addressed(frame: bytes) -> tuple[str, int, str, int, bytes]:
    kind, packet = struct.unpack("!H", frame[12:14])[0], frame[14:]
    if kind == 0x0800:
        assert packet[0] == 0x45 and packet[9] == 17
        assert struct.unpack("!H", packet[2:4])[0] == len(packet)
        assert folded(packet[:20]) == 0xFFFF
        hosts, udp, af = packet[12:20], packet[20:], socket.AF_INET
    else:
        assert kind == 0x86DD and packet[0] >> 4 == 6 and packet[6] == 17
        hosts, udp, af = packet[8:40], packet[40:], socket.AF_INET6
        assert struct.unpack("!H", packet[4:6])[0] == len(udp)
    source, destination, length, checksum = struct.unpack("!HHHH", udp[:8])
    assert length == len(udp) and checksum
    assert folded(hosts + struct.pack("!HBBH", 0, 0, 17, length) + udp) == 0xFFFF
    half = len(hosts) // 2
    names = socket.inet_ntop(af, hosts[:half]), socket.inet_ntop(af, hosts[half:])
    return names[0], source, names[1], destination, udp[8:]


@pytest.mark.parametrize(
    ("source", "destination"),
    [(("127.0.0.1", 7001), ("192.0.2.1", 5060)), (("2001:db8::1", 7001), ("::1", 65535))],
)
@pytest.mark.parametrize("octets", [INVITE, INVITE + b"x", b"", b"\0", b"\xff\xff" * 40])
def test_what_is_written_is_read(source: tuple[str, int], destination: tuple[str, int], octets: bytes) -> None:
    packets = [Packet(1_790_000_000.25, source, destination, octets), Packet(1.0, destination, source, octets)]
    first, second = read(pcap(packets))
    assert first == (1_790_000_000.25, *source, *destination, octets)
    assert second == (1.0, *destination, *source, octets)


def test_a_checksum_that_comes_to_nothing_is_written_as_ones() -> None:
    for filler in range(65536):
        octets = filler.to_bytes(2, "big")
        data = pcap([Packet(0.0, ("0.0.0.1", 1), ("0.0.0.2", 2), octets)])
        if data[24 + 16 + 14 + 20 + 6 :][:2] == b"\xff\xff":
            read(data)
            return
    raise AssertionError("no such message")


def test_what_is_longer_than_a_datagram_is_cut() -> None:
    (packet,) = read(pcap([Packet(0.0, ("127.0.0.1", 1), ("127.0.0.1", 2), b"x" * 70_000)]))
    assert len(packet[-1]) == 65_507


def test_a_zone_and_two_families_do_no_harm() -> None:
    zoned, mixed = read(
        pcap([Packet(0.0, ("fe80::1%eth0", 1), ("fe80::2", 2), b"x"), Packet(0.0, ("::1", 1), ("10.0.0.1", 2), b"x")])
    )
    assert zoned[1:5] == ("fe80::1", 1, "fe80::2", 2) and mixed[1:5] == ("::1", 1, "::", 2)


def test_ours_is_what_others_reach_us_at() -> None:
    remote = ("192.0.2.9", 7001)
    assert ends(Flow("udp", ("10.0.0.1", 5060), remote), True) == (("10.0.0.1", 5060), remote)
    flow = Flow("udp", ("0.0.0.0", 5060), remote, advertised=("198.51.100.1", 5062))
    assert ends(flow, False) == (remote, ("198.51.100.1", 5062))
