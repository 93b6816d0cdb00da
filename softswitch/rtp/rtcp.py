"""RTCP (RFC 3550 section 6): reports of what was sent and what arrived, names, and who leaves.

Read is only what passes the checks of appendix A.2: a compound whose parts fill it exactly and that begins with a
report. Kinds that we have no use for (APP, feedback) are stepped over; extended reports are read by ``xr``. Bytes to
values and back: when reports are due, and what follows from them, is not known here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from softswitch.rtp import xr

SENDER, RECEIVER, NAMES, BYE = 200, 201, 202, 203
FIRST_TYPE, LAST_TYPE = 192, 223  # of the second octet: RTCP and never RTP (RFC 5761 section 4)
NTP_EPOCH_S = 2_208_988_800  # from 1900 to 1970

_HEADER = struct.Struct(">BBH")
_SENDER = struct.Struct(">QIII")  # NTP time, RTP time, packets, octets
_BLOCK = struct.Struct(">II4I")
_VERSION = 0x80
_MOST_BLOCKS = 31
_LOST_BIT = 1 << 23


@dataclass(frozen=True, slots=True)
class Block:
    """What the reporter received of one source (section 6.4.1)."""

    ssrc: int
    fraction: float  # lost since the report before, 0..1
    lost: int  # packets, of all; negative where there were more duplicates
    highest: int  # sequence number with its rounds
    jitter: int  # RTP clock units
    last_report: int  # middle 32 bits of the NTP time in the last sender report; 0: none came
    delay: int  # since it came, in 1/65536 s


@dataclass(frozen=True, slots=True)
class Sent:
    """What the reporter says that it sent."""

    ntp: int  # 64 bits
    timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Compound:
    ssrc: int  # of the reporter
    sent: Sent | None  # of a sender report
    blocks: tuple[Block, ...]
    left: frozenset[int] = frozenset()  # sources that said BYE
    extended: xr.Extended | None = None


def ntp(unix_s: float) -> int:
    """Seconds since 1900 as 32 bits and 32 bits of fraction (section 4)."""
    return round((unix_s + NTP_EPOCH_S) * 4294967296.0) & 0xFFFFFFFFFFFFFFFF


def middle(time: int) -> int:
    return time >> 16 & 0xFFFFFFFF


def parse(packet: bytes) -> Compound | None:
    """The reports of a compound; None where it is none (appendix A.2)."""
    compound: Compound | None = None
    left: set[int] = set()
    extended: xr.Extended | None = None
    at = 0
    while at < len(packet):
        if len(packet) - at < 8:
            return None
        flags, kind, words = _HEADER.unpack_from(packet, at)
        end = at + 4 * (words + 1)
        padded = bool(flags & 0x20)
        if flags >> 6 != 2 or end > len(packet) or (padded and end < len(packet)):
            return None
        part = packet[at + 4 : _unpadded(packet, at + 4, end) if padded else end]
        count = flags & 0x1F
        if compound is None:
            compound = None if padded and end < len(packet) else _report(kind, count, part)
            if compound is None:
                return None
        elif kind == BYE:
            left.update(struct.unpack(f">{count}I", part[: 4 * count]) if len(part) >= 4 * count else ())
        elif kind == xr.PACKET:
            extended = xr.parse(part)
        at = end
    return compound and replace(compound, left=frozenset(left), extended=extended)


def _unpadded(packet: bytes, start: int, end: int) -> int:
    return max(start, end - packet[end - 1])


def _report(kind: int, count: int, part: bytes) -> Compound | None:
    """The first part, which must be a report."""
    if kind not in (SENDER, RECEIVER) or len(part) < 4:
        return None
    ssrc, at, sent = int.from_bytes(part[:4], "big"), 4, None
    if kind == SENDER:
        if len(part) < at + _SENDER.size:
            return None
        sent = Sent(*_SENDER.unpack_from(part, at))
        at += _SENDER.size
    if len(part) < at + count * _BLOCK.size:
        return None
    blocks = tuple(_block(part, at + index * _BLOCK.size) for index in range(count))
    return Compound(ssrc, sent, blocks)


def _block(part: bytes, at: int) -> Block:
    ssrc, loss, highest, jitter, last_report, delay = _BLOCK.unpack_from(part, at)
    lost = loss & 0xFFFFFF
    return Block(ssrc, (loss >> 24) / 256, lost - 2 * (lost & _LOST_BIT), highest, jitter, last_report, delay)


def build(
    ssrc: int,
    sent: Sent | None,
    blocks: tuple[Block, ...],
    name: str,
    leaves: bool = False,
    extended: Sequence[bytes] = (),
) -> bytes:
    """A compound: report, SDES with our CNAME, blocks of ``xr`` where there are any, and BYE where we leave.

    Raises ``ValueError`` for too many blocks.
    """
    if len(blocks) > _MOST_BLOCKS:
        raise ValueError(f"{len(blocks)} report blocks")
    body = struct.pack(">I", ssrc) + (
        _SENDER.pack(sent.ntp, sent.timestamp, sent.packets, sent.octets) if sent else b""
    )
    for block in blocks:
        fraction = min(255, int(block.fraction * 256))
        lost = max(-_LOST_BIT, min(_LOST_BIT - 1, block.lost)) & 0xFFFFFF
        body += _BLOCK.pack(
            block.ssrc, fraction << 24 | lost, block.highest, block.jitter, block.last_report, block.delay
        )
    parts = _part(len(blocks), SENDER if sent else RECEIVER, body)
    text = name.encode("ascii", "replace")[:255]
    item = struct.pack(">IBB", ssrc, 1, len(text)) + text
    parts += _part(1, NAMES, item + bytes(4 - len(item) % 4))  # section 6.5: ends with one null octet or more
    if extended:
        parts += _part(0, xr.PACKET, struct.pack(">I", ssrc) + b"".join(extended))
    return parts + (_part(1, BYE, struct.pack(">I", ssrc)) if leaves else b"")


def _part(count: int, kind: int, body: bytes) -> bytes:
    return _HEADER.pack(_VERSION | count, kind, len(body) // 4) + body
