"""Sending: one packet of 20 ms per tick for every stream that has a peer and may speak to it."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, g711
from softswitch.media.keypad import Keypad
from softswitch.media.mouth import Spoken
from softswitch.media.reporting import Reporting
from softswitch.media.sockets import Sockets
from softswitch.media.source import Address
from softswitch.media.transcode import Transcoder
from softswitch.rtp.packet import HEADER, write_headers
from softswitch.rtp.srtp import ROOM, Srtps

Pcm = npt.NDArray[np.int16]

_MARKER = 0x80  # of the octet that holds the payload type


class Sender:
    """The outgoing RTP state of all rows (RFC 3550 section 5.1: everything begins at random)."""

    def __init__(
        self,
        streams: int,
        srtp: Srtps | None = None,
        keypad: Keypad | None = None,
        coders: Transcoder | None = None,
    ) -> None:
        self._srtp = srtp or Srtps(streams)
        self._coders = Transcoder(streams) if coders is None else coders
        self._keypad = keypad or Keypad()
        self.reporting: Reporting | None = None
        self.packets = 0
        self._may = np.zeros(streams, np.bool_)
        self._law = np.zeros(streams, np.uint8)
        self._type = np.zeros(streams, np.uint8)
        self._fresh = np.zeros(streams, np.bool_)  # the next packet begins a talk spurt: marker
        self._sequence = np.zeros(streams, np.uint16)
        self._timestamp = np.zeros(streams, np.uint32)
        self._step = np.full(streams, FRAME, np.uint32)  # of the timestamp in a tick
        self._ssrc = np.zeros(streams, np.uint32)

    def begin(self, row: int) -> None:
        self._sequence[row] = secrets.randbits(15)
        self._timestamp[row] = secrets.randbits(32)
        self._ssrc[row] = secrets.randbits(32)

    def ssrc(self, row: int) -> int:
        return int(self._ssrc[row])

    def allow(self, row: int, law: int, payload_type: int) -> None:
        """The row may speak. Its coder, if it has one, is known by now."""
        self._fresh[row] |= not self._may[row]
        self._step[row] = self._coders.clock(row) // 50
        self._may[row], self._law[row], self._type[row] = True, law, payload_type

    def forbid(self, row: int) -> None:
        self._may[row] = False

    def pass_time(self, frames: int) -> None:
        """Time in which nothing was sent: timestamps go on, sequence numbers do not."""
        self._timestamp += self._step * np.uint32(frames & 0xFFFFFFFF)
        self._fresh[:] = True

    def send(self, heard: Pcm, sockets: Sockets, peers: list[Address | None]) -> None:
        """Send each row of ``heard`` ``(n, FRAME)`` to the row's peer, where it has one."""
        rows = np.flatnonzero(self._may[: len(heard)])
        turns = self._spoken(heard, rows)
        self._turn(heard, rows, turns[0], sockets, peers, self._keypad)
        for further in turns[1:]:
            self._turn(heard, np.array(list(further)), further, sockets, peers, None)
        self._timestamp += self._step

    def _spoken(self, heard: Pcm, rows: npt.NDArray[Any]) -> list[dict[int, Spoken]]:
        """What coders have to send, by row: a tick may fill no packet, one, or two of 10 ms."""
        coded = rows[self._coders.rows[rows]]
        turns: list[dict[int, Spoken]] = [{}]
        for spoken in self._coders.say(coded.tolist(), heard[coded]) if len(coded) else ():
            place = next((turn for turn in turns if spoken.row not in turn), None)
            if place is None:
                turns.append(place := {})
            place[spoken.row] = spoken
        return turns

    def _turn(
        self,
        heard: Pcm,
        rows: npt.NDArray[Any],
        spoken: dict[int, Spoken],
        sockets: Sockets,
        peers: list[Address | None],
        keypad: Keypad | None,
    ) -> None:
        """One packet of each of ``rows``, ascending, of those with a coder as far as they have ``spoken``."""
        table = self._packets(heard, rows, max((len(one.payload) for one in spoken.values()), default=0))
        lengths = np.full(len(rows), HEADER + FRAME)
        for index in np.flatnonzero(self._coders.rows[rows]).tolist():
            lengths[index] = self._coded(table[index], spoken.get(int(rows[index])))
        if keypad is not None:
            keypad.write(table, lengths, rows, self._sequence, self._timestamp, self._ssrc)
        full = lengths > 0
        if not full.all():
            rows, table, lengths = rows[full], table[full], lengths[full]
        octets = lengths - HEADER
        self._srtp.protect(table, lengths, rows)
        gone = []
        for index, row in enumerate(rows.tolist()):
            peer = peers[row]
            if peer is not None and lengths[index]:
                sockets.send(row, memoryview(table[index])[: int(lengths[index])], peer)
                gone.append(index)
        self.packets += len(gone)
        if self.reporting is not None:
            self.reporting.sending(rows[gone], self._timestamp[rows[gone]], octets[gone])
        self._sequence[rows] += np.uint16(1)
        self._fresh[rows] = False

    def _coded(self, packet: npt.NDArray[np.uint8], spoken: Spoken | None) -> int:
        """Put a coder's payload and its time into a packet that has its header; the length, 0 without one."""
        if spoken is None:
            return 0
        timestamp = (int(self._timestamp[spoken.row]) + spoken.offset) & 0xFFFFFFFF
        packet[4:8] = np.frombuffer(timestamp.to_bytes(4, "big"), np.uint8)
        end = HEADER + len(spoken.payload)
        packet[HEADER:end] = np.frombuffer(spoken.payload, np.uint8)
        return end

    def _packets(self, heard: Pcm, rows: npt.NDArray[Any], most: int) -> npt.NDArray[np.uint8]:
        table = np.empty((len(rows), HEADER + max(FRAME, most) + ROOM), np.uint8)
        kind = self._type[rows] | np.where(self._fresh[rows], _MARKER, 0)
        write_headers(table, kind, self._sequence[rows], self._timestamp[rows], self._ssrc[rows])
        table[:, HEADER : HEADER + FRAME] = g711.encode(heard[rows], self._law[rows])
        return table
