"""Sending: what each stream is to hear becomes packets, one or none or two in a tick, by its packet time.

A payload is a pointer: to what was encoded in this tick, to a frame in somebody's jitter buffer, to silence; nothing is
copied on its way to the kernel. Streams of 20 ms, nearly all, are rows of arrays from beginning to end. Others, with
another packet time, a codec of their own or a key that is being pressed, come to it as single packets (``Extra``).
"""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, g711
from softswitch.media.demux import Demux
from softswitch.media.keypad import Keypad
from softswitch.media.mmsg import Outbox, address_of, octets_at
from softswitch.media.receiver import turns
from softswitch.media.reporting import Reporting
from softswitch.media.sockets import Sockets
from softswitch.media.transcode import Transcoder
from softswitch.rtp.packet import HEADER, write_headers
from softswitch.rtp.srtp import ROOM, Srtps

Rows = npt.NDArray[Any]
Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Pointers = npt.NDArray[np.uint64]

_MARKER = 0x80  # of the octet that holds the payload type
SILENCE = np.repeat(g711.SILENCE[:, None], FRAME, axis=1)  # (laws, FRAME)


class Extra(NamedTuple):
    """A packet that is not simply this tick's 20 ms."""

    row: int
    payload: bytes
    timestamp: int
    kind: int  # payload type, with the marker


