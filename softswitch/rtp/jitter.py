"""The jitter buffer: what arrives when it likes leaves one frame per tick. All streams are rows of the same arrays.

Each row is a ring of ``SLOTS`` frames. A packet's place follows from its timestamp alone (RFC 3550 section 5.1), so
that reordering, gaps and any packet time need nothing special, and wraps are plain modular subtraction. The sequence
number only tells new from old. Rules:

* the first packet of a source waits ``depth`` frames
* an old packet whose turn is over is dropped as late, and its row waits one frame more from now on
* a new packet whose turn is over came to a dry buffer: it is played next, and the depth grows by a frame
* a new packet beyond the ring, or after a longer pause, means that the sender's clock jumped: start over with it
* once per ``WINDOW_TICKS`` a row that always had more than its depth to spare skips one frame, a quiet one if it can;
  this undoes growth, and it is what keeps a sender with a fast clock from filling the ring

A frame is 160 samples of 16-bit linear PCM: decoding comes before, concealment after.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.rtp.packet import Headers

Pcm = npt.NDArray[np.int16]
Rows = npt.NDArray[Any]

FRAME = 160  # samples at 8 kHz: one tick
SLOTS = 32  # frames in a ring: 640 ms
SPAN = FRAME * SLOTS
WINDOW_TICKS = 250  # 5 s
IDLE_TICKS = 50  # a source that was not heard for 1 s starts afresh
_MISORDER = 100  # packets; older than this is not old but a sender that started over (RFC 3550 appendix A.1)
_GROWTH_TICKS = 25  # a burst of late packets lengthens the buffer by one frame, not by one for each
_QUIET = 300  # peak of a frame that nobody misses
_URGENT = 3  # frames too many, at which a loud one is skipped too


class Count(enum.IntEnum):
    """What is counted per stream."""

    RECEIVED = 0
    REORDERED = 1
    DUPLICATE = 2
    LATE = 3  # dropped
    UNDERRUN = 4  # ran dry while a source was speaking
    OVERRUN = 5  # too far ahead for the ring
    SOURCE_CHANGE = 6
    SKIPPED = 7  # frames left out to shorten the buffer


@dataclass(frozen=True, slots=True)
class JitterSettings:
    """Depths in frames of 20 ms; ``first`` is where each stream starts."""

    least: int = 1
    first: int = 2
    most: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.first <= self.most <= SLOTS // 2:
            raise ValueError(f"jitter depths must be 1 <= least <= first <= most <= {SLOTS // 2} frames")


class _Streams:
    """Where each row stands, one array per fact."""

    def __init__(self, streams: int, settings: JitterSettings) -> None:
        self.started = np.zeros(streams, np.bool_)
        self.primed = np.zeros(streams, np.bool_)  # something of this source has been played
        self.ssrc = np.zeros(streams, np.uint32)
        self.highest = np.zeros(streams, np.uint16)  # sequence
        self.play_at = np.zeros(streams, np.uint32)  # timestamp of the next frame to be played
        self.slot = np.zeros(streams, np.int64)  # where it lies in the ring
        self.depth = np.full(streams, settings.first, np.int64)  # frames
        self.held = np.zeros(streams, np.int64)  # slots in use
        self.least_held = np.full(streams, SLOTS, np.int64)  # in this window
        self.dry = np.zeros(streams, np.int64)  # ticks since something was played
        self.grown = np.full(streams, -_GROWTH_TICKS, np.int64)  # tick of the last growth


class Jitter:
    """The buffers of all streams of a process."""

    def __init__(self, streams: int, settings: JitterSettings | None = None) -> None:
        self.settings = settings or JitterSettings()
        self.counts = np.zeros((streams, len(Count)), np.int64)
        self._ring: Pcm = np.zeros((streams, SLOTS, FRAME), np.int16)
        self._filled = np.zeros((streams, SLOTS), np.int16)  # samples
        self._at = _Streams(streams, self.settings)
        self._past = np.zeros(len(Count), np.int64)  # counts of rows that were given back
        self._ticks = 0

    def totals(self) -> dict[str, int]:
        """Sums over all streams, past ones included, by lower-case name."""
        total = self._past + self.counts.sum(axis=0)
        return {count.name.lower(): int(total[count]) for count in Count}

    def depth_ms(self, row: int) -> float:
        """How long this row's sound waits now."""
        return float(self._at.depth[row]) * 1000.0 * FRAME / 8000

    def forget(self, row: int) -> None:
        """Make the row as new: another stream will use it."""
        self._past += self.counts[row]
        self.counts[row] = 0
        self._clear(np.array([row]))
        self._at.started[row] = False
        self._at.depth[row] = self.settings.first

    def ahead(self, row: int, timestamp: int) -> int | None:
        """Samples until this timestamp has its turn, negative where that is over; None while no source is known."""
        if not self._at.started[row]:
            return None
        behind = (timestamp - int(self._at.play_at[row])) & 0xFFFFFFFF
        return behind - (1 << 32) if behind >> 31 else behind

    # ---- in --------------------------------------------------------------------------------------------------

    def push(self, rows: Rows, headers: Headers, pcm: Pcm, samples: Rows) -> None:
        """Take in one packet for each of ``rows`` ``(n,)``, no row twice.

        ``pcm`` is ``(n, at least samples)`` and ``samples`` ``(n,)`` says how many of each row count.
        """
        at = self._at
        self.counts[rows, Count.RECEIVED] += 1
        step = (headers.sequence - at.highest[rows]).astype(np.int16)  # modulo 2^16, RFC 3550 appendix A.1
        changed = at.started[rows] & (headers.ssrc != at.ssrc[rows])
        first = ~at.started[rows] | changed
        newer = first | (step > 0) | (step < -_MISORDER)
        ahead = (headers.timestamp - at.play_at[rows]).astype(np.int32).astype(np.int64)
        early = ahead + samples > SPAN
        outside = (ahead < 0) | early
        self.counts[rows[changed], Count.SOURCE_CHANGE] += 1
        self.counts[rows[early & newer & ~first], Count.OVERRUN] += 1
        self._drop_old(rows[outside & ~newer], step[outside & ~newer])
        again = first | (outside & newer)
        dry = again & ~first & (ahead < 0) & (at.held[rows] == 0) & (at.dry[rows] <= self.settings.most)
        wait = np.where(dry, self.settings.least, at.depth[rows])
        at.depth[rows[dry]] = np.minimum(at.depth[rows[dry]] + 1, self.settings.most)
        self._begin(rows[again], headers, again, wait[again])
        ahead[again] = wait[again] * FRAME
        at.highest[rows[newer]] = headers.sequence[newer]
        taken = np.flatnonzero(again | ~outside)
        self._store(rows[taken], ahead[taken], pcm[taken], samples[taken], ~newer[taken])

    def _begin(self, rows: Rows, headers: Headers, which: npt.NDArray[np.bool_], wait: Rows) -> None:
        """Start over: the packets at ``which`` will be played ``wait`` frames from now."""
        if not len(rows):
            return
        self._clear(rows)
        self._at.started[rows] = True
        self._at.ssrc[rows] = headers.ssrc[which]
        self._at.play_at[rows] = headers.timestamp[which] - (wait * FRAME).astype(np.uint32)

    def _clear(self, rows: Rows) -> None:
        self._filled[rows] = 0
        self._at.held[rows] = 0
        self._at.dry[rows] = 0
        self._at.primed[rows] = False
        self._at.least_held[rows] = SLOTS

    def _drop_old(self, rows: Rows, step: Rows) -> None:
        """Packets whose turn is over: repetitions of the newest one, or late, and then the buffer was too short."""
        if not len(rows):
            return
        self.counts[rows[step == 0], Count.DUPLICATE] += 1
        late = rows[step != 0]
        self.counts[late, Count.LATE] += 1
        self._lengthen(late)

    def _lengthen(self, rows: Rows) -> None:
        """Play one made-up frame more, now: what comes has that much more time."""
        at = self._at
        behind = (at.slot[rows] - 1) % SLOTS
        calm = self._ticks - at.grown[rows] >= _GROWTH_TICKS
        may = calm & (at.depth[rows] < self.settings.most) & (self._filled[rows, behind] == 0)
        rows = rows[may]
        at.depth[rows] += 1
        at.grown[rows] = self._ticks
        at.play_at[rows] -= np.uint32(FRAME)
        at.slot[rows] = behind[may]

    def _store(self, rows: Rows, ahead: Rows, pcm: Pcm, samples: Rows, old: npt.NDArray[np.bool_]) -> None:
        slots = (self._at.slot[rows] + ahead // FRAME) % SLOTS
        whole = (ahead % FRAME == 0) & (samples == FRAME)
        again = whole & (self._filled[rows, slots] == FRAME)
        self.counts[rows[again], Count.DUPLICATE] += 1
        self.counts[rows[old & ~again], Count.REORDERED] += 1
        fresh = whole & ~again
        into, slot = rows[fresh], slots[fresh]
        self._at.held[into] += self._filled[into, slot] == 0
        self._filled[into, slot] = FRAME
        if len(into):
            self._ring[into, slot] = pcm[fresh, :FRAME]
        for index in np.flatnonzero(~whole):
            self._store_pieces(int(rows[index]), int(ahead[index]), pcm[index, : samples[index]])

    def _store_pieces(self, row: int, ahead: int, pcm: Pcm) -> None:
        """A packet that is not one frame on a frame's border: other packet times, and senders off our grid."""
        done = 0
        while done < len(pcm):
            slot = (int(self._at.slot[row]) + (ahead + done) // FRAME) % SLOTS
            start = (ahead + done) % FRAME
            size = min(FRAME - start, len(pcm) - done)
            if not self._filled[row, slot]:
                self._ring[row, slot] = 0
                self._at.held[row] += 1
            self._ring[row, slot, start : start + size] = pcm[done : done + size]
            self._filled[row, slot] = min(FRAME, self._filled[row, slot] + size)
            done += size

    # ---- out -------------------------------------------------------------------------------------------------

    def play(self, out: Pcm) -> npt.NDArray[np.bool_]:
        """Move on by one tick: write the frame of the first ``n`` rows into ``out`` ``(n, FRAME)``.

        Returns which rows had one, ``(n,)``; the others are left as they were.
        """
        count = len(out)
        self._ticks += 1
        if self._ticks % WINDOW_TICKS == 0:
            self._shorten(count)
        at, rows = self._at, np.arange(count)
        slot = at.slot[:count]
        present = self._filled[rows, slot] > 0
        heard = np.flatnonzero(present)
        out[heard] = self._ring[heard, slot[heard]]
        self._account(count, present)
        self._filled[heard, slot[heard]] = 0
        at.held[heard] -= 1
        at.primed[heard] = True
        self._advance(rows)
        return present

    def playing(self, count: int) -> npt.NDArray[np.uint32]:
        """RTP time of the first sample of each frame that the last ``play`` gave, of the first ``count`` rows."""
        return self._at.play_at[:count] - np.uint32(FRAME)

    def _advance(self, rows: Rows) -> None:
        self._at.slot[rows] = (self._at.slot[rows] + 1) % SLOTS
        self._at.play_at[rows] += np.uint32(FRAME)

    def _account(self, count: int, present: npt.NDArray[np.bool_]) -> None:
        """Note how close to the edge each row is, before this tick's frame is taken out."""
        at = self._at
        np.minimum(at.least_held[:count], at.held[:count], out=at.least_held[:count])
        at.dry[:count] = np.where(present, 0, at.dry[:count] + 1)
        ran_dry = at.primed[:count] & (at.dry[:count] == 1) & (at.held[:count] == 0)
        self.counts[:count, Count.UNDERRUN] += ran_dry
        at.started[:count] &= at.dry[:count] < IDLE_TICKS

    def _shorten(self, count: int) -> None:
        """At the end of a window: skip a frame where there was always one too many, and forgive old jitter."""
        at = self._at
        excess = at.least_held[:count] - 1 - at.depth[:count]  # the frame to be played is not to spare
        rows = np.flatnonzero((excess > 0) & at.primed[:count])
        peak = np.abs(self._ring[rows, at.slot[rows]].astype(np.int32)).max(axis=1, initial=0)
        rows = rows[(peak < _QUIET) | (excess[rows] >= _URGENT)]
        self.counts[rows, Count.SKIPPED] += 1
        at.held[rows] -= self._filled[rows, at.slot[rows]] > 0
        self._filled[rows, at.slot[rows]] = 0
        self._advance(rows)
        at.depth[:count] = np.maximum(at.depth[:count] - 1, self.settings.least)
        at.least_held[:count] = SLOTS
