"""Streams that the hot loop does not work: whose codec is not G.711.

What the loop does for all rows at once is done here stream by stream, between payloads and frames of the house, and
handed over as if they had been G.711: decoded packets go to the jitter buffer with their timestamps on the house's
clock of 8000 Hz, and frames are taken as all others are. Only rates are changed for many rows at once. What happens on
one row, in and out, is ``ear``'s and ``mouth``'s.

All their samples, in and out, are at 16 kHz, whichever the codec: Opus works at that rate when it is asked to, G.722
has no other, and L16/8000 is rare enough to be converted.

Three hooks are all that the loop has: ``take`` for packets of rows with a coder, ``hand_over`` before the buffer is
played, ``say`` when the rows have heard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ, WIDE_FRAME, WIDE_HZ, codec
from softswitch.audio.resample import Converter
from softswitch.media.ear import Ear, Heard, Packet
from softswitch.media.mouth import Mouth, Spoken
from softswitch.rtp.jitter import Jitter
from softswitch.rtp.packet import Headers

Pcm = npt.NDArray[np.int16]
Round = list[tuple[int, Heard]]  # by row, no row twice


class Mended(NamedTuple):
    """Sound of a row that was lost and made up by its codec."""

    row: int
    timestamp: int  # on the house's clock
    samples: int  # on that, too


class Transcoder:
    """All rows with a coder."""

    def __init__(self, streams: int) -> None:
        self.rows = np.zeros(streams, np.bool_)  # which those are
        self._scaled = np.zeros(streams, np.bool_)  # those whose timestamps are on another clock than the house's
        self._streams = streams
        self._agreed: dict[int, tuple[str, int, str]] = {}
        self._ears: dict[int, Ear] = {}
        self._mouths: dict[int, Mouth] = {}
        self._converters: dict[tuple[int, int], Converter] = {}  # by the rates
        self.mended: list[Mended] = []  # what was made up and has not been played yet
        self._past = [0, 0]

    def __len__(self) -> int:
        return len(self._ears)

    def counters(self) -> dict[str, float]:
        """By name; the names are bounded and stay."""
        mended = self._past[0] + sum(ear.mended for ear in self._ears.values())
        undecodable = self._past[1] + sum(ear.undecodable for ear in self._ears.values())
        return {"codec_mended": mended, "codec_undecodable": undecodable}

    def agree(self, row: int, name: str, clock_hz: int, fmtp: str, ptime_ms: int) -> None:
        """The row's codec from now on; what goes on as it was keeps its memory. Raises ``CodecError``."""
        if self._agreed.get(row) != (name, clock_hz, fmtp):
            self.forget(row)
            coder = codec.make(name, clock_hz, fmtp=fmtp, rate=WIDE_HZ)
            self._agreed[row] = (name, clock_hz, fmtp)
            self._ears[row], self._mouths[row] = Ear(coder), Mouth(coder)
            self.rows[row], self._scaled[row] = True, coder.rtp_clock != RATE_HZ
        self._mouths[row].packet_ms = self._mouths[row].coder.packet_ms(ptime_ms)

    def forget(self, row: int) -> None:
        """The row's codec is G.711 again, or its stream is gone."""
        if self._agreed.pop(row, None) is None:
            return
        ear = self._ears.pop(row)
        self._past[0] += ear.mended
        self._past[1] += ear.undecodable
        del self._mouths[row]
        self.rows[row] = self._scaled[row] = False
        for converter in self._converters.values():
            converter.forget(row)

    def rate_hz(self, row: int) -> int:
        """Of the samples that the row says and hears in the house."""
        return WIDE_HZ if self.rows[row] else RATE_HZ

    def clock(self, row: int) -> int:
        """Hz of the row's RTP timestamps."""
        return self._ears[row].coder.rtp_clock if row in self._ears else RATE_HZ

    # ---- in ----------------------------------------------------------------------------------------------------

    def take(self, row: int, packet: Packet) -> None:
        """A packet of the row, of its codec's payload type."""
        self._ears[row].take(packet)

    def house_times(self, rows: npt.NDArray[Any], timestamps: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The timestamps of packets ``(n,)`` as the jitter buffer knows them, on the house's clock."""
        times = timestamps.copy()
        for index in np.flatnonzero(self._scaled[rows]).tolist():
            times[index] = self._ears[int(rows[index])].house_time(int(timestamps[index]))
        return times

    def hand_over(self, jitter: Jitter) -> None:
        """At the end of what a tick has received: into the buffer with all that can be decoded by now."""
        heard = {row: list(ear.drain(row, jitter)) for row, ear in self._ears.items() if ear.waiting}
        for number in range(max(map(len, heard.values()), default=0)):
            alike: dict[tuple[int, int], Round] = defaultdict(list)
            for row, packets in heard.items():
                if number < len(packets):
                    alike[self._ears[row].coder.rate, len(packets[number].pcm)].append((row, packets[number]))
            for (rate, _), some in alike.items():
                self._push(jitter, rate, some)

    def _push(self, jitter: Jitter, rate: int, some: Round) -> None:
        rows = np.array([row for row, _ in some])
        pcm = self._converted(rows, np.stack([one.pcm for _, one in some]), rate, WIDE_HZ)
        ticks = pcm.shape[1] * RATE_HZ // WIDE_HZ
        pcm, size = pcm[:, : ticks * WIDE_HZ // RATE_HZ], np.full(len(rows), ticks, np.int64)
        headers = Headers(
            np.ones(len(rows), np.bool_),
            np.zeros(len(rows), np.uint8),
            np.zeros(len(rows), np.bool_),
            np.array([one.sequence for _, one in some], np.uint16),
            np.array([one.timestamp for _, one in some], np.uint32),
            np.array([one.ssrc for _, one in some], np.uint32),
            size,
        )
        jitter.push(rows, headers, pcm, size)
        self.mended += [Mended(row, one.timestamp, ticks) for row, one in some if one.mended]

    def make_up(self, row: int) -> Pcm | None:
        """20 ms that fail, ``(WIDE_FRAME,)``, where the row's codec can go on by itself."""
        made = self._ears[row].make_up(self._ears[row].coder.rate // 50)
        return made if made is not None and len(made) == WIDE_FRAME else None

    # ---- out ---------------------------------------------------------------------------------------------------

    def say(self, rows: Iterable[int], frames: Pcm) -> Iterator[Spoken]:
        """The packets that are full with these ``(n, WIDE_FRAME)`` of ``rows``, all of which have a coder."""
        by_rate: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for index, row in enumerate(rows):
            by_rate[self._mouths[row].coder.rate].append((row, index))
        for rate, some in by_rate.items():
            chosen = np.array(some)
            said = self._converted(chosen[:, 0], frames[chosen[:, 1]], WIDE_HZ, rate)
            for (row, _), frame in zip(some, said, strict=True):
                yield from self._mouths[row].say(row, frame)

    def _converted(self, rows: npt.NDArray[Any], frames: Pcm, from_hz: int, to_hz: int) -> Pcm:
        if from_hz == to_hz:
            return frames
        converter = self._converters.get((from_hz, to_hz))
        if converter is None:
            converter = self._converters[from_hz, to_hz] = Converter(self._streams, from_hz, to_hz)
        return converter.convert(rows, frames[:, : frames.shape[1] // converter.step * converter.step])