class Sender:
    """The outgoing RTP state of all rows (RFC 3550 section 5.1: everything begins at random)."""

    def __init__(
        self,
        streams: int,
        demux: Demux,
        sockets: Sockets,
        srtp: Srtps | None = None,
        keypad: Keypad | None = None,
        coders: Transcoder | None = None,
    ) -> None:
        self.packets = 0
        self.law = np.zeros(streams, np.uint8)
        self.port = np.zeros(streams, np.int64)  # number of the local port
        self.even = np.zeros(streams, np.bool_)  # rows that are sent 20 ms of G.711 in each tick
        self.reporting: Reporting | None = None
        self._demux, self._sockets = demux, sockets
        self._srtp = srtp or Srtps(streams)
        self._keypad = keypad or Keypad()
        self._coders = Transcoder(streams) if coders is None else coders
        self._may = np.zeros(streams, np.bool_)
        self._type = np.zeros(streams, np.uint8)
        self._fresh = np.zeros(streams, np.bool_)  # the next packet begins a talk spurt: marker
        self._sequence = np.zeros(streams, np.uint16)
        self._timestamp = np.zeros(streams, np.uint32)
        self._step = np.full(streams, FRAME, np.uint32)  # units of the RTP clock per tick
        self._ssrc = np.zeros(streams, np.uint32)
        self._pending: dict[int, bytearray] = {}  # octets that are less than a packet, of rows with another packet time
        self._size: dict[int, int] = {}  # octets of their packets
        self._outbox = Outbox(2 * streams + 256)
        self._headers = np.zeros((self._outbox.capacity, HEADER), np.uint8)
        self._starts = address_of(self._headers) + np.arange(self._outbox.capacity, dtype=np.uint64) * np.uint64(HEADER)
        names = demux.names
        self._names = address_of(names) + np.arange(len(names), dtype=np.uint64) * np.uint64(names.shape[1])
        self._rows_before = self._sorted = np.zeros(0, np.int64)
        self._silence = address_of(SILENCE) + np.arange(2, dtype=np.uint64) * np.uint64(FRAME)

    def begin(self, row: int, port: int) -> None:
        self.port[row] = port
        self._rows_before = self._sorted = np.zeros(0, np.int64)  # the row may have had another one
        drawn = secrets.randbits(15 + 32 + 32)
        self._sequence[row] = drawn >> 64
        self._timestamp[row], self._ssrc[row] = drawn >> 32 & 0xFFFFFFFF, drawn & 0xFFFFFFFF

    def ssrc(self, row: int) -> int:
        return int(self._ssrc[row])

    def allow(self, row: int, law: int, payload_type: int, ptime_ms: int = 20) -> None:
        """The row may speak. Its coder, if it has one, is known by now, and minds the packet time itself."""
        coded = bool(self._coders.rows[row])
        self._fresh[row] |= not self._may[row]
        self._step[row] = self._coders.clock(row) // 50
        self._may[row], self.law[row], self._type[row] = True, law, payload_type
        self.even[row] = ptime_ms == 20 and not coded
        if self.even[row] or coded:
            self._pending.pop(row, None)
        else:
            self._pending.setdefault(row, bytearray())
            self._size[row] = ptime_ms * FRAME // 20

    def forbid(self, row: int) -> None:
        self._may[row] = self.even[row] = False
        self._pending.pop(row, None)

    def coded(self, count: int) -> Rows:
        """Rows that are to be given samples and not octets."""
        return (self._may[:count] & self._coders.rows[:count]).nonzero()[0]

    def pass_time(self, frames: int) -> None:
        """Time in which nothing was sent: timestamps go on, sequence numbers do not."""
        self._timestamp += self._step * np.uint32(frames & 0xFFFFFFFF)
        self._fresh[:] = True
        for pending in self._pending.values():
            pending.clear()

    def silence(self, count: int) -> Pointers:
        """A payload for each of the first ``count`` rows: nothing to be heard."""
        return self._silence[self.law[:count]]

    def send(self, payloads: Pointers, coded: Rows, sound: Pcm) -> None:
        """Send to each of the first rows ``(count,)`` the ``FRAME`` octets at its pointer, where it has a peer.

        ``coded`` rows get their codec's packets of ``sound`` ``(coded, FRAME)`` instead.
        """
        count = len(payloads)
        may = self._may[:count] & (self._demux.name_size[:count] > 0)
        extras = list(self._events(may)) if (keys := self._keypad.signalling()) else []
        pressing = {extra.row for extra in extras} if keys else set()
        even = may & self.even[:count]
        even[list(pressing)] = False
        rows = even.nonzero()[0]
        if self._pending:
            extras += [extra for extra in self._uneven(payloads, may) if extra.row not in pressing]
        if len(coded):
            extras += [extra for extra in self._coded(coded, sound, may) if extra.row not in pressing]
        self._post(rows, payloads, extras)
        self._fresh[:count][may] = False
        self._timestamp += self._step

    def _kind(self, row: int) -> int:
        """The payload type, with the marker on the first packet after a silence."""
        marker = _MARKER if self._fresh[row] else 0
        self._fresh[row] = False
        return int(self._type[row]) | marker

    def _events(self, may: Mask) -> Iterator[Extra]:
        """Keys that are being pressed take the place of the sound of their rows."""
        rows = np.array(sorted(row for row in self._keypad.signalling() if row < len(may) and may[row]), np.int64)
        table = np.zeros((len(rows), HEADER + FRAME), np.uint8)
        lengths = np.full(len(rows), HEADER + FRAME)
        self._keypad.write(table, lengths, rows, self._sequence, self._timestamp, self._ssrc)
        for row, packet, length in zip(rows.tolist(), table, lengths.tolist(), strict=True):
            if length != HEADER + FRAME:
                timestamp = int.from_bytes(packet[4:8].tobytes(), "big")
                yield Extra(row, packet[HEADER:length].tobytes(), timestamp, int(packet[1]))

    def _uneven(self, payloads: Pointers, may: Mask) -> Iterator[Extra]:
        """Rows with another packet time than the tick: whatever is full."""
        for row, pending in self._pending.items():
            if row >= len(may) or not may[row]:
                continue
            start = int(self._timestamp[row]) - len(pending)
            pending += ctypes.string_at(int(payloads[row]), FRAME)
            while len(pending) >= self._size[row]:
                yield Extra(row, bytes(pending[: self._size[row]]), start, self._kind(row))
                del pending[: self._size[row]]
                start += self._size[row]

    def _coded(self, rows: Rows, sound: Pcm, may: Mask) -> Iterator[Extra]:
        for spoken in self._coders.say(rows.tolist(), sound):
            if may[spoken.row]:
                timestamp = int(self._timestamp[spoken.row]) + spoken.offset
                yield Extra(spoken.row, spoken.payload, timestamp, self._kind(spoken.row))

    def _post(self, rows: Rows, payloads: Pointers, extras: Sequence[Extra]) -> None:
        """Lay out all packets of this tick, those of a port side by side, and send them."""
        rows = self._by_port(rows)
        payloads, kind = payloads[rows], self._type[rows]
        stamp, sequence = self._timestamp[rows], self._sequence[rows]
        sizes = np.full(len(rows), FRAME, np.uint64)
        if (fresh := self._fresh[rows]).any():
            kind[fresh] |= _MARKER
        self._sequence[rows] = sequence + np.uint16(1)
        self._count(rows, stamp, sizes)
        kept = b"".join(extra.payload for extra in extras)
        if extras:
            base: tuple[Rows, ...] = (rows, payloads, sizes, kind, stamp, sequence)
            both = [np.concatenate(pair) for pair in zip(base, self._laid_out(extras, kept), strict=True)]
            order = np.argsort(self.port[both[0]], kind="stable")
            rows, payloads, sizes, kind, stamp, sequence = (one[order] for one in both)
        headers = self._headers[: len(rows)]
        write_headers(headers, kind, sequence, stamp, self._ssrc[rows])
        starts = self._starts[: len(rows)].copy()
        secured = self._srtp.rows[rows] if self._srtp.used else None
        if secured is not None and secured.any():
            sealed = self._sealed(np.flatnonzero(secured), rows, headers, starts, payloads, sizes)
            full = sizes > 0
            rows, payloads, sizes, starts = rows[full], payloads[full], sizes[full], starts[full]
            self._hand_over(rows, starts, payloads, sizes)
            del sealed  # the kernel has it now
        else:
            self._hand_over(rows, starts, payloads, sizes)

    def _by_port(self, rows: Rows) -> Rows:
        """The same rows, those of a port side by side: mostly those of the tick before."""
        if not np.array_equal(rows, self._rows_before):
            self._rows_before, self._sorted = rows, rows[np.argsort(self.port[rows], kind="stable")]
        return self._sorted

    def _laid_out(self, extras: Sequence[Extra], octets: bytes) -> tuple[Rows, ...]:
        """Single packets as arrays, like those of the rows; each counts up its row's sequence number."""
        rows = np.array([extra.row for extra in extras], np.int64)
        sizes = np.array([len(extra.payload) for extra in extras], np.uint64)
        stamps = np.array([extra.timestamp & 0xFFFFFFFF for extra in extras], np.uint32)
        numbers = np.empty(len(rows), np.uint16)
        for turn in turns(rows):  # nearly always one
            which = slice(None) if turn is None else turn
            numbers[which] = self._sequence[rows[which]]
            self._sequence[rows[which]] += np.uint16(1)
            self._count(rows[which], stamps[which], sizes[which])
        start = address_of(np.frombuffer(octets, np.uint8)) if octets else 0
        pointers = np.uint64(start) + np.cumsum(sizes, dtype=np.uint64) - sizes
        return rows, pointers, sizes, np.array([extra.kind for extra in extras], np.uint8), stamps, numbers

    def _count(self, rows: Rows, stamps: Rows, sizes: Rows) -> None:
        if self.reporting is not None:
            self.reporting.sending(rows, stamps, sizes.astype(np.int64))

    def _sealed(
        self, which: Rows, rows: Rows, headers: Octets, starts: Pointers, payloads: Pointers, sizes: Rows
    ) -> Octets:
        """Secure the packets at ``which``; the pointers go to what is returned then. A size of 0: it must not leave."""
        table = np.zeros((len(which), HEADER + int(sizes[which].max()) + ROOM), np.uint8)
        table[:, :HEADER] = headers[which]
        at = address_of(table) + np.arange(len(which), dtype=np.uint64) * np.uint64(table.shape[1])
        for size in np.unique(sizes[which]).tolist():
            alike = np.flatnonzero(sizes[which] == size)
            table[alike, HEADER : HEADER + size] = octets_at(payloads[which[alike]], size)
        lengths = sizes[which].astype(np.int64) + HEADER
        self._srtp.protect(table, lengths, rows[which])
        starts[which], payloads[which] = at, at + np.uint64(HEADER)
        sizes[which] = np.maximum(lengths - HEADER, 0).astype(np.uint64)
        return table

    def _hand_over(self, rows: Rows, starts: Pointers, payloads: Pointers, sizes: Rows) -> None:
        self._outbox.fill(starts, HEADER, payloads, sizes)
        self._outbox.address(self._names[rows], self._demux.name_size[rows])
        self._sockets.send(self._outbox, self.port[rows])
        self.packets += len(rows)
