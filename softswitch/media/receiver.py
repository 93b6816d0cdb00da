"""Receiving: batches of packets become frames in the jitter buffer, and keys.

In this order: is it RTP of a payload type that was agreed on, may this stream receive at all, is it from its peer.

Both laws of G.711 are heard in any stream, packet by packet. We offer both, and a peer whose answer has both may speak
either (RFC 3264 sections 5.1, 7); where the answer turns our order around, what it says and what it speaks differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, g711
from softswitch.audio.conceal import Concealer
from softswitch.media.ear import Packet
from softswitch.media.hush import Hushes
from softswitch.media.reporting import Reporting
from softswitch.media.schedule import TICK_S
from softswitch.media.sockets import Batch
from softswitch.media.source import Address, Source
from softswitch.media.transcode import Transcoder
from softswitch.rtp.jitter import Jitter, JitterSettings
from softswitch.rtp.packet import HEADER, Headers, parse
from softswitch.rtp.rtcp import FIRST_TYPE, LAST_TYPE
from softswitch.rtp.srtp import Srtps
from softswitch.rtp.telephone_event import KeyListener

Pcm = npt.NDArray[np.int16]

_NONE = 255  # no payload type of RTP
_LAW_OF = np.full(256, _NONE, np.uint8)  # by payload type, where that alone says it (RFC 3551 table 4)
_LAW_OF[[0, 8]] = g711.MU, g711.A


class Key(NamedTuple):
    row: int
    digit: str


OnSound = Callable[[npt.NDArray[np.int64], npt.NDArray[np.uint32], npt.NDArray[np.float64]], None]


class Receiver:
    """The incoming state of all rows."""

    def __init__(
        self,
        streams: int,
        settings: JitterSettings | None = None,
        srtp: Srtps | None = None,
        coders: Transcoder | None = None,
    ) -> None:
        self.coders = Transcoder(streams) if coders is None else coders
        self.hushes = Hushes()
        self.srtp = srtp or Srtps(streams)
        self.jitter = Jitter(streams, settings)
        self.concealer = Concealer(streams)
        self.sources = [Source() for _ in range(streams)]
        self.reporting: Reporting | None = None
        self.on_sound: OnSound | None = None  # is told when packets of sound came
        self.now = 0.0  # monotonic s, of this tick
        self.packets = 0
        self.malformed = 0  # no RTP, or of a type that nobody agreed on
        self.strangers = 0  # not from the peer
        self.present = np.zeros(streams, np.bool_)  # rows whose frame of the last ``speak`` had arrived
        self._keys: dict[int, KeyListener] = {}
        self._ticks = 0
        self._law = np.zeros(streams, np.uint8)
        self._audio_type = np.full(streams, _NONE, np.uint8)
        self._event_type = np.full(streams, _NONE, np.uint8)
        self._noise_type = np.full(streams, _NONE, np.uint8)

    def allow(
        self,
        row: int,
        law: int,
        audio_type: int,
        event_type: int | None,
        clock_rate: int = 8000,
        noise_type: int | None = None,
    ) -> None:
        self._law[row], self._audio_type[row] = law, audio_type
        self._event_type[row] = _NONE if event_type is None else event_type
        self._noise_type[row] = _NONE if noise_type is None else noise_type
        if row not in self._keys or self._keys[row].rate_hz != clock_rate:
            self._keys[row] = KeyListener(clock_rate)

    def forbid(self, row: int) -> None:
        self._audio_type[row] = self._event_type[row] = self._noise_type[row] = _NONE

    def forget(self, row: int) -> None:
        self.forbid(row)
        self.sources[row] = Source()
        self._keys.pop(row, None)
        self.hushes.forget(row)
        self.jitter.forget(row)
        self.concealer.forget(row)

    def peers(self, count: int) -> list[Address | None]:
        return [source.send_to for source in self.sources[:count]]

    def take(self, batch: Batch) -> Iterator[Key]:
        """Take in one turn of packets; the keys that were pressed in it."""
        rows = np.array(batch.rows, np.int64)
        lengths = np.array(batch.lengths, np.int64)
        reports = self._set_reports_apart(batch, lengths)
        self._unlock(batch, rows, lengths)
        headers = parse(batch.table, lengths)
        self.packets += len(rows)
        agreed = self._audio_type[rows]
        either = (agreed != _NONE) & (_LAW_OF[headers.payload_type] != _NONE)
        audio = headers.valid & ((headers.payload_type == agreed) | either)
        events = headers.valid & (headers.payload_type == self._event_type[rows]) & ~audio
        noise = headers.valid & (headers.payload_type == self._noise_type[rows]) & ~audio & ~events
        known = audio | events | noise
        self.malformed += len(rows) - reports - int(np.count_nonzero(known))
        friends = self._friends(batch, known)
        self._note(batch, rows, headers, known & friends, audio)
        self._hear(batch, rows, headers, np.flatnonzero(audio & friends))
        self._hush(batch, headers, np.flatnonzero(noise & friends).tolist())
        return self._press(batch, headers, np.flatnonzero(events & friends).tolist())

    def _set_reports_apart(self, batch: Batch, lengths: npt.NDArray[np.int64]) -> int:
        """RTCP that shares the port (RFC 5761 section 4) is not RTP; how many packets are left without octets."""
        kind = batch.table[:, 1]
        found = np.flatnonzero((kind >= FIRST_TYPE) & (kind <= LAST_TYPE) & (lengths >= HEADER - 4))
        for index in found.tolist():
            if self.reporting is not None:
                packet = batch.table[index, : lengths[index]].tobytes()
                came_s = float(batch.came_s[index])
                self.reporting.muxed(batch.rows[index], batch.sources[index], packet, came_s)
            lengths[index] = 0
        return len(found)

    def _note(
        self,
        batch: Batch,
        rows: npt.NDArray[np.int64],
        headers: Headers,
        which: npt.NDArray[np.bool_],
        timed: npt.NDArray[np.bool_],
    ) -> None:
        if self.reporting is not None:
            sequence, timestamp, ssrc = (part[which] for part in (headers.sequence, headers.timestamp, headers.ssrc))
            self.reporting.reception.note(rows[which], sequence, timestamp, ssrc, timed[which], batch.came_s[which])

    def _unlock(self, batch: Batch, rows: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
        """Open what comes from where a secured stream's peer may be; what cannot be opened has no octets any more."""
        secured = np.flatnonzero(self.srtp.rows[rows])
        if not len(secured):
            return
        for index in secured.tolist():
            if not self.sources[batch.rows[index]].may_be(batch.sources[index]):
                lengths[index] = 0
        lengths[self.srtp.unprotect(batch.table, lengths, rows)] = 0

    def _friends(self, batch: Batch, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        judged = [
            valid and self.sources[row].accepts(source)
            for valid, row, source in zip(known.tolist(), batch.rows, batch.sources, strict=True)
        ]
        friends = np.array(judged, np.bool_)
        self.strangers += int(np.count_nonzero(known & ~friends))
        return friends

    def _hear(self, batch: Batch, rows: npt.NDArray[np.int64], headers: Headers, which: npt.NDArray[np.int64]) -> None:
        if not len(which):
            return
        self.hushes.sound(rows[which], headers.timestamp[which])
        if self.on_sound is not None:
            times = self.coders.house_times(rows[which], headers.timestamp[which])
            self.on_sound(rows[which], times, batch.came_s[which])
        coded = self.coders.rows[rows[which]] & (headers.payload_type[which] == self._audio_type[rows[which]])
        for index in which[coded].tolist():
            self.coders.take(batch.rows[index], _packet(batch, headers, index))
        which = which[~coded]
        if not len(which):
            return
        rows, size = rows[which], headers.size[which]
        chosen = Headers(*(getattr(headers, name)[which] for name in Headers.__slots__))
        octets = batch.table[which, HEADER : HEADER + max(FRAME, int(size.max()))]
        agreed = chosen.payload_type == self._audio_type[rows]
        laws = np.where(agreed, self._law[rows], _LAW_OF[chosen.payload_type])
        self.jitter.push(rows, chosen, g711.decode(octets, laws), size)

    def _hush(self, batch: Batch, headers: Headers, which: list[int]) -> None:
        for index in which:
            self.hushes.take(batch.rows[index], *_packet(batch, headers, index)[1::2])
            self._no_sound(batch, headers, index)

    def _no_sound(self, batch: Batch, headers: Headers, index: int) -> None:
        """A packet among those of a coder is of another kind, and must not be waited for."""
        if self.coders.rows[batch.rows[index]]:
            self.coders.take(batch.rows[index], _packet(batch, headers, index)._replace(payload=b""))

    def _press(self, batch: Batch, headers: Headers, which: list[int]) -> Iterator[Key]:
        for index in which:
            self._no_sound(batch, headers, index)
            row, size = batch.rows[index], int(headers.size[index])
            payload = batch.table[index, HEADER : HEADER + size].tobytes()
            ssrc, timestamp = int(headers.ssrc[index]), int(headers.timestamp[index])
            digit = self._keys[row].hear(timestamp, payload, ssrc, self._ticks * TICK_S)
            if digit is not None:
                yield Key(row, digit)

    def speak(self, count: int) -> Pcm:
        """What each of the first ``count`` rows says in this tick, ``(count, FRAME)``, gaps filled."""
        said = np.zeros((count, FRAME), np.int16)
        self._ticks += 1
        self.coders.hand_over(self.jitter)
        self.present[:count] = self.jitter.play(said)
        self.hushes.fill(said, self.present[:count], self.jitter)
        self.concealer.conceal(said, self.present[:count])
        return said


def _packet(batch: Batch, headers: Headers, index: int) -> Packet:
    payload = batch.table[index, HEADER : HEADER + int(headers.size[index])].tobytes()
    return Packet(int(headers.sequence[index]), int(headers.timestamp[index]), int(headers.ssrc[index]), payload)
