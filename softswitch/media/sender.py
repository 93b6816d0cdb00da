"""Sending: one packet of 20 ms per tick for every stream that has a peer and may speak to it."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, g711
from softswitch.media.keypad import Keypad
from softswitch.media.sockets import Sockets
from softswitch.media.source import Address
from softswitch.rtp.packet import HEADER, write_headers
from softswitch.rtp.srtp import ROOM, Srtps

Pcm = npt.NDArray[np.int16]

_MARKER = 0x80  # of the octet that holds the payload type


class Sender:
    """The outgoing RTP state of all rows (RFC 3550 section 5.1: everything begins at random)."""

    def __init__(self, streams: int, srtp: Srtps | None = None, keypad: Keypad | None = None) -> None:
        self._srtp = srtp or Srtps(streams)
        self._keypad = keypad or Keypad()
        self.packets = 0
        self._may = np.zeros(streams, np.bool_)
        self._law = np.zeros(streams, np.uint8)
        self._type = np.zeros(streams, np.uint8)
        self._fresh = np.zeros(streams, np.bool_)  # the next packet begins a talk spurt: marker
        self._sequence = np.zeros(streams, np.uint16)
        self._timestamp = np.zeros(streams, np.uint32)
        self._ssrc = np.zeros(streams, np.uint32)

    def begin(self, row: int) -> None:
        self._sequence[row] = secrets.randbits(15)
        self._timestamp[row] = secrets.randbits(32)
        self._ssrc[row] = secrets.randbits(32)

    def allow(self, row: int, law: int, payload_type: int) -> None:
        self._fresh[row] |= not self._may[row]
        self._may[row], self._law[row], self._type[row] = True, law, payload_type

    def forbid(self, row: int) -> None:
        self._may[row] = False

    def pass_time(self, frames: int) -> None:
        """Time in which nothing was sent: timestamps go on, sequence numbers do not."""
        self._timestamp += np.uint32(frames * FRAME & 0xFFFFFFFF)
        self._fresh[:] = True

    def send(self, heard: Pcm, sockets: Sockets, peers: list[Address | None]) -> None:
        """Send each row of ``heard`` ``(n, FRAME)`` to the row's peer, where it has one."""
        rows = np.flatnonzero(self._may[: len(heard)])
        table = self._packets(heard, rows)
        lengths = np.full(len(rows), HEADER + FRAME)
        self._keypad.write(table, lengths, rows, self._sequence, self._timestamp, self._ssrc)
        self._srtp.protect(table, lengths, rows)
        for index, row in enumerate(rows.tolist()):
            peer = peers[row]
            if peer is not None and lengths[index]:
                sockets.send(row, memoryview(table[index])[: int(lengths[index])], peer)
                self.packets += 1
        self._sequence[rows] += np.uint16(1)
        self._fresh[rows] = False
        self._timestamp += np.uint32(FRAME)

    def _packets(self, heard: Pcm, rows: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        table = np.empty((len(rows), HEADER + FRAME + ROOM), np.uint8)
        kind = self._type[rows] | np.where(self._fresh[rows], _MARKER, 0)
        write_headers(table, kind, self._sequence[rows], self._timestamp[rows], self._ssrc[rows])
        table[:, HEADER : HEADER + FRAME] = g711.encode(heard[rows], self._law[rows])
        return table
