"""The RTP header (RFC 3550 section 5.1), read and written for a whole batch of packets at once.

Contributing sources, header extensions and padding are legal and rare: the common header costs no Python per packet,
and the rare one is moved to where the common one has its payload. Which payload types are welcome is not known here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Octets = npt.NDArray[np.uint8]

HEADER = 12  # octets of a header without contributing sources
WIDTH = 1536  # octets; what a receive table offers to each packet
VERSION = 0x80

_LAYOUT = np.dtype([("flags", "u1"), ("type", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a batch, one entry per packet; the payloads begin at octet ``HEADER`` of their row."""

    valid: npt.NDArray[np.bool_]  # version 2, and as long as it claims to be
    payload_type: npt.NDArray[np.uint8]
    marker: npt.NDArray[np.bool_]
    sequence: npt.NDArray[np.uint16]
    timestamp: npt.NDArray[np.uint32]
    ssrc: npt.NDArray[np.uint32]
    size: npt.NDArray[np.int64]  # octets of payload; 0 where not valid

    def at(self, which: npt.NDArray[Any]) -> Headers:
        """Some of them."""
        return Headers(*(getattr(self, name)[which] for name in self.__slots__))


def parse(table: Octets, lengths: npt.NDArray[Any]) -> Headers:
    """Read ``(packets, width)`` octets; payloads behind longer headers are moved to ``HEADER`` in place."""
    fields = np.ascontiguousarray(table[:, :HEADER]).view(_LAYOUT)[:, 0]
    size = lengths.astype(np.int64) - HEADER
    valid = (size >= 0) & (fields["flags"] == VERSION)
    if not valid.all():
        rare = (size >= 0) & (fields["flags"] >> 6 == 2) & ~valid
        for index in np.flatnonzero(rare).tolist():
            size[index] = _straighten(table[index], int(lengths[index]))
            valid[index] = size[index] >= 0
        size[~valid] = 0
    return Headers(
        valid,
        fields["type"] & np.uint8(0x7F),
        fields["type"] > 0x7F,
        fields["sequence"].astype(np.uint16),
        fields["timestamp"].astype(np.uint32),
        fields["ssrc"].astype(np.uint32),
        size,
    )


def _straighten(row: Octets, length: int) -> int:
    """Move the payload of one packet to ``HEADER``; its size, or -1 where the packet contradicts itself."""
    start, end = HEADER + 4 * int(row[0] & 0x0F), length
    if row[0] & 0x10:  # an extension: 16 bits of profile, 16 bits of length in words (section 5.3.1)
        if start + 4 > length:
            return -1
        start += 4 + 4 * (int(row[start + 2]) << 8 | int(row[start + 3]))
    if row[0] & 0x20:  # padding: its last octet says how much (section 5.1)
        end -= int(row[length - 1]) or length + 1  # a count of 0 contradicts itself
    if start > end:
        return -1
    row[HEADER : HEADER + end - start] = row[start:end].copy()
    return end - start


def write_headers(
    table: Octets,
    payload_type: npt.NDArray[Any],
    sequence: npt.NDArray[Any],
    timestamp: npt.NDArray[Any],
    ssrc: npt.NDArray[Any],
) -> None:
    """Write a header to the first octets of each row; the marker is bit 7 of ``payload_type``."""
    headers = np.empty(len(table), _LAYOUT)
    headers["flags"] = VERSION
    headers["type"] = payload_type
    headers["sequence"] = sequence
    headers["timestamp"] = timestamp
    headers["ssrc"] = ssrc
    table[:, :HEADER] = headers.view(np.uint8).reshape(len(table), HEADER)


def build(payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, marker: bool = False) -> bytes:
    """One packet; numbers wrap as they do on the wire."""
    kind = payload_type | (0x80 if marker else 0)
    return struct.pack(">BBHII", VERSION, kind, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload
