"""The jitter buffer: what arrives when it likes leaves one frame per tick. All streams are rows of the same arrays.

The ring is ``(SLOTS, streams, FRAME)`` octets of G.711, one octet per sample: nothing is decoded on the way in, so that
what is relayed never is. In each tick all rows play the same slot, which is one piece of memory. A packet's place in
its row follows from its timestamp alone (RFC 3550 section 5.1), so that reordering, gaps and any packet time need
nothing special, and wraps are plain modular subtraction. The sequence number only tells new from old. Rules:

* the first packet of a source waits ``depth`` frames; and so does a marked one that comes to an empty buffer
* an old packet whose turn is over is dropped as late, and its row waits one frame more from now on
* a new packet whose turn is over came to a dry buffer: it is played next, and the depth grows by a frame
* a new packet beyond the ring, or after a longer pause, means that the sender's clock jumped: start over with it
* a row that holds more than ``most`` frames, after a stall of the network or of ours, skips ahead to its depth at once
* once per ``WINDOW_TICKS`` a row that always had more than its depth to spare skips one frame, a quiet one if it can;
  this undoes growth, and it is what keeps a sender with a fast clock from filling the ring

Rows with another codec than G.711 have a ring of linear samples at 16 kHz beside it, ``wide``; they are decoded before,
and their timestamps put on the clock of 8 kHz. Two of their samples are one tick of that clock, and are moved as one
item: so everything else is the same.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.rtp.packet import Headers

Octets = npt.NDArray[np.uint8]
Sound = npt.NDArray[Any]  # by a clock of 8 kHz: octets of G.711, or pairs of linear samples
Rows = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

FRAME = 160  # samples at 8 kHz: one tick
SLOTS = 32  # frames in a ring
PAST = 4  # of them already played: what concealment goes on from
SPAN = FRAME * (SLOTS - PAST)
WINDOW_TICKS = 250  # 5 s
IDLE_TICKS = 50  # a source that was not heard for 1 s starts afresh
SILENCE = 0xFF  # of mu-law, which a row has until it is told another one
_MISORDER = 100  # packets; older than this is not old but a sender that started over (RFC 3550 appendix A.1)
_GROWTH_TICKS = 25  # a burst of late packets lengthens the buffer by one frame, not by one for each
_SEGMENT = 0x70  # the bits of a G.711 octet that tell its segment (ITU-T G.711 tables 1a, 2a), against those of silence
_QUIET = 0x10  # up to the second segment: a peak of some 400 of 32768, which nobody misses
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
        self.silence = np.full(streams, SILENCE, np.uint8)  # the octet of its law
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
        self.ring: Octets = np.full((SLOTS, streams, FRAME), SILENCE, np.uint8)
        self.slot = 0  # of all rows, to be played in this tick
        self._pairs = np.zeros((SLOTS, streams, FRAME), np.uint32)  # no memory until it is used
        self.wide: npt.NDArray[np.int16] = self._pairs.view(np.int16)  # (SLOTS, streams, 2 * FRAME)
        self._paired = np.zeros(streams, np.bool_)  # rows that have used it
        self._filled = np.zeros((SLOTS, streams), np.int16)  # samples
        self._at = _Streams(streams, self.settings)
        self._past = np.zeros(len(Count), np.int64)  # counts of rows that were given back
        self._ticks = 0
        self._streams = streams

    def totals(self) -> dict[str, int]:
        """Sums over all streams, past ones included, by lower-case name."""
        total = self._past + self.counts.sum(axis=0)
        return {count.name.lower(): int(total[count]) for count in Count}

    def depth_ms(self, row: int) -> float:
        """How long this row's sound waits now."""
        return float(self._at.depth[row]) * 20

    def depths_ms(self, count: int) -> Rows:
        """How long the first ``count`` rows make their packets wait now, ``(count,)``."""
        return self._at.depth[:count] * 20

    def forget(self, row: int) -> None:
        """Make the row as new: another stream will use it."""
        self._past += self.counts[row]
        self.counts[row] = 0
        self._clear(row)
        self.ring[:, row] = SILENCE
        self._paired[row] = False
        self._at.started[row] = False
        self._at.depth[row] = self.settings.first
        self._at.silence[row] = SILENCE

    def expect(self, row: int, silence: int) -> None:
        """The octet of no sound in what the row receives. Where it is another than before, the row starts over."""
        if self._at.silence[row] != silence:
            self._clear(row)
            self.ring[:, row] = silence
            self._at.silence[row], self._at.started[row] = silence, False

    def ahead(self, row: int, timestamp: int) -> int | None:
        """Samples until this timestamp has its turn, negative where that is over; None while no source is known."""
        if not self._at.started[row]:
            return None
        behind = (timestamp - int(self._at.play_at[row])) & 0xFFFFFFFF
        return behind - (1 << 32) if behind >> 31 else behind

    def playing(self, count: int) -> npt.NDArray[np.uint32]:
        """RTP time of the first sample of each frame that is played in this tick, of the first ``count`` rows."""
        return self._at.play_at[:count]

    # ---- in --------------------------------------------------------------------------------------------------

    def push(self, rows: Rows, headers: Headers, sound: Sound, samples: Rows) -> None:
        """Take in one packet for each of ``rows`` ``(n,)``, no row twice.

        ``sound`` is octets of G.711, ``(n, at least samples)``, or linear samples at 16 kHz, twice as many; ``samples``
        ``(n,)`` says how many of each row count, at 8 kHz.
        """
        ring: Sound = self.ring
        if sound.dtype != np.uint8:
            ring, sound = self._pairs, np.ascontiguousarray(sound).view(np.uint32)
            self._paired[rows] = True
        slots, ahead, taken, old = self.place(rows, headers, samples)
        whole = (ahead % FRAME == 0) & (samples == FRAME)
        everything = taken.all() and whole.all()
        fresh = np.arange(len(rows)) if everything else np.flatnonzero(taken & whole)
        if len(fresh):
            self._store(ring, rows[fresh], slots[fresh], sound if everything else sound[fresh], old[fresh])
        pieces = np.flatnonzero(taken & ~whole)
        if len(pieces):
            start = ahead[pieces] % FRAME
            self._store_pieces(ring, rows[pieces], slots[pieces], start, sound[pieces], samples[pieces])

    def place(self, rows: Rows, headers: Headers, samples: Rows) -> tuple[Rows, Rows, Mask, Mask]:
        """Where packets belong: their slots, samples ahead of the play-out, which are of use, and which are not new."""
        at = self._at
        self.counts[rows, Count.RECEIVED] += 1
        step = (headers.sequence - at.highest[rows]).view(np.int16)  # modulo 2^16, RFC 3550 appendix A.1
        known = at.started[rows]
        changed = known & (headers.ssrc != at.ssrc[rows])
        first = ~known | changed
        newer = first | (step > 0) | (step < -_MISORDER)
        ahead = (headers.timestamp - at.play_at[rows]).view(np.int32).astype(np.int64)
        early = ahead + samples > SPAN
        outside = (ahead < 0) | early
        again = first | (outside & newer) | (headers.marker & newer & (at.held[rows] == 0) & at.primed[rows])
        if again.any() or outside.any():
            self._start_over(rows, headers, ahead, step, first, newer, again)
            self.counts[rows[changed], Count.SOURCE_CHANGE] += 1
            self.counts[rows[early & newer & ~first], Count.OVERRUN] += 1
        at.highest[rows] = np.where(newer, headers.sequence, at.highest[rows])
        return (self.slot + ahead // FRAME) % SLOTS, ahead, again | ~outside, ~newer

    def _start_over(
        self, rows: Rows, headers: Headers, ahead: Rows, step: Rows, first: Mask, newer: Mask, again: Mask
    ) -> None:
        """The packets at ``again`` will be played ``depth`` frames from now, or next; ``ahead`` is set to that."""
        at = self._at
        self._drop_old(rows[~newer & (ahead < 0)], step[~newer & (ahead < 0)])
        dry = again & ~first & (ahead < 0) & (at.held[rows] == 0) & (at.dry[rows] <= self.settings.most)
        wait = np.where(dry, self.settings.least, at.depth[rows])
        at.depth[rows[dry]] = np.minimum(at.depth[rows[dry]] + 1, self.settings.most)
        fresh = rows[again]
        self._clear(fresh)
        at.started[fresh] = True
        at.ssrc[fresh] = headers.ssrc[again]
        at.play_at[fresh] = headers.timestamp[again] - (wait[again] * FRAME).astype(np.uint32)
        ahead[again] = wait[again] * FRAME

    def _clear(self, rows: Rows | int) -> None:
        self._filled[:, rows] = 0
        self._at.held[rows] = 0
        self._at.dry[rows] = 0
        self._at.primed[rows] = False
        self._at.least_held[rows] = SLOTS

    def _drop_old(self, rows: Rows, step: Rows) -> None:
        """Packets whose turn is over: repetitions of the newest one, or late, and then the buffer was too short."""
        self.counts[rows[step == 0], Count.DUPLICATE] += 1
        late = rows[step != 0]
        self.counts[late, Count.LATE] += 1
        self._lengthen(late)

    def _lengthen(self, rows: Rows) -> None:
        """Play one made-up frame more, now: what comes has that much more time."""
        at = self._at
        calm = self._ticks - at.grown[rows] >= _GROWTH_TICKS
        rows = rows[calm & (at.depth[rows] < self.settings.most)]
        if not len(rows):
            return
        at.depth[rows] += 1
        at.grown[rows] = self._ticks
        self._shift(rows, 1)

    def _shift(self, rows: Rows, frames: int) -> None:
        """Play what is held that many frames later (or earlier, where negative); what was played stays behind."""
        ahead = (self.slot + np.arange(SLOTS - PAST)) % SLOTS
        target, source = (ahead[frames:], ahead[:-frames]) if frames > 0 else (ahead[:frames], ahead[-frames:])
        gone = ahead[:frames] if frames > 0 else ahead[frames:]
        self.ring[np.ix_(target, rows)] = self.ring[np.ix_(source, rows)]
        paired = rows[self._paired[rows]]
        if len(paired):
            self._pairs[np.ix_(target, paired)] = self._pairs[np.ix_(source, paired)]
        self._filled[np.ix_(target, rows)] = self._filled[np.ix_(source, rows)]
        self._filled[np.ix_(gone, rows)] = 0
        self._at.held[rows] = np.count_nonzero(self._filled[:, rows], axis=0)
        self._at.play_at[rows] -= np.uint32(frames * FRAME & 0xFFFFFFFF)

    def _store(self, ring: Sound, rows: Rows, slots: Rows, sound: Sound, old: Mask) -> None:
        """Whole frames on a frame's border."""
        before = self._filled[slots, rows]
        again = before == FRAME
        if again.any() or old.any():
            self.counts[rows[again], Count.DUPLICATE] += 1
            self.counts[rows[old & ~again], Count.REORDERED] += 1
            rows, slots, sound, before = rows[~again], slots[~again], sound[~again], before[~again]
        self._at.held[rows] += before == 0
        self._filled[slots, rows] = FRAME
        _items(ring.reshape(-1, FRAME))[slots * self._streams + rows] = _items(sound)

    def _store_pieces(self, ring: Sound, rows: Rows, slots: Rows, start: Rows, sound: Sound, samples: Rows) -> None:
        """Packets that are not one frame on a frame's border: other packet times, and senders off our grid."""
        sizes = np.minimum(samples, sound.shape[1])
        places = np.arange(int(sizes.max(initial=0)))
        inside = places < sizes[:, None]
        flat = start[:, None] + places
        into = (slots[:, None] + flat // FRAME) % SLOTS
        for piece in range(int(flat.max(initial=-1)) // FRAME + 1):
            size = np.clip(start + sizes - piece * FRAME, 0, FRAME) - np.clip(start - piece * FRAME, 0, FRAME)
            self._fill(ring, rows[size > 0], (slots[size > 0] + piece) % SLOTS, size[size > 0])
        packet, place = np.nonzero(inside)
        ring[into[packet, place], rows[packet], flat[packet, place] % FRAME] = sound[packet, place]

    def _fill(self, ring: Sound, rows: Rows, slots: Rows, samples: Rows) -> None:
        """So many samples more are held in these slots; the rest of one that is begun in part may never come."""
        before = self._filled[slots, rows]
        begun = (before == 0) & (samples < FRAME)
        if begun.any():
            quiet = self._at.silence[rows[begun], None] if ring is self.ring else 0
            ring[slots[begun], rows[begun]] = quiet
        self._at.held[rows] += before == 0
        self._filled[slots, rows] = np.minimum(before + samples, FRAME)

    # ---- out -------------------------------------------------------------------------------------------------

    def play(self, count: int) -> Mask:
        """Which of the first ``count`` rows have something in ``ring[slot]`` in this tick, ``(count,)``."""
        self._ticks += 1
        if self._ticks % WINDOW_TICKS == 0:
            self._shorten(count)
        at = self._at
        full = (at.held[:count] > self.settings.most + 1).nonzero()[0]
        if len(full):
            self._skip_ahead(full)
        present = self._filled[self.slot, :count] > 0
        self._account(count, present)
        return present

    def advance(self, count: int) -> None:
        """The tick is over: the slot becomes the past."""
        at = self._at
        played = self._filled[self.slot, :count] > 0
        at.held[:count] -= played
        at.primed[:count] |= played
        self._filled[self.slot] = 0
        self.slot = (self.slot + 1) % SLOTS
        at.play_at += np.uint32(FRAME)

    def _account(self, count: int, present: Mask) -> None:
        """Note how close to the edge each row is, before this tick's frame is taken out."""
        at = self._at
        np.minimum(at.least_held[:count], at.held[:count], out=at.least_held[:count])
        at.dry[:count] = np.where(present, 0, at.dry[:count] + 1)
        ran_dry = at.primed[:count] & (at.dry[:count] == 1) & (at.held[:count] == 0)
        self.counts[:count, Count.UNDERRUN] += ran_dry
        at.started[:count] &= at.dry[:count] < IDLE_TICKS

    def _skip_ahead(self, rows: Rows) -> None:
        """Too much is held to be played in time: the oldest of it is left out."""
        excess = np.minimum(self._at.held[rows] - 1 - self._at.depth[rows], SLOTS - PAST - 1)
        self.counts[rows, Count.SKIPPED] += excess
        for frames in np.unique(excess).tolist():
            self._shift(rows[excess == frames], -frames)

    def _shorten(self, count: int) -> None:
        """At the end of a window: skip a frame where there was always one too many, and forgive old jitter."""
        at = self._at
        excess = at.least_held[:count] - 1 - at.depth[:count]  # the frame to be played is not to spare
        rows = np.flatnonzero((excess > 0) & at.primed[:count])
        loud = ((self.ring[self.slot, rows] ^ at.silence[rows][:, None]) & _SEGMENT).max(axis=1, initial=0) > _QUIET
        rows = rows[~loud | (excess[rows] >= _URGENT)]
        self.counts[rows, Count.SKIPPED] += 1
        if len(rows):
            self._shift(rows, -1)
        at.depth[:count] = np.maximum(at.depth[:count] - 1, self.settings.least)
        at.least_held[:count] = SLOTS


def _items(sound: Sound) -> npt.NDArray[Any]:
    """The first ``FRAME`` samples of each row as one item, without a copy: moved as one, not one by one."""
    return sound[:, :FRAME].view(f"V{FRAME * sound.itemsize}")[:, 0]
