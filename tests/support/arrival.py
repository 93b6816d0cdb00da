"""Packets as the sockets hand them over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from softswitch.media.address import Address, Sources, host_of
from softswitch.media.sockets import Batch
from softswitch.rtp.packet import WIDTH


def batch(packets: Sequence[tuple[bytes, Address]], port: int = 0) -> Batch:
    """What came in at this port, each packet with its source."""
    table = np.zeros((len(packets), WIDTH), np.uint8)
    for row, (octets, _) in zip(table, packets, strict=True):
        row[: len(octets)] = np.frombuffer(octets, np.uint8)
    hosts = [host for _, (text, _) in packets if (host := host_of(text)) is not None]
    pairs = np.array(hosts, np.uint64).reshape(len(packets), 2)
    sources = Sources(pairs[:, 0], pairs[:, 1], np.array([source[1] for _, source in packets], np.uint16))
    lengths = np.array([len(octets) for octets, _ in packets], np.int64)
    return Batch(table, lengths, np.full(len(packets), port, np.int64), sources, np.zeros(len(packets)))
